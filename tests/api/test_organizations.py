"""Organizations are apart: no route, reference, filter, stream, count or error of one shows anything of another."""

import itertools
import stat

import pytest

from tocsin import Stream, Tocsin, run

SECRET = "Alpha"  # stands in the name of everything that the first organization has


class Other:
    """The same server, spoken to with another organization's key."""

    def __init__(self, server, key):
        self.port, self.key = server.port, key
        self.try_api = lambda *a, **k: Tocsin.try_api(self, *a, **k)

    http = Tocsin.http
    get = Tocsin.get
    api = Tocsin.api
    make = Tocsin.make
    items = Tocsin.items


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two") / "data"
    server = Tocsin(folder)
    server.init(organization=SECRET, name=f"{SECRET} Owner")
    done = run("init", "--data", folder, "--organization", "Beta Works", "--email", "owner@example.org", "--name", "Beta Owner")
    assert done.returncode == 0 and "admin-beta-works.key" in done.stdout, done
    server.start()
    beta = Other(server, (folder / "admin-beta-works.key").read_text().strip())
    yield server, beta, fill(server)
    server.kill()


def fill(server):
    """One of everything, each with the secret word in it. kind -> the thing."""
    made = {}

    def put(resource, /, **fields):
        return made.setdefault(resource, server.make(resource, **fields))

    def name(word):
        return f"{SECRET} {word}"

    user = put("users", name=name("Ann"), email="ann@alpha.example", role="responder")
    method = put("contact-methods", user_id=user["id"], kind="webhook", address="https://example.org/alpha", label=name("hook"), verified=True)
    made["notification-rules"] = server.items("notification-rules", user_id=user["id"])[0]
    team = put("teams", name=name("team"), members=[{"user_id": user["id"], "role": "owner"}])
    week = {"name": name("week"), "mode": "replace", "starts_at": "2026-01-05T09:00:00", "turn": {"every": 1, "unit": "week"}, "members": [[user["id"]]]}
    schedule = put("schedules", name=name("rota"), team_id=team["id"], time_zone="UTC", layers=[week])
    put("overrides", schedule_id=schedule["id"], user_id=user["id"], kind="add", starts_at="2030-01-01T00:00:00Z", ends_at="2030-01-02T00:00:00Z")
    policy = put("escalation-policies", name=name("policy"), levels=[{"targets": [{"kind": "user", "id": user["id"]}]}])
    service = put("services", name=name("service"), team_id=team["id"])
    integration = put("integrations", name=name("source"), template="generic", key="alpha-key-0123456789", policy_id=policy["id"], service_id=service["id"])
    put("alert-rules", name=name("rule"), when="true", actions=[{"type": "create_incident", "severity": 2}, {"type": "page"}])
    put("api-keys", name=name("key"))
    put("roles", name=name("role"), permissions=[])
    server.send(integration["key"], {"title": name("alert"), "dedup_key": "alpha", "priority": "p1"})
    for kind in ("alerts", "requests", "incidents", "timeline", "pages", "notifications", "audit", "organizations"):
        found = server.items(kind)
        assert found, kind
        made[kind] = found[0]
    made["incidents"] = server.make("incidents", title=name("incident"), severity=1)
    assert method and made
    return made


def names_of(thing):
    return [thing[member] for member in ("id", "slug", "number", "email") if thing.get(member)]


def routes(server):
    for permission in server.get("permissions")["items"]:
        for route in permission["routes"]:
            method, path = route.split(" ", 1)
            if "{" in path:
                yield method, path.removeprefix("/api/v1/")


def test_init_makes_a_further_organization_and_keeps_the_first(two):
    server, beta, _ = two
    assert [o["name"] for o in server.items("organizations")] == [SECRET]
    assert [o["name"] for o in beta.items("organizations")] == ["Beta Works"]
    key = server.folder / "admin-beta-works.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = run("init", "--data", server.folder, "--organization", "beta works", "--email", "x@example.org", "--name", "X")
    assert again.returncode in (1, 4), again


def test_the_same_name_is_refused(tmp_path):
    server = Tocsin(tmp_path / "data")
    server.init(organization="Only")
    again = run("init", "--data", server.folder, "--organization", "ONLY", "--email", "x@example.org", "--name", "X")
    assert again.returncode in (1, 4) and "already" in again.stderr, again
    assert not list(server.folder.glob("admin-*.key"))


