"""Rules: the organization's list and the teams' own, versions, how quiet a rule would make it; and the default chain of policies."""

import itertools

import pytest

from test_permissions import Person
from tocsin import run

NUMBERS = itertools.count(1)


def label(value):
    return {"type": "set", "labels": {"by": value}}


def team_with(world, *members, **fields):
    return world.server.make("teams", name=f"Team {world.name} {next(NUMBERS)}", members=[{"user_id": m["id"], "role": "responder"} for m in members], **fields)


def seen(world, key):
    return world.alert(key)["labels"].get("by")


# Lists.

def test_the_organizations_rules_run_first_then_those_of_the_alerts_team(world):
    world.usual()
    ours, theirs = team_with(world), team_with(world)
    mine = world.server.make("services", name=f"Mine {world.name}", team_id=ours["id"])
    world.rule(world.source, "true", label("ours"), team_id=ours["id"], position=1)
    world.rule(world.source, "true", label("theirs"), team_id=theirs["id"], position=1)
    organization = world.rule(world.source, "true", label("organization"), position=900)
    world.fire("with team", service=mine["slug"])
    world.fire("without")
    assert seen(world, "with team") == "ours"  # later, although its position is lower
    assert seen(world, "without") == "organization"
    world.server.api("DELETE", f"alert-rules/{organization['id']}")


def test_stop_ends_its_own_list_only(world):
    world.usual()
    team = team_with(world)
    service = world.server.make("services", name=f"Stop {world.name}", team_id=team["id"])
    world.rule(world.source, "true", label("first"), stop=True, position=1)
    world.rule(world.source, "true", label("second"), position=2)
    world.rule(world.source, "true", {"type": "set", "labels": {"team": "asked"}}, team_id=team["id"], position=1)
    world.fire("key", service=service["slug"])
    labels = world.alert("key")["labels"]
    assert labels["by"] == "first" and labels["team"] == "asked"


def test_a_rule_that_changes_the_service_changes_whose_list_comes_next(world):
    world.usual()
    team = team_with(world)
    service = world.server.make("services", name=f"Moved {world.name}", team_id=team["id"])
    world.rule(world.source, "true", {"type": "set", "service_id": service["id"]})
    world.rule(world.source, "true", label("team"), team_id=team["id"])
    world.fire("key")
    assert seen(world, "key") == "team" and world.alert("key")["team_id"] == team["id"]


def test_the_team_is_the_services_else_the_integrations(world):
    ann = world.user("ann")
    a, b = team_with(world), team_with(world)
    world.source = world.integration(world.policy([ann]), team_id=a["id"])
    service = world.server.make("services", name=f"Other {world.name}", team_id=b["id"])
    for team, word in ((a, "integration's"), (b, "service's")):
        world.rule(world.source, "true", label(word), team_id=team["id"])
    world.fire("plain")
    world.fire("with service", service=service["slug"])
    assert (seen(world, "plain"), seen(world, "with service")) == ("integration's", "service's")


def test_positions_are_counted_inside_a_list(world):
    world.usual()
    team = team_with(world)
    first, second = (world.rule(world.source, "labels.never == 'yes'", team_id=team["id"]) for _ in range(2))
    assert (first["position"], second["position"]) == (1, 2)
    organization = world.rule(world.source, "labels.never == 'yes'")
    third = world.rule(world.source, "labels.never == 'yes'", team_id=team["id"])
    assert third["position"] == 3 and organization["position"] >= 1


# Versions.

def test_every_version_is_kept_with_who_wrote_it(world):
    world.usual()
    server = world.server
    rule = world.rule(world.source, "alert.priority == 'p4'", {"type": "suppress", "reason": "one"})
    admin = Person(server, "admin")
    assert admin.status("PATCH", f"alert-rules/{rule['id']}", {"when": "alert.priority == 'p3'", "name": "Renamed"}) == 200
    server.change("alert-rules", rule["id"], actions=[{"type": "suppress", "reason": "three"}])
    versions = server.get(f"alert-rules/{rule['id']}/versions")["items"]
    assert [v["version"] for v in versions] == [3, 2, 1]
    assert versions[1]["actor"]["id"] == admin.id and versions[0]["actor"]["name"] == "Olga Owner"
    assert [v["rule"]["when"][-3:-1] for v in versions] == ["p3", "p3", "p4"]
    assert versions[2]["name"] == rule["name"] and versions[2]["at"] == rule["updated_at"]


