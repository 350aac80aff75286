"""Alert rules: what each action does, in which order, and how it is explained."""

import pytest

from tocsin import Refused


@pytest.fixture
def rules(world):
    return world.usual()


def explanation(world, alert):
    return world.server.get(f"alerts/{alert['id']}/explanation")


def test_set_changes_priority_title_labels_and_service(rules):
    service = rules.server.make("services", name=f"Shop {rules.name}")
    rules.rule(rules.source, "labels.env == 'live'", {"type": "set", "priority": "p1", "title": "LIVE: {{alert.title}}",
                                                      "labels": {"seen": "by {{labels.env}}"}, "service_id": service["id"]})
    rules.fire("key", labels={"env": "live"}, priority="p4")
    alert = rules.alert("key")
    assert (alert["priority"], alert["title"], alert["service_id"]) == ("p1", "LIVE: Problem key", service["id"])
    assert alert["labels"] == {"env": "live", "seen": "by live"}


def test_later_rules_see_what_earlier_ones_set(rules):
    rules.rule(rules.source, "true", {"type": "set", "labels": {"step": "one"}}, position=1)
    rules.rule(rules.source, "labels.step == 'one'", {"type": "set", "labels": {"step": "two"}}, position=2)
    rules.rule(rules.source, "labels.step == 'two'", {"type": "set", "priority": "p1"}, position=3)
    rules.fire("key", priority="p4")
    assert rules.alert("key")["priority"] == "p1"


def test_position_orders_not_age(rules):
    rules.rule(rules.source, "true", {"type": "set", "labels": {"last": "second"}}, position=2)
    rules.rule(rules.source, "true", {"type": "set", "labels": {"last": "first"}}, position=1)
    rules.fire("key")
    assert rules.alert("key")["labels"]["last"] == "second"


def test_stop_ends_the_list(rules):
    rules.rule(rules.source, "true", {"type": "set", "labels": {"a": "1"}}, position=1, stop=True)
    rules.rule(rules.source, "true", {"type": "set", "labels": {"b": "2"}}, position=2)
    rules.fire("key")
    assert rules.alert("key")["labels"] == {"a": "1"}


def test_suppress_holds_and_unsuppress_lets_go(rules):
    rules.rule(rules.source, "true", {"type": "suppress", "reason": "known noise"}, position=1)
    rules.rule(rules.source, "alert.priority == 'p1'", {"type": "unsuppress"}, position=2)
    rules.fire("quiet", priority="p3")
    rules.fire("loud", priority="p1")
    assert [hold["reason"] for hold in rules.alert("quiet")["holds"]] == ["suppressed"]
    assert rules.alert("loud")["holds"] == []
    assert rules.pages(rules.alert("quiet")) == []
    assert rules.told("ann") == 1


def test_pause_pages_only_what_lasts(rules):
    rules.rule(rules.source, "true", {"type": "pause", "for_s": 120})
    rules.fire("short")
    rules.fire("long")
    assert [hold["reason"] for hold in rules.alert("long")["holds"]] == ["pause"]
    rules.server.turn("60s")
    rules.resolve("short")
    rules.server.turn("61s")
    assert rules.told("ann") == 1
    assert rules.page(rules.alert("long"))["status"] == "active"
    assert rules.pages(rules.alert("short")) == []
    assert rules.alert("long")["holds"] == []


def test_threshold_pages_at_the_nth_within_the_time(rules):
    rules.rule(rules.source, "true", {"type": "threshold", "count": 3, "within_s": 60}, {"type": "page"})
    rules.fire("slow")
    rules.fire("slow")
    rules.server.turn("61s")
    rules.fire("slow")
    assert rules.told("ann") == 0
    for _ in range(3):
        rules.fire("quick")
    assert rules.told("ann") == 1
    assert rules.pages(rules.alert("slow")) == []


def test_page_takes_the_rules_policy(rules):
    cleo = rules.user("cleo")
    rules.rule(rules.source, "true", {"type": "page", "policy_id": rules.policy([cleo])["id"]})
    rules.fire("key")
    assert rules.tally("ann", "cleo") == (0, 1)


def test_page_without_policy_takes_the_default_chain(rules):
    rules.rule(rules.source, "true", {"type": "page"})
    rules.fire("key")
    assert rules.told("ann") == 1
    assert len(rules.pages(rules.alert("key"))) == 1


