"""The client verbs: run as people and scripts run them, judged by what they print, what they change and their exit code."""

import json
import os
import subprocess

import pytest

from tocsin import BINARY, clean_environment, run

DONE, FAILED, USAGE, NOT_FOUND, REFUSED = range(5)


@pytest.fixture
def client(world, tmp_path):
    """client("get", "alerts") against the world's server, by its data folder. The exit code is DONE unless said."""
    world.usual()

    def call(*words, code=DONE, **options):
        done = run(*words, "--data", world.server.folder, **options)
        assert done.returncode == code, done
        return done.stderr if code else done.stdout

    call.world = world
    return call


def as_json(client, *words):
    return json.loads(client(*words, "-o", "json"))


# Where the server is, and who calls.


def environment(server, **more):
    return {"TOCSIN_URL": f"http://127.0.0.1:{server.port}", "TOCSIN_KEY": server.key, "XDG_CONFIG_HOME": "/nonexistent", **more}


def test_server_and_key_from_the_environment(world):
    done = run("get", "users", env=environment(world.server))
    assert done.returncode == DONE and "owner@example.org" in done.stdout


def test_server_and_key_from_the_users_file(world, tmp_path):
    (tmp_path / "tocsin").mkdir()
    (tmp_path / "tocsin" / "config.yaml").write_text(f"url: http://127.0.0.1:{world.server.port}/\nkey: {world.server.key}\n")
    done = run("get", "users", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert done.returncode == DONE and "owner@example.org" in done.stdout


def test_without_a_server_it_says_the_ways_to_name_one():
    done = run("get", "users", env={"XDG_CONFIG_HOME": "/nonexistent"})
    assert done.returncode == USAGE
    for way in ("--data", "TOCSIN_URL", "TOCSIN_KEY", "config.yaml"):
        assert way in done.stderr


def test_a_wrong_key_is_refused(world):
    done = run("get", "users", env=environment(world.server, TOCSIN_KEY="tk_wrong"))
    assert done.returncode == REFUSED and "key" in done.stderr and done.stdout == ""


def test_a_server_that_is_not_there_is_a_failure(world):
    done = run("get", "users", env=environment(world.server, TOCSIN_URL="http://127.0.0.1:1"))
    assert done.returncode == FAILED and "127.0.0.1:1" in done.stderr


def test_a_folder_without_a_server_is_said(tmp_path):
    (tmp_path / "admin.key").write_text("tk_x\n")
    done = run("get", "users", "--data", tmp_path)
    assert done.returncode == USAGE and "serve" in done.stderr


def test_who_comes_second_hears_who_was_first(client):
    world = client.world
    world.fire("key")
    alert = world.alert("key")
    assert client("alert", "ack", alert["number"]) == client("alert", "ack", alert["number"]) == f"{alert['number']} acknowledged: {alert['title']}\n"
    key = world.server.make("api-keys", name="Ann's", user_id=world.ann["id"], scopes=["*"])["key"]
    again = run("alert", "ack", alert["number"], env=environment(world.server, TOCSIN_KEY=key))
    at = world.alert("key")["acknowledged_at"]
    assert again.returncode == DONE and again.stdout == f"{alert['number']} already acknowledged by Olga Owner at {at}: {alert['title']}\n", again


# Rules on the newest alerts, saved views, a phone that is gone.


def test_a_rule_is_tried_saved_or_not(client, tmp_path):
    world = client.world
    world.fire("small", title=f"Small {world.name}", priority="p4")
    saved = world.rule(world.source, "alert.priority == 'p4'", {"type": "suppress", "reason": "small"}, enabled=False)
    shown = client("rule", "try", saved["slug"])
    assert f"Small {world.name}" in shown and "fits 1 of the newest" in shown, shown
    file = tmp_path / "rule.yaml"
    file.write_text("name: Tried\nwhen: alert.priority == 'p4'\nactions: [{type: set, priority: p3}]\n")
    (item,) = [one for one in as_json(client, "rule", "try", "--file", str(file))["items"] if one["title"] == f"Small {world.name}"]
    assert (item["without"], item["with"], item["priority_then"]) == ("page", "page", "p3")
    assert "either" in client("rule", "try", code=USAGE)


def test_a_saved_view_is_a_list(client):
    world = client.world
    owner = as_json(client, "get", "users", "owner@example.org")["id"]
    world.fire("loud", priority="p1")
    world.fire("small", priority="p4")
    world.resolve("loud")
    world.fire("elsewhere", world.integration(world.chain), priority="p1")
    search = f"status=all&priority=p1%2Cp2&integration={world.source['id']}"
    view = world.server.make("saved-views", user_id=owner, name=f"Loud {world.name}", screen="alerts", search=search)
    found = as_json(client, "alert", "list", "--view", f"loud {world.name}")["items"]
    assert [alert["dedup_key"] for alert in found] == ["loud"], found
    world.server.change("saved-views", view["id"], search=f"integration={world.source['id']}&q=priority+%3D%3D+%22p4%22")
    (seen,) = as_json(client, "alert", "list", "--view", view["id"])["items"]
    assert seen["dedup_key"] == "small"
    assert "did you mean" in client("alert", "list", "--view", f"Laud {world.name}", code=NOT_FOUND)
    world.server.api("DELETE", f"saved-views/{view['id']}")


def test_a_second_factor_is_taken_away(client):
    assert "signs in without a code now" in client("user", "second-factor-off", client.world.ann["email"])
    assert "nobody@example.org" in client("user", "second-factor-off", "nobody@example.org", code=NOT_FOUND)


# One page for many.


def test_a_member_of_a_combined_page_names_who_was_told(client):
    world = client.world
    world.server.make("silences", matchers=[{"name": "env", "value": "stage"}], integration_id=world.source["id"], for_s=600)
    for key in ("disk", "lamp"):
        world.fire(key, labels={"env": "stage"}, priority="p1")
    world.server.turn("601s")
    alert = world.alert("lamp")
    page = world.page(alert)
    (told,) = world.server.get(f"pages/{page['id']}/notifications")["items"]
    assert told["user_id"] == world.ann["id"] and told["page_id"] == page["storm_page_id"] != page["id"]
    for verb in ("show", "why"):
        shown = client("alert", verb, alert["number"])
        assert "page, combined with others, level 1, active" in shown and world.ann["name"] in shown, shown
    while world.server.get(f"pages/{page['storm_page_id']}")["status"] == "active":
        world.server.turn("301s")
    again = world.server.get(f"pages/{page['storm_page_id']}")["next_escalation_at"]
    assert f"exhausted, nobody answered, starts again at {again}" in client("alert", "show", alert["number"])


# Words and options.


@pytest.mark.parametrize("words", [["get"], ["get", "nonsense"], ["get", "alerts", "--nonsense"], ["get", "alerts", "-o", "xml"], ["get", "alerts", "--filter"],
                                   ["alert"], ["alert", "nonsense", "ALERT-1"], ["alert", "ack"], ["alert", "snooze", "ALERT-1"],
                                   ["alert", "snooze", "ALERT-1", "--for", "soon"], ["incident", "declare"], ["create", "team"],
                                   ["create", "team", "no-equals"], ["page", "ann"], ["event", "send", "--key", "x"], ["rule", "preview"], ["replay"]])
def test_a_wrong_call_is_usage_and_one_sentence(client, words):
    assert client(*words, code=USAGE).startswith("tocsin: ")


@pytest.mark.parametrize("words", [["get"], ["create"], ["update"], ["delete"], ["alert"], ["alert", "ack"], ["incident"], ["incident", "declare"], ["page"],
                                   ["oncall"], ["event", "send"], ["replay"], ["rule", "preview"], ["watch"]])
def test_every_verb_has_help(words):
    done = run(*words, "--help", env={"XDG_CONFIG_HOME": "/nonexistent"})
    assert done.returncode == DONE and f"tocsin {words[0]}" in done.stdout


# Resources.


def test_get_lists_as_table_json_and_yaml(client):
    client.world.fire("key", title="Disk full on db1")
    number = client.world.alert("key")["number"]
    table = client("get", "alerts", "--filter", "dedup_key=key", "--filter", f"integration_id={client.world.source['id']}")
    assert table.splitlines()[0].split()[:2] == ["ALERT", "STATUS"]
    assert number in table and "Disk full on db1" in table and "\033" not in table
    assert [a["number"] for a in as_json(client, "get", "alerts", "--filter", f"integration_id={client.world.source['id']}")["items"]] == [number]
    assert f"number: {number}" in client("get", "alert", number, "-o", "yaml")


def test_the_same_filter_twice_means_or(client):
    for name in ("a", "b", "c"):
        client.world.fire(name)
    mine = ["--filter", f"integration_id={client.world.source['id']}"]
    found = as_json(client, "get", "alerts", *mine, "--filter", "dedup_key=a", "--filter=dedup_key=c")["items"]
    assert sorted(a["dedup_key"] for a in found) == ["a", "c"]


def test_a_table_fits_where_it_is_shown(client):
    client.world.fire("wide", title="w" * 500)
    table = client("get", "alerts", "--filter", f"integration_id={client.world.source['id']}", env={"COLUMNS": "80"})
    assert max(map(len, table.splitlines())) <= 80


def test_text_from_outside_cannot_write_to_the_terminal(client):
    client.world.fire("escape", title="red \x1b[31m bell \x07 end")
    table = client("get", "alerts", "--filter", f"integration_id={client.world.source['id']}")
    assert "\x1b" not in table and "\x07" not in table and "end" in table


def test_what_is_not_there_is_not_found(client):
    assert "ALERT-999999" in client("get", "alert", "ALERT-999999", code=NOT_FOUND)
    assert client("delete", "team", "no-such-team", code=NOT_FOUND)


def test_create_update_delete(client):
    name = f"Crew {client.world.name}"
    slug = as_json(client, "create", "team", f"name={name}")["slug"]
    client("update", "team", slug, f"name={name} II")
    assert as_json(client, "get", "team", slug)["name"] == f"{name} II"
    client("delete", "team", slug)
    client("get", "team", slug, code=NOT_FOUND)


def test_words_have_the_form_that_the_field_wants(client):
    made = as_json(client, "create", "service", f"name=7 {client.world.name}", "tier=tier1", "failure_severity=1", 'labels={"env": "live"}')
    assert (made["failure_severity"], made["labels"], made["tier"]) == (1, {"env": "live"}, "tier1")
    assert as_json(client, "update", "service", made["id"], "failure_severity=null")["failure_severity"] is None


@pytest.mark.parametrize("text", ['[{"name": "A %s"}, {"name": "B %s"}]', "- name: A %s\n- name: B %s\n"])
def test_a_file_may_list_several(client, tmp_path, text):
    name = f"{client.world.name} {len(text)}"
    (tmp_path / "teams").write_text(text % (name, name))
    ids = client("create", "teams", "-f", tmp_path / "teams", "--quiet").split()
    assert len(ids) == 2 and all(one.startswith("team_") for one in ids)


def test_standard_input_is_a_file_too(client):
    made = client("create", "team", "--file", "-", "--quiet", stdin=json.dumps({"name": f"Piped {client.world.name}"}))
    assert made.startswith("team_")


def test_every_wrong_member_is_told_in_the_words_of_the_api(client):
    told = client("create", "service", "name=x", "tier=tier9", "nonsense=1", code=REFUSED)
    assert "/tier" in told and "/nonsense" in told


def test_a_key_is_shown_once(client):
    made = client("create", "api-key", f"name=ci {client.world.name}")
    assert "key: tk_" in made
    assert "tk_" not in client("get", "api-key", made.split("(")[1].split(")")[0], "-o", "json").replace('"hint": "tk_', "")


# The day.


def test_alert_verbs(client):
    client.world.fire("key")
    number = client.world.alert("key")["number"]
    for verb, status in (("ack", "acknowledged"), ("unack", "triggered"), ("resolve", "resolved"), ("reopen", "triggered"), ("dismiss", "dismissed")):
        assert number in client("alert", verb, number)
        assert client.world.alert("key")["status"] == status


def test_snooze_is_a_hold(client):
    client.world.fire("key")
    number = client.world.alert("key")["number"]
    client("alert", "snooze", number, "--for", "2h")
    assert [h["reason"] for h in client.world.alert("key")["holds"]] == ["snooze"]


def test_escalate_pages_the_next(client):
    client.world.fire("key")
    client("alert", "escalate", client.world.alert("key")["number"])
    client.world.server.settle()
    assert client.world.tally("ann", "bob") == (1, 1)


def test_one_wrong_number_does_not_keep_the_rest_waiting(client):
    client.world.fire("key")
    client("alert", "ack", "ALERT-999999", client.world.alert("key")["number"], code=NOT_FOUND)
    assert client.world.alert("key")["status"] == "acknowledged"


def test_a_move_that_is_not_allowed_is_refused(client):
    client.world.fire("key")
    client.world.resolve("key")
    assert "resolved" in client("alert", "ack", client.world.alert("key")["number"], code=REFUSED)


def test_incident_verbs(client):
    made = as_json(client, "incident", "declare", "--title", "Checkout fails", "--severity", "1")
    number = made["number"]
    assert (made["title"], made["severity"]) == ("Checkout fails", 1)
    client("incident", "ack", number)
    assert as_json(client, "get", "incident", number)["status"] == "investigating"
    client("incident", "say", number, "Found it", "--status", "fixing")
    assert as_json(client, "get", "incident", number)["status"] == "fixing"
    client("incident", "resolve", number)
    client("incident", "close", number)
    assert as_json(client, "get", "incident", number)["status"] == "closed"
    client("incident", "reopen", number)
    assert as_json(client, "get", "incident", number)["closed_at"] is None
    client("incident", "close", number)


def test_page_reaches_the_person(client):
    page = as_json(client, "page", client.world.ann["email"], "Call me")
    client.world.server.settle()
    assert page["id"].startswith("pag_") and client.world.told("ann") == 1
    client.world.server.verb("pages", page["id"], "acknowledge")


def test_oncall_says_who(client):
    name = f"Rota {client.world.name}"
    client.world.server.make("schedules", name=name, time_zone="UTC",
                             layers=[{"name": "Week", "starts_at": "2024-01-01T09:00:00", "members": [[client.world.ann["id"]]]}])
    slug = name.lower().replace(" ", "-")
    assert client.world.ann["name"] in client("oncall", slug)
    assert client("oncall", "nobody-knows", code=NOT_FOUND)
    [row] = client.world.server.get(f"on-call?schedule_id={slug}")["items"]
    assert row["until"] is None and row["next"] is None, "one person, for ever"
    assert "open end" in client("oncall", slug)


def test_oncall_take_covers_everyone_from_now(client):
    name = f"Taken {client.world.name}"
    client.world.server.make("schedules", name=name, time_zone="UTC",
                             layers=[{"name": "Week", "starts_at": "2024-01-01T09:00:00", "members": [[client.world.ann["id"]]]}])
    slug = name.lower().replace(" ", "-")
    taken = as_json(client, "oncall", "take", slug, "--until", "2099-01-01T00:00:00Z", "--user", client.world.bob["email"])
    assert (taken["user_id"], taken["kind"]) == (client.world.bob["id"], "cover")
    assert "Olga" not in client("oncall", slug) and client.world.bob["name"] in client("oncall", slug)
    client("oncall", "take", slug, "--for", "8h")
    client("oncall", "take", slug, code=USAGE)


def test_why_tells_which_rules_matched_and_who_was_paged(client):
    client.world.rule(client.world.source, "labels.env == 'never'", {"type": "suppress"}, name=f"Quiet {client.world.name}")
    client.world.fire("key")
    told = client("alert", "why", client.world.alert("key")["number"])
    assert f'"Quiet {client.world.name}" does not match' in told
    assert client.world.chain["name"] in told and "triggered" in told
    assert client.world.ann["name"] in told and "webhook" in told
    assert told.count("default chain") == 1, "each page is told once"


def test_a_declared_incident_says_that_nobody_was_paged(client):
    told = client("incident", "declare", f"Broken {client.world.name}")
    assert "nobody was paged" in told and "incident page INC-" in told


def test_event_send_says_what_was_taken_otherwise(client):
    done = run("event", "send", "--key", client.world.source["key"], "--title", "T", "--dedup-key", "w", "--status", "resolvd", "--url", f"http://127.0.0.1:{client.world.server.port}")
    assert done.returncode == 0 and "warning: " in done.stderr and 'did you mean "resolved"' in done.stderr, done


def test_paging_a_name_of_two_asks_which(client):
    server, name = client.world.server, f"Twin {client.world.name}"
    server.make("teams", name=name, members=[{"user_id": client.world.ann["id"]}])
    server.make("schedules", name=name, time_zone="UTC", layers=[])
    slug = name.lower().replace(" ", "-")
    done = run("page", slug, "It burns", "--data", server.folder)
    assert done.returncode == USAGE and "a team and a schedule" in done.stderr and "--kind" in done.stderr, done
    assert client.world.told("ann") == 0
    client("page", slug, "It burns", "--kind", "team")
    server.settle()
    assert client.world.told("ann") == 1


def test_event_send_needs_no_key_of_the_api_and_never_sends_it(client):
    server, key = client.world.server, client.world.source["key"]
    where = ["--url", f"http://127.0.0.1:{server.port}"]
    env = {"XDG_CONFIG_HOME": "/nonexistent"}
    done = run("event", "send", "--key", key, "--title", "From a script", "--dedup-key", "s", "--priority", "p2", "--label", "env=live", *where, env=env)
    assert done.returncode == DONE and "req_" in done.stdout
    server.settle()
    alert = client.world.alert("s")
    assert (alert["title"], alert["priority"], alert["labels"]) == ("From a script", "p2", {"env": "live"})
    done = run("event", "send", "--title", "x", *where, env={**env, "TOCSIN_KEY": server.key})
    assert done.returncode == USAGE and server.key not in done.stderr


def test_event_resolves_what_it_opened(client):
    for status in ("triggered", "resolved"):
        client("event", "send", "--key", client.world.source["key"], "--title", "t", "--dedup-key", "r", "--status", status)
    client.world.server.settle()
    assert client.world.alert("r")["status"] == "resolved"


def test_replay_maps_again(client):
    client.world.fire("key")
    request = client.world.server.items("requests", integration_id=client.world.source["id"])[-1]["id"]
    assert "accepted" in client("replay", request)
    assert client.world.alert("key")["count"] == 2


def test_rule_preview_tells_the_decision_and_changes_nothing(client, tmp_path):
    client.world.rule(client.world.source, "labels.env == 'test'", {"type": "suppress", "reason": "a test"})
    (tmp_path / "payload.json").write_text(json.dumps({"title": "Try", "dedup_key": "try", "labels": {"env": "test"}}))
    told = client("rule", "preview", "--file", tmp_path / "payload.json", "--integration", client.world.source["id"])
    assert "Try" in told and "matches" in told and "held" in told
    assert client.world.alert("try") is None


def test_watch_prints_what_changes(client):
    command = [BINARY, "watch", "alerts", "--data", str(client.world.server.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment(), text=True) as watch:
        try:
            # The stream may not be there yet for the first: what comes later is seen in any case.
            os.set_blocking(watch.stdout.fileno(), False)
            line = None
            for n in range(200):
                client.world.fire(f"seen-{n % 3}", title="Seen by watch")
                line = watch.stdout.readline()
                if line:
                    break
            assert line and "alert" in line and "Seen by watch" in line
        finally:
            watch.kill()


# What people complained about.


def test_a_contact_method_is_named_when_it_is_made(client):
    made = client("create", "contact-method", f"user_id={client.world.ann['email']}", "kind=ntfy", "address=https://ntfy.example.org/ann")
    assert made.startswith("contact method ntfy https://ntfy.example.org/ann (ctm_") and made.rstrip().endswith("created")


def test_a_connector_is_asked_by_its_name(client):
    world = client.world
    made = world.server.make("connectors", name="Chat", channel="slack", secret="xoxb-1", settings={"url": f"{world.sink.url}/{world.name}"})
    world.server.settle()
    assert "is being asked" in client("connectors", "check", made["slug"])
    world.server.settle()
    assert len([r for r in world.sink.requests if r.path == f"/{world.name}/api/auth.test"]) == 2
    assert "nothing-like-it" in client("connectors", "check", "nothing-like-it", code=NOT_FOUND)
    world.server.api("DELETE", f"connectors/{made['id']}")


def test_codes_are_said_in_words(fresh):
    server = fresh()
    made = server.make("users", name="Mail", email="mail@example.org")
    page = server.make("pages", targets=[{"kind": "user", "id": made["id"]}], message="x")
    server.settle()
    table = run("get", "notifications", "--filter", f"page_id={page['id']}", "-o", "wide", "--data", server.folder)
    assert "no mail relay" in table.stdout and "no_smtp" in table.stdout


@pytest.mark.parametrize("options, code, told", [(["--email", "nonsense"], USAGE, "--email: "), (["--time-zone", "Mars/X"], USAGE, '--time-zone: time zone "Mars/X" is not')])
def test_init_says_which_option_is_wrong_once(tmp_path, options, code, told):
    done = run("init", "--data", tmp_path / "d", "--organization", "X", "--email", "a@example.org", "--name", "A", *options)
    assert done.returncode == code and done.stderr.startswith(f"tocsin init: {told}") and done.stderr.count("\n") == 1, done


@pytest.mark.parametrize("listen, told", [(":99999", "99999 is no port"), ("127.0.0.1:70000", "70000 is no port"), ("nonsense", "has no port")])
def test_serve_says_what_is_wrong_with_the_address(tmp_path, listen, told):
    done = run("serve", "--data", tmp_path / "d", "--listen", listen)
    assert done.returncode == USAGE and told in done.stderr
    assert not (tmp_path / "d").exists()


def test_a_folder_that_was_not_there_is_said(tmp_path):
    def log():
        command = [BINARY, "serve", "--data", str(tmp_path / "mistyped"), "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(), text=True) as server:
            assert server.stdout.readline().startswith("ready on")
            server.terminate()
            return server.communicate(timeout=20)[1]

    words = f"new data folder {tmp_path / 'mistyped'}: it was not there before"
    assert words in log()
    assert words not in log()


@pytest.mark.parametrize("words, told", [(["aler", "ack"], 'did you mean "alert"?'), (["alert", "akc", "ALERT-1"], 'did you mean "ack"?'),
                                         (["get", "servises"], 'did you mean "services"?'), (["get", "alerts", "--fliter", "x"], "did you mean --filter?"),
                                         (["serve", "--listne", "x"], "did you mean --listen?"), (["frobnicate"], "tocsin --help")])
def test_a_slip_of_the_hand_is_understood(words, told):
    done = run(*words, env={"TOCSIN_URL": "http://127.0.0.1:1", "TOCSIN_KEY": "tk_x"})
    assert done.returncode == USAGE and told in done.stderr, done


def test_a_folder_that_is_not_there_is_said(tmp_path):
    done = run("get", "users", "--data", tmp_path / "nowhere")
    assert done.returncode == USAGE and "there is no folder" in done.stderr and "nowhere" in done.stderr


def test_a_wrong_key_says_where_keys_come_from(world):
    done = run("get", "users", env=environment(world.server, TOCSIN_KEY="tk_wrong"))
    assert done.returncode == REFUSED and "TOCSIN_KEY" in done.stderr and "config.yaml" in done.stderr


def test_something_else_that_answers_is_not_taken_for_a_server(sink):
    done = run("get", "users", env={"TOCSIN_URL": sink.url, "TOCSIN_KEY": "tk_x", "XDG_CONFIG_HOME": "/nonexistent"})
    assert done.returncode == FAILED and done.stdout == "" and "answers, but not" in done.stderr


def test_output_that_cannot_be_written_is_a_failure(world):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "get", "users", "--data", world.server.folder], stdout=full, stderr=subprocess.PIPE, text=True, env=clean_environment())
    assert done.returncode == FAILED and "cannot write the output" in done.stderr


def test_version_and_help_in_every_way():
    assert run("--version").stdout.startswith("tocsin ")
    assert run("help", "alert", "ack").stdout == run("alert", "ack", "--help").stdout == run("alert", "ack", "-h").stdout
    assert run("serve", "-h").stdout == run("help", "serve").stdout


def test_fields_say_what_a_kind_is_made_of():
    env = {"XDG_CONFIG_HOME": "/nonexistent"}
    assert "services" in run("fields", env=env).stdout
    told = run("fields", "escalation-policy", env=env).stdout
    assert "wait_s" in told and "default 300" in told and "with kind: schedule" in told
    assert 'did you mean "services"' in run("fields", "servises", env=env).stderr


# Lists and forms.


def test_wide_names_and_filters(client):
    for name, priority in (("a", "p1"), ("b", "p4"), ("c", "p1")):
        client.world.fire(name, priority=priority)
    mine = ["--filter", f"integration_id={client.world.source['id']}"]
    wide = client("get", "alerts", *mine, "-o", "wide", env={"COLUMNS": "40"})
    assert client.world.source["name"] in wide and "alr_" in wide
    names = client("get", "alerts", *mine, "-o", "name").split()
    assert len(names) == 3 and all(name.startswith("ALERT-") for name in names)
    assert client("alert", "list", *mine, "-o", "name").split() == names
    client("alert", "resolve", *names[:2])
    assert client("alert", "list", *mine, "-o", "name").split() == names[2:]
    assert len(client("alert", "list", "--all", *mine, "-o", "name").split()) == 3


def test_an_expression_filters_and_several_must_hold_together(client):
    for name, priority in (("a", "p1"), ("b", "p4"), ("c", "p1")):
        client.world.fire(name, priority=priority)
    mine = ["--filter", f"integration_id={client.world.source['id']}"]
    found = as_json(client, "get", "alerts", *mine, "--filter", "priority == 'p1'", "--filter", "dedup_key != 'a'")["items"]
    assert [a["dedup_key"] for a in found] == ["c"]


def test_more_than_a_page_is_read(client):
    for n in range(3):
        client("create", "team", f"name=Many {client.world.name} {n}", "--quiet")
    some = run("get", "teams", "--limit", "2", "-o", "name", "--data", client.world.server.folder)
    assert len(some.stdout.split()) == 2 and "there are more: --limit N, or --cursor" in some.stderr
    cursor = some.stderr.split("--cursor ")[1].strip()
    rest = client("get", "teams", "--limit", "1000", "--cursor", cursor, "-o", "name").split()
    assert not set(rest) & set(some.stdout.split())


def test_wide_characters_keep_columns_in_line(client):
    name = f"監視 {client.world.name}"
    client("create", "service", f"name={name}", f"slug=kanshi-{client.world.name}")
    client("create", "service", f"name=Plain {client.world.name}")
    lines = client("get", "services", "--limit", "1000").splitlines()
    at = lines[0].index("TIER")
    (wide,) = [line for line in lines if "監視" in line]
    assert wide[at - 2:].startswith("tier2"), wide  # each of the two takes two places


def test_show_is_one_screen(client):
    client.world.fire("key", title="Disk full on db1")
    number = client.world.alert("key")["number"]
    client("alert", "note", number, "Looking at it")
    shown = client("alert", "show", number)
    assert "Disk full on db1" in shown and client.world.ann["name"] in shown and "Looking at it" in shown and "timeline" in shown
    made = as_json(client, "incident", "declare", "Checkout fails")["number"]
    assert made in client("incident", "list")
    assert "Checkout fails" in client("incident", "show", made)
    client("incident", "close", made)
    assert made not in client("incident", "list") and made in client("incident", "list", "--all", "--limit", "1000")


def test_notes_and_names_for_several(client):
    for name in ("a", "b"):
        client.world.fire(name)
    numbers = [client.world.alert(name)["number"] for name in ("a", "b")]
    told = client("alert", "note", *numbers, "Both are the switch")
    assert all(number in told for number in numbers)
    assert all(number in client("alert", "assign", *numbers, client.world.bob["email"]) for number in numbers)


def test_a_severity_may_be_written_as_people_say_it(client):
    made = as_json(client, "incident", "declare", "Down", "--severity", "SEV0", "--service", client.world.server.make("services", name=f"S {client.world.name}")["slug"])
    assert made["severity"] == 0 and len(made["service_ids"]) == 1
    assert "sev0 to sev4" in client("incident", "declare", "x", "--severity", "9", code=USAGE)
    client("incident", "close", made["number"])


def test_incident_update_changes_what_is_named(client):
    number = as_json(client, "incident", "declare", "Slow", "--severity", "3")["number"]
    client("incident", "update", number, "--severity", "1", "--title", "Very slow", "--commander", client.world.ann["email"])
    made = as_json(client, "get", "incident", number)
    assert (made["severity"], made["title"], made["commander_id"]) == (1, "Very slow", client.world.ann["id"])
    assert client("incident", "update", number, code=USAGE)
    client("incident", "close", number)


def test_incident_people_and_others(client):
    one, two = (as_json(client, "incident", "declare", f"{n} {client.world.name}")["number"] for n in ("One", "Two"))
    client("incident", "join", one, "--user", client.world.ann["email"])
    people = client.world.server.get(f"incidents/{one}/people")["items"]
    assert client.world.ann["id"] in [p["user_id"] for p in people]
    client("incident", "leave", one, "--user", client.world.ann["email"])
    client("incident", "relate", one, "causes", two)
    assert "INC" in str(client.world.server.get(f"incidents/{one}/relations")) or client.world.server.get(f"incidents/{one}/relations")["items"]
    page = as_json(client, "incident", "page", one, "--policy", client.world.chain["slug"])
    client.world.server.settle()
    assert page["policy_id"] == client.world.chain["id"] and client.world.told("ann") == 1
    client("incident", "ack", one)
    client("incident", "merge", two, one)
    assert client("incident", "merge", two, code=USAGE)
    client("incident", "close", one)


def test_page_finds_out_what_a_word_names(client):
    team = client.world.server.make("teams", name=f"Crew {client.world.name}", members=[{"user_id": client.world.bob["id"]}])
    for word in (client.world.ann["email"], team["slug"], client.world.chain["slug"]):
        page = as_json(client, "page", word, "--message", "Call me")
        client.world.server.settle()
        client.world.server.verb("pages", page["id"], "acknowledge")
    assert client.world.tally("ann", "bob") == (2, 1)
    assert "name a user by e-mail" in client("page", "nobody-at-all", "--message", "x", code=NOT_FOUND)


def test_times_may_be_lengths(client):
    client.world.fire("key")
    mine = ["--filter", f"integration_id={client.world.source['id']}", "-o", "name"]
    assert client("get", "alerts", *mine, "--since", "1000d")
    assert client("get", "alerts", *mine, "--until", "1000d") == ""
    assert "no time" in client("get", "alerts", "--since", "soon", code=USAGE)
