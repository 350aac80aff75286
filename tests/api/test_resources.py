"""Every configured resource: create, read, list, change, delete; what is wrong is named by a JSON pointer."""

import pytest

from tocsin import Refused

WEEK = {"name": "Week", "mode": "replace", "starts_at": "2026-01-05T09:00:00", "turn": {"every": 1, "unit": "week"}}


@pytest.fixture(scope="module")
def people(server):
    ann = server.make("users", name="Ann Registry", email="ann.registry@example.org", role="responder")
    bob = server.make("users", name="Bob Registry", email="bob.registry@example.org", role="responder")
    team = server.make("teams", name="Registry team", members=[{"user_id": ann["id"], "role": "owner"}])
    schedule = server.make("schedules", name="Registry schedule", time_zone="Europe/Berlin", layers=[{**WEEK, "members": [[ann["id"]], [bob["id"]]]}])
    policy = server.make("escalation-policies", name="Registry policy", levels=[{"targets": [{"kind": "user", "id": ann["id"]}]}])
    service = server.make("services", name="Registry service", team_id=team["id"])
    return {"ann": ann, "bob": bob, "team": team, "schedule": schedule, "policy": policy, "service": service}


# kind: (fields, change); functions of the people.
KINDS = {
    "users": (lambda p: {"name": "Zoe", "email": "zoe@example.org", "role": "viewer", "time_zone": "Asia/Tokyo"}, {"name": "Zoe Z"}),
    "contact-methods": (lambda p: {"user_id": p["ann"]["id"], "kind": "webhook", "address": "https://example.org/hook"}, {"label": "pager"}),
    "teams": (lambda p: {"name": "Database", "members": [{"user_id": p["bob"]["id"], "role": "owner"}]}, {"time_zone": "Europe/Paris"}),
    "services": (lambda p: {"name": "Checkout", "tier": "tier1", "team_id": p["team"]["id"], "aliases": ["shop"], "labels": {"a": "b"}}, {"name": "Check-out"}),
    "schedules": (lambda p: {"name": "Nights", "time_zone": "Europe/Berlin", "layers": [{**WEEK, "members": [[p["ann"]["id"]]]}]}, {"time_zone": "UTC"}),
    "overrides": (lambda p: {"schedule_id": p["schedule"]["id"], "user_id": p["bob"]["id"], "kind": "cover",
                             "starts_at": "2027-01-05T09:00:00Z", "ends_at": "2027-01-06T09:00:00Z"}, {"kind": "add"}),
    "escalation-policies": (lambda p: {"name": "Chain", "levels": [{"targets": [{"kind": "schedule", "id": p["schedule"]["id"]}], "wait_s": 60}]}, {"repeat": 1}),
    "integrations": (lambda p: {"name": "Source", "template": "generic", "key": "registry-key-0123456789"}, {"quiet": True}),
    "alert-rules": (lambda p: {"name": "Quiet", "when": "alert.priority == 'p4'", "actions": [{"type": "suppress", "reason": "noise"}], "enabled": False}, {"position": 4711}),
    "api-keys": (lambda p: {"name": "robot", "scopes": ["*"]}, {"name": "robot 2"}),
    "incidents": (lambda p: {"title": "Registry incident", "severity": 3}, {"summary": "what we know"}),
}
SLUGGED = ["teams", "services", "schedules", "escalation-policies", "integrations", "alert-rules"]


@pytest.mark.parametrize("kind", KINDS)
def test_life_of_a_resource(server, people, kind):
    fields, change = KINDS[kind]
    fields = fields(people)
    answer = server.try_api("POST", kind, fields)
    assert answer.status == 201, answer
    made = answer.json
    assert made["version"] == 1 and made["created_at"] and made["updated_at"]
    expected = {name: value for name, value in fields.items() if name not in ("secret", "levels", "layers", "actions", "starts_at", "ends_at", "scopes")}
    assert {name: made[name] for name in expected} == expected
    assert server.get(f"{kind}/{made['id']}")["id"] == made["id"]
    assert made["id"] in [item["id"] for item in server.items(kind)]
    changed = server.change(kind, made["id"], **change)
    assert {name: changed[name] for name in change} == change
    assert changed["version"] == 2
    if kind == "incidents":
        return
    assert server.try_api("DELETE", f"{kind}/{made['id']}").status in (200, 204)
    if kind != "users":
        assert server.try_api("GET", f"{kind}/{made['id']}").status == 404


