"""Every window and limit of the organization's `defaults` does what its name says, and whoever is nearer overrides it."""

import datetime

import pytest

from world import World


@pytest.fixture
def own(fresh, sink):
    """A world on a server of its own, whose organization has these defaults."""
    def build(_source=None, **defaults):
        server = fresh()
        (organization,) = server.items("organizations")
        server.change("organizations", organization["id"], defaults=defaults)
        return World(server, sink).usual(**(_source or {}))
    return build


def when(world, seconds):
    """A time, `seconds` from the server's now."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=world.server.turned_s + seconds)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("integration, alerts", [({}, 2), ({"reopen_window_s": 3600}, 1)])
def test_reopen_window_s(own, integration, alerts):
    world = own(integration, reopen_window_s=60)
    world.fire("key")
    world.resolve("key")
    world.server.turn("62s")  # deadlines are looked at once a second
    world.fire("key")
    assert len(world.alerts("key")) == alerts


@pytest.mark.parametrize("integration, status", [({}, "triggered"), ({"late_window_s": 300}, "resolved")])
def test_late_window_s(own, integration, status):
    world = own(integration, late_window_s=0)
    world.fire("key")
    world.resolve("key", occurred_at=when(world, -10))
    world.fire("key", occurred_at=when(world, -20))
    assert world.alert("key")["status"] == status


@pytest.mark.parametrize("tolerance, warned", [(1, True), (3600, False)])
def test_clock_tolerance_s(own, tolerance, warned):
    world = own(clock_tolerance_s=tolerance)
    assert ("warnings" in world.fire("key", occurred_at=when(world, 120))) == warned


@pytest.mark.parametrize("kept, status", [(0, "triggered"), (3600, "acknowledged")])
def test_ack_kept_s(own, kept, status):
    world = own(ack_kept_s=kept)
    world.fire("key")
    world.server.verb("alerts", world.alert("key")["id"], "acknowledge")
    world.server.turn("20m")
    world.resolve("key")
    world.fire("key")
    assert world.alert("key")["status"] == status


@pytest.mark.parametrize("integration, status", [({}, "resolved"), ({"resolve_after_s": 0}, "triggered")])
def test_resolve_after_s(own, integration, status):
    world = own(integration, resolve_after_s=60)
    world.fire("key")
    world.server.turn("62s")  # deadlines are looked at once a second
    assert world.alert("key")["status"] == status


def test_am_resolve_after_s(own):
    world = own(am_resolve_after_s=60)
    answer = world.server.http("POST", f"/am/{world.source['key']}/api/v2/alerts", b'[{"labels": {"alertname": "A"}}]',
                               {"Content-Type": "application/json"})
    assert answer.status == 200, answer
    world.server.settle()
    assert [a["status"] for a in world.alerts()] == ["triggered"]
    world.server.turn("62s")  # deadlines are looked at once a second
    assert [a["status"] for a in world.alerts()] == ["resolved"]


def incidents(world):
    return {a["incident_id"] for a in world.alerts()}


def grouped(world, **action):
    world.rule(world.source, "true", {"type": "create_incident", "group_by": ["labels.g"], **action})


@pytest.mark.parametrize("action, count", [({}, 2), ({"window_s": 3600}, 1)])
def test_window_s(own, action, count):
    world = own(window_s=60)
    grouped(world, **action)
    world.fire("a", labels={"g": "x"})
    world.server.turn("62s")  # deadlines are looked at once a second
    world.fire("b", labels={"g": "x"})
    assert len(incidents(world)) == count


@pytest.mark.parametrize("action, count", [({}, 2), ({"max_window_s": 3600}, 1)])
def test_max_window_s(own, action, count):
    world = own(window_s=60, max_window_s=90)
    grouped(world, extend=True, **action)
    for key in ("a", "b", "c"):
        world.fire(key, labels={"g": "x"})
        world.server.turn("50s")
    assert len(incidents(world)) == count


def test_alerts_max(own):
    world = own(alerts_max=2)
    grouped(world)
    for key in ("a", "b", "c"):
        world.fire(key, labels={"g": "x"})
    assert len(incidents(world)) == 2


def test_pause_s(own):
    world = own(pause_s=60)
    world.fire("gone")
    world.resolve("gone")
    world.fire("key")
    assert [hold["reason"] for hold in world.alert("key")["holds"]] == ["pause"] and world.told("ann") == 0
    world.server.turn("62s")  # deadlines are looked at once a second
    assert world.told("ann") == 1


@pytest.mark.parametrize("action, resolved", [({}, True), ({"auto_resolve": False}, False)])
def test_auto_resolve(own, action, resolved):
    world = own(auto_resolve=True, auto_resolve_after_s=60)
    grouped(world, **action)
    world.fire("a", labels={"g": "x"})
    world.resolve("a", labels={"g": "x"})
    world.server.turn("59s")
    assert not world.incident(world.alert("a"))["resolved_at"]
    world.server.turn("2s")
    assert bool(world.incident(world.alert("a"))["resolved_at"]) == resolved


def test_a_rules_auto_resolve_after_s(own):
    world = own(auto_resolve_after_s=3600)
    grouped(world, auto_resolve=True, auto_resolve_after_s=0)
    world.fire("a", labels={"g": "x"})
    world.resolve("a", labels={"g": "x"})
    world.server.turn("1s")
    assert world.incident(world.alert("a"))["resolved_at"]


def test_idempotency_s(own):
    world = own(idempotency_s=60)
    for count in (1, 1):
        world.server.send(world.source["key"], {"title": "t", "dedup_key": "key"}, {"Idempotency-Key": "one"})
        assert world.alert("key")["count"] == count
    world.server.turn("62s")  # deadlines are looked at once a second
    world.server.send(world.source["key"], {"title": "t", "dedup_key": "key"}, {"Idempotency-Key": "one"})
    assert world.alert("key")["count"] == 2


def test_limits_of_texts(own):
    world = own(key_bytes=16, title_bytes=32, labels_max=2, label_bytes=16)
    world.fire("k" * 17, title="t" * 40, labels={"alertname": "x" * 20, "severity": "high", "aaa": "1"})
    (alert,) = world.alerts()
    assert alert["dedup_key"].startswith("sha256:") and alert["title"] == "t" * 32
    assert alert["labels"] == {"alertname": "x" * 16, "severity": "high"}
    world.fire("k" * 16)
    assert world.alert("k" * 16)


def test_body_bytes(own):
    world = own(body_bytes=2000)
    assert world.server.try_send(world.source["key"], {"title": "t", "description": "x" * 1800}).status == 202
    answer = world.server.try_send(world.source["key"], {"title": "t", "description": "x" * 3000})
    assert answer.status == 413 and "2000" in answer.text
    large = world.integration(world.chain, template="alertmanager")
    assert world.server.try_send(large["key"], {"version": "4", "alerts": [], "x": "x" * 3000}).status == 202


def test_what_is_not_set_is_the_products_own(own):
    world = own(reopen_window_s=None)
    world.fire("key", title="t" * 2000)
    assert len(world.alert("key")["title"]) == 1024


@pytest.mark.parametrize("wrong", [{"reopen_window_s": -1}, {"title_bytes": 2000}, {"alerts_max": 0}, {"windw_s": 60}, {"auto_resolve": "yes"}])
def test_a_wrong_default_is_named(server, wrong):
    (organization,) = server.items("organizations")
    answer = server.try_api("PATCH", f"organizations/{organization['id']}", {"defaults": wrong})
    (name,) = wrong
    assert answer.status in (400, 422) and answer.json["errors"][0]["pointer"] == f"/defaults/{name}", answer
