"""A person's own snooze: they are not told until then, everybody else is, and what still stands tells them again.

A table's line: time | event | ann and bob are told, counted from the start. `me` is Ann."""

import pytest

from quiet_table import Story, length
from test_client import client, run  # noqa: F401 (a fixture)


class Own(Story):
    """Events by Ann, with her own key."""

    def __init__(self, world):
        super().__init__(world)
        self.key = world.server.make("api-keys", name="mine", user_id=world.ann["id"])["key"]

    def by_ann(self, key, verb, **body):
        answer = self.server.try_api("POST", f"alerts/{self.world.alert(key)['id']}/{verb}", body, key=self.key)
        assert answer.status == 200, answer
        return answer.json

    def me(self, key, much):
        self.by_ann(key, "snooze", for_s=length(much), for_me=True)

    def wake(self, key):
        self.by_ann(key, "unsnooze")

    def group(self, _name):
        self.made["group"] = ("alert-rules", self.world.rule(self.world.source, "true", {"type": "create_incident", "group_by": ["labels.g"]}))


TABLES = {
    "the_others_are_told_and_the_end_tells_once": """
        0:00  | fire disk    | disk - | ann 1, bob 0
        1:00  | me disk 12m  | disk - | ann 1, bob 0
        5:01  |              | disk - | ann 1, bob 1
        13:01 |              | disk - | ann 2, bob 1
        14:00 |              |        | ann 2
    """,
    "acknowledged_before_the_end_it_stays_quiet": """
        0:00  | fire disk ; me disk 10m | disk - | ann 1
        2:00  | ack disk                |        |
        11:00 |                         |        | ann 1, bob 0
    """,
    "resolved_before_the_end_it_stays_quiet": """
        0:00  | fire disk ; me disk 10m | disk - | ann 1
        2:00  | resolve disk            |        |
        11:00 |                         |        | ann 1, bob 0
    """,
    "another_episode_tells_at_once": """
        0:00  | fire disk ; me disk 60m | disk - | ann 1
        2:00  | resolve disk            |        |
        12:30 | fire disk               | disk - [triggered] | ann 2
        60:01 | ack disk                |        | ann 2
    """,
    "a_second_one_moves_the_end": """
        0:00  | fire disk ; me disk 10m | disk - | ann 1
        1:00  | me disk 12m             |        |
        10:30 |                         |        | ann 1
        13:01 |                         |        | ann 2
    """,
    "a_shorter_one_ends_earlier": """
        0:00  | fire disk ; me disk 60m | disk - | ann 1
        1:00  | me disk 2m              |        | ann 1
        3:01  |                         |        | ann 2, bob 0
    """,
    "it_ends_by_hand": """
        0:00  | fire disk ; me disk 60m | disk - | ann 1
        1:00  | wake disk               |        | ann 2, bob 0
        1:01  | wake disk               |        | ann 2
    """,
    "a_page_that_starts_again_passes_the_sleeper_at_once": """
        0:00  | fire disk ; me disk 60m ; ack disk | | ann 1
        1:00  | unack disk              | disk - [triggered] | ann 1, bob 1
    """,
    "a_snooze_for_all_inside_it": """
        0:00  | fire disk ; me disk 13m ; snooze disk 10m | disk snooze | ann 1
        10:01 |                         | disk -      | ann 1, bob 1
        13:01 |                         |             | ann 2
    """,
    "it_ends_inside_a_snooze_for_all": """
        0:00  | fire disk ; me disk 10m ; snooze disk 20m | disk snooze | ann 1
        10:01 |                         | disk snooze | ann 1, bob 0
        20:01 |                         | disk -      | ann 2
    """,
    "it_ends_inside_a_silence": """
        0:00  | fire disk team=db ; me disk 10m ; silence s team=db 20m | disk silence | ann 1
        10:01 |                         | disk silence | ann 1, bob 0
        20:02 |                         | disk -       | ann 2
    """,
    "an_incident_tells_as_long_as_one_of_its_alerts_is_awake_for_me": """
        0:00  | group g ; fire a g=x ; fire b g=x | a - | ann 1
        1:00  | me a 60m                |             |
        5:01  |                         |             | ann 1, bob 1
        10:03 |                         |             | ann 2, bob 1
        11:00 | me b 60m                | b -         |
        16:00 |                         |             | bob 2
        22:00 |                         |             | ann 2
        61:01 |                         |             |
        71:01 | ack b                   |             |
    """,
    "it_outlives_a_kill": """
        0:00  | fire disk ; me disk 10m ; kill | disk - | ann 1
        9:00  |                         |        | ann 1, bob 1
        10:01 | kill                    |        | ann 2
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_story(world, name):
    Own(world.usual()).play(TABLES[name])


def test_it_is_seen_and_holds_nothing(world):
    story = Own(world.usual())
    world.fire("disk")
    answer = story.by_ann("disk", "snooze", for_s=7200, for_me=True, reason="on my way")
    alert = world.alert("disk")
    assert alert["holds"] == [] and alert["snoozed_until"] is None and alert["status"] == "triggered"
    (own,) = alert["own_snoozes"]
    assert own["user_id"] == world.ann["id"] and own["name"] == world.ann["name"] and own == answer["own_snoozes"][0]
    assert alert["quiet_because"].startswith(f"Snoozed by {world.ann['name']} for themselves alone until ")
    (page,) = world.pages(alert)
    assert page["status"] == "active"
    listed = world.server.get("quiet", reason="own_snooze", limit=1000)
    (mine,) = [item for item in listed["items"] if item["id"] == alert["id"]]
    assert [(hold["reason"], hold["id"], hold["until"]) for hold in mine["holds"]] == [("own_snooze", world.ann["id"], own["until"])]
    assert mine["quiet_because"] == alert["quiet_because"]
    assert {reason["reason"]: reason["count"] for reason in listed["reasons"]}["own_snooze"] >= 1
    (said,) = [e for e in world.server.items("timeline", subject_id=alert["id"]) if e["kind"] == "snooze"]
    assert said["data"]["for_me"] is True and said["data"]["reason"] == "on my way" and said["actor"]["name"] == world.ann["name"]
    story.by_ann("disk", "unsnooze")
    world.server.settle()
    alert = world.alert("disk")
    assert alert["own_snoozes"] == [] and alert["quiet_because"] is None
    assert alert["id"] not in [item["id"] for item in world.server.get("quiet", limit=1000)["items"]]


def test_a_message_that_waits_is_skipped(world):
    world.usual()
    late = world.method(world.ann, "webhook", world.sink.url + world.path("late"))
    (first,) = [m for m in world.server.items("contact-methods", user_id=world.ann["id"]) if m["address"].endswith("/ann")]
    world.steps(world.ann, [(0, [first]), (120, [late])])
    story = Own(world)
    world.fire("disk")
    story.by_ann("disk", "snooze", for_s=600, for_me=True)
    world.server.turn("3m")
    assert world.tally("ann", "late") == (1, 0)
    skipped = [n for n in world.notifications(world.page(world.alert("disk"))) if n["status"] == "skipped"]
    assert [n["error"] for n in skipped] == ["snoozed"]


def test_whoever_it_does_not_concern_is_not_told_at_the_end(world):
    world.usual()
    carl = world.user("carl")
    key = world.server.make("api-keys", name="c", user_id=carl["id"])["key"]
    world.fire("disk")
    alert = world.alert("disk")
    assert world.server.try_api("POST", f"alerts/{alert['id']}/snooze", {"for_s": 60, "for_me": True}, key=key).status == 200
    world.server.turn("2m")
    assert world.tally("ann", "carl") == (1, 0)


def test_when_everybody_sleeps_the_ladder_still_ends(world):
    """No round is given up in a moment, and what nobody answers tells them at the end."""
    world.ann = world.user("ann")
    world.source = world.integration(world.policy([world.ann], repeat=1))
    story = Own(world)
    world.fire("disk")
    story.by_ann("disk", "snooze", for_s=3600, for_me=True)
    world.server.turn("4m")
    assert world.page(world.alert("disk"))["status"] == "active"
    world.server.turn("30m")
    assert world.told("ann") == 1
    world.server.turn("31m")
    assert world.told("ann") >= 2


def test_refusals_say_the_way_out(world):
    world.usual()
    world.fire("disk")
    path = f"alerts/{world.alert('disk')['id']}/snooze"
    robot = world.server.make("api-keys", name="robot")["key"]
    refused = world.server.try_api("POST", path, {"for_s": 60, "for_me": True}, key=robot)
    assert refused.status == 403 and "Leave for_me out" in refused.text
    past = world.server.try_api("POST", path, {"until": "2020-01-01T00:00:00Z", "for_me": True}, key=Own(world).key)
    assert past.status == 400 and "future" in past.text
    world.resolve("disk")
    assert world.server.try_api("POST", path, {"for_s": 60, "for_me": True}, key=Own(world).key).status == 409


def test_the_client_snoozes_for_me(client):  # noqa: F811
    world = client.world
    story = Own(world)
    world.fire("disk")
    number = world.alert("disk")["number"]
    env = {"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}", "TOCSIN_KEY": story.key, "XDG_CONFIG_HOME": "/nonexistent"}
    done = run("alert", "snooze", number, "--for", "2h", "--me", env=env)
    assert done.returncode == 0 and "snoozed" in done.stdout, done
    assert f"Snoozed by {world.ann['name']} for themselves alone" in client("quiet", "--reason", "own_snooze", "-o", "wide") + client("alert", "show", number)
    assert run("alert", "unsnooze", number, env=env).returncode == 0
    assert world.alert("disk")["own_snoozes"] == []
