"""Holds are seen: a sentence on each alert, the list of all that is quiet, and news for whoever made a silence."""

from quiet_table import Story


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
    assert world.told("carol") == 1 and "has held 1 urgent alert for hours" in world.calls("carol")[0].body.decode()
    world.server.turn("10h")
    assert world.told("carol") == 1
    for one in (made, low):
        world.server.api("DELETE", f"silences/{one['id']}")