@pytest.mark.parametrize("kind", SLUGGED)
def test_slug_comes_from_the_name_and_stays(server, people, kind):
    fields = {**KINDS[kind][0](people), "name": "Straße & Söhne 7"}
    fields.pop("key", None)
    made = server.make(kind, **fields)
    assert made["slug"]
    assert server.get(f"{kind}/{made['slug']}")["id"] == made["id"]
    assert server.change(kind, made["slug"], name="Other")["slug"] == made["slug"]
    second = server.make(kind, **fields)
    assert second["slug"] != made["slug"]
    for one in (made, second):
        server.api("DELETE", f"{kind}/{one['id']}")


def test_a_user_is_found_by_email(server, people):
    assert server.get("users/ann.registry@example.org")["id"] == people["ann"]["id"]
    policy = server.make("escalation-policies", name="By mail", levels=[{"targets": [{"kind": "user", "id": "ann.registry@example.org"}]}])
    assert policy["levels"][0]["targets"][0]["id"] == people["ann"]["id"]


def test_an_incident_is_found_by_number(server):
    made = server.make("incidents", title="Numbered", severity=2)
    assert made["number"].startswith("INC-") if isinstance(made["number"], str) else made["number"] > 0
    number = made["number"] if isinstance(made["number"], str) else f"INC-{made['number']}"
    assert server.get(f"incidents/{number}")["id"] == made["id"]


def test_a_new_user_is_told_by_email_for_both_urgencies(server):
    user = server.make("users", name="Fresh", email="fresh@example.org", role="responder")
    (method,) = server.items("contact-methods", user_id=user["id"])
    assert (method["kind"], method["address"], method["verified"]) == ("email", "fresh@example.org", True)
    rules = server.items("notification-rules", user_id=user["id"])
    assert sorted(rule["urgency"] for rule in rules) == ["high", "low"]
    for rule in rules:
        assert rule["steps"] == [{"delay_s": 0, "contact_method_ids": [method["id"]]}]


@pytest.mark.parametrize("kind, body, pointer", [
    ("users", {"name": "X"}, "/email"),
    ("users", {"name": "X", "email": "not an address", "role": "responder"}, "/email"),
    ("users", {"name": "X", "email": "x@example.org", "role": "king"}, "/role"),
    ("users", {"name": "X", "email": "x@example.org", "role": "responder", "time_zone": "Mars/Base"}, "/time_zone"),
    ("teams", {}, "/name"),
    ("teams", {"name": "x" * 5000}, "/name"),
    ("teams", {"name": "X", "colour": "red"}, "/colour"),
    ("teams", {"name": 7}, "/name"),
    ("services", {"name": "X", "tier": "tier9"}, "/tier"),
    ("services", {"name": "X", "team_id": "tea_0000000000000"}, "/team_id"),
    ("integrations", {"name": "X", "template": "no-such-vendor"}, "/template"),
    ("integrations", {"name": "X", "template": "generic", "reopen_window_s": -1}, "/reopen_window_s"),
    ("integrations", {"name": "X", "template": "generic", "filter": "1 +"}, "/filter"),
    ("alert-rules", {"name": "X", "when": "alert.priority ==", "actions": []}, "/when"),
    ("alert-rules", {"name": "X", "when": "true", "actions": [{"type": "explode"}]}, "/actions/0/type"),
    ("escalation-policies", {"name": "X", "levels": [{"targets": [{"kind": "user", "id": "nobody@example.org"}]}]}, "/levels/0/targets/0/id"),
    ("escalation-policies", {"name": "X", "levels": [], "repeat": 10}, "/repeat"),
    ("schedules", {"name": "X", "time_zone": "UTC", "layers": [{**WEEK, "starts_at": "2026-01-05T09:00:00Z", "members": []}]}, "/layers/0/starts_at"),
    ("schedules", {"name": "X", "time_zone": "UTC", "layers": [{**WEEK, "turn": {"every": 0, "unit": "week"}, "members": []}]}, "/layers/0/turn/every"),
    ("incidents", {"title": "X", "severity": 5}, "/severity"),
])
def test_a_wrong_member_is_named(server, kind, body, pointer):
    answer = server.try_api("POST", kind, body)
    assert answer.status in (400, 422), answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json
    assert problem["status"] == answer.status
    assert pointer in [error["pointer"] for error in problem["errors"]], problem