@pytest.mark.parametrize("when", [
    'alert.severity == "critical" && alert.priority == "p1"', "alert.fingerprint == alert.dedup_key", 'alert.environment == "live"',
    'alert.url == "https://example.org/d/1"', 'now - alert.starts_at < duration("1h") && alert.timestamp > 1700000000000'])
def test_names_of_other_products_and_the_time(rules, when):
    rules.rule(rules.source, when, {"type": "set", "labels": {"matched": "yes"}})
    rules.fire("key", priority="critical", labels={"env": "live"}, url="https://example.org/d/1")
    assert rules.alert("key")["labels"].get("matched") == "yes", rules.server.get(f"alerts/{rules.alert('key')['id']}/explanation")


def test_the_payload_in_a_rule_is_refused_with_the_way_out(rules):
    answer = rules.server.try_api("POST", "alert-rules", {"name": "Payload", "when": "payload.env == 'live'", "actions": [{"type": "suppress"}]})
    assert answer.status == 400 and "overrides" in str(answer.json["errors"]) and "did you mean" not in str(answer.json["errors"]), answer


def test_a_missing_field_is_no_match(rules):
    rules.rule(rules.source, "labels.absent == 'x'", {"type": "suppress", "reason": "never"})
    rules.fire("key")
    assert rules.alert("key")["holds"] == []


def test_a_rule_that_fails_does_not_match_and_the_next_runs(rules):
    rules.rule(rules.source, "int(alert.title) > 3", {"type": "suppress", "reason": "never"}, position=1)
    rules.rule(rules.source, "true", {"type": "set", "labels": {"next": "ran"}}, position=2)
    rules.fire("key")
    alert = rules.alert("key")
    assert alert["holds"] == [] and alert["labels"] == {"next": "ran"}
    assert "error" in str(explanation(rules, alert))


def test_a_disabled_rule_is_skipped_and_listed(rules):
    rule = rules.rule(rules.source, "true", {"type": "suppress", "reason": "never"}, enabled=False)
    rules.fire("key")
    assert rules.alert("key")["holds"] == []
    assert rule["name"] in str(explanation(rules, rules.alert("key")))


@pytest.mark.parametrize("condition, matches", [
    ({"field": "labels.env", "op": "=", "value": "live"}, True),
    ({"field": "labels.env", "op": "!=", "value": "live"}, False),
    ({"field": "labels.env", "op": "contains", "value": "iv"}, True),
    ({"field": "labels.env", "op": "in", "value": ["test", "live"]}, True),
    ({"field": "title", "op": "starts_with", "value": "Problem"}, True),
    ({"field": "labels.env", "op": "=~", "value": "^l.*e$"}, True),
    ({"field": "labels.none", "op": "exists"}, False),
    ({"field": "labels.n", "op": ">", "value": 6}, True),
    ({"field": "priority", "op": "=", "value": "p3"}, True),
])
def test_conditions_by_field(rules, condition, matches):
    body = {"name": f"Fields {rules.name}", "integration_ids": [rules.source["id"]], "conditions": [condition], "match": "all",
            "actions": [{"type": "set", "labels": {"matched": "yes"}}]}
    answer = rules.server.try_api("POST", "alert-rules", body)
    assert answer.status == 201, answer
    rules.fire("key", labels={"env": "live", "n": "7"}, priority="p3")
    assert ("matched" in rules.alert("key")["labels"]) == matches


PAGE = [{"type": "page"}]
THIRD = {"type": "threshold", "count": 3, "within_s": 60}
UNTRUE = [
    ({"field": "titel", "value": "x"}, "/conditions/0/field", 'no field "titel"; did you mean "title"?'),
    ({"field": "labels", "value": "x"}, "/conditions/0/field", "labels.severity"),
    ({"field": "payload.env", "value": "x"}, "/conditions/0/field", "overrides"),
    ({"field": "title", "op": "contians", "value": "x"}, "/conditions/0/op", 'did you mean "contains"?'),
    ({"field": "status", "value": "triggerd"}, "/conditions/0/value", 'did you mean "triggered"?'),
    ({"field": "priority", "op": "in", "value": ["p1", "high"]}, "/conditions/0/value", 'no alert has the priority "high"'),
    ({"field": "priority", "op": ">", "value": "p2"}, "/conditions/0/op", 'in with a list, such as ["p1", "p2"]'),
    ({"field": "count", "op": "=", "value": "many"}, "/conditions/0/value", 'count is a number; "many" is none'),
    ({"field": "labels.n", "op": ">", "value": "many"}, "/conditions/0/value", "> compares numbers"),
    ({"field": "title", "op": "in", "value": "x"}, "/conditions/0/value", "in takes a list"),
    ({"field": "title", "op": "=", "value": ["x"]}, "/conditions/0/value", "a list is for in and not_in"),
    ({"field": "title"}, "/conditions/0/value", "= needs a value"),
    ({"field": "title", "op": "exists", "value": False}, "/conditions/0/value", "exists takes no value"),
    ({"field": "title", "op": "contains", "value": ""}, "/conditions/0/value", "give what to look for"),
    ({"field": "title", "op": "=~", "value": "grün(b"}, "/conditions/0/value", "at character 7\ngrün(b\n      ^"),
    ({"field": "starts_at", "op": ">", "value": 1}, "/conditions/0/op", "alert.starts_at > duration"),
]


