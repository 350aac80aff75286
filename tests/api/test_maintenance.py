"""Maintenance windows, as tables: once and recurring, overlapping, ended by hand; the team is told; nobody is forgotten."""

import json
import subprocess

import pytest

from quiet_table import Story
from tocsin import BINARY

TABLES = {
    "an integration in maintenance pages nobody, and once at the end": """
         0:00 | window m 10m                   |                    |
         0:10 | fire a; fire b                 | a maintenance, b maintenance | ann 0
         1:00 | resolve b                      | b - [resolved]     |
        10:01 |                                | a -                | ann 1
        15:02 |                                |                    | ann 1, bob 1
    """,
    "what pages already stops, escalations too": """
         0:00 | fire a                         |                    | ann 1
         1:00 | window m 10m                   | a maintenance      |
         6:00 |                                |                    | bob 0
        11:02 |                                | a -                | ann 2
    """,
    "it begins later": """
         0:00 | window m 10m in 5m; fire a     | a -                | ann 1
         4:00 | ack a; fire b                  | b -                | ann 2
         5:02 |                                | a maintenance, b maintenance |
        10:00 |                                |                    | ann 2, bob 0
        15:02 |                                | a - [acknowledged], b - | ann 3
    """,
    "by matchers": """
         0:00 | window m 10m team=db           |                    |
         0:10 | fire a team=db; fire b team=x  | a maintenance, b - | ann 1
         9:00 | ack b                          |                    |
        10:02 |                                | a -                | ann 2
    """,
    "two windows: the last end counts, once": """
         0:00 | window m 5m; window n 10m; fire a | a maintenance   | ann 0
         5:02 |                                | a maintenance      | ann 0
        10:02 |                                | a -                | ann 1
    """,
    "ended by hand": """
         0:00 | window m 1h; fire a            | a maintenance      | ann 0
         5:00 | end m                          | a -                | ann 1
         6:00 | fire b                         | b -                | ann 2
    """,
    "deleted": """
         0:00 | window m 1h; fire a            | a maintenance      | ann 0
         5:00 | delete m                       | a -                | ann 1
    """,
    "a later end, an earlier end": """
         0:00 | window m 10m; fire a           | a maintenance      | ann 0
         1:00 | move m 20m                     | a maintenance      |
        12:00 |                                | a maintenance      | ann 0
        13:00 | move m 1m                      | a maintenance      | ann 0
        14:02 |                                | a -                | ann 1
    """,
    "a silence that ends first": """
         0:00 | window m 10m; silence s title=~.+ 5m; fire a | a maintenance+silence | ann 0
         5:02 |                                | a maintenance      | ann 0
        10:02 |                                | a -                | ann 1
    """,
    "a silence that ends last": """
         0:00 | window m 5m; silence s title=~.+ 10m; fire a | a maintenance+silence | ann 0
         5:02 |                                | a silence          | ann 0
        10:02 |                                | a -                | ann 1
    """,
    "a snooze that ends first": """
         0:00 | fire a; window m 10m; snooze a 5m | a maintenance+snooze | ann 1
         5:02 |                                | a maintenance      | ann 1
        10:02 |                                | a -                | ann 2
    """,
    "a snooze that ends last": """
         0:00 | fire a; window m 5m; snooze a 10m | a maintenance+snooze | ann 1
         5:02 |                                | a snooze           | ann 1
        10:02 |                                | a -                | ann 2
    """,
    "a pause, in both orders": """
         0:00 | rule r true pause for_s=420; window m 5m; fire a | a maintenance+pause | ann 0
         5:02 |                                | a pause            | ann 0
         7:02 |                                | a -                | ann 1
         8:00 | window n 10m; ack a; fire b    | b maintenance+pause |
        15:02 |                                | b maintenance      | ann 1
        18:02 |                                | b -                | ann 2
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_story(world, name):
    Story(world.usual()).play(TABLES[name])


def test_a_service_in_maintenance(world):
    world.usual()
    service = world.server.make("services", name=f"Shop {world.name}")
    Story(world).play(f"""
         0:00 | window m 10m service {service['slug']} | |
    """)
    made = world.server.make("maintenance-windows", name=f"W {world.name}", service_ids=[service["slug"]], for_s=600)
    world.fire("a", service=service["name"])
    world.fire("b")
    assert [h["id"] for h in world.alert("a")["holds"]] == [made["id"]] and world.alert("b")["holds"] == []
    assert world.told("ann") == 1
    world.server.api("DELETE", "maintenance-windows/" + made["id"])


def test_what_one_end_releases_is_one_page_per_policy(world):
    world.usual()
    cleo = world.user("cleo")
    other = world.integration(world.policy([cleo]))
    made = world.server.make("maintenance-windows", name=f"W {world.name}", for_s=600, announce_before_s=0,
                             integration_ids=[world.source["id"], other["id"]])
    for key in "abc":
        world.fire(key)
        world.fire(key, integration=other)
    world.server.settle()
    assert world.tally("ann", "cleo") == (0, 0)
    world.server.verb("maintenance-windows", made["id"], "end")
    world.server.settle()
    assert world.tally("ann", "cleo") == (1, 1)


def test_one_that_recurs_comes_again_by_the_clocks_of_its_zone(world):
    world.usual()
    story = Story(world)
    made = world.server.make("maintenance-windows", name=f"Nightly {world.name}", integration_ids=[world.source["id"]], starts_at=story.time(-60),
                             ends_at=story.time(540), rrule="FREQ=DAILY", time_zone="Europe/Berlin", announce_before_s=0)
    world.server.settle()
    first = world.server.get("maintenance-windows/" + made["id"])
    assert first["state"] == "active" and first["next_starts_at"] == made["starts_at"].split(".")[0].rstrip("Z") + "Z"
    world.fire("a")
    assert world.alert("a")["holds"][0]["reason"] == "maintenance" and world.told("ann") == 0
    world.server.turn("10m")
    assert world.alert("a")["holds"] == [] and world.told("ann") == 1
    second = world.server.get("maintenance-windows/" + made["id"])
    assert second["state"] == "scheduled" and second["next_starts_at"] > first["next_starts_at"]
    world.server.verb("alerts", world.alert("a")["id"], "resolve")
    refusal = world.server.try_api("POST", f"maintenance-windows/{made['id']}/end", {})
    assert refusal.status == 409 and "comes again by its rrule" in refusal.json["detail"]
    world.server.turn("24h")  # inside the second, or within a minute of its edges
    third = world.server.get("maintenance-windows/" + made["id"])
    if third["state"] == "active":
        world.server.verb("maintenance-windows", made["id"], "end")
        world.server.settle()
    world.fire("b")
    assert world.alert("b")["holds"] == []
    after = world.server.get("maintenance-windows/" + made["id"])
    assert after["state"] == "scheduled" and after["next_starts_at"] > second["next_starts_at"]
    world.server.api("DELETE", "maintenance-windows/" + made["id"])


def test_the_team_is_told_before_and_at_the_end(world):
    world.usual()
    carol = world.user("carol")
    team = world.server.make("teams", name=f"Team {world.name}", members=[{"user_id": carol["id"], "role": "responder"}])
    story = Story(world)
    made = world.server.make("maintenance-windows", name=f"Upgrade {world.name}", integration_ids=[world.source["id"]], team_id=team["id"],
                             starts_at=story.time(3600), ends_at=story.time(4200), announce_before_s=900)
    world.server.settle()
    assert world.told("carol") == 0
    world.server.turn("46m")
    assert world.told("carol") == 1
    said = world.calls("carol")[0].body.decode()
    assert f"Upgrade {world.name}" in said and "will be quiet" in said
    world.server.turn("15m")
    world.fire("a")
    assert world.told("carol") == 1 and world.told("ann") == 0
    world.server.turn("10m")
    assert world.told("carol") == 2 and "is over: 1 alert is still triggered" in world.calls("carol")[1].body.decode()
    assert world.told("ann") == 1
    assert world.server.get("maintenance-windows/" + made["id"])["state"] == "ended"
    world.server.turn("30m")
    assert world.told("carol") == 2, "nobody has to answer"
    world.server.api("DELETE", "maintenance-windows/" + made["id"])


def refused(world, **fields):
    body = {"name": "x", "integration_ids": [world.source["id"]], "for_s": 600, **fields}
    answer = world.server.try_api("POST", "maintenance-windows", {k: v for k, v in body.items() if v is not None})
    assert answer.status == 400, answer
    return {error["pointer"]: error["message"] for error in answer.json["errors"]}


def test_refusals_say_the_way_out(world):
    world.usual()
    assert "say what is maintained" in refused(world, integration_ids=None)["/service_ids"]
    assert "at most 30 days" in refused(world, for_s=None, starts_at="2099-01-01T00:00:00Z", ends_at="2099-02-02T00:00:00Z")["/ends_at"]
    assert "must be after" in refused(world, for_s=None, starts_at="2099-01-01T00:00:00Z", ends_at="2098-02-02T00:00:00Z")["/ends_at"]
    assert "in the past" in refused(world, for_s=None, starts_at="2001-01-01T00:00:00Z", ends_at="2001-01-02T00:00:00Z")["/ends_at"]
    assert "not both" in refused(world, ends_at="2099-01-01T00:00:00Z")["/for_s"]
    assert "/rrule" in refused(world, rrule="FREQ=SOMETIMES")
    assert "/time_zone" in refused(world, time_zone="Mars/Olympus")
    assert "everything" in refused(world, matchers=[{"name": "a", "op": "=~", "value": ".*"}])["/matchers"]


def tocsin(world, *words):
    env = {"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}", "TOCSIN_KEY": world.server.key, "PATH": "/usr/bin:/bin"}
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=20, env=env)


def test_the_client_starts_lists_and_ends(world):
    world.usual()
    started = tocsin(world, "maintenance", "start", "--integration", world.source["slug"], "--for", "2h", "--name", f"Move {world.name}", "-o", "json")
    assert started.returncode == 0, started
    row = json.loads(started.stdout)
    world.server.settle()
    world.fire("a")
    assert world.alert("a")["holds"][0]["id"] == row["id"]
    assert row["slug"] in tocsin(world, "maintenance", "list").stdout
    ended = tocsin(world, "maintenance", "end", row["slug"])
    assert ended.returncode == 0 and "ended" in ended.stdout, ended
    world.server.settle()
    assert world.alert("a")["holds"] == [] and world.told("ann") == 1
    assert row["slug"] not in tocsin(world, "maintenance", "list").stdout
    wrong = tocsin(world, "maintenance", "start", "--for", "2h")
    assert wrong.returncode == 2 and "say what is maintained" in wrong.stderr
    wrong = tocsin(world, "maintenance", "start", "--service", "x")
    assert wrong.returncode == 2 and "say when it ends" in wrong.stderr
    world.server.api("DELETE", "maintenance-windows/" + row["id"])


SATURDAY = {"starts_at": "2030-01-05T22:00:00Z", "for_s": 7200, "time_zone": "Europe/Berlin"}


@pytest.mark.parametrize("fields, pointer, says", [
    ({**SATURDAY, "rrule": "FREQ=DAILY", "for_s": 90000}, "/ends_at", "it lasts 1500 minutes, but by its rrule the next begins 1440 minutes after"),
    ({"starts_at": "2020-01-04T22:00:00Z", "for_s": 7200, "time_zone": "UTC", "rrule": "FREQ=WEEKLY;UNTIL=20200201T000000Z"}, "/rrule", "never comes again"),
    ({**SATURDAY, "starts_at": "2030-01-08T22:00:00Z", "rrule": "FREQ=WEEKLY;BYDAY=SA,SU"}, "/starts_at", "is on a day (TU) that the rule does not name (BYDAY=SA,SU)"),
])
def test_a_rule_that_cannot_be_meant_is_refused(world, fields, pointer, says):
    world.usual()
    assert says in refused(world, **fields)[pointer]


def test_a_rule_by_the_clocks_of_its_zone_is_taken_and_says_when_it_comes(world):
    world.usual()
    made = world.server.make("maintenance-windows", name=f"W {world.name}", integration_ids=[world.source["id"]], **SATURDAY, rrule="FREQ=WEEKLY;BYDAY=SA")
    assert made["next_starts_at"] == "2030-01-05T22:00:00Z" and made["next_ends_at"] == "2030-01-06T00:00:00Z"
    late = world.server.make("maintenance-windows", name=f"L {world.name}", integration_ids=[world.source["id"]], for_s=3600, time_zone="Europe/Berlin",
                             starts_at="2030-01-05T23:30:00Z", rrule="FREQ=WEEKLY;BYDAY=SU")  # it is Sunday in Berlin
    for one in (made, late):
        world.server.api("DELETE", "maintenance-windows/" + one["id"])

def test_the_calendar_tells_each_occurrence_by_the_clocks_of_its_zone(world):
    world.usual()
    once = world.server.make("maintenance-windows", name=f"Once {world.name}", integration_ids=[world.source["id"]],
                             starts_at="2031-03-29T20:00:00Z", ends_at="2031-03-30T08:00:00Z")
    weekly = world.server.make("maintenance-windows", name=f"Patches {world.name}", integration_ids=[world.source["id"]],
                               starts_at="2031-03-22T22:00:00Z", ends_at="2031-03-23T00:00:00Z", rrule="FREQ=WEEKLY", time_zone="Europe/Berlin")

    def seen(start, end):
        items = world.server.get(f"maintenance-calendar?from={start}&to={end}")["items"]
        return [(i["name"].split()[0], i["starts_at"], i["ends_at"]) for i in items if i["id"] in (once["id"], weekly["id"])]

    # 23:00 in Berlin is 22:00 UTC in winter, 21:00 in summer; the last one is only touched.
    assert seen("2031-03-23T00:00:00Z", "2031-04-12T22:00:00Z") == [
        ("Once", "2031-03-29T20:00:00Z", "2031-03-30T08:00:00Z"),
        ("Patches", "2031-03-29T22:00:00Z", "2031-03-30T00:00:00Z"),
        ("Patches", "2031-04-05T21:00:00Z", "2031-04-05T23:00:00Z"),
        ("Patches", "2031-04-12T21:00:00Z", "2031-04-12T23:00:00Z"),
    ]
    assert seen("2031-03-30T08:00:00Z", "2031-03-31T00:00:00Z") == []
    refusal = world.server.try_api("GET", "maintenance-calendar?from=2031-01-01T00:00:00Z&to=2033-01-01T00:00:00Z")
    assert refusal.status == 400 and "at most 400 days" in refusal.json["detail"]
    for made in (once, weekly):
        world.server.api("DELETE", "maintenance-windows/" + made["id"])
    assert seen("2031-03-23T00:00:00Z", "2031-04-12T22:00:00Z") == []
