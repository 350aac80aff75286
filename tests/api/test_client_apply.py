"""apply and export: what is configured, as files; judged by what the server holds afterwards, by what is printed and by the exit code."""

import json

import pytest

from test_demo import demo  # noqa: F401
from tocsin import run

DONE, FAILED, USAGE, NOT_FOUND, REFUSED, DIFFERS = range(6)


@pytest.fixture
def own(fresh, tmp_path):
    """own("apply", ...) against a server of this test alone; the exit code is DONE unless said."""
    server = fresh()

    def call(*words, code=DONE, **options):
        done = run(*words, "--data", server.folder, **options)
        assert done.returncode == code, done
        return done

    def apply(text, *words, code=DONE, name="wanted.yaml"):
        (tmp_path / name).write_text(text)
        return call("apply", "-f", tmp_path / name, *words, code=code)

    call.server, call.apply, call.folder = server, apply, tmp_path
    return call


def names(server, kind):
    return sorted(row.get("slug") or row["name"] for row in server.items(kind))


CIRCLE = """
teams:
- slug: payments
  name: Payments
  members: [{user_id: ann@example.org, role: owner}]
  policy_id: payments-on-call
escalation-policies:
- slug: payments-on-call
  name: Payments on call
  team_id: payments
  levels:
  - targets: [{kind: schedule, id: primary}]
  - targets: [{kind: team, id: payments}]
schedules:
- slug: primary
  name: Primary
  team_id: payments
  time_zone: Europe/Berlin
  layers:
  - {name: Week, starts_at: "2026-01-05T09:00:00", members: [[ann@example.org]]}
services:
- {slug: api, name: API, team_id: payments, depends_on: [db], labels: {env: live, area: shop}}
- {slug: db, name: DB, team_id: payments}
users:
- {name: Ann, email: Ann@Example.org}
"""


# Round trips.


def test_the_whole_demo_goes_round(demo, fresh, tmp_path):  # noqa: F811
    one = demo()
    one.address()
    exported = run("export", "--data", one.folder)
    assert exported.returncode == DONE and "Payments on call" in exported.stdout
    for kind in ("organization", "users", "contact-methods", "notification-rules", "teams", "services", "schedules", "escalation-policies", "integrations",
                 "alert-rules"):
        assert f"\n{kind}:\n" in exported.stdout
    (tmp_path / "demo.yaml").write_text(exported.stdout)

    same = run("apply", "-f", tmp_path / "demo.yaml", "--dry-run", "--exit-code", "--data", one.folder)
    assert same.returncode == DONE and "nothing to do" in same.stdout, same
    same = run("apply", "-f", tmp_path / "demo.yaml", "--data", one.folder)
    assert "0 created, 0 changed, 0 deleted" in same.stdout, same

    empty = fresh(name="empty", init=False, start=False)
    empty.init(email="sam@example.org", name="Sam Owner")  # an organization is never without its owner
    empty.start()
    made = run("apply", "-f", tmp_path / "demo.yaml", "--data", empty.folder)
    assert made.returncode == DONE and " 0 deleted" in made.stdout, made
    assert run("export", "--data", empty.folder).stdout == exported.stdout
    same = run("apply", "-f", tmp_path / "demo.yaml", "--dry-run", "--exit-code", "--data", empty.folder)
    assert same.returncode == DONE and "nothing to do" in same.stdout, same


@pytest.mark.parametrize("words", [["-o", "json"], ["--brief"], ["-o", "json", "--brief"]])
def test_every_form_of_an_export_is_taken_back(own, words):
    own.apply(CIRCLE)
    text = own("export", *words).stdout
    assert "nothing to do" in own.apply(text, "--dry-run", "--exit-code").stdout


def test_roles_overrides_and_rules_go_round(own, fresh, tmp_path):
    own.apply(CIRCLE + """
roles:
- {slug: auditor, name: Auditor, permissions: [{resource: alerts, verb: read, scope: all}]}
overrides:
- {schedule_id: primary, user_id: ann@example.org, kind: add, starts_at: "2099-01-01T00:00:00+01:00", ends_at: "2099-01-02T00:00:00Z"}
- {schedule_id: primary, user_id: ann@example.org, kind: add, starts_at: "2020-01-01T00:00:00Z", ends_at: "2020-01-02T00:00:00Z"}
alert-rules:
- slug: quiet
  name: Quiet
  position: 7
  conditions: [{field: labels.env, op: in, value: [test]}]
  actions: [{type: set, service_id: api}, {type: suppress, reason: test}]
""")
    own("update", "user", "ann@example.org", "role_id=auditor")
    text = own("export").stdout
    assert "2098-12-31T23:00:00" in text and "2020-01-01" not in text  # what is over is history
    assert "service_id: api" in text and "role_id: auditor" in text
    assert "nothing to do" in own.apply(text, "--dry-run", "--exit-code").stdout
    other = fresh(name="other")
    assert run("apply", "-f", own.folder / "wanted.yaml", "--data", other.folder).returncode == DONE
    assert run("export", "--data", other.folder).stdout == text


