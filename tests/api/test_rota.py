"""Thousands of generated schedules, rendered by the server and by an implementation that shares nothing with it (rota.py)."""

import datetime
import http.client
import json
import os
import pathlib

import pytest

import rota

DATA = pathlib.Path(__file__).parent.parent / "data" / "oncall" / "cases.json"
SEED = int(os.environ.get("TOCSIN_ROTA_SEED", "20260301"))
COUNT = int(os.environ.get("TOCSIN_ROTA_COUNT", "2000"))


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def text(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def written(spans):
    return [{**o, "starts_at": text(o["starts_at"]), "ends_at": text(o["ends_at"]), **({"shifts": written(o["shifts"])} if "shifts" in o else {})}
            for o in spans]


def with_shifts(layers):
    return [{**layer, "shifts": written(layer["shifts"])} if "shifts" in layer else layer for layer in layers]


class Asking:
    """One connection for all: the contract was held by the first answer, through the usual door."""

    def __init__(self, server):
        self.server, self.connection = server, http.client.HTTPConnection("127.0.0.1", server.port)

    def __call__(self, schedule, overrides, begin, end, blocks=(), usual=False):
        body = {"time_zone": schedule["time_zone"], "layers": with_shifts(schedule["layers"]), "overrides": written(overrides), "blocks": written(blocks),
                "from": text(begin), "to": text(end)}
        if usual:
            return self.server.api("POST", "schedules/preview", body)
        self.connection.request("POST", "/api/v1/schedules/preview", json.dumps(body),
                                {"Authorization": f"Bearer {self.server.key}", "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        read = answer.read()
        assert answer.status == 200, (read, body)
        return json.loads(read)


def as_stretches(answer):
    found = [(s["starts_at"], s["ends_at"], sorted(s["user_ids"])) for s in answer["final"]]
    return sorted(found + [(g["starts_at"], g["ends_at"], []) for g in answer["gaps"]])


@pytest.fixture(scope="module")
def people(server):
    return sorted(server.make("users", name=f"Rota {i}", email=f"rota{i}@example.org", role="responder")["id"] for i in range(5))


def test_the_second_implementation_knows_the_given_cases():
    for case in json.loads(DATA.read_text()):
        overrides = [{**o, "starts_at": parse(o["starts_at"]), "ends_at": parse(o["ends_at"])} for o in case["overrides"]]
        got = rota.render(case["schedule"], overrides, parse(case["from"]), parse(case["to"]))
        assert [{"starts_at": text(a), "ends_at": text(b), "users": u} for a, b, u in got if u] == case["final"], case["id"]


def test_generated_schedules_are_the_same_in_both(server, people):
    ask = Asking(server)
    for number, (schedule, overrides, begin, end) in enumerate(rota.cases(SEED, COUNT, people)):
        expected = [(text(a), text(b), users) for a, b, users in rota.render(schedule, overrides, begin, end)]
        got = as_stretches(ask(schedule, overrides, begin, end, usual=number < 20))
        assert got == expected, json.dumps({"number": number, "seed": SEED, "schedule": schedule, "overrides": written(overrides),
                                            "from": text(begin), "to": text(end)}, indent=1)


def a_calendar(dates):
    lines = [line for day in sorted(dates) for line in ("BEGIN:VEVENT", f"UID:{day}", f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"SUMMARY:{day}", "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *lines, "END:VCALENDAR", ""])


@pytest.fixture(scope="module")
def holidays(server):
    """Dates around the changes of the clocks. The server takes those of the last year and the next three only: the cases lie there."""
    now = parse(server.get("on-call")["at"])
    near = [now + datetime.timedelta(days=d) for d in (40, 130, 150, 310, 340)]
    made = {}
    for number in range(2):
        days = {(at + datetime.timedelta(days=k * (3 + number))).date() for at in near for k in range(-4, 5)}
        made[server.make("holiday-calendars", name=f"Rota {number}", time_zone="UTC", ics=a_calendar(days))["id"]] = days
    yield made, near
    for id in made:
        server.api("DELETE", f"holiday-calendars/{id}")


def test_generated_holidays_blocks_and_fixed_shifts_are_the_same_in_both(server, people, holidays, monkeypatch):
    dates, near = holidays
    monkeypatch.setattr(rota, "NEAR", [(at.year, at.month, at.day) for at in near])
    ask, held = Asking(server), 0
    for number, (schedule, overrides, begin, end, blocks) in enumerate(rota.cases(SEED + 1, COUNT // 2, people, sorted(dates))):
        plain = rota.render(schedule, overrides, begin, end, blocks, {id: set() for id in dates})
        stretches = rota.render(schedule, overrides, begin, end, blocks, dates)
        held += plain != stretches
        expected = [(text(a), text(b), users) for a, b, users in stretches]
        got = as_stretches(ask(schedule, overrides, begin, end, blocks, usual=number < 10))
        assert got == expected, json.dumps({"number": number, "schedule": schedule, "overrides": written(overrides), "blocks": written(blocks),
                                            "from": text(begin), "to": text(end)}, indent=1, default=str)
    assert held > COUNT // 20  # the holidays matter in them