def test_restore_makes_it_what_it_was_as_a_new_version(world):
    world.usual()
    server = world.server
    rule = world.rule(world.source, "alert.priority == 'p4'", {"type": "suppress", "reason": "one"}, label("x"))
    server.change("alert-rules", rule["id"], when=None, conditions=[{"field": "title", "op": "contains", "value": "x"}], actions=[], enabled=False, name="Other")
    back = server.verb("alert-rules", rule["id"], "restore", version=1)
    same = {k: v for k, v in rule.items() if k not in ("version", "updated_at", "would_mute")}
    assert {k: v for k, v in back.items() if k in same} == same and back["version"] == 3
    assert [v["version"] for v in server.get(f"alert-rules/{rule['id']}/versions")["items"]] == [3, 2, 1]
    world.fire("key", priority="p4")
    assert [h["reason"] for h in world.alert("key")["holds"]] == ["suppressed"]


def test_what_cannot_be_restored_is_said(world):
    world.usual()
    server = world.server
    service = server.make("services", name=f"Gone {world.name}")
    rule = world.rule(world.source, "true", {"type": "set", "service_id": service["id"]})
    assert server.try_api("POST", f"alert-rules/{rule['id']}/restore", {"version": 9}).status == 404
    assert server.try_api("POST", f"alert-rules/{rule['id']}/restore", {}).status == 400
    server.change("alert-rules", rule["id"], actions=[], enabled=False)
    server.api("DELETE", f"services/{service['id']}")
    answer = server.try_api("POST", f"alert-rules/{rule['id']}/restore", {"version": 1})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == "/actions/0/service_id", answer


def test_versions_are_seen_and_restored_like_the_rule(world):
    world.usual()
    server = world.server
    lead, member = Person(server, "responder"), Person(server, "responder")
    team = server.make("teams", name=f"Led {world.name}", members=[{"user_id": lead.id, "role": "owner"}, {"user_id": member.id}])
    rule = world.rule(world.source, "labels.never == 'yes'", team_id=team["id"])
    server.change("alert-rules", rule["id"], name="Two")
    assert member.status("GET", f"alert-rules/{rule['id']}/versions") == 200
    assert member.status("POST", f"alert-rules/{rule['id']}/restore", {"version": 1}) == 403
    assert lead.status("POST", f"alert-rules/{rule['id']}/restore", {"version": 1}) == 200


# How quiet.

@pytest.fixture
def noise(world):
    """Three open alerts and one that is resolved, of this world's source alone."""
    world.usual()
    for number, priority in enumerate(["p1", "p3", "p4"]):
        world.fire(f"open {number}", priority=priority)
    world.fire("closed", priority="p4")
    world.resolve("closed")
    return world


def test_a_rule_says_how_much_it_would_have_held(noise):
    made = noise.rule(noise.source, "alert.priority == 'p4'", {"type": "suppress", "reason": "noise"})
    assert made["would_mute"] == {"open": 1, "last_7_days": 2, "complete": True}
    wider = noise.server.change("alert-rules", made["id"], when="alert.priority in ['p3', 'p4']")
    assert wider["would_mute"]["open"] == 2 and wider["would_mute"]["last_7_days"] == 3
    assert noise.server.change("alert-rules", made["id"], when="labels.never == 'yes'")["would_mute"] == {"open": 0, "last_7_days": 0, "complete": True}
    assert noise.server.change("alert-rules", made["id"], enabled=False)["would_mute"] is None


def test_a_dry_run_says_it_without_doing_it(noise):
    body = {"name": "Try", "integration_ids": [noise.source["id"]], "when": "true", "actions": [{"type": "pause", "for_s": 600}]}
    answer = noise.server.try_api("POST", "alert-rules?dry_run=true", body)
    assert answer.status in (200, 201) and answer.json["would_mute"] == {"open": 3, "last_7_days": 4, "complete": True}, answer
    assert not [r for r in noise.server.items("alert-rules") if r["name"] == "Try"]


def test_what_another_rule_holds_already_is_not_counted(noise):
    noise.rule(noise.source, "alert.priority == 'p4'", {"type": "suppress"})
    second = noise.rule(noise.source, "alert.priority in ['p3', 'p4']", {"type": "suppress"})
    assert second["would_mute"]["open"] == 1


def test_earlier_rules_are_asked_first(noise):
    noise.rule(noise.source, "alert.priority == 'p4'", stop=True)
    after = noise.rule(noise.source, "true", {"type": "suppress"})
    assert after["would_mute"]["open"] == 2  # the list was stopped for the p4


def test_a_rule_that_holds_nothing_says_nothing(noise):
    assert noise.rule(noise.source, "true", label("x"))["would_mute"] is None
    assert "would_mute" not in noise.server.items("alert-rules")[0]