@pytest.mark.parametrize("condition, pointer, says", UNTRUE, ids=[f"{c['field']} {c.get('op', '=')} {c.get('value')}" for c, _, _ in UNTRUE])
def test_a_row_that_can_never_hold_is_refused_with_the_way_out(world, condition, pointer, says):
    answer = world.server.try_api("POST", "alert-rules", {"name": "Untrue", "conditions": [condition], "actions": PAGE})
    (error,) = answer.json["errors"]
    assert answer.status == 400 and error["pointer"] == pointer and says in error["message"], answer


@pytest.mark.parametrize("fields, pointer, says", [
    ({"when": "true", "conditions": [{"field": "title", "value": "x"}], "actions": PAGE}, "/conditions", "set when to null"),
    ({"when": "true", "actions": []}, "/actions", "without actions does nothing"),
    ({"when": "true"}, "/actions", "without actions does nothing"),
    ({"when": "true", "actions": [*PAGE, {"type": "notify", "channel": "ops"}]}, "/actions/1/type", "cannot notify a channel"),
    ({"when": "true", "actions": [{"type": "run_runbook", "runbook_id": "x"}]}, "/actions/0/type", "no runbooks yet"),
    ({"when": "true", "actions": [{"type": "set", "labels": {}}]}, "/actions/0", "changes nothing"),
    ({"when": "true", "actions": [*PAGE, THIRD]}, "/actions/1/type", "with it the page of action 1; put the threshold before it"),
    ({"when": "true", "actions": [{"type": "create_incident"}, THIRD, *PAGE]}, "/actions/1/type", "the create_incident of action 1"),
    ({"when": "true", "actions": [THIRD]}, "/actions/0/type", "put what is to happen at that many after it"),
    ({"when": "true", "actions": [THIRD, {"type": "set", "priority": "p1"}]}, "/actions/0/type", "it would only hold the alert"),
    ({"when": "true", "actions": [{"type": "suppress"}, *PAGE]}, "/actions/1/type", "action 1 suppresses the alert, so this page could never come"),
    ({"when": "true", "actions": [{"type": "create_incident"}, {"type": "suppress"}]}, "/actions/0/type", "a rule of its own"),
    ({"when": "true", "actions": [*PAGE, {"type": "set", "title": "{{#x"}]}, "/actions/1/title", "line 1, column 1"),
])
def test_a_rule_that_does_nothing_it_says_is_refused(world, fields, pointer, says):
    answer = world.server.try_api("POST", "alert-rules", {"name": "Idle", **fields})
    (error,) = answer.json["errors"]
    assert answer.status == 400 and error["pointer"] == pointer and says in error["message"], answer


@pytest.mark.parametrize("when, says", [
    ('alert.priority in ["p1_critical", "p2"]', 'alert.priority is never "p1_critical"; did you mean "p1"?'),  # Harness' ids
    ('alert.status == "firing"', 'did you mean "triggered"?'),  # Keep's and Prometheus' word
    ('!("Resolvd" != alert.status)', 'did you mean "resolved"?'),
    ('alert.error_rate > 0.05', "a field of your own is a label: alert.labels.error_rate"),
    ('severity == "critical"', "did you mean alert.severity?"),
    ('title.contains("x")', "did you mean alert.title?"),
    ('alert.name == "x"', "an alert's name is its title"),
    ('alert.providerType == "prometheus"', "the vendor is integration.template"),
    ('incident.severity == 1', "before there is an incident"),
])
def test_the_words_of_other_products_are_refused_with_ours(world, when, says):
    answer = world.server.try_api("POST", "alert-rules", {"name": "Other words", "when": when, "actions": PAGE})
    (error,) = answer.json["errors"]
    assert answer.status == 400 and error["pointer"] == "/when" and says in error["message"], answer


