"""Who may do what: every route times every role, scopes of keys, teams, roles that people make, and granting."""

import itertools

import pytest

ROLES = ["owner", "admin", "responder", "viewer"]
NUMBERS = itertools.count(1)


class Person:
    """Somebody with a key of their own."""

    def __init__(self, server, role, scopes=("*",), **fields):
        number = next(NUMBERS)
        self.server = server
        self.user = server.make("users", name=f"{role.title()} {number}", email=f"{role}.{number}@permissions.example", role=role, **fields)
        self.id = self.user["id"]
        self.key = server.make("api-keys", name=f"of {self.id}", user_id=self.id, scopes=list(scopes))["key"]

    def ask(self, method, path, body=None, headers=None):
        return self.server.try_api(method, path, body, headers, key=self.key)

    def status(self, method, path, body=None):
        return self.ask(method, path, body).status

    def items(self, path):
        """All of a list, over its pages."""
        found, cursor = [], ""
        while cursor is not None:
            answer = self.ask("GET", path + cursor)
            assert answer.status == 200, answer
            found += answer.json["items"]
            after = answer.json.get("next_cursor")
            cursor = after and ("&" if "?" in path else "?") + f"cursor={after}"
        return found


@pytest.fixture(scope="module")
def people(server):
    return {role: Person(server, role) for role in ROLES}


def routes(server):
    """(method, path, permission) of every route."""
    for permission in server.get("permissions")["items"]:
        for route in permission["routes"]:
            method, path = route.split(" ", 1)
            yield method, path, permission


