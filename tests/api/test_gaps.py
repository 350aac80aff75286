"""Stretches with nobody on call: who is told of them and when, and where they are seen."""

import datetime

import pytest

from tocsin import run

HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Rota:
    """A schedule of a team of its own: Lea leads it and hears of gaps, Ann is on call from the day before yesterday."""

    def __init__(self, world, **fields):
        self.world, self.server = world, world.server
        self.lea, self.ann = world.user("lea"), world.user("ann")
        self.team = self.server.make("teams", name=f"Team {world.name}", members=[{"user_id": self.lea["id"], "role": "owner"}])
        self.layer = {"name": "All", "starts_at": (self.now - 2 * DAY).strftime("%Y-%m-%dT00:00:00"), "members": [[self.ann["id"]]]}
        self.made = self.server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", team_id=self.team["id"],
                                     **{"layers": [self.layer], **fields})

    @property
    def now(self):
        at = self.server.get("on-call")["at"]
        return datetime.datetime.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")

    def hole(self, starts, ends):
        """Ann is away."""
        return self.server.make("overrides", schedule_id=self.made["id"], user_id=self.ann["id"], kind="remove",
                                starts_at=text(starts), ends_at=text(ends))

    def told(self):
        return [call.json for call in self.world.calls("lea")]

    def look(self):
        self.server.turn("6m")
        return self.told()

    def covered(self, **query):
        return self.server.get("on-call/coverage", schedule_id=self.made["id"], **query)["items"][0]


@pytest.fixture
def rota(world):
    made = []

    def build(**fields):
        made.append(Rota(world, **fields))
        return made[-1]

    yield build
    for one in made:
        world.server.try_api("DELETE", f"schedules/{one.made['id']}")


def test_the_owners_are_told_once_and_again_when_it_grows(rota):
    one = rota()
    day = one.now.replace(minute=0, second=0) + 3 * DAY
    assert one.look() == []
    first = one.hole(day, day + 2 * HOUR)
    assert len(one.look()) == 1
    said = one.told()[0]
    assert one.made["name"] in said["title"] and "nobody is on call from" in said["title"]
    assert text(day) in str(said) and text(day + 2 * HOUR) in str(said)
    for _ in range(3):
        one.server.turn("1h")
    assert len(one.told()) == 1, "said again although nothing changed"
    one.hole(day + 2 * HOUR, day + 5 * HOUR)
    assert len(one.look()) == 2, "it grew"
    one.server.api("DELETE", f"overrides/{first['id']}")
    assert len(one.look()) == 2, "it shrank"
    again = one.hole(day, day + 2 * HOUR)
    assert len(one.look()) == 3, "filled, and empty again"
    assert one.world.told("ann") == 0 and again


def test_many_gaps_are_one_message(rota):
    one = rota()
    day = one.now.replace(minute=0, second=0) + 2 * DAY
    for i in range(12):
        one.hole(day + i * 12 * HOUR, day + i * 12 * HOUR + HOUR)
    said = one.look()
    assert len(said) == 1 and "and 11 more" in said[0]["title"] and "and 2 more" in str(said[0])


def test_what_is_further_away_than_14_days_waits(rota):
    one = rota()
    far = one.now.replace(minute=0, second=0) + 14 * DAY + 4 * HOUR
    one.hole(far, far + HOUR)
    assert one.look() == []
    for _ in range(5):
        one.server.turn("1h")
    assert len(one.told()) == 1


def test_nights_of_office_hours_are_told_the_first_time_only(rota):
    one = rota()
    office = {**one.layer, "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}
    one.server.change("schedules", one.made["id"], layers=[office])
    assert len(one.look()) == 1
    for _ in range(50):
        one.server.turn("1h")
    assert len(one.told()) == 1
    hole = datetime.datetime.combine(one.now.date(), datetime.time(10)) + 3 * DAY
    while hole.weekday() > 4:
        hole += DAY
    one.hole(hole, hole + HOUR)
    assert len(one.look()) == 2, "a hole in the hours themselves is news"


@pytest.mark.parametrize("coverage, gaps", [("always", True), ("windows", False), ("best_effort", False)])
def test_coverage_says_what_a_gap_is(rota, coverage, gaps):
    one = rota(coverage=coverage)
    office = {**one.layer, "windows": [{"days": [], "from": "09:00", "to": "17:00"}]}
    one.server.change("schedules", one.made["id"], layers=[office])
    assert bool(one.covered()["gaps"]) == gaps and bool(one.look()) == gaps
    day = datetime.datetime.combine(one.now.date(), datetime.time(12)) + 2 * DAY
    one.hole(day, day + HOUR)
    wanted = [] if coverage == "best_effort" else [{"starts_at": text(day), "ends_at": text(day + HOUR)}]
    found = one.covered()["gaps"]
    assert found == wanted if coverage != "always" else wanted[0] in found


def test_who_answers_for_a_schedule(rota):
    one = rota()
    seen = one.covered()
    assert (seen["state"], seen["gaps"], seen["gap_s"], seen["covered"]) == ("answered", [], 0, 1)
    method = one.server.items("contact-methods", user_id=one.ann["id"], kind="webhook")[0]
    mail = one.server.items("contact-methods", user_id=one.ann["id"], kind="email")[0]
    one.world.steps(one.ann, [])
    for m in (method, mail):
        one.server.api("DELETE", f"contact-methods/{m['id']}")
    assert one.covered()["state"] == "unreachable"
    end = one.now.replace(minute=0, second=0) + 4 * HOUR
    one.hole(one.now - HOUR, end)
    seen = one.covered(**{"from": text(end - HOUR), "to": text(end + HOUR)})
    assert (seen["state"], seen["until"], seen["gap_s"], seen["covered"]) == ("nobody", text(end), 3600, 0.5)


def test_the_client_and_the_metrics_show_it(rota):
    one = rota()
    end = one.now.replace(minute=0, second=0) + 5 * HOUR
    one.hole(one.now - HOUR, end)
    one.look()
    shown = run("oncall", "gaps", one.made["id"], "--data", one.server.folder)
    assert shown.returncode == 0 and one.made["name"] in shown.stdout and "nobody" in shown.stdout and text(end) in shown.stdout, shown

    def metric(name):
        lines = one.server.http("GET", "/metrics").text.splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))

    for _ in range(100):
        one.server.turn("61s")
        metric("tocsin_schedule_gap_seconds")
        if metric("tocsin_schedules_uncovered") >= 1 and metric("tocsin_schedule_gap_seconds") > 3600:
            break
    else:
        raise AssertionError("the gauges do not show the gap")


def test_an_empty_level_is_left_out_at_once_and_said(rota):
    one = rota()
    world, server = one.world, one.server
    ben = world.user("ben")
    one.hole(one.now - HOUR, one.now + 5 * HOUR)
    world.source = world.integration(world.policy([{"kind": "schedule", "id": one.made["id"]}], [ben], wait_s=3600))
    world.fire("burning", priority="p1")
    server.settle()
    assert world.tally("ann", "ben") == (0, 1)
    alert = world.alert("burning")
    kinds = [(e["kind"], e["data"].get("level")) for e in server.items(f"alerts/{alert['id']}/timeline") if e["kind"].startswith("page")]
    assert ("page_nobody", 1) in kinds and ("paged", 2) in kinds


def test_a_schedule_that_is_gone_is_forgotten(rota):
    one = rota(layers=[])
    assert len(one.look()) == 1
    one.server.api("DELETE", f"schedules/{one.made['id']}")
    one.server.turn("2h")
    assert len(one.told()) == 1
