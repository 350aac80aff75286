#!/usr/bin/env python3
"""Writes tests/data/rrules/expected.tsv: recurrence rules with their first starts, by python-dateutil.

Columns: rule, start, first starts of 2026 to 2029 (local times), at most 12. Rules whose start is not one of them are left
out: RFC 5545 does not say what they mean. Needs python-dateutil; run it by hand when the rules shall be others.
"""
import datetime
import pathlib
import random
import sys

from dateutil import rrule

OUT = pathlib.Path(__file__).resolve().parents[1] / "rrules/expected.tsv"
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(dice, items, count):
    return ",".join(map(str, dice.sample(items, dice.randrange(1, count + 1))))


def a_rule(dice):
    freq = dice.choice(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={freq}"]
    if dice.random() < 0.5:
        parts.append(f"INTERVAL={dice.randrange(1, 6)}")
    if freq in ("DAILY", "WEEKLY", "HOURLY") and dice.random() < 0.5:
        parts.append("BYDAY=" + some(dice, DAYS, 4))
    if freq in ("MONTHLY", "YEARLY"):
        kind = dice.randrange(4)
        if kind == 0:
            parts.append("BYMONTHDAY=" + some(dice, [1, 2, 15, 28, 29, 30, 31, -1, -2], 3))
        elif kind == 1 and freq == "MONTHLY":
            parts.append("BYDAY=" + some(dice, [f"{n}{day}" for n in (1, 2, 3, -1) for day in DAYS], 2))
        elif kind == 2 and freq == "MONTHLY":
            parts += ["BYDAY=" + some(dice, DAYS, 5), f"BYSETPOS={dice.choice([1, 2, -1, -2])}"]
        if dice.random() < 0.4 and freq != "HOURLY":
            parts.append("BYMONTH=" + some(dice, list(range(1, 13)), 4))
    if freq in ("DAILY", "WEEKLY") and dice.random() < 0.2:
        parts.append("BYHOUR=" + some(dice, [0, 6, 9, 17, 23], 3))
    if freq == "WEEKLY" and dice.random() < 0.3:
        parts.append("WKST=" + dice.choice(DAYS))
    end = dice.randrange(4)
    if end == 0:
        parts.append(f"COUNT={dice.randrange(1, 15)}")
    elif end == 1:
        parts.append(f"UNTIL=202{dice.randrange(6, 9)}{dice.randrange(1, 13):02}15T120000Z")
    return ";".join(parts)


def main():
    dice = random.Random(int(sys.argv[1]) if sys.argv[1:] else 1)
    lines = []
    while len(lines) < 400:
        rule = a_rule(dice)
        start = datetime.datetime(2026, dice.randrange(1, 13), dice.randrange(1, 29), dice.choice([0, 9, 17, 23]), dice.choice([0, 30]))
        aware = rrule.rrulestr(rule, dtstart=start.replace(tzinfo=datetime.timezone.utc))
        starts = []
        for at in aware:
            if at.year > 2029 or len(starts) == 12:
                break
            starts.append(at.replace(tzinfo=None))
        if starts and starts[0] == start:
            lines.append(f"{rule}\t{start.isoformat()}\t{' '.join(at.isoformat() for at in starts)}\n")
    OUT.write_text("".join(lines))


if __name__ == "__main__":
    main()