@pytest.mark.parametrize("body", ["{", "[]", "7", '{"name": "\\ud800"', "\xff"])
def test_a_body_that_is_no_object_is_refused(server, body):
    answer = server.try_api("POST", "teams", body.encode("latin-1"))
    assert answer.status in (400, 422), answer
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_two_members_of_one_email_are_refused(server, people):
    answer = server.try_api("POST", "users", {"name": "Ann again", "email": "ANN.registry@example.org", "role": "responder"})
    assert answer.status in (409, 422), answer


def test_if_match_refuses_a_stale_write(server):
    team = server.make("teams", name="Versions")
    path = f"teams/{team['id']}"
    assert server.try_api("PATCH", path, {"name": "Two"}, {"If-Match": '"1"'}).status == 200
    assert server.try_api("PATCH", path, {"name": "Three"}, {"If-Match": '"1"'}).status == 412
    assert server.get(path)["name"] == "Two"


def test_patch_is_a_merge_patch(server):
    service = server.make("services", name="Patched", labels={"a": "1", "b": "2"}, repository="https://example.org/x")
    changed = server.change("services", service["id"], labels={"a": None, "c": "3"}, repository=None)
    assert changed["labels"] == {"b": "2", "c": "3"}
    assert not changed["repository"]
    assert changed["name"] == "Patched"


def test_idempotency_key_repeats_the_answer(server):
    head = {"Idempotency-Key": "make-one-team"}
    first, second = (server.try_api("POST", "teams", {"name": "Only one"}, head) for _ in range(2))
    assert first.status == second.status == 201
    assert first.json["id"] == second.json["id"]
    assert [team["name"] for team in server.items("teams")].count("Only one") == 1


def test_what_is_in_use_cannot_be_deleted(server, people):
    answer = server.try_api("DELETE", f"schedules/{people['schedule']['id']}")
    user = server.try_api("DELETE", f"users/{people['ann']['id']}")
    assert user.status == 409, user
    assert answer.status in (200, 204, 409)


def test_lists_are_paged(server):
    for number in range(7):
        server.make("services", name=f"Paged {number}")
    first = server.get("services", limit=3)
    assert len(first["items"]) == 3 and first["next_cursor"]
    ids = [item["id"] for item in server.items("services", limit=3)]
    assert len(ids) == len(set(ids)) == len(server.items("services"))


def test_a_list_is_filtered_by_fields(server):
    server.make("services", name="Filtered", tier="tier3")
    assert {s["tier"] for s in server.items("services", tier="tier3")} == {"tier3"}
    assert {s["tier"] for s in server.items("services", tier=["tier3", "tier2"])} <= {"tier3", "tier2"}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"filter": "name =="}, {"cursor": "!"}, {"sort": "nothing"}])
def test_a_wrong_list_query_is_refused(server, query):
    with pytest.raises(Refused) as refused:
        server.get("services", **query)
    assert refused.value.answer.status in (400, 422)


def test_an_integration_has_a_url_and_hides_its_secret(server):
    made = server.make("integrations", name="With secret", template="generic", key="with-secret-0123456789", secret="hush hush")
    assert made["url"] == "https://tocsin.example.org/in/with-secret-0123456789"
    for seen in (made, server.get(f"integrations/{made['id']}")):
        assert "hush" not in str(seen)


def test_a_key_that_exists_is_refused(server):
    server.make("integrations", name="One", template="generic", key="the-same-key-0123456789")
    assert server.try_api("POST", "integrations", {"name": "Two", "template": "generic", "key": "the-same-key-0123456789"}).status in (409, 422)


def test_a_key_is_made_when_none_is_given(server):
    assert len(server.make("integrations", name="Made for me", template="generic")["key"]) >= 16
    answer = server.try_api("POST", "integrations", {"name": "Odd", "template": "generic", "key": "a b"})
    assert answer.status == 400 and "left out, a random one is made" in str(answer.json["errors"]), answer


def test_a_contact_method_that_nothing_can_send_to_is_refused(server):
    user = server.make("users", name="Texted", email="texted@example.org", role="responder")
    for kind in ("gotify", "discord"):
        answer = server.try_api("POST", "contact-methods", {"user_id": user["id"], "kind": kind, "address": "+4930123456"})
        (error,) = answer.json["errors"]
        assert answer.status == 400 and error["pointer"] == "/kind", answer
        assert f'"{kind}"' in error["message"] and "email" in error["message"] and "ntfy" in error["message"]


