"""Who, when, from where, from what to what: of every write, without secrets. And for whom, and behind which proxy."""

import pytest

from test_permissions import Person
from tocsin import run
from world import ack_url


def entries(server, thing, **more):
    """Of one thing, oldest first."""
    return sorted((e for e in server.items("audit", object_id=thing["id"], **more)), key=lambda e: e["id"])


def test_a_life_is_written_down(server):
    service = server.make("services", name="Audited", tier="tier3", labels={"a": "1"})
    server.change("services", service["id"], tier="tier1")
    server.api("DELETE", f"services/{service['id']}")
    made, changed, gone = entries(server, service)
    assert [e["verb"] for e in (made, changed, gone)] == ["create", "update", "delete"]
    assert made["before"] is None and made["after"]["name"] == "Audited"
    assert (changed["before"], changed["after"]) == ({"tier": "tier3"}, {"tier": "tier1"})
    assert gone["before"]["tier"] == "tier1" and gone["after"] is None
    for e in (made, changed, gone):
        assert e["kind"] == "service" and e["object_id"] == service["id"]
        assert e["actor"]["kind"] == "user" and e["actor"]["name"] == "Olga Owner"
        assert e["address"] == "127.0.0.1" and e["via"].startswith("key_") and e["at"]


def test_a_change_that_changes_nothing_is_none(server):
    service = server.make("services", name="Still")
    server.change("services", service["id"], name="Still")
    assert len(entries(server, service)) == 1


def test_a_refused_write_leaves_nothing(server):
    service = server.make("services", name="Refused")
    assert server.try_api("PATCH", f"services/{service['id']}", {"tier": "tier9"}).status == 400
    assert len(entries(server, service)) == 1


def test_secrets_are_named_never_shown(server):
    source = server.make("integrations", name="Secretive", template="generic", secret="hush-hush-one")
    server.change("integrations", source["id"], secret="hush-hush-two")
    key = server.make("api-keys", name="shown once")
    seen = str(entries(server, source)) + str(entries(server, key))
    assert "hush" not in seen and key["key"] not in seen and "(secret)" in seen
    assert len(entries(server, source)) == 2


VERBS = [
    ("alerts", "acknowledge", {}, "status", ("triggered", "acknowledged")),
    ("alerts", "unacknowledge", {}, "status", ("acknowledged", "triggered")),
    ("alerts", "resolve", {}, "status", ("triggered", "resolved")),
    ("alerts", "reopen", {}, "status", ("resolved", "triggered")),
]


def test_verbs_are_written_down(world):
    world.usual()
    world.fire("key", priority="p1")
    alert = world.alert("key")
    for kind, verb, body, member, (before, after) in VERBS:
        world.server.verb(kind, alert["id"], verb, **body)
        entry = entries(world.server, alert)[-1]
        assert entry["verb"] == verb and entry["kind"] == "alert", entry
        assert (entry["before"][member], entry["after"][member]) == (before, after), entry
    world.server.verb("alerts", alert["id"], "note", text="seen")
    assert entries(world.server, alert)[-1]["verb"] == "note"
    incident = world.server.make("incidents", title="Audited", severity=2)
    world.server.verb("incidents", incident["id"], "acknowledge")
    world.server.verb("incidents", incident["id"], "resolve")
    assert [e["verb"] for e in entries(world.server, incident)] == ["create", "acknowledge", "resolve"]
    page = world.server.make("pages", targets=[{"kind": "user", "id": world.ann["id"]}], message="by hand")
    (entry,) = entries(world.server, page)
    assert entry["verb"] == "create" and entry["before"] is None and entry["after"]["title"] == "by hand"


