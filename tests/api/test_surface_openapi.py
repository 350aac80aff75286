"""The OpenAPI document: sound, whole, and true. That every answer of every test fits it is checked in contract.py."""

import json
import os
import re
import subprocess
import sys

import openapi_spec_validator
import pytest

from contract import Broken, Contract

# An unknown path member is 404 and a rule of ours beyond the schema 400: both are documented, and no schema can say them.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "response_headers_conformance", "unsupported_method", "missing_required_header", "ignored_auth",
          "negative_data_rejection"]
# Of the usual run: requests made at random, the same each time. With TOCSIN_TEST_HOSTILE=N also every border of every
# parameter and member, and N random ones, which takes minutes.
EXAMPLES = int(os.environ.get("TOCSIN_TEST_HOSTILE", 0))
PHASES, COUNT = ("coverage,fuzzing", max(EXAMPLES, 4)) if EXAMPLES else ("fuzzing", 2)
GROUPS = [
    ["alerts", "alert-rules", "requests", "changes", "eval", "templates", "integrations"],
    ["incidents", "timeline", "pages", "notifications", "audit", "on-call", "permissions"],
    ["users", "contact-methods", "notification-rules", "teams", "roles", "api-keys", "me"],
    None,  # all that are left
]
SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 414, 422, 429, 431]
"""


@pytest.fixture(scope="module")
def document(server):
    answer = server.http("GET", "/api/openapi.json")  # without a key: it says nothing about anybody's data
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    return answer.json


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def needed(components, schema):
    """Only the schemas that one refers to: to compile all of them for each of a thousand examples takes a minute."""
    found, waiting = {}, [schema]
    while waiting:
        for name in re.findall(r"#/components/schemas/([A-Za-z0-9_.-]+)", json.dumps(waiting.pop())):
            if name not in found:
                found[name] = components["schemas"][name]
                waiting.append(found[name])
    return {"schemas": found}


def test_every_body_and_answer_has_an_example_that_fits(document):
    import jsonschema_rs
    seen, wrong = 0, []
    shared = document["components"]["responses"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            places = [("body", operation.get("requestBody", {}))]
            places += [(status, shared[r["$ref"].rsplit("/", 1)[1]] if "$ref" in r else r) for status, r in operation["responses"].items()]
            for place, what in places:
                for kind, content in what.get("content", {}).items():
                    if "json" not in kind:
                        continue
                    assert "example" in content, (method, path, place)
                    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content["schema"], "components": needed(document["components"], content["schema"])}
                    errors = jsonschema_rs.Draft202012Validator(whole, validate_formats=True).iter_errors(content["example"])
                    wrong += [(method, path, place, "/".join(map(str, e.instance_path)), e.message[:200]) for e in errors]
                    seen += 1
    assert seen > 500 and not wrong, wrong[:20]


def test_every_operation_names_its_errors(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            wanted = {"400", "429", "500", "503"} | ({"401", "403", "404"} if "security" not in operation else set()) | ({"409", "412", "413"} if method != "get" else set())
            assert wanted <= set(operation["responses"]), (method, path)


def test_document_is_valid_openapi_3_1(document):
    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1")


def test_names_are_unique_and_speak(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z_]+", name)] == []
    assert {"list_alerts", "get_alert", "acknowledge_alert", "create_page", "update_own_organization"} <= set(names)


def test_every_operation_says_what_it_does_who_may_and_what_can_go_wrong(document):
    open_to_all = set()
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"].strip() and operation["tags"], where
        assert {"400", "401", "403", "404", "429", "500", "503"} <= set(operation["responses"]), where
        assert any(status.startswith("2") for status in operation["responses"]), where
        if operation.get("security") == []:
            open_to_all.add(path)
        else:
            assert re.fullmatch(r"[a-z-]+:[a-z-]+", operation["x-permission"]), where
        declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), where
    assert open_to_all == {"/api/v1/sign-in", "/api/v1/sign-out", "/api/v1/join", "/api/v1/join/look",
                           "/api/v1/password-reset", "/api/v1/sign-in/providers"}


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            elif key == "mapping":
                yield from inner.values()
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere_and_nothing_is_left_over(document):
    pointed = set(references(document))
    for pointer in pointed:
        place = document
        for part in pointer.removeprefix("#/").split("/"):
            assert part in place, pointer
            place = place[part]
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in pointed, f"{name} is used by nothing"


def test_forms_tell_reading_from_writing(document):
    schemas = document["components"]["schemas"]
    read, create, update = schemas["Integration"], schemas["IntegrationCreate"], schemas["IntegrationUpdate"]
    assert "secret" not in read["properties"] and create["properties"]["secret"]["writeOnly"] is True
    assert read["properties"]["url"]["readOnly"] is True and "url" not in create["properties"]
    assert create["required"] == ["name", "template"] and "required" not in update
    assert "key" in create["properties"] and "key" not in update["properties"], "set at creation only"
    assert create["properties"]["enabled"]["default"] is True
    assert create["additionalProperties"] is False


def test_unions_are_told_apart_by_their_tag(document):
    actions = document["components"]["schemas"]["AlertRuleCreate"]["properties"]["actions"]["items"]
    assert actions["discriminator"]["propertyName"] == "type"
    for name, pointer in actions["discriminator"]["mapping"].items():
        variant = document["components"]["schemas"][pointer.rsplit("/", 1)[1]]
        assert variant["properties"]["type"] == {"const": name} and "type" in variant["required"]


def test_enums_references_and_examples_are_shown(document):
    service = document["components"]["schemas"]["Service"]["properties"]
    assert service["tier"]["enum"] == ["tier1", "tier2", "tier3", "tier4"]
    assert "`tier1`" in service["tier"]["description"]
    assert service["team_id"]["x-resource"] == "teams" and service["team_id"]["type"] == ["string", "null"]
    assert service["name"]["examples"] == ["Checkout"]


def test_the_check_of_answers_can_fail(server, document):
    contract = Contract(document)
    answer = server.try_api("GET", "users")
    contract.check("GET", "/api/v1/users", answer)
    for wrong in (b'{"items":[{"id":"usr_1"}],"next_cursor":null}', b'{"items":7,"next_cursor":null}', b'{"next_cursor":null}'):
        answer.body = wrong
        with pytest.raises(Broken):
            contract.check("GET", "/api/v1/users", answer)
    answer.status = 418
    with pytest.raises(Broken):
        contract.check("GET", "/api/v1/users", answer)


def test_a_page_shows_it_without_a_script_or_anything_from_elsewhere(server, document):
    answer = server.http("GET", "/api/docs")
    page = answer.text
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in page and "http://" not in page and "//cdn" not in page
    for path, method, operation in operations(document):
        assert f"<code>{method.upper()} {path}</code>" in page, path
    for name in document["components"]["schemas"]:
        assert f'<h3 id="{name}">' in page, name


@pytest.mark.timeout(400)
@pytest.mark.parametrize("tags", GROUPS)
def test_hostile_requests_find_no_5xx_and_no_answer_outside_the_document(fresh, document, tags):
    """Schemathesis over the whole document: good, borderline and bad values for every parameter and member."""
    server = fresh()
    url = f"http://127.0.0.1:{server.port}"
    apart = {tag for group in GROUPS for tag in group or []}
    every = {operation["tags"][0] for _, _, operation in operations(document)}
    choice = []
    for tag in sorted(tags or every - apart - {"stream", "sign-in", "sign-out"}):
        choice += ["--include-tag", tag]
    (server.folder / "schemathesis.toml").write_text(SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", url + "/api/openapi.json", "--url", url,
         "-H", f"Authorization: Bearer {server.key}", "--phases", PHASES, "-n", str(COUNT), "--seed", "7",
         "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--checks", ",".join(CHECKS), *choice],
        capture_output=True, text=True, timeout=540, cwd=server.folder)
    assert server.process.poll() is None, server.log()[-3000:]
    assert done.returncode == 0, done.stdout[:6000] + done.stdout[-3000:] + done.stderr[-2000:]