def test_an_export_of_some_kinds_holds_only_these(own):
    own.apply(CIRCLE)
    document = json.loads(own("export", "services", "team", "-o", "json").stdout)
    assert sorted(document) == ["services", "teams"] and [s["slug"] for s in document["services"]] == ["api", "db"]
    assert "alert-rules" in own("export", "alert-rulez", code=USAGE).stderr
    assert "not configured" in own("export", "alerts", code=USAGE).stderr


def test_what_drifted_comes_back_also_to_nothing(own):
    own.apply(CIRCLE)
    text = own("export").stdout
    own("update", "service", "api", "policy_id=payments-on-call", "failure_severity=0", 'labels={"more": "x"}')
    own("update", "escalation-policy", "payments-on-call", "repeat=9")
    assert "2 changed" in own.apply(text).stdout
    service = own.server.get("services/api")
    assert (service["policy_id"], service["failure_severity"], service["labels"]) == (None, None, {"env": "live", "area": "shop"})
    assert own.server.get("escalation-policies/payments-on-call")["repeat"] == 3


def test_who_is_on_call_survives_a_move(own, fresh, tmp_path):
    """A running layer whose list was changed counts from an anchor; the export carries it."""
    users = "".join(f"- {{name: {n}, email: {n}@example.org}}\n" for n in "abc")
    layer = '- {slug: rota, name: Rota, time_zone: UTC, layers: [{name: Week, starts_at: "2024-01-01T09:00:00", members: %s}]}\n'
    own.apply(f"users:\n{users}schedules:\n" + layer % "[[a@example.org], [b@example.org]]")
    own.apply("schedules:\n" + layer % "[[c@example.org], [a@example.org], [b@example.org]]")
    assert own.server.get("schedules/rota")["layers"][0]["anchor"]
    (tmp_path / "move.yaml").write_text(own("export", "users", "schedules").stdout)
    other = fresh(name="other")
    assert run("apply", "-f", tmp_path / "move.yaml", "--data", other.folder).returncode == DONE

    def who(server):
        return [row["users"][0]["email"] for row in server.get("on-call?schedule_id=rota")["items"]]

    assert who(other) == who(own.server) and who(other)
    assert "nothing to do" in own("apply", "-f", tmp_path / "move.yaml", "--dry-run").stdout


# What is done.


def test_what_goes_in_a_circle_is_made(own):
    own.apply(CIRCLE)
    team, policy = own.server.get("teams/payments"), own.server.get("escalation-policies/payments-on-call")
    assert team["policy_id"] == policy["id"] and policy["team_id"] == team["id"]
    assert "nothing to do" in own.apply(CIRCLE, "--dry-run", "--exit-code").stdout


def test_a_dry_run_shows_and_changes_nothing(own):
    shown = own.apply(CIRCLE, "--dry-run", "--exit-code", code=DIFFERS).stdout
    assert "+ team payments" in shown and "6 to create, 0 to change, 0 to delete" in shown
    assert names(own.server, "teams") == []
    own.apply(CIRCLE)
    changed = CIRCLE.replace("name: API", "name: Shop API").replace("area: shop", "area: store").replace("[[ann@example.org]]", "[[ann@example.org], []]")
    shown = own.apply(changed, "--dry-run").stdout
    assert "~ service api" in shown and "name: API → Shop API" in shown
    assert "- area: shop" in shown and "+ area: store" in shown and "  env: live" in shown
    assert "0 to create, 2 to change, 0 to delete, 4 as wanted" in shown
    assert own.server.get("services/api")["name"] == "API"


def test_what_a_file_leaves_out_stays(own):
    own.apply(CIRCLE)
    own("update", "service", "api", "tier=tier1")
    own.apply("services:\n- {slug: api, repository: https://example.org/api}\n")
    service = own.server.get("services/api")
    assert (service["tier"], service["name"], service["repository"]) == ("tier1", "API", "https://example.org/api")


