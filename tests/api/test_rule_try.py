"""A rule is tried on the newest alerts before it is saved: which it fits, what becomes of them with it and without it."""

import pytest


@pytest.fixture
def alerts(world):
    source = world.integration(world.policy([world.user("ann")]))
    for number, priority in enumerate(["p1", "p3", "p4"]):
        world.server.send(source["key"], {"title": f"Problem {number} {world.name}", "dedup_key": f"k{number}", "priority": priority})
    world.server.settle()
    return source


def attempt(world, **rule):
    rule.setdefault("name", "Tried")
    return world.server.try_api("POST", "alert-rules/try", {"rule": rule})


def mine(world, answer):
    return {item["title"].split()[1]: item for item in answer.json["items"] if (item["title"] or "").endswith(world.name)}


def test_what_fits_is_told_with_what_becomes_of_it(world, alerts):
    answer = attempt(world, conditions=[{"field": "priority", "op": "in", "value": ["p3", "p4"]}], actions=[{"type": "suppress", "reason": "small"}])
    assert answer.status == 200, answer
    found = mine(world, answer)
    assert sorted(found) == ["1", "2"]
    assert {(item["without"], item["with"], item["error"]) for item in found.values()} == {("page", "held", None)}
    assert answer.json["matched"] >= 2 and answer.json["looked_at"] >= 3 and answer.json["failed"] == 0


def test_nothing_is_changed_and_nobody_told(world, alerts):
    before = len(world.sink.requests), world.server.items("alerts", integration_id=alerts["id"])
    rules = world.server.items("alert-rules")
    attempt(world, when="true", actions=[{"type": "set", "priority": "p4"}, {"type": "suppress"}])
    world.server.settle()
    assert (len(world.sink.requests), world.server.items("alerts", integration_id=alerts["id"])) == before
    assert world.server.items("alert-rules") == rules


def test_a_priority_that_is_set_shows(world, alerts):
    found = mine(world, attempt(world, when="alert.priority == 'p1'", actions=[{"type": "set", "priority": "p2"}]))
    assert [(item["priority"], item["priority_then"]) for item in found.values()] == [("p1", "p2")]


def test_an_expression_that_fails_is_told_for_each(world, alerts):
    answer = attempt(world, when="int(alert.title) > 3", actions=[{"type": "suppress"}])
    assert answer.json["failed"] >= 3 and answer.json["matched"] == 0
    assert all(item["error"] for item in mine(world, answer).values())


@pytest.mark.parametrize("rule, status", [({"when": "alert.priority ==", "actions": []}, 422)])
def test_what_does_not_compile_is_said(world, rule, status):
    refused = attempt(world, **rule)
    assert refused.status == status and refused.json["detail"]


def test_a_rule_is_an_object(world):
    assert world.server.try_api("POST", "alert-rules/try", {"rule": "x"}).status == 400


def test_alerts_that_somebody_does_not_see_are_not_looked_at(world, alerts):
    secret = world.server.make("incidents", title="Secret", severity=2, private=True)
    alert = world.server.items("alerts", integration_id=alerts["id"])[0]
    other = world.server.make("users", name=f"O {world.name}", email=f"o.{world.name}@example.org", role="responder")
    key = world.server.make("api-keys", name="o" + world.name, user_id=other["id"])["key"]
    seen = world.server.try_api("POST", "alert-rules/try", {"rule": {"name": "x", "when": "true", "actions": []}}, key=key)
    listed = world.server.try_api("GET", "alerts?limit=500", key=key).json["items"]
    assert {item["id"] for item in seen.json["items"]} == {row["id"] for row in listed} and alert and secret


def test_a_name_that_no_rule_has_is_refused_with_the_near_one(world):
    refused = attempt(world, wen="alert.priority == 'p1'", actions=[])
    assert refused.status == 400 and refused.json["errors"][0]["pointer"] == "/rule/wen", refused
    assert 'when' in refused.json["errors"][0]["message"]
