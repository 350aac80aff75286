"""Alert rules: how often each matched, and at which times it runs."""

import datetime

import pytest


def rule_of(world, rule):
    return world.server.get("alert-rules/" + rule["id"])


def now_of(server):
    made = server.make("teams", name=f"Clock {datetime.datetime.now().timestamp()}")
    server.api("DELETE", "teams/" + made["id"])
    return datetime.datetime.fromisoformat(made["created_at"])


def test_a_rule_counts_what_it_matches(world):
    world.usual()
    rule = world.rule(world.source, 'alert.title.contains("disk")', {"type": "set", "priority": "p2"})
    assert (rule["hits"], rule["last_hit_at"]) == (0, None)
    world.fire("a", title="disk full")
    world.fire("b", title="cpu")
    assert rule_of(world, rule)["hits"] == 1
    world.server.send(world.source["key"], {"alerts": [{"dedup_key": f"c{n}", "title": "disk slow"} for n in range(20)]})
    after = rule_of(world, rule)
    assert after["hits"] == 21 and after["last_hit_at"] and after["version"] == rule["version"] and after["updated_at"] == rule["updated_at"]
    world.fire("a", title="disk full")  # a repeat asks no rule
    assert rule_of(world, rule)["hits"] == 21
    listed = {r["id"]: r for r in world.server.items("alert-rules")}[rule["id"]]
    assert (listed["hits"], listed["last_hit_at"]) == (21, after["last_hit_at"])
    world.server.api("DELETE", "alert-rules/" + rule["id"])
    assert world.server.get("alerts", integration_id=world.source["id"], total="true")["total"] == 22


def test_a_preview_counts_nothing(world):
    world.usual()
    rule = world.rule(world.source, "true", {"type": "set", "priority": "p2"})
    world.server.api("POST", "alert-rules/preview", {"integration_id": world.source["id"], "payload": {"title": "x"}})
    assert rule_of(world, rule)["hits"] == 0


def test_a_rule_runs_at_its_times_only(world):
    world.usual()
    now = now_of(world.server).astimezone(datetime.timezone.utc)
    day, yesterday = (("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(now.weekday() - n) % 7] for n in (0, 1))
    before = (now - datetime.timedelta(hours=2)).strftime("%H:%M")
    begins = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(now - datetime.timedelta(hours=2)).weekday()]
    ends = (now + datetime.timedelta(hours=2)).strftime("%H:%M")
    inside = {"time_zone": "UTC", "windows": [{"days": [begins], "from": before, "to": ends}]}
    rule = world.rule(world.source, "true", {"type": "suppress", "reason": "night"}, active_times=inside)
    assert rule["active_times"]["windows"][0]["days"] == [begins]
    world.fire("a")
    assert [h["reason"] for h in world.alert("a")["holds"]] == ["suppressed"] and world.tally("ann") == (0,)
    outside = {"time_zone": "UTC", "windows": [{"days": [begins], "from": ends, "to": before}]} if begins == day else \
        {"time_zone": "UTC", "windows": [{"days": [day], "from": ends, "to": (now + datetime.timedelta(hours=3)).strftime("%H:%M")}]}
    assert world.server.change("alert-rules", rule["id"], active_times=inside)["would_mute"]["open"] == 1
    changed = world.server.change("alert-rules", rule["id"], active_times=outside)
    assert changed["would_mute"]["open"] == 0, "it would hold nothing now"
    world.fire("b")
    assert world.alert("b")["holds"] == [] and world.told("ann") >= 1
    runs = world.server.get(f"alerts/{world.alert('b')['id']}/explanation")["items"]
    reasons = [r.get("reason") for r in runs[0]["rules"] if rule["id"] in str(r)]
    assert reasons == ["it is outside its active times"], runs
    assert rule_of(world, rule)["hits"] == 1
    preview = world.server.api("POST", "alert-rules/preview", {"integration_id": world.source["id"], "payload": {"title": "x"}})
    assert "outside its active times" in str(preview)


@pytest.mark.parametrize("given, pointer", [
    ({"windows": []}, "/active_times/windows"),
    ({}, "/active_times/windows"),
    ({"windows": [{"from": "9", "to": "17:00"}]}, "/active_times/windows/0/from"),
    ({"windows": [{"days": ["monday"], "from": "09:00", "to": "17:00"}]}, "/active_times/windows/0/days/0"),
    ({"time_zone": "Mars/Olympus", "windows": [{"from": "09:00", "to": "17:00"}]}, "/active_times/time_zone"),
    ("always", "/active_times"),
])
def test_wrong_times_are_refused_with_their_place(world, given, pointer):
    world.usual()
    answer = world.server.try_api("POST", "alert-rules", {"name": "Wrong", "when": "true", "actions": [], "active_times": given})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == pointer, answer
