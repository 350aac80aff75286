"""Lists: filter=<CEL>, sort, fields, cursors. What the database answers of an expression is held against the evaluator: the
same expression inside `... ? true : false` cannot be translated, so it is evaluated row by row."""

import random
import urllib.parse

import pytest

SERVICES = [
    {"name": "Checkout", "tier": "tier1", "urgency": "high", "failure_severity": 0, "repository": "git/checkout", "labels": {"env": "prod", "Team": "Pay"}},
    {"name": "checkout", "tier": "tier2", "urgency": None, "failure_severity": 2, "repository": None, "labels": {"env": "test"}},
    {"name": "Search", "tier": "tier3", "urgency": "low", "failure_severity": None, "repository": "git/Search", "labels": {}},
    {"name": "Straße 100%", "tier": "tier4", "urgency": "low", "failure_severity": 4, "repository": "", "labels": {"env": "null"}},
    {"name": "a_b", "tier": "tier2", "urgency": "high", "failure_severity": 3, "repository": "git/a_b", "labels": {"env": "prod"}},
    {"name": "aXb", "tier": "tier1", "urgency": None, "failure_severity": 1, "repository": "GIT/axb", "labels": {"x": ""}},
    {"name": "odd", "tier": "tier3", "urgency": "high", "failure_severity": None, "repository": None,
     "labels": {'k"env': "prod", "a,\"env": "prod", "b": ',"env":"prod"', "c": '{"env":"prod"', "envy": "prod", "ü": "ß\\\n\t", "z": "prod\"x"}},
]


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    from tocsin import Tocsin
    server = Tocsin(tmp_path_factory.mktemp("lists") / "data")
    server.init()
    server.start()
    team = server.make("teams", name="Payments")
    for i, service in enumerate(SERVICES):
        server.make("services", **service, team_id=team["id"] if i % 2 else None)
    yield server
    server.stop()


def names(server, expression, **query):
    return [one["name"] for one in server.items("services", filter=expression, **query)]


def by_row(expression):
    return f"({expression}) ? true : false"


@pytest.mark.parametrize("expression, expected", [
    ('tier == "tier1"', ["Checkout", "aXb"]),
    ('tier != "tier1"', ["checkout", "Search", "Straße 100%", "a_b", "odd"]),
    ('urgency == null', ["checkout", "aXb"]),
    ('urgency != "low"', ["Checkout", "checkout", "a_b", "aXb", "odd"]),  # null is another value than "low"
    ('failure_severity < 2', ["Checkout", "aXb"]),  # none: neither
    ('!(failure_severity < 2)', ["checkout", "Straße 100%", "a_b"]),
    ('failure_severity < 2 || urgency == "low"', ["Checkout", "Search", "Straße 100%", "aXb"]),
    ('2 <= failure_severity', ["checkout", "Straße 100%", "a_b"]),
    ('tier in ["tier3", "tier4"]', ["Search", "Straße 100%", "odd"]),
    ('name.startsWith("C")', ["Checkout"]),
    ('name.contains("_")', ["a_b"]),
    ('name.contains("%")', ["Straße 100%"]),
    ('name.endsWith("b")', ["a_b", "aXb"]),
    ('repository.startsWith("git/")', ["Checkout", "Search", "a_b"]),
    ('team_id == "payments"', ["checkout", "Straße 100%", "aXb"]),
    ('team_id == null && tier == "tier2"', ["a_b"]),
    ('labels["env"] == "prod"', ["Checkout", "a_b"]),
    ("""labels['k"env'] == 'prod'""", ["odd"]),
    ("""labels["envy"] != "test" """, ["odd"]),
    ('!(labels.env == "prod")', ["checkout", "Straße 100%"]),  # no such label: neither
    ('!has(labels.env)', ["Search", "aXb", "odd"]),
    ('has(labels.env) && labels.env != "prod"', ["checkout", "Straße 100%"]),
    ('"Team" in labels', ["Checkout"]),
    ('created_at > timestamp("2020-01-01T00:00:00Z")', [one["name"] for one in SERVICES]),
    ('created_at < now() - duration("1h")', []),
    ('name.matches("^[a-z]")', ["checkout", "a_b", "aXb", "odd"]),
    ('name.size() == 3 && tier == "tier1"', ["aXb"]),
    ('slug == "checkout"', ["Checkout"]),
])
def test_an_expression_chooses_rows(lists, expression, expected):
    assert names(lists, expression) == expected
    assert names(lists, by_row(expression)) == expected


