"""Who is on call, computed a second time: Python's zoneinfo, written from the product's rules alone and shared with nothing of the
program. Slow and plain on purpose: every stretch between two instants at which anything could change is asked by itself."""

import bisect
import calendar
import datetime
import random
import zoneinfo

UTC = datetime.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY = datetime.timedelta(days=1)


def instant(local, zone):
    """A local time that does not exist moves forward by the length of the gap; one that exists twice is the first."""
    aware = local.replace(tzinfo=zone, fold=0)
    # in a gap fold 0 takes the offset of before: converted to UTC that is exactly the time moved forward
    return aware.astimezone(UTC)


def clock(text):
    hours, minutes = text.split(":")
    return datetime.timedelta(hours=int(hours), minutes=int(minutes))


def turn_start(layer, k):
    begin = datetime.datetime.fromisoformat(layer["starts_at"])
    every, unit = layer["turn"]["every"], layer["turn"]["unit"]
    if unit != "month":
        return begin + k * every * {"hour": datetime.timedelta(hours=1), "day": DAY, "week": 7 * DAY}[unit]
    month = begin.year * 12 + begin.month - 1 + k * every
    year, month = divmod(month, 12)
    return begin.replace(year=year, month=month + 1, day=min(begin.day, calendar.monthrange(year, month + 1)[1]))


def begins_on(window, day, holidays):
    if window["days"] and DAYS[day.weekday()] not in window["days"]:
        return False
    wanted = window.get("holidays")
    return wanted is None or (day in holidays[window["holiday_calendar_id"]]) == (wanted == "only")


def windows_of(layer, zone, begin, end, holidays):
    found, day = [], begin.astimezone(zone).date() - 2 * DAY
    while day <= end.astimezone(zone).date() + 2 * DAY:
        for window in layer["windows"]:
            if not begins_on(window, day, holidays):
                continue
            midnight = datetime.datetime(day.year, day.month, day.day)
            opens, closes = clock(window["from"]), clock(window["to"])
            if closes <= opens:
                closes += DAY
            opens, closes = instant(midnight + opens, zone), instant(midnight + closes, zone)
            if opens < closes:
                found.append((opens, closes))
        day += DAY
    return found