NEVER = [
    ("false", "false whatever the alert is"),
    ("1 == 2", "false whatever the alert is"),
    ('alert.title == "x" && !(2 > 1)', "false whatever the alert is"),
    ("false || 'a' in ['b', 'c']", "false whatever the alert is"),
    ("alert.priority == 1", 'alert.priority is a text, written in quotes; it is never 1; did you mean "p1"?'),
    ("alert.priority < 2", "alert.priority is a text"),
    ("alert.priority in ['p1', 2]", "it is never 2"),
    ("labels.n > 3", 'labels.n is a text; it is never 3: write double(labels.n) to compare numbers, or "3"'),
    ('3 == alert.labels["n"]', "double(alert.labels.n)"),
    ("alert.environment != 1.5", "alert.environment is a text"),
    ('service.tier == "tier9"', 'service.tier is never "tier9"; did you mean "tier1"?'),
]


@pytest.mark.parametrize("when, says", NEVER)
def test_what_can_never_hold_is_neither_saved_nor_tried(world, when, says):
    saved = world.server.try_api("POST", "alert-rules", {"name": "Never", "when": when, "actions": PAGE})
    tried = world.server.try_api("POST", "alert-rules/try", {"rule": {"name": "Never", "when": when, "actions": PAGE}})
    for answer, pointer in ((saved, "/when"), (tried, "/rule/when")):
        (error,) = answer.json["errors"]
        assert answer.status == 400 and error["pointer"] == pointer and says in error["message"], answer


@pytest.mark.parametrize("when", [
    "true", "double(labels.n) > 3.0", "int(labels['n']) == 3", "alert.count > 3", "alert.priority == null", "false || alert.count > 1",
    "labels.n == '3'", "labels.exists(name, name == 'n')", "service.tier in ['tier1', 'tier4']", "has(labels.n)", "1 / 0 == 1 || alert.count > 1"])
def test_what_may_hold_is_saved(world, when):
    answer = world.server.try_api("POST", "alert-rules", {"name": f"May {world.name}", "when": when, "actions": PAGE, "enabled": False})
    assert answer.status == 201, answer


def test_a_rule_may_only_stop_and_a_draft_may_do_nothing(rules):
    only_stops = rules.rule(rules.source, "labels.a == '1'", position=1, stop=True)
    draft = rules.server.make("alert-rules", name=f"Draft {rules.name}", enabled=False)
    refused = rules.server.try_api("PATCH", f"alert-rules/{draft['id']}", {"enabled": True})
    assert only_stops["actions"] == [] and refused.status == 400 and refused.json["errors"][0]["pointer"] == "/actions", refused
    refused = rules.server.try_api("PATCH", f"alert-rules/{only_stops['id']}", {"conditions": [{"field": "title", "value": "x"}]})
    assert refused.status == 400 and refused.json["errors"][0]["pointer"] == "/conditions", refused


def test_what_a_rule_from_before_says_stays_until_it_is_changed(rules):
    rule = rules.rule(rules.source, "labels.a == '1'", {"type": "suppress", "reason": "old"})
    rules.server.stop()
    rules.server.sql("UPDATE alert_rule SET conditions = ? WHERE name = ?", '[{"field":"titel","op":"=","value":"x"}]', rule["name"])
    rules.server.start()
    assert rules.server.change("alert-rules", rule["id"], enabled=False)["enabled"] is False
    assert rules.server.try_api("PATCH", f"alert-rules/{rule['id']}", {"when": "true"}).status == 400


def test_rows_see_the_service(rules):
    service = rules.server.make("services", name=f"Till {rules.name}", tier="tier1")
    rules.server.make("alert-rules", name=f"Tier {rules.name}", integration_ids=[rules.source["id"]],
                      conditions=[{"field": "service.tier", "op": "in", "value": ["tier1"]}, {"field": "service", "value": service["name"]}],
                      actions=[{"type": "set", "labels": {"matched": "yes"}}])
    rules.fire("key", service=service["name"])
    assert rules.alert("key")["labels"].get("matched") == "yes"