def test_a_secret_is_written_and_never_shown(own):
    text = "integrations:\n- {slug: mail, name: Mail, template: generic, key: mail-key-0123456789, secret: s3cret-words}\n"
    made = own.apply(text)
    assert "1 created" in made.stdout
    assert "s3cret" not in own("export").stdout + own.apply(text, "--dry-run").stdout + made.stdout
    assert "1 as wanted" in own.apply(text).stdout
    assert "1 changed" in own.apply(text.replace("s3cret", "an0ther")).stdout
    # An omitted secret stays.
    own.apply(own("export", "integrations").stdout)
    assert "1 as wanted" in own.apply(text.replace("s3cret", "an0ther")).stdout


def test_a_folder_standard_input_and_several_documents(own):
    folder = own.folder / "conf"
    (folder / "below").mkdir(parents=True)
    (folder / "b.yaml").write_text("services:\n- {slug: api, name: API, team_id: crew}\n---\nservices:\n- {slug: db, name: DB}\n")
    (folder / "below" / "a.json").write_text('{"teams": [{"slug": "crew", "name": "Crew"}]}')
    (folder / "notes.txt").write_text("not: read")
    assert "3 created" in own("apply", "-f", folder).stdout
    assert "1 created" in own("apply", "-f", "-", stdin="teams:\n- name: Piped\n").stdout
    assert names(own.server, "teams") == ["crew", "piped"]


def test_a_report_for_programs(own):
    report = json.loads(own.apply(CIRCLE, "--dry-run", "-o", "json").stdout)
    assert {(i["action"], i["kind"], i["name"]) for i in report["items"]} >= {("create", "team", "payments"), ("create", "user", "ann@example.org")}
    report = json.loads(own.apply(CIRCLE, "-o", "json").stdout)
    assert all(item["done"] for item in report["items"]) and len(report["items"]) == 6


# What is wrong.


def test_a_wrong_document_is_told_by_file_line_and_member_and_nothing_is_written(own):
    text = "teams:\n- slug: good\n  name: Good\nservices:\n- name: Wrong\n  tier: tier9\n- slug: x\n  naem: X\n"
    told = own.apply(text, code=REFUSED).stderr
    assert "wanted.yaml:6: /services/0/tier: " in told and "tier1" in told
    assert "wanted.yaml:8: /services/1/naem: " in told and 'did you mean "name"' in told
    assert "2 documents are refused; nothing was written" in told
    assert names(own.server, "teams") == []


def test_lines_are_counted_through_documents(own):
    told = own.apply("# one\nteams: []\n---\n# two\nservices:\n- slug: a\n  team_id: nobody\n", code=REFUSED).stderr
    assert 'wanted.yaml:7: /services/0/team_id: there is no team "nobody"' in told


@pytest.mark.parametrize("text, told", [
    ("gizmos: []\n", '"gizmos" is not a kind'), ("teamz: []\n", 'did you mean "teams"'), ("alerts: []\n", "not configured in files"),
    ("services:\n- tier: tier1\n", "has no name"), ("users:\n- name: Ann\n", "has no name"), ("teams:\n- just text\n", "is a map of its members"),
    ("teams:\n- {slug: a, name: A}\n- {slug: a, name: B}\n", "stands in the files twice, also at"),
    ("contact-methods:\n- {user_id: owner@example.org, kind: email}\n", "user_id, kind, address")])
def test_documents_that_cannot_be(own, text, told):
    assert told in own.apply(text, code=REFUSED).stderr


@pytest.mark.parametrize("text, told", [("teams: [\n", "line 2"), ("- a\n", "a map of kinds"), ("a: 1\na: 2\n", "twice")])
def test_files_that_cannot_be_read(own, text, told):
    assert told in own.apply(text, code=USAGE).stderr


def test_words_that_cannot_be(own):
    assert "nothing.yaml" in own("apply", "-f", own.folder / "nothing.yaml", code=USAGE).stderr
    assert "-f" in own("apply", code=USAGE).stderr
    assert "--set" in own.apply("teams: []\n", "--prune", code=USAGE).stderr


def test_what_is_set_at_creation_is_said_before_anything_is_done(own):
    text = "integrations:\n- {slug: in, name: In, template: generic, key: %s}\n"
    own.apply(text % "first-key-0123")
    told = own.apply(text % "other-key-0123", code=REFUSED).stderr
    assert "/integrations/0/key" in told and "first-key-0123" in told and "wanted.yaml:2" in told


