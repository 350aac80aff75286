"""Incidents: declared by hand, their verbs, their machine, their timeline."""

import pytest

from tocsin import Refused


@pytest.fixture
def incident(server):
    return server.make("incidents", title="Checkout is down", severity=1)


def now(server, incident):
    return server.get(f"incidents/{incident['id']}")


def test_a_declared_incident_is_new(incident):
    assert (incident["status"], incident["severity"], incident["kind"]) == ("new", 1, "normal")
    assert incident["declared_at"] and not incident["acknowledged_at"] and not incident["resolved_at"]


def test_acknowledge_leads_to_investigating(server, incident):
    server.verb("incidents", incident["id"], "acknowledge")
    after = now(server, incident)
    assert after["status"] == "investigating" and after["acknowledged_at"]


def test_a_second_acknowledgement_is_no_error_and_keeps_the_first(server, incident):
    server.verb("incidents", incident["id"], "acknowledge")
    first = now(server, incident)["acknowledged_at"]
    server.turn("1m")
    assert server.try_api("POST", f"incidents/{incident['id']}/acknowledge", {}).status == 200
    assert now(server, incident)["acknowledged_at"] == first


def test_monitoring_sets_mitigated_at(server, incident):
    for status in ("investigating", "fixing", "monitoring"):
        server.change("incidents", incident["id"], status=status)
    after = now(server, incident)
    assert after["mitigated_at"] and not after["resolved_at"]


def test_resolve_goes_to_monitoring_and_close_closes(server, incident):
    server.verb("incidents", incident["id"], "resolve")
    after = now(server, incident)
    assert after["status"] == "monitoring" and after["resolved_at"] and after["mitigated_at"]
    server.verb("incidents", incident["id"], "close")
    after = now(server, incident)
    assert after["status"] == "closed" and after["closed_at"]


def test_reopen_leads_to_investigating_and_clears(server, incident):
    for verb in ("resolve", "close", "reopen"):
        server.verb("incidents", incident["id"], verb)
    after = now(server, incident)
    assert after["status"] == "investigating"
    assert not after["resolved_at"] and not after["closed_at"]


@pytest.mark.parametrize("before, status", [(["resolve", "close"], "fixing"), (["resolve", "close"], "new"), ([], "burning")])
def test_a_move_the_machine_does_not_know_is_refused(server, incident, before, status):
    for verb in before:
        server.verb("incidents", incident["id"], verb)
    was = now(server, incident)["status"]
    answer = server.try_api("PATCH", f"incidents/{incident['id']}", {"status": status})
    assert answer.status in (400, 409, 422), answer
    assert now(server, incident)["status"] == was


def test_reopen_of_an_open_one_is_refused_or_nothing(server, incident):
    answer = server.try_api("POST", f"incidents/{incident['id']}/reopen", {})
    assert answer.status in (200, 409)
    assert now(server, incident)["status"] == "new"


def test_numbers_rise_without_gaps(server):
    numbers = [int(str(server.make("incidents", title="n", severity=4)["number"]).removeprefix("INC-")) for _ in range(3)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_the_timeline_holds_what_happened(server, incident):
    server.verb("incidents", incident["id"], "acknowledge")
    server.change("incidents", incident["id"], severity=0)
    server.verb("incidents", incident["id"], "resolve")
    entries = server.items(f"incidents/{incident['id']}/timeline")
    assert len(entries) >= 4
    assert all(entry["kind"] and entry["at"] and entry["actor"]["kind"] for entry in entries)


@pytest.fixture
def grouped(world):
    """An incident with two triggered alerts."""
    world.usual()
    world.rule(world.source, "true", {"type": "create_incident", "severity": 2, "group_by": ["labels.host"]})
    for key in "ab":
        world.fire(key, labels={"host": "h"})
    world.made = world.incident(world.alert("a"))
    return world


def statuses(world):
    return [world.alert(key)["status"] for key in "ab"]


def test_acknowledging_it_covers_its_triggered_alerts(grouped):
    grouped.server.verb("incidents", grouped.made["id"], "acknowledge")
    grouped.server.turn("6m")
    assert statuses(grouped) == ["acknowledged", "acknowledged"]
    assert grouped.tally("ann", "bob") == (1, 0)


def test_acknowledging_one_alert_leaves_the_page_while_another_is_triggered(grouped):
    grouped.server.verb("alerts", grouped.alert("a")["id"], "acknowledge")
    grouped.server.turn("6m")
    assert statuses(grouped) == ["acknowledged", "triggered"]
    assert grouped.told("bob") == 1
    grouped.server.verb("alerts", grouped.alert("b")["id"], "acknowledge")
    (page,) = [p for p in grouped.server.items("pages", incident_id=grouped.made["id"])]
    assert page["status"] == "acknowledged"


def test_resolving_it_ends_pages_and_leaves_alerts(grouped):
    grouped.server.verb("incidents", grouped.made["id"], "resolve")
    grouped.server.turn("6m")
    assert statuses(grouped) == ["triggered", "triggered"]
    assert grouped.told("bob") == 0
    (page,) = grouped.server.items("pages", incident_id=grouped.made["id"])
    assert page["status"] == "resolved"


def test_last_members_resolve_ends_the_page(grouped):
    for key in "ab":
        grouped.resolve(key)
    grouped.server.turn("6m")
    assert grouped.told("bob") == 0


def test_paging_from_an_incident(server, world):
    world.usual()
    incident = server.make("incidents", title="By hand", severity=1)
    try:
        server.verb("incidents", incident["id"], "page", policy_id=world.chain["id"])
    except Refused as refused:
        pytest.fail(str(refused))
    server.settle()
    assert world.told("ann") == 1
    server.verb("incidents", incident["id"], "acknowledge")
    server.turn("6m")
    assert world.told("bob") == 0