def test_an_api_key_is_shown_once_and_works_within_its_scopes(server):
    made = server.make("api-keys", name="reader", scopes=["teams:read"])
    secret = made["key"]
    assert secret.startswith("tk_")
    assert secret not in str(server.get(f"api-keys/{made['id']}"))
    assert server.try_api("GET", "teams", key=secret).status == 200
    refused = server.try_api("POST", "teams", {"name": "Not allowed"}, key=secret)
    assert refused.status == 403 and "teams:create" in refused.json["detail"] and "make a key" in refused.json["detail"], refused
    server.api("DELETE", f"api-keys/{made['id']}")
    assert server.try_api("GET", "teams", key=secret).status == 401


def test_a_viewer_sees_and_changes_nothing(server):
    viewer = server.make("users", name="Only looks", email="looks@example.org", role="viewer")
    victim = server.make("users", name="Victim", email="victim@example.org", role="responder")
    secret = server.make("api-keys", name="viewer", user_id=viewer["id"], scopes=["*"])["key"]
    assert server.try_api("GET", "teams", key=secret).status == 200
    for method, path, body in (("POST", "teams", {"name": "No"}), ("DELETE", f"users/{victim['id']}", None),
                               ("PATCH", f"users/{viewer['id']}", {"role": "owner"}), ("POST", "api-keys", {"name": "More"})):
        assert server.try_api(method, path, body, key=secret).status == 403, (method, path)


def test_an_unknown_scope_is_refused(server):
    answer = server.try_api("POST", "api-keys", {"name": "Typo", "scopes": ["teams:raed"]})
    assert answer.status in (400, 422), answer


@pytest.mark.parametrize("key", ["", "tk_wrong", "x" * 5000])
def test_no_good_key_no_answer(server, key):
    answer = server.try_api("GET", "users", key=key)
    assert answer.status in (401, 431)
    if answer.status == 401:
        assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("method, path, status", [
    ("GET", "users/usr_0000000000000", 404), ("GET", "nothing", 404), ("DELETE", "teams", 405),
    ("POST", "users/usr_0000000000000/deactivate", 404), ("GET", "alerts/ALERT-999999999", 404), ("GET", "incidents/INC-x", 404),
])
def test_what_is_not_there(server, method, path, status):
    answer = server.try_api(method, path, {} if method == "POST" else None)
    assert answer.status in (status, 404), answer
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_writes_are_audited(server):
    team = server.make("teams", name="Audited")
    server.change("teams", team["id"], name="Audited twice")
    entries = [entry for entry in server.get("audit", limit=1000)["items"] if team["id"] in str(entry)]
    assert len(entries) >= 2


@pytest.mark.parametrize("kind, body, pointer, says", [
    ("teams", {"name": "T", "members": [{"user_id": "owner@example.org"}, "ann"]}, "/members/1", "item 2 of members must be an object with user_id"),
    ("services", {"name": "S", "depends_on": ["nope"]}, "/depends_on/0", 'item 1 of depends_on: there is no service "nope"'),
    ("schedules", {"name": "S", "time_zone": "UTC", "layers": [{"name": "L", "starts_at": "2026-01-05T09:00:00", "turn": {"every": 1, "unit": "week"}, "members": [["x"]]}]},
     "/layers/0/members/0/0", "item 1 of item 1 of members: there is no user"),
    ("escalation-policies", {"name": "P", "levels": [{"targets": ["ann"], "wait_s": 60}]}, "/levels/0/targets/0", "item 1 of targets must be an object with kind"),
    ("escalation-policies", {"name": "P", "levels": []}, "/levels", "levels is empty; it needs at least 1"),
    ("escalation-policies", {"name": "P", "levels": [{"targets": [{"kind": "user", "id": "owner@example.org"}], "wait_s": "5m"}]}, "/levels/0/wait_s", "a whole number of seconds, such as 300"),
    ("services", {"name": "S", "policy_id": "nope"}, "/policy_id", 'there is no escalation policy "nope"'),
    ("services", {}, "/name", 'name is required, for example "'),
    ("connectors", {"name": "C", "channel": "twilio_sms", "settings": {"account": "AC1", "from": "+491"}}, "/secret", "needs a secret: The account's auth token"),
    ("integrations", {"name": "I", "template": "generic", "overrides": {"titel": "'x'"}}, "/overrides/titel", 'did you mean "title"?'),
    ("notification-rules", {"user_id": "owner@example.org", "urgency": "high", "steps": []}, "/steps", "steps is empty"),
])
def test_a_refusal_names_the_place_and_the_way_out(server, kind, body, pointer, says):
    answer = server.try_api("POST", kind, body)
    (error,) = answer.json["errors"]
    assert answer.status == 400 and error["pointer"] == pointer and says in error["message"], answer