def test_every_route_with_another_organizations_ids(two):
    """404, in the very words of an id that never was."""
    server, beta, things = two
    tried = 0
    for method, path in routes(server):
        kind = path.split("/", 1)[0]
        thing = things.get(kind)
        if thing is None:
            continue
        body = None if method in ("GET", "DELETE") else {"text": "x", "title": "x", "name": "x", "reason": "x"} if method == "PATCH" else {}
        for word in names_of(thing):
            if word == "owner@example.org":
                continue
            absent = word[:4] + "0000000000000" if "_" in word else "ALERT-99999999" if "-" in word and word.split("-")[-1].isdigit() else word + "-absent" if "@" not in word else "nobody@alpha.example"
            theirs = beta.try_api(method, path.replace("{id}", word), body)
            nobodys = beta.try_api(method, path.replace("{id}", absent), body)
            assert theirs.status == nobodys.status, (method, path, word, theirs, nobodys)
            assert theirs.status in (400, 404, 405), (method, path, word, theirs)
            assert theirs.status == 404 or method != "GET", (method, path, word, theirs)
            assert SECRET not in theirs.text and "alpha" not in theirs.text.replace(word, "").lower(), (method, path, theirs)
            tried += 1
    assert tried > 100


REFERENCES = [
    ("teams", {"name": "x"}, "policy_id", "escalation-policies"), ("teams", {"name": "x"}, "members", "users"),
    ("services", {"name": "x"}, "team_id", "teams"), ("services", {"name": "x"}, "policy_id", "escalation-policies"),
    ("services", {"name": "x"}, "depends_on", "services"),
    ("schedules", {"name": "x", "time_zone": "UTC"}, "team_id", "teams"), ("schedules", {"name": "x", "time_zone": "UTC"}, "layers", "users"),
    ("overrides", {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z"}, "schedule_id", "schedules"),
    ("escalation-policies", {"name": "x"}, "levels", "users"), ("escalation-policies", {"name": "x"}, "levels", "schedules"),
    ("escalation-policies", {"name": "x"}, "levels", "teams"),
    ("integrations", {"name": "x", "template": "generic"}, "team_id", "teams"), ("integrations", {"name": "x", "template": "generic"}, "service_id", "services"),
    ("integrations", {"name": "x", "template": "generic"}, "policy_id", "escalation-policies"),
    ("alert-rules", {"name": "x", "when": "true"}, "team_id", "teams"), ("alert-rules", {"name": "x", "when": "true"}, "integration_ids", "integrations"),
    ("alert-rules", {"name": "x", "when": "true"}, "actions", "escalation-policies"),
    ("incidents", {"title": "x"}, "team_id", "teams"), ("incidents", {"title": "x"}, "service_ids", "services"), ("incidents", {"title": "x"}, "commander_id", "users"),
    ("contact-methods", {"kind": "webhook", "address": "https://example.org/x"}, "user_id", "users"),
    ("notification-rules", {"urgency": "high", "steps": []}, "user_id", "users"), ("api-keys", {"name": "x"}, "user_id", "users"),
    ("users", {"name": "x", "email": "x@beta.example"}, "role_id", "roles"), ("pages", {"message": "x"}, "targets", "users"),
    ("pages", {"message": "x"}, "targets", "schedules"), ("pages", {"message": "x"}, "targets", "teams"),
    ("alert-rules/preview", {"payload": {}}, "integration_id", "integrations"), ("alert-rules/preview", {}, "request_id", "requests"),
]


def wrapped(field, target, word):
    single = target.removesuffix("s")
    return {"members": [{"user_id": word}], "depends_on": [word], "levels": [{"targets": [{"kind": single, "id": word}]}], "service_ids": [word],
            "layers": [{"name": "l", "starts_at": "2026-01-05T09:00:00", "members": [[word]]}], "integration_ids": [word],
            "actions": [{"type": "page", "policy_id": word}], "targets": [{"kind": single, "id": word}]}.get(field, word)


@pytest.mark.parametrize("kind, body, field, target", REFERENCES)
def test_no_body_refers_to_what_is_anothers(two, kind, body, field, target):
    _, beta, things = two
    for word in names_of(things[target]):
        if word == "owner@example.org":
            continue
        answer = beta.try_api("POST", kind, {**body, field: wrapped(field, target, word)})
        assert answer.status in (400, 404), (kind, field, word, answer)
        assert field in answer.text or answer.status == 404, answer
        assert "alpha" not in answer.text.replace(word, "").lower(), answer


def test_no_filter_and_no_list_shows_it(two):
    server, beta, things = two
    document = beta.get("/api/openapi.json") if beta.try_api("GET", "/api/openapi.json").status == 200 else {"paths": {}}
    tried = 0
    for kind, thing in things.items():
        answer = beta.try_api("GET", f"{kind}?limit=1000&total=true")
        assert answer.status == 200 and SECRET not in answer.text and thing["id"] not in answer.text, kind
        names = [p["name"] for p in document["paths"].get(f"/api/v1/{kind}", {}).get("get", {}).get("parameters", []) if p.get("name", "").endswith("_id")]
        for name, target in itertools.product(names, things.values()):
            answer = beta.try_api("GET", f"{kind}?{name}={target['id']}")
            assert answer.status in (400, 404) or answer.json["items"] == [], (kind, name, answer)
            assert SECRET not in answer.text, (kind, name, answer)
            tried += 1
    for query in (f"on-call?schedule_id={things['schedules']['id']}", f"on-call?user_id={things['users']['id']}", f"on-call?team_id={things['teams']['slug']}",
                  f"on-call?policy_id={things['escalation-policies']['id']}", f"on-call?service_id={things['services']['id']}"):
        answer = beta.try_api("GET", query)
        assert answer.status in (400, 404), (query, answer)
    for path in ("on-call", "me", "templates", "organization"):
        answer = beta.try_api("GET", path)
        assert answer.status == 200 and SECRET not in answer.text, (path, answer)
    assert tried > 50 or not document["paths"]


def test_no_error_tells_of_it(two):
    """What is taken in one organization is free in another; a key that stands in URLs is the exception, and says no more."""
    _, beta, things = two
    assert beta.try_api("POST", "users", {"name": "Same mail", "email": things["users"]["email"]}).status == 201
    slug = things["teams"]["slug"]
    made = beta.try_api("POST", "teams", {"name": "x", "slug": slug})
    assert made.status == 201 and made.json["slug"] == slug, made
    assert beta.try_api("GET", f"teams/{slug}").json["name"] == "x"  # its own
    taken = beta.try_api("POST", "integrations", {"name": "x", "template": "generic", "key": things["integrations"]["key"]})
    assert taken.status == 409 and SECRET not in taken.text and things["integrations"]["id"] not in taken.text, taken


def test_numbers_are_counted_apart(two):
    _, beta, _ = two
    assert beta.make("incidents", title="Beta's first", severity=3)["number"] == "INC-1"


def test_no_stream_tells_of_it(two):
    server, beta, things = two
    with Stream(beta) as stream:
        server.change("services", things["services"]["id"], tier="tier1")
        mine = beta.make("services", name="Beta's own")
        seen = []
        stream.until(lambda e: seen.append(e["data"]) or mine["id"] in e["data"])
        assert not any(things["services"]["id"] in data for data in seen)
    with Stream(beta, last_id=0) as stream:
        seen = []
        stream.until(lambda e: seen.append(e["data"]) or e["event"] == "reset" or mine["id"] in e["data"])
        assert not any(thing["id"] in data for thing in things.values() for data in seen)


def test_an_event_reaches_its_own_organization_only(two):
    server, beta, things = two
    before = len(server.items("alerts"))
    source = beta.make("integrations", name="Beta source", template="generic")
    server.send(source["key"], {"title": "Beta's alert", "dedup_key": "alpha", "priority": "p4", "service": things["services"]["slug"]})
    (alert,) = [a for a in beta.items("alerts") if a["title"] == "Beta's alert"]
    assert alert["service_id"] is None and alert["number"].startswith("ALERT-")
    assert len(server.items("alerts")) == before
    rules = beta.get(f"alerts/{alert['id']}/explanation")
    assert SECRET not in str(rules)


def test_the_client_speaks_for_the_organization_of_its_key(two):
    server, beta, _ = two
    seen = run("get", "services", "-o", "json", env={"TOCSIN_URL": f"http://127.0.0.1:{server.port}", "TOCSIN_KEY": beta.key})
    assert seen.returncode == 0 and SECRET not in seen.stdout, seen


def test_metrics_carry_no_names(two):
    server, beta, _ = two
    answer = server.http("GET", "/metrics")
    assert answer.status == 200 and "alpha" not in answer.text.lower()