def turns_of(layer, zone, begin, end):
    """(from, to, people) of every turn that touches the range."""
    early = (begin - 3 * DAY).replace(tzinfo=None)
    k, out = 0, []
    if layer["turn"]["unit"] != "month":  # far from the start: equal steps, skipped at once
        step = turn_start(layer, 1) - turn_start(layer, 0)
        k = max(0, (early - turn_start(layer, 0)) // step)
    while turn_start(layer, k + 1) < early:
        k += 1
    while True:
        opens = instant(turn_start(layer, k), zone)
        out.append((opens, k, layer["members"][k % len(layer["members"])]))
        if opens >= end + 2 * DAY:
            return in_order(out)
        k += 1


def in_order(hand_offs):
    """The last hand-off that has happened holds: where a zone skips a day, shorter turns come out of order."""
    latest, kept = None, []
    for opens, k, people in sorted(hand_offs, key=lambda h: h[:2]):
        if latest is None or k > latest:
            latest = k
            kept.append((opens, people))
    return [(opens, closes, people) for (opens, people), (closes, _) in zip(kept, kept[1:]) if opens < closes]


def in_shifts(shifts, at):
    return {person for shift in shifts if shift["starts_at"] <= at < shift["ends_at"] for person in shift["user_ids"]}


class Layer:
    def __init__(self, layer, schedule_zone, begin, end, holidays):
        zone = zoneinfo.ZoneInfo(layer["time_zone"]) if layer["time_zone"] else schedule_zone
        self.add = layer["mode"] == "add"
        self.shifts = layer.get("shifts") or []
        self.turns = [] if self.shifts else turns_of(layer, zone, begin, end)
        self.windows = windows_of(layer, zone, begin, end, holidays) if layer["windows"] else None
        self.begins = instant(datetime.datetime.fromisoformat(layer["starts_at"]), zone)
        self.ends = instant(datetime.datetime.fromisoformat(layer["ends_at"]), zone) if layer["ends_at"] else None
        self.turn_starts = [opens for opens, *_ in self.turns]

    def edges(self):
        yield self.begins
        if self.ends:
            yield self.ends
        for opens, closes, *_ in self.turns + (self.windows or []):
            yield opens
            yield closes
        for shift in self.shifts:
            yield shift["starts_at"]
            yield shift["ends_at"]

    def people(self, at):
        if at < self.begins or (self.ends and at >= self.ends):
            return set()
        if self.shifts:
            return in_shifts(self.shifts, at)
        if self.windows is not None and not any(opens <= at < closes for opens, closes in self.windows):
            return set()
        i = bisect.bisect_right(self.turn_starts, at) - 1
        return set(self.turns[i][2]) if i >= 0 and at < self.turns[i][1] else set()


def at_instant(layers, blocks, overrides, at):
    people = set()
    for layer in layers:
        here = layer.people(at)
        if here:
            people = people | here if layer.add else here
    for block in blocks:  # of two the later one
        if block["starts_at"] <= at < block["ends_at"]:
            people = in_shifts(block["shifts"], at)
    for o in overrides:
        if not o["starts_at"] <= at < o["ends_at"]:
            continue
        if o["kind"] == "add":
            people = people | {o["user_id"]}
        elif o["kind"] == "remove":
            people = people - {o["user_id"]}
        elif o["replaces_user_id"] is None:
            people = {o["user_id"]}
        elif o["replaces_user_id"] in people:
            people = people - {o["replaces_user_id"]} | {o["user_id"]}
    return people


def render(schedule, overrides, begin, end, blocks=(), holidays=None):
    """[(from, to, [people])]; stretches with nobody have no people. holidays: dates by the id of their calendar."""
    zone = zoneinfo.ZoneInfo(schedule["time_zone"])
    layers = [Layer(layer, zone, begin, end, holidays) for layer in schedule["layers"]]
    edges = {begin, end}
    for layer in layers:
        edges.update(layer.edges())
    for block in blocks:
        for span in [block, *block["shifts"]]:
            edges.update((span["starts_at"], span["ends_at"]))
    for o in overrides:
        edges.update((o["starts_at"], o["ends_at"]))
    edges = sorted(e for e in edges if begin <= e <= end)
    out = []
    for opens, closes in zip(edges, edges[1:]):
        people = sorted(at_instant(layers, blocks, overrides, opens))
        if out and out[-1][2] == people:
            out[-1] = (out[-1][0], closes, people)
        else:
            out.append((opens, closes, people))
    return out


# Making them up.

ZONES = ["America/New_York", "Europe/London", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Pacific/Apia", "Africa/Casablanca",
         "Asia/Kolkata", "Asia/Kathmandu", "UTC", "America/St_Johns", "Pacific/Chatham", "Asia/Tehran", "Atlantic/Azores"]


def some_shifts(r, people, begin, end):
    minutes = int((end - begin).total_seconds() // 60)
    found = []
    for _ in range(r.randint(1, 6)):
        start = r.randint(0, minutes - 1)
        found.append({"starts_at": begin + datetime.timedelta(minutes=start), "ends_at": begin + datetime.timedelta(minutes=r.randint(start + 1, minutes)),
                      "user_ids": r.sample(people, r.randint(1, 2))})
    return found


def a_block(r, people, begin):
    starts = begin + datetime.timedelta(minutes=30 * r.randint(-96, 24 * 2 * 10))
    ends = starts + datetime.timedelta(minutes=30 * r.randint(1, 24 * 2 * 8))
    return {"name": f"B{r.randint(0, 9)}", "starts_at": starts, "ends_at": ends, "shifts": some_shifts(r, people, starts, ends)}


def a_layer(r, people, near, calendars=()):
    start = near - r.randint(0, 400) * DAY
    start = start.replace(hour=r.choice([0, 0, 2, 2, 3, 8, 9, 18, 23]), minute=r.choice([0, 0, 30, 15]), tzinfo=None)
    if r.random() < 0.2:
        start = start.replace(day=min(r.choice([29, 30, 31]), calendar.monthrange(start.year, start.month)[1]))
    unit = r.choice(["hour", "day", "day", "week", "week", "month"])
    every = {"hour": r.choice([1, 5, 8, 12, 13]), "day": r.randint(1, 4), "week": r.randint(1, 3), "month": r.randint(1, 2)}[unit]
    windows = []
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        days = r.sample(DAYS, r.randint(0, 5))
        windows.append({"days": days, "from": r.choice(["00:00", "02:00", "02:30", "08:00", "18:00", "22:15"]),
                        "to": r.choice(["00:00", "02:30", "03:00", "08:00", "18:00", "24:00"])})
        if calendars and r.random() < 0.5:
            windows[-1].update(holidays=r.choice(["only", "except"]), holiday_calendar_id=r.choice(calendars))
    members = [r.sample(people, r.choice([0, 1, 1, 1, 1, 2, 3])) for _ in range(r.randint(1, 6))]
    ends = (start + r.randint(1, 500) * DAY).isoformat() if r.random() < 0.25 else None
    return {"name": f"L{r.randint(0, 9)}", "time_zone": r.choice([None, None, r.choice(ZONES)]), "mode": r.choice(["replace", "replace", "add"]),
            "starts_at": start.isoformat(), "ends_at": ends, "turn": {"every": every, "unit": unit}, "members": members, "windows": windows}


def an_override(r, people, begin):
    starts = begin + datetime.timedelta(minutes=30 * r.randint(-48, 24 * 2 * 20))
    kind = r.choice(["cover", "cover", "cover", "add", "remove"])
    user = r.choice(people)
    return {"kind": kind, "user_id": user, "replaces_user_id": r.choice([None, r.choice(people)]) if kind == "cover" else None,
            "starts_at": starts, "ends_at": starts + datetime.timedelta(minutes=30 * r.randint(1, 24 * 2 * 6))}


# Around the changes of the clocks, where the mistakes are.
NEAR = [(2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 4, 24), (2026, 9, 6), (2026, 9, 27), (2026, 10, 4), (2026, 10, 25), (2026, 11, 1), (2011, 12, 29), (2026, 2, 15),
        (2026, 3, 18), (2024, 2, 28)]


def a_fixed_layer(r, people, begin, end):
    layer = a_layer(r, people, begin)
    layer.update(members=[], windows=[], shifts=some_shifts(r, people, begin - DAY, end + DAY))
    return layer


def a_case(r, people, calendars=()):
    near = datetime.datetime(*r.choice(NEAR), tzinfo=UTC)
    begin = near - datetime.timedelta(hours=r.randint(0, 24 * 10))
    end = begin + datetime.timedelta(hours=r.randint(1, 24 * 12))
    schedule = {"time_zone": r.choice(ZONES), "layers": [a_layer(r, people, near, calendars) for _ in range(r.randint(1, 4))]}
    overrides = [an_override(r, people, begin) for _ in range(r.choice([0, 0, 1, 3, 6]))]
    if not calendars:
        return schedule, overrides, begin, end
    if r.random() < 0.4:
        schedule["layers"].insert(r.randint(0, len(schedule["layers"])), a_fixed_layer(r, people, begin, end))
    return schedule, overrides, begin, end, [a_block(r, people, begin) for _ in range(r.choice([0, 1, 1, 2]))]


def cases(seed, count, people, calendars=()):
    """With calendars of holidays: also windows that name them, layers of fixed shifts, and blocks."""
    r = random.Random(seed)
    return [a_case(r, people, calendars) for _ in range(count)]