def test_match_any(rules):
    rules.server.make("alert-rules", name=f"Any {rules.name}", integration_ids=[rules.source["id"]], match="any",
                      conditions=[{"field": "labels.a", "op": "=", "value": "1"}, {"field": "labels.b", "op": "=", "value": "2"}],
                      actions=[{"type": "set", "labels": {"matched": "yes"}}])
    rules.fire("key", labels={"b": "2"})
    assert rules.alert("key")["labels"].get("matched") == "yes"


def test_a_rule_of_another_integration_does_not_run(rules):
    other = rules.integration(rules.chain)
    rules.rule(other, "true", {"type": "suppress", "reason": "other"})
    rules.fire("key")
    assert rules.alert("key")["holds"] == []


def test_an_edit_counts_from_the_next_event(rules):
    rule = rules.rule(rules.source, "true", {"type": "set", "labels": {"v": "1"}})
    rules.fire("a")
    rules.server.change("alert-rules", rule["id"], actions=[{"type": "set", "labels": {"v": "2"}}])
    rules.fire("b")
    assert (rules.alert("a")["labels"]["v"], rules.alert("b")["labels"]["v"]) == ("1", "2")
    rules.server.api("DELETE", f"alert-rules/{rule['id']}")
    rules.fire("c")
    assert rules.alert("c")["labels"] == {}


def test_teams_rules_run_after_the_organizations(world):
    world.usual()
    team = world.server.make("teams", name=f"Team {world.name}", members=[{"user_id": world.ann["id"], "role": "owner"}])
    source = world.integration(world.chain, team_id=team["id"])
    world.rule(source, "true", {"type": "set", "labels": {"by": "team"}}, team_id=team["id"], position=1)
    world.rule(source, "true", {"type": "set", "labels": {"by": "organization"}}, position=9)
    world.fire("key", source)
    assert world.alert("key", source)["labels"]["by"] == "team"


# Why.

def test_explanation_names_rules_that_did_and_did_not_match(rules):
    hit = rules.rule(rules.source, "labels.env == 'live'", {"type": "set", "priority": "p2"}, position=1)
    miss = rules.rule(rules.source, "labels.env == 'test'", {"type": "suppress", "reason": "no"}, position=2)
    rules.fire("key", labels={"env": "live"})
    told = str(explanation(rules, rules.alert("key")))
    assert hit["name"] in told and miss["name"] in told
    assert rules.chain["name"] in told or rules.chain["id"] in told


def preview(rules, **body):
    return rules.server.api("POST", "alert-rules/preview", {"integration_id": rules.source["id"], **body})


def test_preview_says_what_would_happen_and_changes_nothing(rules):
    hit = rules.rule(rules.source, "true", {"type": "set", "priority": "p2"})
    told = preview(rules, payload={"title": "What if", "dedup_key": "whatif"})
    assert hit["name"] in str(told) and "What if" in str(told)
    rules.server.settle()
    assert rules.alerts() == [] and rules.told("ann") == 0


def test_preview_of_a_stored_request(rules):
    answer = rules.fire("stored", title="Stored title")
    assert "Stored title" in str(preview(rules, request_id=answer["request_id"]))
    assert rules.alert("stored")["count"] == 1


def test_preview_of_a_wrong_payload_is_told(rules):
    with pytest.raises(Refused) as refused:
        preview(rules, payload=7)
    assert refused.value.answer.status in (400, 422)


# create_incident

def incident_rule(rules, when="true", position=5, **action):
    return rules.rule(rules.source, when, {"type": "create_incident", "severity": 2, **action}, position=position)


def incidents_of(rules):
    return {alert["incident_id"] for alert in rules.alerts() if alert["incident_id"]}


def test_one_group_one_incident_one_page(rules):
    incident_rule(rules, group_by=["labels.host"], window_s=600, title="Trouble on {{labels.host}}")
    for key in ("a", "b", "c"):
        rules.fire(key, labels={"host": "h1"})
    rules.fire("d", labels={"host": "h2"})
    assert len(incidents_of(rules)) == 2
    incident = rules.incident(rules.alert("a"))
    assert (incident["title"], incident["severity"], incident["status"], incident["alert_count"]) == ("Trouble on h1", 2, "new", 3)
    assert len(rules.server.items(f"incidents/{incident['id']}/alerts")) == 3
    assert rules.told("ann") == 2


