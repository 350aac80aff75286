#!/usr/bin/env python3
"""Writes tests/data/zones/expected.tsv: what Python's zoneinfo says around every transition of some years."""
import datetime as dt
import os
import zoneinfo

ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Pacific/Apia",
         "Africa/Casablanca"]
YEARS = [(2007, 2012), (2022, 2027), (2036, 2040), (2085, 2089), (2399, 2401)]  # 2399: a leap year by the rule of 400
FOLDER = os.path.join(os.path.dirname(__file__), "..", "zones")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def at(zone, seconds):
    local = (EPOCH + dt.timedelta(seconds=seconds)).astimezone(zone)
    return int(local.utcoffset().total_seconds()), local.tzname()


def transitions(zone, first, last):
    step = 6 * 3600
    seconds = int((dt.datetime(first, 1, 1, tzinfo=dt.timezone.utc) - EPOCH).total_seconds())
    end = int((dt.datetime(last, 12, 31, tzinfo=dt.timezone.utc) - EPOCH).total_seconds())
    while seconds < end:
        if at(zone, seconds) != at(zone, seconds + step):
            low, high = seconds, seconds + step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if at(zone, middle) != at(zone, low) else (middle, high)
            yield high
        seconds += step


def main():
    with open(os.path.join(FOLDER, "expected.tsv"), "w") as out:
        for name in ZONES:
            with open(os.path.join(FOLDER, name), "rb") as file:
                zone = zoneinfo.ZoneInfo.from_file(file, key=name)
            instants = [-5000000000, -2000000000, 0, 1234567890, 13000000000, 250000000000]
            walls = []
            for years in YEARS:
                for change in transitions(zone, *years):
                    instants += [change - 1, change, change + 1]
                    before, after = at(zone, change - 1)[0], at(zone, change)[0]
                    base = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=change + min(before, after))
                    width = abs(after - before)
                    walls += [base + dt.timedelta(seconds=s) for s in (-1, 0, width // 2, width - 1, width)]
            for seconds in instants:
                offset, abbreviation = at(zone, seconds)
                print("utc", name, seconds, offset, abbreviation, sep="\t", file=out)
            for wall in walls:
                seconds = int((wall.replace(tzinfo=zone).astimezone(dt.timezone.utc) - EPOCH).total_seconds())
                print("local", name, wall.isoformat(), seconds, sep="\t", file=out)


main()