def test_a_refusal_half_way_says_what_was_done(own):
    """The second cannot be tried before the first is there: the server refuses it in the middle."""
    text = "teams:\n- {slug: crew, name: Crew}\nservices:\n- {slug: api, name: API, team_id: crew, tier: tier9}\n"
    told = own.apply(text, code=REFUSED).stderr
    assert "wanted.yaml:4: /services/0/tier" in told
    assert "Done before: 1 created, 0 changed, 0 deleted. Not done: 1" in told
    assert "1 created, 0 changed, 0 deleted, 1 as wanted" in own.apply(text.replace("tier9", "tier1")).stdout


# Sets.


def test_prune_deletes_what_the_set_made_and_is_gone(own):
    own("create", "team", "name=By hand")
    own.apply(CIRCLE, "--set", "shop")
    own.apply("teams:\n- {slug: other, name: Other}\n", "--set", "other")
    rest = "users:\n- {name: Ann, email: ann@example.org}\n"
    shown = own.apply(rest, "--set", "shop", "--prune", "--dry-run").stdout
    assert "5 to delete" in shown and "- team payments" in shown and names(own.server, "teams") == ["by-hand", "other", "payments"]
    own("create", "contact-method", "user_id=ann@example.org", "kind=webhook", "address=https://example.org/x", "verified=true")
    assert "5 deleted" in own.apply(rest, "--set", "shop", "--prune").stdout
    assert (names(own.server, "teams"), names(own.server, "services"), names(own.server, "schedules")) == (["by-hand", "other"], [], [])
    ann = own.server.get("users/ann@example.org")
    assert len(own.server.items("contact-methods", user_id=ann["id"])) == 2
    assert len(own.server.items("notification-rules", user_id=ann["id"])) == 2


def test_what_somebody_made_by_hand_is_changed_but_never_pruned(own):
    own("create", "team", "name=Crew")
    own.apply("teams:\n- {slug: crew, time_zone: UTC}\n", "--set", "shop")
    assert own.server.get("teams/crew")["managed_by"] is None
    assert "0 deleted" in own.apply("teams:\n- {slug: new, name: New}\n", "--set", "shop", "--prune").stdout
    assert own.server.get("teams/new")["managed_by"] == "shop"


def test_two_sets_do_not_fight(own):
    own.apply("teams:\n- {slug: crew, name: Crew}\n", "--set", "one")
    told = own.apply("teams:\n- {slug: crew, name: Mine}\n", "--set", "two", code=REFUSED).stderr
    assert 'belongs to the set "one"' in told and "managed_by=null" in told
    assert own.server.get("teams/crew")["name"] == "Crew"


def test_nothing_at_all_prunes_nothing(own):
    own.apply("teams:\n- {slug: crew, name: Crew}\n", "--set", "one")
    assert "hold nothing" in own.apply("teams: []\n", "--set", "one", "--prune", code=USAGE).stderr
    assert names(own.server, "teams") == ["crew"]


def test_what_others_need_is_not_pruned_and_said(own):
    own.apply("teams:\n- {slug: crew, name: Crew}\n- {slug: stay, name: Stay}\n", "--set", "one")
    own("create", "service", "name=API", "team_id=crew")
    told = own.apply("teams:\n- {slug: stay, name: Stay}\n", "--set", "one", "--prune", code=REFUSED).stderr
    assert "team crew" in told and "API" in told
    assert names(own.server, "teams") == ["crew", "stay"]


# The server's part.


def test_dry_run_of_the_api_checks_all_and_keeps_nothing(own):
    server = own.server
    assert server.try_api("POST", "teams?dry_run=true", {"name": "Tried"}).status == 201
    assert server.try_api("POST", "teams?dry_run=true", {"nonsense": 1}).status == 400
    assert names(server, "teams") == []
    team = server.make("teams", name="Kept")
    answer = server.try_api("PATCH", f"teams/{team['id']}?dry_run=true", {"name": "Renamed"})
    assert (answer.status, answer.json["name"], answer.json["version"]) == (200, "Renamed", 2)
    assert server.try_api("DELETE", f"teams/{team['id']}?dry_run=true").status == 204
    assert server.get(f"teams/{team['id']}")["name"] == "Kept"
    assert server.try_api("POST", "incidents?dry_run=true", {"title": "No"}).status == 400
    assert server.items("incidents") == []
