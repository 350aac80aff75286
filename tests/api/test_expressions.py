"""Expressions as people try them out: over the API, over stored data, and with `tocsin eval`, which needs no server."""

import json
import math
import os
import subprocess

import pytest

from tocsin import BINARY, CHECKOUT, run

PAYLOAD = {"payload": {"title": "disk full", "count": 7, "tags": ["env:prod"], "ratio": 0.5, "nested": {"a": [1, {"b": 2}]}}}


def evaluate(server, source, context=None, **fields):
    return server.api("POST", "expressions/evaluate", {"source": source, "context": context or {}, **fields})


@pytest.mark.parametrize("source, kind, value", [
    ("payload.count + 1", "int", 8),
    ("payload.ratio * 2.0", "double", 1),
    ("1u", "uint", 1),
    ("payload.title.split(' ')", "list", ["disk", "full"]),
    ("payload.nested", "map", {"a": [1, {"b": 2}]}),
    ("b'\\377\\000'", "bytes", "/wA="),
    ("timestamp('2026-01-05T09:00:00Z')", "google.protobuf.Timestamp", "2026-01-05T09:00:00Z"),
    ("duration('1h')", "google.protobuf.Duration", "3600s"),
    ("null", "null_type", None),
    ("type(1)", "type", "int"),
    ("payload.?count", "optional_type", 7),
    ("18446744073709551615u", "uint", 18446744073709551615),
    ("-9223372036854775808", "int", -9223372036854775808),
    ("ip('10.0.0.1')", "net.IP", "10.0.0.1"),
])
def test_values_come_with_their_type(server, source, kind, value):
    answer = evaluate(server, source, PAYLOAD)
    assert (answer["type"], answer["value"]) == (kind, value)
    assert answer["cost"] > 0


def test_numbers_that_json_does_not_have_are_texts(server):
    answer = evaluate(server, "[1.0 / 0.0, -1.0 / 0.0, 0.0 / 0.0]")
    assert answer["value"] == ["Infinity", "-Infinity", "NaN"]
    assert math.isinf(float(answer["value"][0])) and math.isnan(float(answer["value"][2]))


@pytest.mark.parametrize("source, code, message, line, column, caret", [
    ("paylod.title", "invalid", "unknown name \"paylod\"; did you mean payload?", 1, 1, "paylod.title\n^"),
    ("payload.count > 3 &&\n  payload.title.startWith('d')", "invalid",
     "unknown function \"startWith\"; did you mean startsWith()?", 2, 17, "  payload.title.startWith('d')\n                ^"),
    ("1 +", "invalid", "the expression ends where a value was expected", 1, 4, "1 +\n   ^"),
    ("payload.nope", "missing", "there is no field \"nope\"", 1, 9, "payload.nope\n        ^"),
    ("lists.range(100000).map(x, x)", "too_costly", None, 1, None, None),
])
def test_errors_are_answers_with_their_place(server, source, code, message, line, column, caret):
    error = evaluate(server, source, PAYLOAD)["error"]
    assert error["code"] == code and error["line"] == line
    assert message is None or error["message"] == message
    assert column is None or error["column"] == column
    assert caret is None or error["caret"] == caret


def test_check_can_be_switched_off(server):
    assert evaluate(server, "true || nope")["error"]["message"] == "unknown name \"nope\""
    assert evaluate(server, "true || nope", check=False)["value"] is True


def test_templates_and_paths_are_evaluated_too(server):
    template = "{{payload.title}} ${{ payload.count + 1 }} <{{x}}>"
    assert evaluate(server, template, {**PAYLOAD, "x": "<&>"}, language="mustache", escape="html")["value"] == \
        "disk full 8 <&lt;&amp;&gt;>"
    assert evaluate(server, "{{#a}}\n{{b}", {"a": 1}, language="mustache")["error"]["line"] == 2
    assert evaluate(server, "$.payload.nested..b", PAYLOAD, language="json_path")["value"] == [2]
    assert evaluate(server, "/payload/nested/a/1/b", PAYLOAD, language="json_pointer")["value"] == 2


@pytest.mark.parametrize("body, pointer", [
    ({"context": {}}, "/source"),
    ({"source": "1", "language": "lua"}, "/language"),
    ({"source": "1", "context": [1]}, "/context"),
    ({"source": "1", "check": "yes"}, "/check"),
    ({"source": "1", "place": "kitchen"}, "/place"),
    ({"source": "1", "escape": "morse"}, "/escape"),
    ({"source": "1", "now": "soon"}, "/now"),
    ({"source": "1", "alert_id": "ALERT-999999"}, "/alert_id"),
    ({"source": "1", "request_id": "req_1"}, "/request_id"),
])
def test_wrong_bodies_are_refused_with_their_place(server, body, pointer):
    answer = server.try_api("POST", "expressions/evaluate", body)
    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"] == pointer


def test_an_alert_is_seen_as_rules_see_it(world):
    world.usual()
    world.fire("disk", labels={"env": "live"}, priority="p2")
    alert = world.alert("disk")
    answer = evaluate(world.server, "labels.env == 'live' && alert.priority == 'p2'", alert_id=alert["id"])
    assert answer["value"] is True
    near = evaluate(world.server, "allert.title", alert_id=alert["id"])["error"]["message"]
    assert near == "unknown name \"allert\"; did you mean alert?"
    assert evaluate(world.server, "labels.env", {"labels": {"env": "mine"}}, alert_id=alert["id"])["value"] == "mine"