# Who is paged (SURFACE.md section 3).

CHAIN = ["service", "service's team", "integration", "integration's team", "organization"]


@pytest.mark.parametrize("first", range(len(CHAIN) + 1))
def test_the_default_chain(fresh, sink, first):
    """Only the links from `first` on have a policy: the nearest of them is paged; without any the owners are, for p1."""
    server = fresh()
    hooks = {}
    for place in CHAIN:
        user = server.make("users", name=place, email=f"{place.replace(' ', '.').replace(chr(39), '')}@example.org")
        hooks[place] = server.make("escalation-policies", name=place, levels=[{"targets": [{"kind": "user", "id": user["id"]}]}])
    policy = {place: hooks[place]["id"] if number >= first else None for number, place in enumerate(CHAIN)}
    service_team = server.make("teams", name="S", policy_id=policy["service's team"])
    own_team = server.make("teams", name="I", policy_id=policy["integration's team"])
    service = server.make("services", name="svc", team_id=service_team["id"], policy_id=policy["service"])
    source = server.make("integrations", name="in", template="generic", team_id=own_team["id"], policy_id=policy["integration"], service_id=service["id"])
    server.change("organizations", server.get("organization")["id"], policy_id=policy["organization"])
    server.send(source["key"], {"title": "Who?", "dedup_key": "who", "priority": "p1"})
    (alert,) = server.items("alerts")
    pages = server.items("pages")
    if first < len(CHAIN):
        (page,) = pages
        assert page["policy_id"] == hooks[CHAIN[first]]["id"] and CHAIN[first].split("'")[0] in page["why"] and not alert["unrouted"]
    else:
        assert alert["unrouted"]
        told = {n["user_name"] for n in server.items("notifications")}
        assert told == {"Olga Owner"}


@pytest.mark.parametrize("priority, told", [("p1", True), ("p2", True), (None, True), ("p3", False), ("p4", False)])
def test_what_reaches_nobody_pages_the_owners_when_it_matters(fresh, priority, told):
    server = fresh()
    server.change("organizations", server.get("organization")["id"], policy_id=None)
    source = server.make("integrations", name="in", template="generic")
    server.send(source["key"], {"title": "Nobody's", "dedup_key": "nobody", **({"priority": priority} if priority else {})})
    (alert,) = server.items("alerts")
    assert alert["unrouted"] is True
    assert bool(server.items("notifications")) == told


def test_a_rules_policy_wins_over_the_chain(world):
    world.usual()
    cleo = world.user("cleo")
    world.rule(world.source, "true", {"type": "page", "policy_id": world.policy([cleo])["id"]})
    world.fire("key", priority="p1")
    assert world.tally("ann", "cleo") == (0, 1)


@pytest.mark.parametrize("priority, service, policy, high", [
    ("p1", None, "by_priority", True), ("p2", None, "by_priority", True), (None, None, "by_priority", True), ("p3", None, "by_priority", False),
    ("p4", None, "by_priority", False), ("p4", None, "high", True), ("p1", None, "low", False), ("p4", "high", "low", True), ("p1", "low", "high", False),
])
def test_urgency(world, priority, service, policy, high):
    ann = world.user("ann")
    chain = world.policy([ann], urgency=policy)
    thing = world.server.make("services", name=f"Urgent {world.name}", urgency=service, policy_id=chain["id"])
    world.source = world.integration(None, service_id=thing["id"])
    world.fire("key", **({"priority": priority} if priority else {}))
    assert world.page(world.alert("key"))["urgency"] == ("high" if high else "low")


def test_the_client_lists_versions_and_restores(world):
    world.usual()
    rule = world.rule(world.source, "labels.never == 'yes'")
    world.server.change("alert-rules", rule["id"], name="Second name")
    listed = run("rule", "versions", rule["slug"], "--data", world.server.folder)
    assert listed.returncode == 0 and [line.split()[0] for line in listed.stdout.splitlines()] == ["2", "1"] and "Olga Owner" in listed.stdout, listed
    wrong = run("rule", "restore", rule["slug"], "abc", "--data", world.server.folder)
    assert wrong.returncode != 0 and 'version "abc" is not a whole number; usage: tocsin rule restore RULE VERSION' in wrong.stderr, wrong
    done = run("rule", "restore", rule["slug"], "1", "--data", world.server.folder)
    assert done.returncode == 0 and "restored" in done.stdout, done
    assert world.server.get(f"alert-rules/{rule['id']}")["name"] == rule["name"]