LABELS = [repr("env"), repr("x"), repr("Team"), """'k"env'""", """'a,"env'""", repr("b"), repr("ü"), repr("z"), repr("none"), repr("")]
VALUES = [repr("prod"), repr("test"), repr(""), repr("null"), repr("Pay"), """',"env":"prod"'""", r"'ß\\\n\t'", """'prod"x'"""]


def operand(rng):
    return rng.choice([
        lambda: f'tier {rng.choice(["==", "!="])} "tier{rng.randint(1, 4)}"',
        lambda: f'urgency {rng.choice(["==", "!="])} {rng.choice(["null", repr("high"), repr("low")])}',
        lambda: f'failure_severity {rng.choice(["<", "<=", ">", ">=", "==", "!="])} {rng.randint(0, 4)}',
        lambda: f'{rng.randint(0, 4)} {rng.choice(["<", ">="])} failure_severity',
        lambda: f'failure_severity {rng.choice(["==", "!="])} null',
        lambda: f'failure_severity in [{rng.randint(0, 4)}, {rng.randint(0, 4)}]',
        lambda: f'repository {rng.choice(["==", "!=", "<", ">"])} {rng.choice([repr("git/a_b"), repr(""), repr("git/Search")])}',
        lambda: f'repository.{rng.choice(["startsWith", "endsWith", "contains"])}({rng.choice([repr("git"), repr("b"), repr("GIT"), repr("/a")])})',
        lambda: f'name.{rng.choice(["startsWith", "endsWith", "contains"])}({rng.choice([repr("c"), repr("ß"), repr("_"), repr("%"), repr("longer than any of them all")])})',
        lambda: 'team_id == "payments"',
        lambda: f'labels[{rng.choice(LABELS)}] {rng.choice(["==", "!="])} {rng.choice(VALUES)}',
        lambda: f'{rng.choice(VALUES)} == labels[{rng.choice(LABELS)}]',
        lambda: f'labels.{rng.choice(["env", "x", "Team", "envy"])} {rng.choice(["==", "!="])} {rng.choice(VALUES)}',
        lambda: f'{rng.choice(LABELS)} in labels',
        lambda: f'has(labels.{rng.choice(["env", "z", "envy"])})',
        lambda: 'has(labels.x)',
        lambda: 'version == 1',
    ])()


def expression_of(rng, depth):
    if depth == 0 or rng.random() < 0.2:
        return operand(rng)
    kind = rng.randint(0, 3)
    if kind == 0:
        return f"!({expression_of(rng, depth - 1)})"
    return f"({expression_of(rng, depth - 1)}) {'&&' if kind == 1 else '||'} ({expression_of(rng, depth - 1)})"


@pytest.mark.parametrize("seed", range(12))
def test_database_and_evaluator_agree_on_generated_expressions(lists, seed):
    rng = random.Random(seed)
    for _ in range(25):
        expression = expression_of(rng, 3)
        assert names(lists, expression) == names(lists, by_row(expression)), expression


def refused(server, **query):
    answer = server.try_api("GET", "services?" + urllib.parse.urlencode(query))
    assert answer.status == 400, answer
    return answer.json["detail"]


def test_what_is_wrong_with_an_expression_is_said(lists):
    assert 'did you mean tier?' in refused(lists, filter='teir == "tier1"')
    assert "filter" in refused(lists, filter='tier ==')
    assert "there is no team" in refused(lists, filter='team_id == "nobody"')
    assert "row by row" in refused(lists, filter='name.matches("a")', total="true")
    assert lists.get("services", filter='tier == "tier1"', total="true")["total"] == 2
    assert lists.get("services", filter='labels.env == "prod" && "Team" in labels', total="true")["total"] == 1