def test_a_missing_value_groups_nothing_unless_asked(rules):
    rule = incident_rule(rules, group_by=["labels.host"])
    rules.fire("a")
    rules.fire("b")
    assert len(incidents_of(rules)) == 2
    rules.server.change("alert-rules", rule["id"], actions=[{"type": "create_incident", "severity": 2, "group_by": ["labels.host"], "missing": "group"}])
    rules.fire("c")
    rules.fire("d")
    assert len(incidents_of(rules)) == 3


def test_after_the_window_a_new_incident_opens(rules):
    incident_rule(rules, group_by=["labels.host"], window_s=60)
    rules.fire("a", labels={"host": "h"})
    rules.server.turn("50s")
    rules.fire("b", labels={"host": "h"})
    rules.server.turn("15s")
    rules.fire("c", labels={"host": "h"})
    a, b, c = (rules.alert(key)["incident_id"] for key in "abc")
    assert a == b != c


def test_extend_makes_the_window_slide_up_to_its_cap(rules):
    incident_rule(rules, group_by=["labels.host"], window_s=60, extend=True, max_window_s=120)
    found = []
    for key in "abcd":
        rules.fire(key, labels={"host": "h"})
        found.append(rules.alert(key)["incident_id"])
        rules.server.turn("50s")
    assert found[0] == found[1] == found[2] != found[3]


def test_a_closed_incident_takes_no_alerts(rules):
    incident_rule(rules, group_by=["labels.host"], window_s=3600)
    rules.fire("a", labels={"host": "h"})
    first = rules.alert("a")["incident_id"]
    rules.server.verb("incidents", first, "resolve")
    rules.server.verb("incidents", first, "close")
    rules.fire("b", labels={"host": "h"})
    second = rules.alert("b")["incident_id"]
    assert second and second != first
    assert "follows" in str(rules.server.get(f"incidents/{second}/relations"))


def test_a_joiner_that_raises_nothing_pages_nobody(rules):
    incident_rule(rules, group_by=["labels.host"])
    rules.fire("a", labels={"host": "h"})
    rules.fire("b", labels={"host": "h"})
    assert rules.told("ann") == 1


@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_joiner_that_raises_the_severity_pages_again(rules, acknowledged):
    rules.rule(rules.source, "true", {"type": "create_incident", "group_by": ["labels.host"]})  # severity by priority
    rules.fire("a", labels={"host": "h"}, priority="p3")
    before = rules.incident(rules.alert("a"))
    if acknowledged:
        rules.server.verb("incidents", before["id"], "acknowledge")
    rules.fire("b", labels={"host": "h"}, priority="p1")
    after = rules.incident(rules.alert("b"))
    assert after["id"] == before["id"] and after["severity"] < before["severity"]
    assert rules.told("ann") == 2


def test_a_joiner_of_an_acknowledged_incident_that_raises_nothing_is_quiet(rules):
    incident_rule(rules, group_by=["labels.host"])
    rules.fire("a", labels={"host": "h"})
    rules.server.verb("incidents", rules.incident(rules.alert("a"))["id"], "acknowledge")
    rules.fire("b", labels={"host": "h"})
    rules.server.turn("6m")
    assert rules.tally("ann", "bob") == (1, 0)


def test_an_incident_takes_a_thousand_alerts_then_the_next_opens_and_pages_nobody(rules):
    incident_rule(rules, group_by=["labels.host"])
    rules.server.send(rules.source["key"], [{"title": "t", "dedup_key": f"k{n}", "labels": {"host": "h"}} for n in range(1002)])
    counts = sorted(rules.server.get(f"incidents/{id}")["alert_count"] for id in incidents_of(rules))
    assert counts == [2, 1000]
    assert rules.told("ann") == 1
    for id in incidents_of(rules):  # many alerts: ended here, not one by one
        rules.server.verb("incidents", id, "resolve")
    rules.server.send(rules.source["key"], [{"title": "t", "dedup_key": f"k{n}", "status": "resolved"} for n in range(1002)])


def test_members_all_resolved_resolve_the_incident_after_five_minutes(rules):
    incident_rule(rules, group_by=["labels.host"], auto_resolve=True)
    for key in "ab":
        rules.fire(key, labels={"host": "h"})
    rules.resolve("a")
    rules.server.turn("6m")
    incident = rules.incident(rules.alert("a"))
    assert not incident["resolved_at"]
    rules.resolve("b")
    rules.server.turn("4m")
    assert not rules.incident(rules.alert("a"))["resolved_at"]
    rules.server.turn("61s")
    incident = rules.incident(rules.alert("a"))
    assert incident["resolved_at"] and incident["status"] == "monitoring"


