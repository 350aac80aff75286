"""Calendars of holidays, blocks of fixed shifts, and imports of calendar files: what schedules are made of beside turns."""

import datetime

import pytest

from http_sink import fail, reply
from tocsin import run

DAY = datetime.timedelta(days=1)


def parse(at):
    return datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def calendar(*events):
    """(first day, summary) or (from, to, summary, attendee)."""
    lines = []
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}"]
        if len(event) == 2:
            lines += [f"DTSTART;VALUE=DATE:{event[0]:%Y%m%d}", f"SUMMARY:{event[1]}"]
        else:
            lines += [f"DTSTART:{event[0]:%Y%m%dT%H%M%SZ}", f"DTEND:{event[1]:%Y%m%dT%H%M%SZ}", f"SUMMARY:{event[2]}"]
            lines += [f"ATTENDEE;CN=x:mailto:{event[3]}"] if event[3] else []
        lines.append("END:VEVENT")
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *lines, "END:VCALENDAR", ""])


class Plan:
    def __init__(self, world):
        self.world, self.server = world, world.server
        self.ann, self.bob = world.user("ann"), world.user("bob")
        self.now = parse(self.server.get("on-call")["at"])
        self.day = self.now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY

    def holidays(self, **fields):
        return self.server.make("holiday-calendars", name=f"Holidays {self.world.name} {len(fields)}", time_zone="UTC", **fields)

    def schedule(self, **layer):
        made = {"name": "Days", "starts_at": "2026-01-05T00:00:00", "members": [[self.ann["id"]]], **layer}
        return self.server.make("schedules", name=f"Plan {self.world.name}", time_zone="UTC", layers=[made])

    def shifts(self, schedule, days=6):
        return self.server.get(f"schedules/{schedule['id']}/shifts", **{"from": text(self.day), "to": text(self.day + days * DAY)})

    def final(self, schedule, days=6):
        return [(s["starts_at"], s["ends_at"], s["user_ids"]) for s in self.shifts(schedule, days)["final"]]


@pytest.fixture
def plan(world):
    return Plan(world)


def test_windows_hold_on_holidays_or_except_on_them(plan):
    ics = calendar((plan.day + DAY, "One"), (plan.day + 3 * DAY, "Two"))
    made = plan.holidays(ics=ics)
    assert [(d["day"], d["name"]) for d in made["days"]] == [(f"{plan.day + DAY:%Y-%m-%d}", "One"), (f"{plan.day + 3 * DAY:%Y-%m-%d}", "Two")]
    assert made["fetched_at"] and made["error"] is None
    window = {"from": "08:00", "to": "20:00", "holiday_calendar_id": made["id"]}
    at = lambda d, hour: text(plan.day + d * DAY + datetime.timedelta(hours=hour))  # noqa: E731
    only = plan.schedule(windows=[{**window, "holidays": "only"}])
    assert plan.final(only) == [(at(d, 8), at(d, 20), [plan.ann["id"]]) for d in (1, 3)]
    plan.server.change("schedules", only["id"], layers=[{**only["layers"][0], "windows": [{**window, "holidays": "except"}]}])
    assert plan.final(only) == [(at(d, 8), at(d, 20), [plan.ann["id"]]) for d in (0, 2, 4, 5)]
    refused = plan.server.try_api("DELETE", f"holiday-calendars/{made['id']}")
    assert refused.status == 409 and only["name"] in refused.json["detail"], refused
    plan.server.change("holiday-calendars", made["id"], ics=calendar((plan.day, "Other")))
    assert plan.final(only)[0][0] == at(1, 8)
    half = plan.server.try_api("PATCH", f"schedules/{only['id']}", {"layers": [{**only["layers"][0], "windows": [{"from": "08:00", "to": "20:00", "holidays": "only"}]}]})
    assert half.status == 422 or half.status == 400
    assert half.json["errors"][0]["pointer"] == "/layers/0/windows/0/holiday_calendar_id" and "go together" in half.json["errors"][0]["message"]


