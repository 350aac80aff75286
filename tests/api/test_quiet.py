"""Holds are seen: a sentence on each alert, the list of all that is quiet, and news for whoever made a silence."""

import json


def matcher(name, value):
    return {"name": name, "op": "=", "value": value}


def test_an_alert_says_why_it_is_quiet_and_until_when(world):
    world.usual()
    world.fire("plain")
    assert world.alert("plain")["quiet_because"] is None
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], ends_at="2099-01-05T18:00:00Z",
                             comment="moving")
    window = world.server.make("maintenance-windows", name=f"Upgrade {world.name}", integration_ids=[world.source["id"]], for_s=3600)
    world.fire("a", labels={"team": "db"})
    said = world.alert("a")["quiet_because"]
    assert said.startswith("Silenced by Olga Owner (moving) until Mon 5 Jan 2099, 19:00 CET; in maintenance"), said
    assert f'"Upgrade {world.name}" until' in said
    for path in (f"silences/{made['id']}", f"maintenance-windows/{window['id']}"):
        world.server.api("DELETE", path)


def test_the_list_of_what_is_quiet(world):
    world.usual()
    rule = world.rule(world.source, "labels.team == 'x'", {"type": "suppress"})
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], for_s=3600)
    world.fire("sup", labels={"team": "x"})
    world.fire("b", labels={"team": "db"})
    world.fire("c", labels={"team": "db"})
    world.fire("loud")
    mine = [i for i in world.server.get("quiet", limit=1000)["items"] if i["title"] in ("Problem sup", "Problem b", "Problem c", "Problem loud")]
    held = [i["title"] for i in mine if any(h["id"] in (made["id"], rule["id"]) for h in i["holds"])]
    assert held == ["Problem b", "Problem c", "Problem sup"]
    assert mine[-1]["quiet_because"] == f'Suppressed by "{rule["name"]}"'
    only = world.server.get("quiet", reason="suppressed", limit=1000)
    assert all(any(h["reason"] == "suppressed" for h in i["holds"]) for i in only["items"]) and only["items"]
    counts = {r["reason"]: r["count"] for r in only["reasons"]}
    assert counts["silence"] >= 2 and counts["suppressed"] >= 1
    assert world.server.get("quiet", limit=1)["more"] is True
    assert world.server.try_api("GET", "quiet?reason=nonsense").status == 400
    world.server.api("DELETE", f"silences/{made['id']}")


def by(world, user):
    key = world.server.make("api-keys", name="k", user_id=user["id"])["key"]
    return lambda **fields: world.server.try_api("POST", "silences", fields, key=key).json


def test_whoever_made_a_silence_hears_before_it_ends(world):
    world.usual()
    carol = world.user("carol")
    make = by(world, carol)
    made = make(matchers=[matcher("team", "db")], integration_id=world.source["id"], for_s=7200, comment="moving")
    world.server.settle()
    world.fire("a", labels={"team": "db"})
    world.server.turn("104m")
    assert world.told("carol") == 0
    world.server.turn("2m")
    assert world.told("carol") == 1
    assert 'Silence \\"moving\\" ends in 1' in world.calls("carol")[0].body.decode() and "1 alert will page" in world.calls("carol")[0].body.decode()
    world.server.turn("15m")
    assert world.told("carol") == 1 and world.told("ann") == 1
    world.server.api("DELETE", f"silences/{made['id']}")


def test_a_silence_over_something_urgent_tells_its_maker_after_hours(world):
    world.usual()
    carol = world.user("carol")
    make = by(world, carol)
    made = make(matchers=[matcher("team", "db")], integration_id=world.source["id"], until_resolved=True)
    low = make(matchers=[matcher("team", "web")], integration_id=world.source["id"], until_resolved=True)
    world.server.settle()
    world.fire("a", labels={"team": "db"}, priority="p1")
    world.fire("b", labels={"team": "web"}, priority="p4")
    world.server.turn("239m")
    assert world.told("carol") == 0
    world.server.turn("2m")
    assert world.told("carol") == 1 and "has held 1 urgent alert for 4 hours: ALERT-" in world.calls("carol")[0].body.decode()
    world.server.turn("10h")
    assert world.told("carol") == 1
    for one in (made, low):
        world.server.api("DELETE", f"silences/{one['id']}")


# Held for too long: whoever it belongs to hears of it.


def of_a_team(world, **integration):
    """The integration is a team's, and Carol is the team."""
    carol = world.user("carol")
    team = world.server.make("teams", name=f"Team {world.name}", members=[{"user_id": carol["id"], "role": "responder"}])
    world.usual(team_id=team["id"], **integration)
    return team


def said(world):
    return [call.body.decode() for call in world.calls("carol")]


