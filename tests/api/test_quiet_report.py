"""What was held and turned out to be an incident, who mutes whom, and the client's view of all that is quiet."""

from test_client import client, run  # noqa: F401 (a fixture)
from test_quiet import matcher

OPENS = {"type": "create_incident"}


def report(world):
    """Of the incidents of this world's alerts."""
    mine = {a["id"] for a in world.alerts()}
    answer = world.server.get("quiet/report")
    return [i for i in answer["items"] if i["alert_id"] in mine], answer["causes"]


def test_what_a_silence_held_before_its_incident_is_reported(world):
    world.usual()
    world.rule(world.source, "true", OPENS)
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], for_s=3600, comment="moving")
    world.fire("a", labels={"team": "db"})
    world.fire("loud")
    assert report(world)[0] == [], "what is held and what never was are no matter of this report"
    world.server.turn("61m")
    world.server.settle()
    items, causes = report(world)
    incident = world.incident(world.alert("a"))
    assert [(i["alert_title"], i["incident_id"]) for i in items] == [("Problem a", incident["id"])]
    assert 3600 <= items[0]["late_s"] < 3720
    (hold,) = items[0]["holds"]
    assert (hold["reason"], hold["id"], hold["name"]) == ("silence", made["id"], 'Silence "moving"') and hold["ended_at"] != hold["since"]
    mine = [c for c in causes if c["id"] == made["id"]]
    assert mine and mine[0]["alerts"] == 1 and mine[0]["late_s_max"] == items[0]["late_s"]


def test_a_pause_and_a_snooze_are_reported_and_a_late_member_is_not(world):
    world.usual()
    rule = world.rule(world.source, "true", {**OPENS, "group_by": ["labels.host"], "window_s": 86400}, {"type": "pause", "for_s": 600})
    world.fire("a", labels={"host": "h1"})
    world.server.turn("11m")
    items, _ = report(world)
    assert [(h["reason"], h["id"]) for i in items for h in i["holds"]] == [("pause", rule["id"])] and 600 <= items[0]["late_s"] < 720
    world.fire("b", labels={"host": "h1"})  # it is held, but its incident is known
    assert world.alert("b")["incident_id"] == world.alert("a")["incident_id"]
    assert [i["alert_title"] for i in report(world)[0]] == ["Problem a"]


def test_days_bound_the_report(world):
    world.usual()
    assert world.server.try_api("GET", "quiet/report?days=0").status == 400
    assert world.server.get("quiet/report", days=1)["since"] > world.server.get("quiet/report", days=400)["since"]


def view(world):
    answer = world.server.get("quiet/inhibition")
    mine = {a["id"]: a["dedup_key"] for a in world.alerts()}
    edges = {(mine[e["source_id"]], mine[e["target_id"]]) for e in answer["edges"] if e["target_id"] in mine}
    return edges, {mine[a["id"]]: a["muted"] for a in answer["alerts"] if a["id"] in mine}


def test_who_mutes_whom(world):
    world.usual()
    made = world.server.make("inhibition-rules", name=f"Node {world.name}", equal=["node"], source=[matcher("kind", world.name)],
                             target=[matcher("of", world.name)])
    world.fire("pod", labels={"of": world.name, "node": "n1"})
    assert view(world) == (set(), {})
    world.fire("node", labels={"kind": world.name, "node": "n1"})
    world.fire("other", labels={"of": world.name, "node": "n2"})
    assert view(world) == ({("node", "pod")}, {"node": False, "pod": True})
    world.resolve("node")
    assert view(world)[0] == set()
    world.server.api("DELETE", "inhibition-rules/" + made["id"])


def test_a_circle_shows_who_stays_loud(world):
    world.usual()
    rules = [world.server.make("inhibition-rules", name=f"{a}{b} {world.name}", scope="all", source=[matcher(world.name, a)],
                               target=[matcher(world.name, b)]) for a, b in (("x", "y"), ("y", "x"))]
    world.fire("x", priority="p1", labels={world.name: "x"})
    world.fire("y", priority="p4", labels={world.name: "y"})
    assert view(world) == ({("x", "y"), ("y", "x")}, {"x": False, "y": True})
    for rule in rules:
        world.server.api("DELETE", "inhibition-rules/" + rule["id"])


def test_the_client_shows_what_is_quiet(client):  # noqa: F811
    world = client.world
    rule = world.rule(world.source, "labels.noise == 'yes'", {"type": "suppress"})
    world.fire("a", priority="p1", labels={"noise": "yes"})
    told = client("quiet", "--reason", "suppressed", "-o", "json")
    assert "Problem a" in told and rule["id"] in told
    told = client("quiet", "--reason", "suppressed")
    assert "Problem a" in told and f'Suppressed by "{rule["name"]}"'[:20] in told and "suppressed: " in told and "urgent, the oldest for" in told
    assert "nothing is held for this" in client("quiet", "--reason", "pause") or "PRIORITY" in client("quiet", "--reason", "pause")
    assert "reason" in client("quiet", "--reason", "nonsense", code=4)
    client("quiet", "report", "--days", "3")
    client("quiet", "inhibition")
