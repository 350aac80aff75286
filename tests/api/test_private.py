"""What is private is hidden from whoever takes no part in it: in every list, count, timeline, reference, verb and stream."""

import pytest

from test_permissions import Person
from tocsin import Stream


class Reader:
    """Enough of a server for a Stream with somebody's own key."""

    def __init__(self, server, key):
        self.port, self.key = server.port, key


@pytest.fixture
def scene(world):
    """A private incident with an alert that paged Ann; Bob answers, Vic views, both take no part."""
    server = world.server
    ann = world.user("ann")
    world.source = world.integration(world.policy([ann]))
    world.rule(world.integrations[0], "true", {"type": "create_incident", "severity": 2, "group_by": ["labels.g"]}, {"type": "page"})
    world.fire("secret", title=f"Secret {world.name}", priority="p1", labels={"g": "one"})
    alert = world.alert("secret")
    incident = server.get(f"incidents/{alert['incident_id']}")
    server.change("incidents", incident["id"], private=True, summary="hush")
    key = server.make("api-keys", name="ann's", user_id=ann["id"])["key"]
    return {"server": server, "ann": key, "bob": Person(server, "responder"), "vic": Person(server, "viewer"), "admin": Person(server, "admin"),
            "incident": incident, "alert": alert, "world": world}


def paths(scene):
    incident, alert = scene["incident"], scene["alert"]
    pages = [p["id"] for p in scene["server"].items("pages") if p["incident_id"] == incident["id"] or p["alert_id"] == alert["id"]]
    (request,) = scene["server"].items("requests", integration_id=scene["world"].source["id"])
    assert pages
    return [f"requests/{request['id']}", f"incidents/{incident['id']}", f"incidents/{incident['number']}", f"incidents/{incident['id']}/timeline", f"incidents/{incident['id']}/alerts",
            f"incidents/{incident['id']}/relations", f"alerts/{alert['id']}", f"alerts/{alert['number']}", f"alerts/{alert['id']}/explanation",
            f"alerts/{alert['id']}/occurrences", f"alerts/{alert['id']}/timeline", f"pages/{pages[0]}", f"pages/{pages[0]}/notifications"]


def test_it_does_not_exist_for_who_takes_no_part(scene):
    server = scene["server"]
    for path in paths(scene):
        assert scene["bob"].status("GET", path) == scene["vic"].status("GET", path) == 404, path
        assert scene["admin"].status("GET", path) == 200, path
        assert server.try_api("GET", path, key=scene["ann"]).status == 200, path  # she was paged


def test_no_verb_reaches_it(scene):
    for path in (f"incidents/{scene['incident']['id']}/acknowledge", f"incidents/{scene['incident']['id']}/resolve", f"alerts/{scene['alert']['id']}/acknowledge"):
        assert scene["bob"].status("POST", path, {}) == 404, path
    assert scene["bob"].status("PATCH", f"incidents/{scene['incident']['id']}", {"private": False}) == 404
    assert scene["server"].try_api("POST", f"alerts/{scene['alert']['id']}/acknowledge", {}, key=scene["ann"]).status == 200


def test_no_list_nor_count_tells_of_it(scene):
    hidden = [scene["incident"]["id"], scene["alert"]["id"], f"Secret {scene['world'].name}"]
    for kind in ("incidents", "alerts", "pages", "notifications", "timeline", "requests"):
        seen, full = scene["bob"].items(f"{kind}?limit=1000"), scene["server"].items(kind)
        assert not any(word in str(seen) for word in hidden), kind
        assert kind == "notifications" or any(word in str(full) for word in hidden[:2]), kind
        assert {row["id"] for row in seen} < {row["id"] for row in full}, kind
        total = scene["bob"].ask("GET", f"{kind}?limit=1&total=true").json
        assert total["total"] == len(seen) or total.get("total_is_minimum") and total["total"] < len(seen), kind
    for query in (f"alerts?incident_id={scene['incident']['id']}", f"timeline?subject_id={scene['incident']['id']}", f"pages?incident_id={scene['incident']['id']}"):
        answer = scene["bob"].ask("GET", query)
        assert answer.status in (400, 404) or answer.json["items"] == [], query