def test_fields_choose_members(lists):
    first = lists.get("services", fields="name,tier", limit=1)["items"][0]
    assert sorted(first) == ["id", "name", "tier"]
    assert 'did you mean "tier"' in refused(lists, fields="name,teir")


def test_a_cursor_belongs_to_its_order_and_choice(lists):
    cursor = lists.get("services", filter='tier != "tier4"', limit=2)["next_cursor"]
    rest = lists.get("services", filter='tier != "tier4"', cursor=cursor)
    assert [one["name"] for one in rest["items"]] == ["Search", "a_b", "aXb", "odd"] and rest["next_cursor"] is None
    for query in ({}, {"filter": 'tier != "tier3"'}, {"filter": 'tier != "tier4"', "sort": "-id"}, {"tier": "tier1"}):
        assert "cursor" in refused(lists, cursor=cursor, **query)
    assert "cursor" in refused(lists, cursor="00ff")


def test_a_cursor_survives_what_comes_and_goes(lists):
    page = lists.get("services", filter='name.matches(".")', limit=2)
    made = lists.make("services", name="Zed")
    rest = lists.items("services", filter='name.matches(".")', cursor=page["next_cursor"])
    assert [one["name"] for one in page["items"] + rest] == [one["name"] for one in SERVICES] + ["Zed"]
    lists.api("DELETE", "services/" + made["id"])


def test_the_id_may_stand_last_in_an_order(lists):
    assert names(lists, "true", sort="id") == names(lists, "true")
    assert lists.get("alerts", sort="-status_changed_at,-id")["items"] == []


def test_an_empty_value_is_refused(lists):
    assert "leave it out" in refused(lists, sort="")
    assert "null for those without one" in refused(lists, team_id="")


@pytest.mark.parametrize("source, type_", [("1", "int"), ("count + 1", "int")])
def test_a_filter_that_is_no_condition_is_refused(server, source, type_):
    answer = server.try_api("GET", "alerts?" + urllib.parse.urlencode({"filter": source}))
    assert answer.status == 400 and f"type {type_}" in answer.json["detail"], answer


@pytest.mark.parametrize("kind, query, says", [
    ("alerts", {"status": "triggerd"}, 'did you mean "triggered"?'),
    ("alerts", {"filter": 'status == "triggerd"'}, 'filter: status is never "triggerd"; did you mean "triggered"?'),
    ("alerts", {"filter": 'title == "x" && !(status in ["open", "resolved"])'}, 'status is never "open"; known: triggered'),
    ("alerts", {"filter": 'priority == "P1" || true'}, 'priority is never "P1"; did you mean "p1"?'),
    ("alerts", {"filter": 'created_at > "2026-01-01"'}, 'created_at is a time, written timestamp('),
    ("alerts", {"filter": 'count > "3"'}, 'count is a number; it is never "3"'),
    ("alerts", {"filter": 'unrouted == "yes"'}, 'unrouted is true or false; it is never "yes"'),
    ("services", {"filter": '3 == name'}, 'name is a text, written in quotes; it is never 3'),
])
def test_what_can_never_be_is_refused_not_answered_by_an_empty_list(lists, kind, query, says):
    answer = lists.try_api("GET", f"{kind}?{urllib.parse.urlencode(query)}")
    assert answer.status == 400 and says in answer.json["detail"], answer


def test_one_row_takes_fields_and_no_other_parameter(lists):
    assert set(lists.get("services/checkout?fields=name,tier")) == {"id", "name", "tier"}
    refused = lists.try_api("GET", "services/checkout?fields=name,teir")
    assert refused.status == 400 and 'did you mean "tier"?' in refused.json["detail"], refused
    refused = lists.try_api("GET", "services/checkout?field=name")
    assert refused.status == 400 and 'did you mean "fields"?' in refused.json["detail"], refused
    refused = lists.try_api("DELETE", "services/checkout?dryrun=true")
    assert refused.status == 400 and 'did you mean "dry_run"?' in refused.json["detail"], refused
    assert lists.get("services/checkout")["name"] == "Checkout"
