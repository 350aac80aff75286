"""Explanations: the last ten runs, in the same form whatever way they are stored."""

import json

from world import World


def why(world, alert):
    return world.server.get(f"alerts/{alert['id']}/explanation")["items"]


def test_the_last_ten_runs_are_kept_the_newest_first(world):
    world.usual()
    for n in range(13):
        world.fire("key", title=f"Title {n}")
    runs = why(world, world.alert("key"))
    assert [run["run"] for run in runs] == list(range(12, 2, -1))
    assert {run["why"] for run in runs} == {"changed"}


def test_it_says_all_of_a_decision(world):
    world.usual()
    rules = [world.rule(world.source, "labels.a == 'x'", {"type": "set", "priority": "p1"}),
             world.rule(world.source, "labels.missing == 'x'", {"type": "page"}),
             world.rule(world.source, "true", {"type": "page"}, enabled=False),
             world.rule(world.source, "true", {"type": "pause", "for_s": 60})]
    world.fire("key", labels={"a": "x"})
    alert = world.alert("key")
    (run,) = why(world, alert)
    ours = {rule["rule_id"]: rule for rule in run["rules"]}
    assert [ours[rule["id"]]["result"] for rule in rules] == ["matched", "not_matched", "skipped", "matched"]
    assert ours[rules[0]["id"]]["done"] == "priority p1" and ours[rules[2]["id"]]["reason"] == "disabled"
    assert all(ours[rule["id"]]["name"] == rule["name"] for rule in rules)
    assert [(hold["reason"], hold["id"]) for hold in run["holds"]] == [("pause", rules[3]["id"])]
    assert run["outcome"] == "held by pause" and run["unrouted"] is False
    world.server.turn("61s")
    run = why(world, alert)[0]
    assert (run["why"], run["outcome"]) == ("released", "paged")
    assert run["pages"][0]["page_id"] == world.page(alert)["id"] and run["pages"][0]["policy"] == world.chain["name"]


def test_rows_of_before_are_read_as_they_were(fresh, sink):
    server = fresh()
    world = World(server, sink).usual()
    world.fire("key")
    alert = world.alert("key")
    (new,) = why(world, alert)
    text = json.dumps(new, separators=(",", ":"))
    server.stop()
    postgres = bool(server.db and server.db.startswith("postgresql:"))
    ((packed,),) = server.sql("SELECT encode(first_explanation, 'hex') FROM alert" if postgres else "SELECT hex(first_explanation) FROM alert")
    assert len(packed) < len(text)  # hex: two digits a byte
    body = f"decode('{text.encode().hex()}', 'hex')" if postgres else f"x'{text.encode().hex()}'"
    server.sql(f"INSERT INTO explanation (alert_id, slot, run, org_id, at, body) SELECT id, 0, 0, org_id, created_at, {body} FROM alert")
    server.sql("UPDATE alert SET first_explanation = NULL")
    server.start()
    assert why(world, alert) == [new]