def test_what_a_link_does_is_written_down(world):
    world.usual()
    world.fire("key", priority="p1")
    (call,) = world.calls("ann")
    answer = world.server.http("POST", ack_url(call), "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status in (200, 303), answer
    (entry,) = entries(world.server, world.page(world.alert("key")))
    assert entry["verb"] == "acknowledge" and entry["actor"]["id"] == world.ann["id"], entry
    assert entry["via"].startswith("ntf_") and entry["address"] == "127.0.0.1"
    assert (entry["before"]["status"], entry["after"]["status"]) == ("active", "acknowledged")


def test_a_verb_that_fails_leaves_nothing(world):
    world.usual()
    world.fire("key", priority="p1")
    alert = world.alert("key")
    assert world.server.try_api("POST", f"alerts/{alert['id']}/note", {"text": " "}).status == 400
    assert entries(world.server, alert) == []


def test_it_is_the_owners_and_administrators_to_read_and_nobodys_to_write(server):
    assert Person(server, "responder").status("GET", "audit") == Person(server, "viewer").status("GET", "audit") == 403
    assert Person(server, "admin").status("GET", "audit") == 200
    entry = server.get("audit", limit=1)["items"][0]
    for method in ("PATCH", "DELETE"):
        assert server.try_api(method, f"audit/{entry['id']}", {}).status == 405
    assert server.try_api("POST", "audit", {}).status == 405


def test_who_may_read_the_audit_alone_sees_nothing_private(server):
    role = server.make("roles", name="Auditor", permissions=[{"resource": "audit", "verb": "read"}])
    auditor = Person(server, "viewer", role_id=role["id"])
    incident = server.make("incidents", title="Hush audit", severity=2, private=True)
    assert incident["id"] not in auditor.ask("GET", "audit?limit=1000").text
    assert incident["id"] in str(server.get("audit", limit=1000))


# On behalf of somebody.

def test_on_behalf_of(server):
    bob, vic = Person(server, "responder"), Person(server, "viewer")
    portal = server.make("api-keys", name="Portal", scopes=["incidents:write", "users:impersonate"])
    head = {"On-Behalf-Of": bob.user["email"].upper()}
    made = server.try_api("POST", "incidents", {"title": "For Bob", "severity": 3}, head, key=portal["key"])
    assert made.status == 201 and made.json["reporter_id"] == bob.id, made
    (entry,) = entries(server, made.json)
    assert entry["actor"]["id"] == bob.id and entry["via"] == portal["id"]
    answer = server.try_api("POST", "incidents", {"title": "For Vic"}, {"On-Behalf-Of": vic.user["email"]}, key=portal["key"])
    assert answer.status == 403, answer  # no more than the person may
    assert server.try_api("GET", "teams", headers=head, key=portal["key"]).status == 403  # nor than the key
    assert server.try_api("GET", "incidents", headers={"On-Behalf-Of": "nobody@example.org"}, key=portal["key"]).status == 403


def test_on_behalf_of_needs_its_scope(server):
    bob = Person(server, "responder")
    key = server.make("api-keys", name="No portal", scopes=["write"])["key"]
    answer = server.try_api("GET", "incidents", headers={"On-Behalf-Of": bob.user["email"]}, key=key)
    assert answer.status == 403 and "users:impersonate" in answer.json["detail"], answer
    other = Person(server, "responder")
    assert other.ask("GET", "incidents", headers={"On-Behalf-Of": bob.user["email"]}).status == 403


# Behind a proxy.

def test_the_address_behind_a_trusted_proxy_counts(fresh):
    server = fresh(extra=["--trusted-proxies", "127.0.0.0/8,10.0.0.0/8"])
    head = {"X-Forwarded-For": "1.1.1.1, 203.0.113.7, 10.2.2.2"}
    service = server.api("POST", "services", {"name": "Far away"}, head)
    assert entries(server, service)[0]["address"] == "203.0.113.7"
    assert server.http("GET", "/metrics").status == 200
    assert server.http("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status == 401


def test_nobody_else_is_believed(server):
    service = server.api("POST", "services", {"name": "Liar"}, {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"})
    assert entries(server, service)[0]["address"] == "127.0.0.1"
    assert server.http("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status == 401  # a proxy nobody named
    assert server.http("GET", "/metrics").status == 200


@pytest.mark.parametrize("list", ["10.1.2.3/8", "proxy.example.org", "10.0.0.0/8;192.0.2.1", "10.0.0.0/99"])
def test_a_wrong_list_of_proxies_is_one_clear_line(tmp_path, list):
    done = run("serve", "--data", tmp_path / "d", "--listen", "127.0.0.1:0", "--trusted-proxies", list)
    assert done.returncode in (1, 2) and "--trusted-proxies" in done.stderr.splitlines()[-1], done