@pytest.mark.parametrize("fields, pointer, words", [
    ({}, "/url", "url"), ({"ics": "hello"}, "/ics", "BEGIN:VCALENDAR"), ({"url": "ftp://example.org/x"}, "/url", "webcal"),
    ({"url": "http://user:pw@example.org/x.ics"}, "/url", "before @"), ({"url": "webcal://user:pw@example.org/x.ics"}, "/url", "before @"),
    ({"ics": calendar((datetime.datetime(1999, 1, 1), "Old"))}, "/ics", "no event"),
    ({"ics": calendar((datetime.datetime(2030, 1, 1), "New")), "url": "https://example.org/x.ics"}, "/ics", "not both")])
def test_what_is_no_calendar_is_refused(server, fields, pointer, words):
    refused = server.try_api("POST", "holiday-calendars", {"name": "Wrong", "time_zone": "UTC", **fields})
    assert refused.status in (400, 422), refused
    assert refused.json["errors"][0]["pointer"] == pointer and words in refused.json["errors"][0]["message"], refused


def test_a_rule_that_costs_too_much_is_refused_with_its_line(plan):
    numbers = lambda first, last: ",".join(map(str, range(first, last + 1)))  # noqa: E731
    every_second = f"FREQ=YEARLY;BYYEARDAY={numbers(1, 366)};BYHOUR={numbers(0, 23)};BYMINUTE={numbers(0, 59)};BYSECOND={numbers(0, 59)}"
    made = plan.schedule()
    for rule, words in ((every_second, "more than 1000 times"), ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never come true"), ("FREQ=FORTNIGHTLY", "is not a rule")):
        ics = calendar((plan.day, "Day")).replace("SUMMARY:", f"RRULE:{rule}\r\nSUMMARY:")
        for path, fields in (("holiday-calendars", {"name": "Hostile", "time_zone": "UTC"}), (f"schedules/{made['id']}/import-preview", {"layer": "Old"})):
            refused = plan.server.try_api("POST", path, {**fields, "ics": ics})
            assert refused.status in (400, 422) and refused.json["errors"][0]["pointer"] == "/ics", refused
            assert "line 7: " in refused.json["errors"][0]["message"] and words in refused.json["errors"][0]["message"], refused


def test_an_address_is_asked_and_what_it_said_last_holds(plan):
    server, sink, path = plan.server, plan.world.sink, plan.world.path("holidays")
    file = lambda *days: calendar(*[(plan.day + d * DAY, f"Day {d}") for d in days]).encode()  # noqa: E731
    sink.script(path, reply(200, file(1), times=1), fail(503, times=1), reply(200, b"no calendar", times=1), reply(200, file(2), times=None))
    made = plan.holidays(url=sink.url + path)
    server.settle()
    days = lambda: [d["name"] for d in server.get(f"holiday-calendars/{made['id']}")["days"]]  # noqa: E731
    state = lambda: server.get(f"holiday-calendars/{made['id']}")  # noqa: E731
    assert days() == ["Day 1"] and state()["error"] is None
    server.turn("12h")
    assert days() == ["Day 1"] and "503" in state()["error"] and state()["tried_at"] > state()["fetched_at"]
    server.turn("1h")
    assert days() == ["Day 1"] and "BEGIN:VCALENDAR" in state()["error"]
    server.turn("1h")
    assert days() == ["Day 2"] and state()["error"] is None
    server.verb("holiday-calendars", made["id"], "fetch")
    server.settle()
    assert len([call for call in sink.requests if call.path == path]) == 5
    server.api("DELETE", f"holiday-calendars/{made['id']}")


def test_a_private_address_is_not_asked(plan):
    made = plan.holidays(url="http://10.0.0.1/holidays.ics")
    plan.server.settle()
    assert "10.0.0.1" in plan.server.get(f"holiday-calendars/{made['id']}")["error"]
    plan.server.api("DELETE", f"holiday-calendars/{made['id']}")


def test_a_block_stands_in_place_of_the_layers_and_overrides_come_over_it(plan):
    server, made = plan.server, plan.schedule()
    begins, ends = plan.day + DAY, plan.day + 3 * DAY
    block = server.make("schedule-blocks", schedule_id=made["id"], name="Christmas", starts_at=text(begins), ends_at=text(ends),
                        shifts=[{"starts_at": text(begins), "ends_at": text(begins + DAY), "user_ids": [plan.bob["email"]]}])
    ann, bob = [plan.ann["id"]], [plan.bob["id"]]
    assert plan.final(made) == [(text(plan.day), text(begins), ann), (text(begins), text(begins + DAY), bob), (text(ends), text(plan.day + 6 * DAY), ann)]
    shown = plan.shifts(made)
    assert shown["final"][1]["source"] == "Christmas" and "fixed block Christmas until" in shown["final"][1]["why"] and "otherwise layer Days" in shown["final"][1]["why"]
    assert shown["gaps"][0]["starts_at"] == text(begins + DAY) and "has nobody then" in shown["gaps"][0]["why"]
    assert [b["id"] for b in shown["blocks"]] == [block["id"]]
    server.make("overrides", schedule_id=made["id"], user_id=plan.ann["id"], starts_at=text(begins), ends_at=text(ends))
    assert plan.final(made) == [(text(plan.day), text(plan.day + 6 * DAY), ann)]
    plan_of = server.get(f"users/{plan.bob['id']}/departure")
    assert any(b["kind"] == "schedule_block" for b in plan_of["blockers"]), plan_of
    for wrong, words in (({"ends_at": text(begins - DAY)}, "after starts_at"), ({"ends_at": text(begins + DAY / 2)}, "within its block")):
        refused = server.try_api("PATCH", f"schedule-blocks/{block['id']}", wrong)
        assert refused.status in (400, 422) and words in refused.json["errors"][0]["message"], refused


def test_a_calendar_file_becomes_a_layer_and_who_is_unknown_is_said(plan, tmp_path):
    server, made = plan.server, plan.schedule()
    hour = datetime.timedelta(hours=1)
    begins = plan.day + 9 * hour
    ics = calendar((begins, begins + 8 * hour, f"On Call - {plan.bob['name']} - Primary", None), (begins + DAY, begins + DAY + hour, "Team", plan.ann["email"].upper()),
                   (begins + 2 * DAY, begins + 2 * DAY + hour, "Zoe Nobody", None))
    tried = server.api("POST", f"schedules/{made['id']}/import-preview", {"ics": ics, "layer": "Old"})
    assert [(m["user_id"], m["by"], m["shifts"]) for m in tried["matched"]] == [(plan.bob["id"], "summary", 1), (plan.ann["id"], "attendee", 1)]
    assert [(u["text"], u["shifts"], u["first_at"]) for u in tried["unmatched"]] == [("Zoe Nobody", 1, text(begins + 2 * DAY))] and not tried["applied"]
    refused = server.try_api("POST", f"schedules/{made['id']}/import", {"ics": ics, "layer": "Old"})
    assert refused.status in (400, 422) and "Zoe Nobody" in refused.json["errors"][0]["message"], refused
    assert len(server.get(f"schedules/{made['id']}")["layers"]) == 1
    file = tmp_path / "rota.ics"
    file.write_text(ics, newline="")
    told = run("oncall", "import", made["id"], str(file), "--layer", "Old", "--data", server.folder)
    assert told.returncode != 0 and "Zoe Nobody" in told.stdout + told.stderr and "--person" in told.stdout + told.stderr, told
    done = run("oncall", "import", made["id"], str(file), "--layer", "Old", "--person", f"Zoe Nobody={plan.bob['email']}", "--data", server.folder)
    assert done.returncode == 0 and "3 shifts" in done.stdout + done.stderr, done
    bob = [plan.bob["id"]]
    assert (text(begins), text(begins + 8 * hour), bob) in plan.final(made) and (text(begins + 2 * DAY), text(begins + 2 * DAY + hour), bob) in plan.final(made)
    assert "layer Old, its shift" in str(plan.shifts(made)["final"])
    again = server.api("POST", f"schedules/{made['id']}/import", {"ics": ics, "layer": "Old", "people": [{"text": "Zoe Nobody", "user_id": None}]})
    layers = server.get(f"schedules/{made['id']}")["layers"]
    assert again["applied"] and again["shifts"] == 2 and [layer["name"] for layer in layers] == ["Days", "Old"] and len(layers[1]["shifts"]) == 2
    empty = server.try_api("POST", f"schedules/{made['id']}/import", {"ics": "nothing"})
    assert empty.status in (400, 422) and "calendar file" in str(empty.json), empty


def rota(*events, zone="W. Europe Standard Time"):
    """(begins, ends or None, summary) as Outlook writes them."""
    lines = []
    for number, (begins, ends, summary) in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"DTSTART;TZID={zone}:{begins:%Y%m%dT%H%M%S}", f"SUMMARY:{summary}"]
        lines += [f"DTEND;TZID={zone}:{ends:%Y%m%dT%H%M%S}"] if ends else []
        lines.append("END:VEVENT")
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *lines, "END:VCALENDAR", ""])