def test_the_fields_of_facts_are_those_that_are_declared(world):
    """What the checker lets through exists, and what exists the checker lets through."""
    service = world.server.make("services", name=f"Shop {world.name}", labels={"zone": "a"})
    world.usual()
    world.fire("disk", service=service["name"])
    alert = world.alert("disk")
    declared = world.server.get("expressions/vocabulary", place="rule")["places"][0]["variables"]
    for fact in ("alert", "service", "integration"):
        fields = {variable["name"].split(".")[1] for variable in declared if variable["name"].startswith(fact + ".")}
        assert fields == set(evaluate(world.server, fact, alert_id=alert["id"])["value"])
        for field in fields:
            assert "error" not in evaluate(world.server, f"{fact}.{field}", alert_id=alert["id"])
    refused = world.server.try_api("POST", "alert-rules", {"name": "x", "when": "alert.lables.env == 'live'", "actions": []})
    assert refused.status == 400 and "did you mean alert.labels?" in refused.json["detail"]


def test_a_stored_request_is_seen_as_mappings_see_it(world):
    source = world.integration(template="alertmanager")
    body = {"version": "4", "groupKey": "{}", "status": "firing", "receiver": "x", "groupLabels": {}, "commonLabels": {},
            "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0, "alerts": [
                {"status": "firing", "labels": {"alertname": name}, "annotations": {}, "startsAt": "2026-01-05T09:00:00Z",
                 "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": name} for name in ("one", "two")]}
    request = world.server.send(source["key"], body)["request_id"]
    assert evaluate(world.server, "size(payload.alerts)", request_id=request)["value"] == 2
    assert evaluate(world.server, "item.labels.alertname", request_id=request)["value"] == "one"
    assert evaluate(world.server, "item.labels.alertname + text(index)", request_id=request, element=1)["value"] == "two1"
    assert evaluate(world.server, "headers['content-type']", request_id=request)["value"] == "application/json"
    beyond = world.server.try_api("POST", "expressions/evaluate", {"source": "1", "request_id": request, "element": 2})
    assert beyond.status == 404 and "the request has 2" in beyond.json["detail"]


def test_scopes_decide_who_may_evaluate(server):
    key = server.make("api-keys", name="only alerts", scopes=["alerts:read"])["key"]
    assert server.try_api("POST", "expressions/evaluate", {"source": "1"}, key=key).status == 403
    key = server.make("api-keys", name="reads", scopes=["read"])["key"]
    assert server.try_api("POST", "expressions/evaluate", {"source": "1"}, key=key).json["value"] == 1


def test_the_vocabulary_is_what_the_checker_knows(server):
    vocabulary = server.get("expressions/vocabulary")
    functions = {(word["kind"], word["name"]): word for word in vocabulary["functions"]}
    assert "string.startsWith(string) -> bool" in functions["function", "startsWith"]["signatures"]
    assert functions["operator", "+"]["signatures"][0] == "int + int -> int"
    assert "list.map(x, value)" in functions["macro", "map"]["signatures"]
    assert all(word["doc"] and word["signatures"] for word in vocabulary["functions"])
    assert {place["name"] for place in vocabulary["places"]} == {"rule", "mapping", "message"}
    for place in vocabulary["places"]:
        names = [variable["name"] for variable in place["variables"]]
        assert names and all(variable["doc"] for variable in place["variables"])
        unknown = evaluate(server, "zzz_unknown", place=place["name"])
        assert unknown["error"]["message"].startswith("unknown name")
        for name in names:
            answer = evaluate(server, name, place=place["name"])
            assert "error" not in answer or answer["error"]["code"] == "missing", answer
    assert [place["name"] for place in server.get("expressions/vocabulary", place="rule")["places"]] == ["rule"]
    assert server.try_api("GET", "expressions/vocabulary?place=kitchen").status == 400


def test_eval_needs_no_server(tmp_path):
    context = tmp_path / "context.json"
    context.write_text(json.dumps(PAYLOAD))
    assert run("eval", "payload.title + '!'", "--context", context).stdout == "disk full!\n"
    assert json.loads(run("eval", "payload.count", "--context", context, "-o", "json").stdout)["type"] == "int"
    wrong = run("eval", "paylod.title", "--context", context)
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert wrong.stderr == "line 1, column 1: unknown name \"paylod\"; did you mean payload?\npaylod.title\n^\n"
    assert run("eval", "$..b", "--language", "json_path", "--context", "-", stdin='{"b": 1}').stdout == "[\n  1\n]\n"
    assert run("eval").returncode == 2
    assert "no language" in run("eval", "1", "--language", "lua").stderr
    zone = run("eval", "time('2026-07-01 12:00:00')", "--time-zone", "Europe/Berlin")
    assert zone.stdout == "2026-07-01T10:00:00Z\n"


def test_the_page_about_expressions_is_not_stale():
    """docs/expressions.md holds what the checker's tables say and what its examples give today."""
    checked = subprocess.run([CHECKOUT / "scripts/expressions-doc", "--check"], capture_output=True, text=True,
                             env={**os.environ, "TOCSIN_BIN": BINARY})
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_eval_answers_line_by_line():
    lines = [{"source": "1 + 1"}, {"source": "x", "context": {"x": "y"}}, {"source": "1 +"}, {}]
    done = run("eval", "--lines", stdin="".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("value") for answer in answers] == [2, "y", None, None, None]
    assert answers[2]["error"]["caret"] == "1 +\n   ^"
    assert answers[3]["error"]["pointer"] == "/source"


def test_eval_reads_stored_data_from_a_server(world):
    world.usual()
    world.fire("cpu", labels={"env": "live"})
    alert = world.alert("cpu")
    done = run("eval", "labels.env", "--alert", alert["id"], "--data", world.server.folder)
    assert (done.returncode, done.stdout) == (0, "live\n"), done