def test_auto_resolve_is_off_by_default(rules):
    incident_rule(rules, group_by=["labels.host"])
    rules.fire("a", labels={"host": "h"})
    rules.resolve("a")
    rules.server.turn("10m")
    assert not rules.incident(rules.alert("a"))["resolved_at"]


def test_a_reopened_alert_goes_back_to_its_open_incident(rules):
    incident_rule(rules, group_by=["labels.host"])
    rules.fire("a", labels={"host": "h"})
    first = rules.alert("a")["incident_id"]
    rules.resolve("a")
    rules.fire("a", labels={"host": "h"})
    assert rules.alert("a")["incident_id"] == first


def test_a_suppressed_alert_opens_no_incident(rules):
    rules.rule(rules.source, "true", {"type": "suppress", "reason": "noise"}, position=1)
    incident_rule(rules)
    rules.fire("a")
    assert rules.alert("a")["incident_id"] is None


# What a rule held is decided again when the rule changes.


@pytest.mark.parametrize("change", ["disable", "delete", "edit"])
def test_what_a_rule_held_is_released_by_its_end(world, change):
    world.usual()
    rule = world.rule(world.source, "labels.env == 'test'", {"type": "suppress"})
    for key in ("a", "b"):
        world.fire(key, labels={"env": "test"})
    world.fire("gone", labels={"env": "test"})
    world.resolve("gone", labels={"env": "test"})
    assert world.told("ann") == 0
    if change == "delete":
        world.server.api("DELETE", f"alert-rules/{rule['id']}")
    else:
        world.server.change("alert-rules", rule["id"], **({"enabled": False} if change == "disable" else {"when": "labels.env == 'other'"}))
    world.server.settle()
    assert world.told("ann") == 2
    assert world.alert("a")["holds"] == [] and world.alert("gone")["status"] == "resolved"
    world.server.turn("1m")
    assert world.told("ann") == 2


def test_an_edit_that_still_holds_holds(world):
    world.usual()
    rule = world.rule(world.source, "labels.env == 'test'", {"type": "suppress"})
    other = world.rule(world.source, "labels.also == 'held'", {"type": "suppress"})
    world.fire("a", labels={"env": "test"})
    world.fire("b", labels={"env": "test", "also": "held"})
    world.server.change("alert-rules", rule["id"], name="Another name")
    world.server.settle()
    assert world.told("ann") == 0
    world.server.change("alert-rules", rule["id"], enabled=False)
    world.server.settle()
    assert world.told("ann") == 1
    assert [hold["id"] for hold in world.alert("b")["holds"]] == [other["id"]]


def test_the_end_of_a_hold_is_no_occurrence(world):
    world.usual()
    world.rule(world.source, "true", {"type": "threshold", "count": 2, "within_s": 3600}, {"type": "page"})
    other = world.rule(world.source, "true", {"type": "suppress"})
    world.fire("a")
    world.server.change("alert-rules", other["id"], enabled=False)
    world.server.settle()
    assert world.told("ann") == 0
    world.fire("a")
    assert world.told("ann") == 1


def test_an_integration_that_is_quiet_no_longer_releases_nothing_but_acts_on_what_comes(world):
    world.usual(quiet=True)
    world.fire("a")
    world.server.change("integrations", world.source["id"], quiet=False)
    world.server.settle()
    assert world.told("ann") == 0
    world.fire("a")
    assert world.told("ann") == 1 and world.alert("a")["holds"] == [], "the next event, also when it says nothing new"
    world.fire("a")
    assert world.told("ann") == 1


@pytest.mark.parametrize("fields, pointer, words", [
    ({"when": "1"}, "/when", "type int"), ({"when": "alert.title"}, "/when", "type string"),
    ({"when": "true", "actions": [{"type": "set", "priority": "p7"}]}, "/actions/0/priority", "p7")])
def test_what_can_never_work_is_refused(server, fields, pointer, words):
    answer = server.try_api("POST", "alert-rules", {"name": "Never", "actions": [{"type": "suppress"}], **fields})
    assert answer.status in (400, 422), answer
    assert [pointer] == [e["pointer"] for e in answer.json["errors"]] and words in answer.json["errors"][0]["message"], answer.json