def test_zones_are_known_by_the_names_that_windows_gives_them(plan):
    made, name = plan.schedule(), plan.bob["name"]
    begins, ends = plan.now.replace(month=1, day=10, year=plan.now.year + 1, hour=9, minute=0), plan.now.replace(month=1, day=10, year=plan.now.year + 1, hour=17, minute=0)
    for zone, hours in (("W. Europe Standard Time", 1), ("india standard time", 5.5), ("Eastern Standard Time", -5)):
        tried = plan.server.api("POST", f"schedules/{made['id']}/import-preview", {"ics": rota((begins, ends, name), zone=zone)})
        assert tried["warnings"] == [] and parse(tried["preview"]["shifts"][0]["starts_at"]).strftime("%H:%M") == (begins - datetime.timedelta(hours=hours)).strftime("%H:%M"), (zone, tried)


def test_an_import_loses_no_event_without_being_asked_to(plan, tmp_path):
    server, made, name = plan.server, plan.schedule(), plan.bob["name"]
    day, hour = plan.day, datetime.timedelta(hours=1)
    lost = rota((day, day + hour, name), zone="Nowhere Standard Time")
    whole = rota((day, day + hour, name), (day + DAY, None, name))
    for ics, words in ((lost, "a zone that is not known"), (whole, "no end after its beginning")):
        tried = server.api("POST", f"schedules/{made['id']}/import-preview", {"ics": ics})
        assert len(tried["warnings"]) == 1 and words in tried["warnings"][0], tried
        refused = server.try_api("POST", f"schedules/{made['id']}/import", {"ics": ics})
        assert refused.status in (400, 422) and words in str(refused.json["errors"]) and "allow_passed_over" in str(refused.json), refused
    assert len(server.get(f"schedules/{made['id']}")["layers"]) == 1
    none = server.try_api("POST", f"schedules/{made['id']}/import", {"ics": lost, "allow_passed_over": True})
    assert none.status in (400, 422) and "nothing to import" in str(none.json), none
    file = tmp_path / "rota.ics"
    file.write_text(whole, newline="")
    told = run("oncall", "import", made["id"], str(file), "--data", server.folder)
    assert told.returncode != 0 and "nothing was imported" in told.stdout + told.stderr and "--allow-passed-over" in told.stdout + told.stderr, told
    assert len(server.get(f"schedules/{made['id']}")["layers"]) == 1
    done = run("oncall", "import", made["id"], str(file), "--allow-passed-over", "--data", server.folder)
    assert done.returncode == 0 and "1 shifts" in done.stdout + done.stderr and "passed over" in done.stdout + done.stderr, done
    slip = server.try_api("POST", f"schedules/{made['id']}/import", {"ics": rota((day, day + hour, name)), "people": [{"text": "Typo", "user_id": plan.ann["id"]}]})
    assert slip.status in (400, 422) and "Typo" in str(slip.json) and "/people/0/text" in str(slip.json), slip


