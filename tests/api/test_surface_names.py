"""Slugs, numbers and e-mails wherever an id is taken: every field of every resource that refers to something, in bodies, in
filters and in paths. The tables are read from the OpenAPI document, so a new reference is walked by itself."""

import pytest


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """One of each kind that has a name beside its id: {plural: (id, name)}."""
    from tocsin import Tocsin
    server = Tocsin(tmp_path_factory.mktemp("names") / "data")
    server.init()
    server.start()
    user = server.make("users", name="Ann", email="ann@example.org")
    team = server.make("teams", name="Payments")
    policy = server.make("escalation-policies", name="Night", levels=[{"targets": [{"kind": "user", "id": "ann@example.org"}]}])
    service = server.make("services", name="Checkout", team_id="payments", policy_id="night")
    schedule = server.make("schedules", name="Primary", layers=[])
    integration = server.make("integrations", name="Prod", template="generic", key="names-key-0123456789", service_id="checkout")
    incident = server.make("incidents", title="Broken", commander_id="ann@example.org", service_ids=["checkout"])
    server.send("names-key-0123456789", {"title": "Disk", "dedup_key": "disk"})
    alert = server.items("alerts", integration_id="prod")[0]
    names = {"users": (user["id"], "ann@example.org"), "incidents": (incident["id"], incident["number"]),
             "alerts": (alert["id"], alert["number"])}
    for plural, one in (("teams", team), ("escalation-policies", policy), ("services", service), ("schedules", schedule),
                        ("integrations", integration)):
        names[plural] = (one["id"], one["slug"])
    yield server, names
    server.stop()


def reference(schema):
    """Of what kind a member or parameter refers to something: x-resource, also inside arrays and either-or."""
    for inner in [schema, schema.get("items", {}), *schema.get("anyOf", []), *schema.get("items", {}).get("anyOf", [])]:
        if "x-resource" in inner:
            return inner["x-resource"]
    return None


def test_paths_take_names(named):
    server, names = named
    for plural, (id, name) in names.items():
        assert server.get(f"{plural}/{name}")["id"] == id, plural


def test_every_filter_that_refers_takes_names(named):
    server, names = named
    document, walked = server.http("GET", "/api/openapi.json").json, 0
    for path, methods in document["paths"].items():
        operation = methods.get("get", {})
        if "{" in path or not operation.get("operationId", "").startswith("list_"):
            continue
        for parameter in operation["parameters"]:
            kind = reference(parameter["schema"])
            if kind not in names:
                continue
            by_id, by_name = (server.get(path, **{parameter["name"]: one, "limit": 1000})["items"] for one in names[kind])
            assert [one["id"] for one in by_id] == [one["id"] for one in by_name], f"{path}?{parameter['name']}"
            answer = server.try_api("GET", f"{path}?{parameter['name']}=nobody-knows")
            assert answer.status == 400 and "nobody-knows" in answer.json["detail"], answer
            walked += 1
    assert walked > 20


def test_every_member_that_refers_takes_names(named):
    """Each single reference of a whole input: an unknown name is named, a known one is not among the errors."""
    server, names = named
    schemas, walked = server.http("GET", "/api/openapi.json").json["components"]["schemas"], 0
    paths = server.http("GET", "/api/openapi.json").json["paths"]
    for path, methods in paths.items():
        operation = methods.get("post", {})
        if "{" in path or not operation.get("operationId", "").startswith("create_"):
            continue
        form = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for member, schema in schemas[form]["properties"].items():
            kind = reference(schema)
            if kind not in names or "items" in schema:
                continue
            wrong = server.try_api("POST", path, {member: "nobody-knows"})
            assert wrong.status == 400, wrong
            assert [e["code"] for e in wrong.json["errors"] if e["pointer"] == f"/{member}"] == ["not_found"], wrong
            right = server.try_api("POST", path, {member: names[kind][1], "no_such_member": 1})
            assert right.status == 400 and f"/{member}" not in [e["pointer"] for e in right.json["errors"]], right
            walked += 1
    assert walked > 12


def test_expressions_take_names(named):
    server, names = named
    assert [one["id"] for one in server.items("alerts", filter='service_id == "checkout"')] == [names["alerts"][0]]
    assert [one["id"] for one in server.items("incidents", filter='commander_id in ["ann@example.org"]')] == [names["incidents"][0]]
    assert [one["slug"] for one in server.items("services", filter='policy_id == "night" && team_id == "payments"')] == ["checkout"]