def held_for_hours(world, what):
    """p1 and a p4 are held: after 4 hours, and not before, Carol hears of the p1, once."""
    world.server.turn("239m")
    assert [text for text in said(world) if "urgent" in text] == []
    world.server.turn("2m")
    news = [text for text in said(world) if "urgent" in text]
    assert len(news) == 1 and what in news[0] and "has held 1 urgent alert for 4 hours: ALERT-" in news[0], news
    world.server.turn("10h")
    assert len([text for text in said(world) if "urgent" in text]) == 1


def test_a_window_that_holds_something_urgent_for_hours_tells_the_team(world):
    of_a_team(world)
    made = world.server.make("maintenance-windows", name=f"Move {world.name}", integration_ids=[world.source["id"]], for_s=86400)
    world.fire("a", priority="p1")
    world.fire("b", priority="p4")
    held_for_hours(world, f'Maintenance \\"Move {world.name}\\"')
    world.fire("c", priority="p1")
    world.server.turn("241m")
    assert "has held 2 urgent alerts for" in said(world)[-1], "what joined later is news of its own"
    world.server.api("DELETE", "maintenance-windows/" + made["id"])


def test_a_rule_that_suppresses_something_urgent_for_hours_tells_the_team(world):
    of_a_team(world)
    rule = world.rule(world.source, "labels.noise == 'yes'", {"type": "suppress"})
    world.fire("a", priority="p1", labels={"noise": "yes"})
    world.fire("b", priority="p4", labels={"noise": "yes"})
    held_for_hours(world, f'Rule \\"{rule["name"]}\\"')


def test_inhibition_that_holds_something_urgent_for_hours_tells_the_team(world):
    of_a_team(world)
    made = world.server.make("inhibition-rules", name=f"Node {world.name}", scope="all", source=[matcher("kind", world.name)],
                             target=[matcher("of", world.name)])
    world.fire("node", priority="p4", labels={"kind": world.name})
    world.fire("a", priority="p1", labels={"of": world.name})
    world.fire("b", priority="p4", labels={"of": world.name})
    held_for_hours(world, f'Inhibition rule \\"Node {world.name}\\"')
    world.server.api("DELETE", "inhibition-rules/" + made["id"])


def test_a_silence_of_a_machine_tells_the_team_of_its_integration(world):
    of_a_team(world, template="alertmanager")
    now = world.server.make("silences", matchers=[matcher("no-such", "x")], until_resolved=True)["starts_at"]
    answer = world.server.http("POST", f"/am/{world.source['key']}/api/v2/silences", json.dumps(
        {"matchers": [{"name": "job", "value": "db", "isRegex": False}], "startsAt": now, "endsAt": "2099-01-01T00:00:00Z",
         "createdBy": "ci", "comment": "deploy"}), {"Content-Type": "application/json"})
    assert answer.status == 200, answer
    world.server.http("POST", f"/am/{world.source['key']}/api/v2/alerts", json.dumps(
        [{"labels": {"alertname": "Down", "job": "db", "severity": "critical"}, "endsAt": "2099-01-01T00:00:00Z"}]),
        {"Content-Type": "application/json"})
    held_for_hours(world, 'Silence \\"deploy\\"')
    world.server.api("DELETE", "silences/" + answer.json["silenceID"])


def test_how_long_is_too_long_is_the_organizations_to_say(world):
    of_a_team(world)
    before = world.server.get("organization")
    world.server.api("PATCH", "organization", {"defaults": {"held_notice_s": 1800}})
    rule = world.rule(world.source, "labels.noise == 'yes'", {"type": "suppress"})
    try:
        world.fire("a", labels={"noise": "yes"})
        world.server.turn("29m")
        assert said(world) == []
        world.server.turn("2m")
        assert len(said(world)) == 1 and f'"{rule["name"]}\\" has held 1 urgent alert for 3' in said(world)[0]
        world.server.api("PATCH", "organization", {"defaults": {"held_notice_s": 0}})
        world.fire("b", labels={"noise": "yes"})
        world.server.turn("10h")
        assert len(said(world)) == 1
    finally:
        world.server.api("PATCH", "organization", {"defaults": before["defaults"]})


def test_the_end_of_a_long_window_is_told_before(world):
    team = of_a_team(world)
    made = world.server.make("maintenance-windows", name=f"Move {world.name}", integration_ids=[world.source["id"]], for_s=7200, team_id=team["id"])
    world.server.settle()
    world.fire("a")
    world.server.turn("104m")
    assert len(said(world)) == 1 and "will be quiet" in said(world)[0]
    world.server.turn("2m")
    assert len(said(world)) == 2 and "ends in 1" in said(world)[1] and "1 alert will page" in said(world)[1]
    world.server.turn("15m")
    assert len(said(world)) == 3 and "is over" in said(world)[2] and world.told("ann") == 1
    world.server.api("DELETE", "maintenance-windows/" + made["id"])