def test_people_are_found_among_other_words_by_whole_words(plan):
    server, made = plan.server, plan.schedule()
    ann, bob = (server.change("users", who["id"], name=f"{first} {plan.world.name}") for who, first in ((plan.ann, "Jo"), (plan.bob, "Jo Lee")))
    name, begins = plan.world.name, plan.day
    cases = {f"Jo {name} on call": ann, f"This week jo {name.upper()}, call them": ann, f"on call Jo Lee {name} now": bob, f"{bob['email']} on call": bob, f"Jo {name}, by {ann['email']}.": ann,
             f"Jo {name}son": None, f"Mary-Jo {name}": None, f"x.{ann['email']}": None, f"{ann['email']}.uk": None,
             f"Jo {name} covers for Jo Lee {name}": None, "Jo": None}
    ics = rota(*((begins + number * datetime.timedelta(hours=1), begins + (number + 1) * datetime.timedelta(hours=1), case.replace(",", "\\,")) for number, case in enumerate(cases)))
    tried = server.api("POST", f"schedules/{made['id']}/import-preview", {"ics": ics})
    assert {m["text"]: m["user_id"] for m in tried["matched"]} == {case: who["id"] for case, who in cases.items() if who}
    assert {u["text"] for u in tried["unmatched"]} == {case for case, who in cases.items() if not who}