def test_a_role_opens_it(scene):
    server, bob = scene["server"], scene["bob"]
    path = f"incidents/{scene['incident']['id']}"
    server.change("incidents", scene["incident"]["id"], commander_id=bob.id)
    assert bob.status("GET", path) == 200
    assert bob.status("GET", f"alerts/{scene['alert']['id']}") == 200
    server.change("incidents", scene["incident"]["id"], commander_id=None, roles={"scribe": scene["vic"].id})
    assert bob.status("GET", path) == scene["vic"].status("GET", path) == 200  # who took part knows it already


def test_who_declares_or_hides_it_still_sees_it(scene):
    bob, vic = scene["bob"], scene["vic"]
    made = bob.ask("POST", "incidents", {"title": "Mine", "severity": 3, "private": True})
    assert made.status == 201, made
    assert bob.status("GET", f"incidents/{made.json['id']}") == 200 and vic.status("GET", f"incidents/{made.json['id']}") == 404
    open_one = scene["server"].make("incidents", title="Open", severity=3)
    assert bob.ask("PATCH", f"incidents/{open_one['id']}", {"private": True}).status == 200
    assert bob.status("GET", f"incidents/{open_one['id']}") == 200 and vic.status("GET", f"incidents/{open_one['id']}") == 404


def test_a_key_for_incidents_does_not_open_it_but_a_wide_one_does(scene):
    server = scene["server"]
    narrow, wide, special = (server.make("api-keys", name="x", scopes=scopes)["key"]
                             for scopes in (["incidents:write"], ["*"], ["incidents:read", "incidents:private"]))
    path = f"incidents/{scene['incident']['id']}"
    assert [server.try_api("GET", path, key=key).status for key in (narrow, wide, special)] == [404, 200, 200]


def test_the_stream_does_not_tell_of_it(scene):
    server, incident = scene["server"], scene["incident"]
    open_one = server.make("incidents", title="Open", severity=3)
    server.settle()
    with Stream(Reader(server, scene["bob"].key)) as bobs, Stream(Reader(server, scene["ann"])) as anns, Stream(server) as owners:
        server.change("incidents", incident["id"], summary="still hush")
        server.verb("alerts", scene["alert"]["id"], "note", text="hush")
        server.change("incidents", open_one["id"], summary="loud")
        seen = []
        bobs.until(lambda e: seen.append(e["data"]) or open_one["id"] in e["data"])
        assert not any(incident["id"] in data or scene["alert"]["id"] in data for data in seen), seen
        cursor = None
        for stream in (anns, owners):
            event = stream.until(lambda e: incident["id"] in e["data"])
            cursor = min(int(event["id"]), cursor or int(event["id"]))
    with Stream(Reader(server, scene["bob"].key), last_id=cursor - 1) as again:  # what is resumed is filtered, too
        seen = []
        again.until(lambda e: seen.append(e["data"]) or open_one["id"] in e["data"])
        assert not any(incident["id"] in data for data in seen), seen
    with Stream(Reader(server, scene["ann"]), last_id=cursor - 1) as again:
        again.until(lambda e: incident["id"] in e["data"])


def test_the_stream_tells_people_of_their_own_only(scene):
    server, bob, vic = scene["server"], scene["bob"], scene["vic"]
    with Stream(Reader(server, bob.key)) as bobs:
        theirs = server.make("contact-methods", user_id=vic.id, kind="webhook", address="https://example.org/vic")
        server.make("roles", name="Not a secret", permissions=[])
        mine = server.make("contact-methods", user_id=bob.id, kind="webhook", address="https://example.org/bob")
        last = server.make("services", name="The last one")
        seen = []
        bobs.until(lambda e: seen.append(e["data"]) or last["id"] in e["data"])
        bobs.until(lambda e: seen.append(e["data"]) or mine["id"] in e["data"]) if not any(mine["id"] in d for d in seen) else None
        assert any(mine["id"] in data for data in seen) and not any(theirs["id"] in data for data in seen), seen


def test_a_stream_ends_with_its_key(scene):
    server = scene["server"]
    made = server.make("api-keys", name="short", user_id=scene["bob"].id)
    with Stream(Reader(server, made["key"])) as stream:
        server.make("services", name="Seen")
        stream.until(lambda e: "service" in e["data"])
        server.api("DELETE", f"api-keys/{made['id']}")
        server.make("services", name="Not seen")
        while (event := stream.next()) is not None:
            assert "ended" not in event
