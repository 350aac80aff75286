"""Every refusal is problem+json (RFC 9457) that says what was wrong, where, and what to do: each operation of the document is
called wrongly in every way that is possible everywhere."""

import json
import re

import pytest

from tocsin import Tocsin

NOBODY = "none_0000000000000"


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    server = Tocsin(tmp_path_factory.mktemp("problems") / "data")
    server.init()
    server.start()
    server.viewer = server.make("api-keys", name="Reads little", scopes=["users:read"])["key"]
    yield server
    server.stop()


def operations(server):
    document = server.http("GET", "/api/openapi.json").json
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.endswith(("/stream",)):
                continue
            yield method.upper(), re.sub(r"\{[a-z_]+\}", NOBODY, path), operation


def hold(answer, what, statuses):
    """The problem is whole. Gives it back."""
    assert answer.status in statuses, (what, answer)
    assert answer.headers["content-type"] == "application/problem+json", (what, answer)
    problem = answer.json
    assert problem["type"] == "about:blank" and problem["status"] == answer.status and problem["title"], (what, problem)
    assert len(problem["detail"]) >= 15 and problem["detail"] != problem["title"], (what, problem)
    assert problem["code"] and problem["request_id"] == answer.headers["x-request-id"], (what, problem)
    for error in problem["errors"]:
        assert error["pointer"] == "" or error["pointer"].startswith("/"), (what, problem)
        assert error["code"] and len(error["message"]) >= 10, (what, problem)
    if answer.status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1, (what, answer.headers)
    if answer.status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return problem


def takes_body(operation):
    return any("json" in kind for kind in operation.get("requestBody", {}).get("content", {}))


def test_without_a_key(walked):
    seen = 0
    for method, path, operation in operations(walked):
        if "security" in operation:
            continue
        problem = hold(walked.http(method, path), (method, path), (401,))
        assert "Bearer" in problem["detail"]
        seen += 1
    assert seen > 100


def test_with_a_key_that_may_not(walked):
    for method, path, operation in operations(walked):
        wanted = operation.get("x-permission", "")
        if not wanted or wanted in ("users:read",) or wanted.startswith("me:"):
            continue
        problem = hold(walked.try_api(method, path, {} if method != "GET" else None, key=walked.viewer), (method, path), (403,))
        assert "scopes" in problem["detail"] and wanted in problem["detail"], problem


def test_what_is_not_there(walked):
    for method, path, operation in operations(walked):
        if NOBODY not in path or "security" in operation:
            continue
        if takes_body(operation) and method == "POST":
            continue  # its body is looked at first
        answer = walked.try_api(method, path, {} if method in ("PATCH",) else None)
        if answer.status < 300 or answer.status == 405:
            continue
        problem = hold(answer, (method, path), (404, 400))
        assert answer.status == 404 or problem["errors"] or "parameter" in problem["detail"], (method, path, problem)


def test_a_body_that_is_none(walked):
    for method, path, operation in operations(walked):
        if not takes_body(operation) or "security" in operation:
            continue
        for body, words in (("{", "not JSON"), ("[]", "object")):
            assert words in hold(walked.try_api(method, path, body), (method, path, body), (400,))["detail"], (method, path, body)


def test_a_member_that_nobody_knows_has_its_place(walked):
    for method, path, operation in operations(walked):
        if not takes_body(operation) or "security" in operation:
            continue
        answer = walked.try_api(method, path, {"no_such_member": 1})
        problem = hold(answer, (method, path), (400, 404))
        if answer.status == 400:
            assert "/no_such_member" in [e["pointer"] for e in problem["errors"]], (method, path, problem)


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def test_a_member_of_the_wrong_kind_has_its_place(walked):
    document = walked.http("GET", "/api/openapi.json").json
    seen, without = 0, []
    for method, path, operation in operations(walked):
        if not takes_body(operation) or "security" in operation or method == "PATCH":
            continue
        schema = resolve(document, next(iter(operation["requestBody"]["content"].values()))["schema"])
        for name, of in schema.get("properties", {}).items():
            if not any(word in json.dumps(of) for word in ("string", "integer", "boolean", "array")):
                continue  # anything goes
            answer = walked.try_api(method, path, {name: {"wrong": ["kind"]}})
            problem = hold(answer, (method, path, name), (400, 403, 404, 409))
            if answer.status == 400 and of.get("type") not in ("object", ["object", "null"]) and "additionalProperties" not in json.dumps(of):
                if not [e for e in problem["errors"] if e["pointer"] == "/" + name or e["pointer"].startswith(f"/{name}/")]:
                    without.append((method, path, name, problem["detail"], problem["errors"]))
                seen += 1
    assert seen > 100 and not without, without


def test_a_parameter_that_nobody_knows(walked):
    for method, path, operation in operations(walked):
        if method != "GET" or "security" in operation or "{" in path:
            continue
        answer = walked.try_api(method, path + "?no_such_parameter=1")
        if answer.status == 404 and NOBODY in path:
            continue
        problem = hold(answer, (method, path), (400,)) if answer.status != 200 else None
        if problem:
            assert "no_such_parameter" in problem["detail"], (method, path, problem)


def test_versions_methods_and_paths(walked):
    team = walked.make("teams", name="Here")
    for version, status in (('"99"', 412), ("abc", 412)):
        hold(walked.try_api("PATCH", "teams/" + team["id"], {"name": "There"}, headers={"If-Match": version}), version, (status,))
    answer = walked.try_api("PUT", "teams/" + team["id"], {})
    hold(answer, "PUT", (405,))
    assert "PATCH" in answer.headers["allow"]
    assert 'did you mean "alerts"' in hold(walked.try_api("GET", "alrts"), "alrts", (404,))["detail"]
    assert 'did you mean "acknowledge"' in hold(walked.try_api("POST", "alerts/ALERT-1/aknowledge", {}), "verb", (404,))["detail"]
    hold(walked.try_api("POST", "teams", {"name": "x" * 2000000}), "large", (413,))
    hold(walked.try_api("GET", "teams?x=" + "a" * 9000), "long", (414,))
    hold(walked.try_api("GET", "teams", headers={"X-Long": "a" * 20000}), "head", (431,))
    hold(walked.try_api("POST", "teams", {"name": "Once"}, headers={"Idempotency-Key": "k" * 300}), "key", (400,))
    assert walked.try_api("POST", "teams", {"name": "Once"}, headers={"Idempotency-Key": "once"}).status == 201
    hold(walked.try_api("POST", "teams", {"name": "Twice"}, headers={"Idempotency-Key": "once"}), "key", (422,))
    walked.make("services", name="Of it", team_id=team["id"])
    assert "service" in hold(walked.try_api("DELETE", "teams/" + team["id"]), "used", (409,))["detail"]