def test_what_is_nearly_always_a_slip_is_said(plan):
    made = plan.schedule(members=[[]])
    assert "every turn of the layer Days is empty" in made["warnings"][0]
    over = plan.server.change("schedules", made["id"], layers=[{**made["layers"][0], "members": [[plan.ann["id"]]], "ends_at": "2026-02-01T00:00:00"}])
    assert "ended at 2026-02-01" in over["warnings"][0]
    backwards = plan.server.try_api("PATCH", f"schedules/{made['id']}", {"layers": [{**made["layers"][0], "ends_at": "2025-01-01T00:00:00"}]})
    assert backwards.status in (400, 422) and "before it begins" in backwards.json["errors"][0]["message"], backwards
    nobody = plan.server.try_api("PATCH", f"schedules/{made['id']}", {"layers": [{"name": "X", "starts_at": "2026-01-05T00:00:00"}]})
    assert nobody.status in (400, 422) and nobody.json["errors"][0]["pointer"] == "/layers/0/members", nobody


def test_who_is_on_call_stays_until_the_next_turn_when_the_list_changes(plan):
    server, cleo = plan.server, plan.world.user("cleo")
    people = [plan.ann["id"], plan.bob["id"]]
    layer = {"name": "Days", "starts_at": "2026-01-05T00:00:00", "turn": {"every": 1, "unit": "day"}, "members": [[p] for p in people]}
    made = server.make("schedules", name=f"Stay {plan.world.name}", time_zone="UTC", layers=[layer])
    now = lambda: server.get("on-call", schedule_id=made["id"])["items"][0]  # noqa: E731
    holder, after = now()["users"][0]["id"], now()["next"][0]["id"]
    for members in ([[cleo["id"]], *layer["members"]], [[holder], [cleo["id"]], [after]], [[after], [holder]], [[cleo["id"]], [after], [holder]]):
        server.change("schedules", made["id"], layers=[{**layer, "members": members}])
        place = members.index([holder])
        assert now()["users"][0]["id"] == holder and now()["next"][0]["id"] == members[(place + 1) % len(members)][0], members
    server.change("schedules", made["id"], layers=[{**layer, "members": [[after], [cleo["id"]]]}])  # theirs is gone: the next in the list has it
    assert now()["users"][0]["id"] in (after, cleo["id"])