def without_body(server, method, path, key):
    """The status alone: a stream does not end."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        body = None if method in ("GET", "DELETE") else "{}"
        connection.request(method, path, body, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_route_times_every_role(server, people):
    """What the table denies is 403 before anything is looked up; what it grants is not (404: there is no such thing)."""
    seen = 0
    for method, path, permission in routes(server):
        path = path.replace("{id}", "none_0000000000000")
        for role, person in people.items():
            status = without_body(server, method, path, person.key)
            denied = permission[role] == "none"
            assert (status == 403) == denied or (not denied and permission[role] != "all" and status == 403), (method, path, role, status)
            assert status != 401 and status < 500, (method, path, role, status)
            seen += 1
        assert without_body(server, method, path, "tk_nobody") == 401, (method, path)
    assert seen > 200


def test_the_table_itself(server):
    """Held against a list of our own, so that a slip in the table does not pass by agreeing with itself."""
    table = {(p["resource"], p["verb"]): p for p in server.get("permissions")["items"]}
    reading = {"read", "private", "impersonate"}
    viewer_writes = {key for key, p in table.items() if p["viewer"] != "none" and key[1] not in reading}
    assert viewer_writes <= {("users", "update"), ("me", "update")} | {key for key in table if key[0] in ("sessions", "saved-views", "calendar-feeds")}
    assert all(p["viewer"] == "own" for key, p in table.items() if key in viewer_writes and key[0] != "me")
    assert all(p["owner"] == "all" for p in table.values())
    owners_only = {("organizations", "update"), ("organizations", "create"), *(("identity-providers", verb) for verb in ("create", "update", "delete"))}
    assert {key for key, p in table.items() if p["admin"] != "all"} == owners_only & set(table)
    for key in (("alerts", "acknowledge"), ("alerts", "resolve"), ("incidents", "create"), ("pages", "create"), ("incidents", "acknowledge")):
        assert table[key]["responder"] == "all" and table[key]["viewer"] == "none", key
    for key in (("users", "create"), ("users", "delete"), ("roles", "create"), ("audit", "read"), ("incidents", "private"), ("users", "impersonate")):
        assert table[key]["responder"] == table[key]["viewer"] == "none", key
    for key in (("services", "update"), ("schedules", "delete"), ("escalation-policies", "create"), ("integrations", "update"), ("alert-rules", "create")):
        assert table[key]["responder"] == "led", key
    for (resource, verb), p in table.items():
        assert ROLES.index("viewer") and rank(p["viewer"]) <= rank(p["responder"]) <= rank(p["admin"]) <= rank(p["owner"]), (resource, verb)


def rank(scope):
    return ["none", "own", "led", "team", "all"].index(scope)


def test_every_resource_has_a_row_in_the_table(server):
    """Who is not named is the owners' and administrators' only: safe, but surely not meant."""
    named = {}
    for p in server.get("permissions")["items"]:
        named.setdefault(p["resource"], set()).add(p["viewer"] + p["responder"])
    silent = {resource for resource, held in named.items() if held == {"nonenone"}}
    assert silent <= {"audit", "connectors", "identity-providers", "metrics"}, f"say in ROLES_HOLD (core/identity/access.c) what responders and viewers may do with {silent}"


# Keys.

@pytest.mark.parametrize("scopes, allowed, refused", [
    (["alerts:read"], [("GET", "alerts")], [("GET", "incidents"), ("POST", "alerts/ALERT-1/acknowledge")]),
    (["alerts:acknowledge"], [("POST", "alerts/ALERT-999999/acknowledge")], [("POST", "alerts/ALERT-999999/resolve"), ("GET", "alerts")]),
    (["read"], [("GET", "audit"), ("GET", "teams")], [("POST", "teams"), ("DELETE", "teams/none")]),
    (["teams:write"], [("GET", "teams"), ("POST", "teams")], [("GET", "services")]),
    (["*:read", "pages:*"], [("GET", "services"), ("POST", "pages")], [("POST", "services")]),
])
def test_a_key_does_what_its_scopes_say(server, scopes, allowed, refused):
    key = server.make("api-keys", name="scoped", scopes=scopes)["key"]
    for method, path in allowed:
        assert server.try_api(method, path, {} if method == "POST" else None, key=key).status != 403, path
    for method, path in refused:
        answer = server.try_api(method, path, {} if method == "POST" else None, key=key)
        assert answer.status == 403 and "scopes" in answer.json["detail"], (path, answer)


def test_a_key_never_does_more_than_its_person(server, people):
    key = server.make("api-keys", name="viewer's", user_id=people["viewer"].id, scopes=["*"])["key"]
    assert server.try_api("POST", "teams", {"name": "No"}, key=key).status == 403


def test_a_key_ends(fresh):
    server = fresh()
    made = server.make("api-keys", name="short", expires_at="2099-01-01T00:00:00Z")
    assert server.try_api("GET", "teams", key=made["key"]).status == 200
    server.change("api-keys", made["id"], expires_at="2020-01-01T00:00:00Z")
    answer = server.try_api("GET", "teams", key=made["key"])
    assert answer.status == 401 and "expired" in answer.json["detail"]


# Granting.

@pytest.mark.parametrize("role, body", [
    ("admin", {"name": "everything", "scopes": ["*"]}),
    ("admin", {"name": "organization", "scopes": ["organizations:write"]}),
    ("responder", {"name": "a service's", "scopes": ["alerts:read"]}),
])
def test_a_key_is_not_more_than_who_makes_it(people, role, body):
    answer = people[role].ask("POST", "api-keys", body)
    assert answer.status == 403, answer


def test_a_responder_makes_keys_for_themselves_only(people):
    mine = people["responder"].ask("POST", "api-keys", {"name": "mine", "user_id": people["responder"].id})
    assert mine.status == 201, mine
    other = people["responder"].ask("POST", "api-keys", {"name": "not mine", "user_id": people["owner"].id})
    assert other.status == 403, other
    assert {key["user_id"] for key in people["responder"].items("api-keys")} == {people["responder"].id}


def test_a_scoped_key_makes_no_wider_one(server, people):
    narrow = server.make("api-keys", name="keys only", user_id=people["owner"].id, scopes=["api-keys:write"])["key"]
    answer = server.try_api("POST", "api-keys", {"name": "wide", "user_id": people["owner"].id, "scopes": ["*"]}, key=narrow)
    assert answer.status == 403, answer
    same = server.try_api("POST", "api-keys", {"name": "same", "user_id": people["owner"].id, "scopes": ["api-keys:read"]}, key=narrow)
    assert same.status == 201, same


def test_an_administrator_makes_no_owner_and_touches_none(server, people):
    admin = people["admin"]
    number = next(NUMBERS)
    assert admin.status("POST", "users", {"name": "New", "email": f"new.{number}@permissions.example", "role": "owner"}) == 403
    assert admin.status("POST", "users", {"name": "New", "email": f"new.{number}@permissions.example", "role": "admin"}) == 201
    assert admin.status("PATCH", f"users/{people['responder'].id}", {"role": "owner"}) == 403
    for change in ({"role": "viewer"}, {"status": "deactivated"}, {"email": "taken.over@permissions.example"}):
        assert admin.status("PATCH", f"users/{people['owner'].id}", change) == 403, change
    assert admin.status("DELETE", f"users/{people['owner'].id}") == 403
    assert server.get(f"users/{people['owner'].id}")["role"] == "owner"


def test_people_change_themselves_but_not_what_they_are(people):
    responder = people["responder"]
    assert responder.status("PATCH", f"users/{responder.id}", {"time_zone": "Asia/Tokyo"}) == 200
    for change in ({"role": "admin"}, {"email": "other@permissions.example"}, {"status": "deactivated"}):
        assert responder.status("PATCH", f"users/{responder.id}", change) == 403, change
    assert responder.status("PATCH", f"users/{people['viewer'].id}", {"name": "Renamed"}) == 403


# Teams.

@pytest.fixture(scope="module")
def teams(server):
    lead, member, stranger = (Person(server, "responder") for _ in range(3))
    ours = server.make("teams", name="Ours", members=[{"user_id": lead.id, "role": "owner"}, {"user_id": member.id, "role": "responder"}])
    theirs = server.make("teams", name="Theirs", members=[{"user_id": stranger.id, "role": "admin"}])
    return {"lead": lead, "member": member, "stranger": stranger, "ours": ours, "theirs": theirs}


def things(server, team_id, lead):
    """One of each kind that a team owns: kind, body, change."""
    number = next(NUMBERS)
    target = [{"targets": [{"kind": "user", "id": lead.id}]}]
    return [
        ("services", {"name": f"Service {number}", "team_id": team_id}, {"tier": "tier1"}),
        ("schedules", {"name": f"Schedule {number}", "team_id": team_id, "time_zone": "UTC", "layers": []}, {"time_zone": "Europe/Paris"}),
        ("escalation-policies", {"name": f"Policy {number}", "team_id": team_id, "levels": target}, {"repeat": 1}),
        ("integrations", {"name": f"Integration {number}", "team_id": team_id, "template": "generic"}, {"quiet": True}),
        ("alert-rules", {"name": f"Rule {number}", "team_id": team_id, "when": "true", "enabled": False}, {"stop": True}),
    ]


def test_who_leads_a_team_configures_what_is_its(server, teams):
    lead, member, stranger = teams["lead"], teams["member"], teams["stranger"]
    for kind, body, change in things(server, teams["ours"]["id"], lead):
        assert member.status("POST", kind, body) == 403, kind
        assert stranger.status("POST", kind, body) == 403, kind
        made = lead.ask("POST", kind, body)
        assert made.status == 201, made
        path = f"{kind}/{made.json['id']}"
        assert member.status("GET", path) == stranger.status("GET", path) == 200  # seen, but not theirs
        assert member.status("PATCH", path, change) == stranger.status("PATCH", path, change) == 403, kind
        assert lead.status("PATCH", path, change) == 200, kind
        assert lead.status("PATCH", path, {"team_id": teams["theirs"]["id"]}) == 403, kind  # nothing is given away unasked
        assert lead.status("PATCH", path, {"team_id": None}) == 403, kind
        assert server.get(path)["team_id"] == teams["ours"]["id"]
        assert stranger.status("DELETE", path) == 403 and lead.status("DELETE", path) == 204, kind


def test_what_belongs_to_no_team_is_the_administrators(server, teams):
    for kind, body, change in things(server, None, teams["lead"]):
        assert teams["lead"].status("POST", kind, body) == 403, kind
        made = server.make(kind, **body)
        assert teams["lead"].status("PATCH", f"{kind}/{made['id']}", change) == 403, kind


def test_a_team_is_changed_by_who_leads_it(teams):
    path = f"teams/{teams['ours']['id']}"
    assert teams["member"].status("PATCH", path, {"time_zone": "Europe/Paris"}) == 403
    assert teams["stranger"].status("PATCH", path, {"time_zone": "Europe/Paris"}) == 403
    assert teams["lead"].status("PATCH", path, {"time_zone": "Europe/Paris"}) == 200
    assert teams["lead"].status("POST", "teams", {"name": "More"}) == 403


def test_members_cover_shifts_of_their_teams_schedules(server, teams):
    body = {"name": f"Rota {next(NUMBERS)}", "time_zone": "UTC", "layers": []}
    ours = server.make("schedules", team_id=teams["ours"]["id"], **body)
    theirs = server.make("schedules", team_id=teams["theirs"]["id"], **body)
    cover = {"user_id": teams["member"].id, "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z"}
    assert teams["member"].status("POST", "overrides", {"schedule_id": ours["id"], **cover}) == 201
    assert teams["member"].status("POST", "overrides", {"schedule_id": theirs["id"], **cover}) == 403


def test_contact_methods_are_their_persons(people):
    responder, viewer = people["responder"], people["viewer"]
    body = {"kind": "webhook", "address": "https://example.org/hook"}
    mine = responder.ask("POST", "contact-methods", {"user_id": responder.id, **body})
    assert mine.status == 201 and mine.json["verified"] is False, mine
    assert responder.status("POST", "contact-methods", {"user_id": viewer.id, **body}) == 403
    assert viewer.status("GET", f"contact-methods/{mine.json['id']}") == 404  # not even seen
    assert {m["user_id"] for m in viewer.items("contact-methods")} == {viewer.id}
    assert people["admin"].status("GET", f"contact-methods/{mine.json['id']}") == 200


# Roles that people make.

def test_a_role_that_people_make(server, people):
    role = server.make("roles", name="Phone bot", permissions=[{"resource": "alerts", "verb": "acknowledge"}, {"resource": "alerts", "verb": "read"}])
    person = Person(server, "responder", role_id=role["id"])
    assert person.status("GET", "alerts") == 200
    assert person.status("POST", "alerts/ALERT-999999/acknowledge", {}) == 404
    for method, path in (("POST", "alerts/ALERT-999999/resolve"), ("GET", "services"), ("POST", "incidents"), ("GET", "users")):
        assert person.status(method, path, {} if method == "POST" else None) == 403, path
    server.change("roles", role["id"], permissions=[{"resource": "services", "verb": "read"}])
    assert person.status("GET", "services") == 200 and person.status("GET", "alerts") == 403
    assert server.try_api("DELETE", f"roles/{role['id']}").status == 409  # it is in use
    server.change("users", person.id, role_id=None)
    assert person.status("GET", "alerts") == 200


@pytest.mark.parametrize("permission, pointer", [
    ({"resource": "alerst", "verb": "read"}, "/permissions/0/resource"),
    ({"resource": "alerts", "verb": "explode"}, "/permissions/0/verb"),
    ({"resource": "users", "verb": "read", "scope": "team"}, "/permissions/0/scope"),
    ({"resource": "services", "verb": "read", "scope": "own"}, "/permissions/0/scope"),
    ({"resource": "alerts", "verb": "read", "scope": "mine"}, "/permissions/0/scope"),
])
def test_a_wrong_permission_is_named(server, permission, pointer):
    answer = server.try_api("POST", "roles", {"name": "Wrong", "permissions": [permission]})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == pointer, answer


def test_nobody_grants_through_a_role_what_they_lack(server, people):
    wide = {"name": "Wide", "permissions": [{"resource": "organizations", "verb": "update"}]}
    assert people["admin"].status("POST", "roles", wide) == 403
    made = server.make("roles", **wide)
    person = Person(server, "responder")
    assert people["admin"].status("PATCH", f"users/{person.id}", {"role_id": made["id"]}) == 403
    assert people["admin"].status("DELETE", f"roles/{made['id']}") == 403
    assert server.try_api("PATCH", f"users/{person.id}", {"role_id": made["id"], "role": "admin"}).status == 400
    assert server.try_api("PATCH", f"users/{person.id}", {"role_id": made["id"]}).status == 200


def test_team_scope_hides_what_is_other_teams(server):
    role = server.make("roles", name="Own teams only", permissions=[
        {"resource": "alerts", "verb": "write", "scope": "team"}, {"resource": "services", "verb": "read", "scope": "team"},
        {"resource": "pages", "verb": "read", "scope": "team"}, {"resource": "timeline", "verb": "read", "scope": "team"},
        {"resource": "incidents", "verb": "write", "scope": "team"}, {"resource": "notifications", "verb": "read", "scope": "team"},
        {"resource": "requests", "verb": "read", "scope": "team"}, {"resource": "schedules", "verb": "read", "scope": "team"}, {"resource": "teams", "verb": "read", "scope": "all"}])
    person = Person(server, "responder", role_id=role["id"])
    ours = server.make("teams", name="Scoped", members=[{"user_id": person.id, "role": "responder"}])
    other = server.make("teams", name="Hidden")
    keys = {}
    for team in (ours, other, None):
        name = team["name"] if team else "Nobody's"
        keys[name] = server.make("integrations", name=f"Source of {name}", template="generic", key=f"scope-{name.lower()[:6].strip(chr(39))}-012345",
                                 team_id=team["id"] if team else None)["key"]
        server.make("services", name=f"Service of {name}", team_id=team["id"] if team else None)
        server.make("schedules", name=f"Rota of {name}", team_id=team["id"] if team else None, time_zone="UTC", layers=[])
        server.send(keys[name], {"title": f"Alert of {name}", "dedup_key": f"k-{name}", "priority": "p1"})
    seen = {a["title"] for a in person.items("alerts?limit=1000")}
    assert {"Alert of Scoped", "Alert of Nobody's"} <= seen and "Alert of Hidden" not in seen
    counted = person.ask("GET", f"alerts?total=true&team_id={ours['id']}&team_id={other['id']}").json
    assert counted["total"] == len(counted["items"]) == 1
    alerts = {a["title"]: a for a in server.items("alerts")}
    hidden, shown, nobodys = (alerts[f"Alert of {name}"] for name in ("Hidden", "Scoped", "Nobody's"))
    for path in (f"alerts/{hidden['id']}", f"alerts/{hidden['number']}", f"alerts/{hidden['id']}/timeline", f"alerts/{hidden['id']}/explanation",
                 f"alerts/{hidden['id']}/occurrences"):
        assert person.status("GET", path) == 404, path
    assert person.status("POST", f"alerts/{hidden['id']}/acknowledge", {}) == 404
    assert person.status("POST", f"alerts/{shown['id']}/acknowledge", {}) == 200
    assert person.status("POST", f"alerts/{nobodys['id']}/acknowledge", {}) == 200  # of no team: everybody's
    assert "Rota of Scoped" in person.ask("GET", "on-call").text and "Rota of Hidden" not in person.ask("GET", "on-call").text
    for kind in ("pages", "timeline", "notifications", "requests", "services"):
        text = str(person.items(f"{kind}?limit=1000"))
        assert hidden["id"] not in text and "Hidden" not in text, kind
    assert any(e["subject_id"] == shown["id"] for e in person.items(f"timeline?subject_id={shown['id']}"))
    assert person.items(f"timeline?subject_id={hidden['id']}") == []
    incident = server.make("incidents", title="Incident of Hidden", severity=2, team_id=other["id"])
    assert person.status("GET", f"incidents/{incident['id']}") == 404
    assert person.status("POST", f"incidents/{incident['id']}/resolve", {}) == 404
    assert person.status("POST", "incidents", {"title": "For others", "team_id": other["id"]}) in (403, 400)
    assert person.status("POST", "incidents", {"title": "For us", "team_id": ours["id"]}) == 201
