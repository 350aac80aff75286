"""Silences, as tables: what they hold, and that nobody is forgotten at their end."""

import json
import subprocess

import pytest

from quiet_table import Story
from tocsin import BINARY

TABLES = {
    "what is silenced pages nobody, and once at the end": """
         0:00 | silence s team=db 10m          |                    |
         0:10 | fire a team=db                 | a silence          | ann 0
         6:00 |                                | a silence          | ann 0, bob 0
        10:01 |                                | a -                | ann 1, bob 0
        15:02 |                                |                    | ann 1, bob 1
    """,
    "a new silence cancels running pages and their escalation": """
         0:00 | fire a team=db; fire b team=x  | a -, b -           | ann 2
         1:00 | silence s team=db 10m          | a silence, b -     | ann 2
         5:01 | ack b                          |                    | ann 2, bob 1
        11:02 |                                | a -                | ann 3
    """,
    "what is resolved in between never pages": """
         0:00 | silence s team=db 10m          |                    |
         0:10 | fire a team=db                 | a silence          |
         5:00 | resolve a                      | a - [resolved]     | ann 0
        12:00 |                                |                    | ann 0
    """,
    "what is acknowledged stays quiet at the end": """
         0:00 | silence s team=db 10m          |                    |
         0:10 | fire a team=db; ack a          | a silence [acknowledged] |
        12:00 |                                | a - [acknowledged] | ann 0
    """,
    "what one end releases is one page per policy": """
         0:00 | silence s team=db 10m          |                    |
         0:10 | fire a team=db; fire b team=db; fire c team=db |    | ann 0
        10:01 |                                | a -, b -, c -      | ann 1
        15:02 |                                |                    | ann 1, bob 1
    """,
    "it begins later": """
         0:00 | silence s team=db 10m in 5m    |                    |
         0:10 | fire a team=db                 | a -                | ann 1
         4:00 | fire b team=db                 | b -                | ann 2
         5:05 |                                | a silence, b silence |
         9:30 |                                |                    | ann 2, bob 0
        15:02 |                                | a -, b -           | ann 3
    """,
    "a changed label is asked again": """
         0:00 | silence s team=db 30m; fire a team=x | a -          | ann 1
         1:00 | fire a team=db                 | a silence          |
         7:00 |                                |                    | ann 1, bob 0
         8:00 | fire a team=x                  | a -                | ann 2
    """,
    "a label that a person changes is asked again": """
         0:00 | silence s team=db 30m; fire a team=x | a -          | ann 1
         1:00 | label a team=db                | a silence          | ann 1
         7:00 | label a team=x                 | a -                | ann 2, bob 0
    """,
    "an edit lets go and takes anew": """
         0:00 | fire a team=db; fire b team=web |                   | ann 2
         0:30 | silence s team=db 30m          | a silence, b -     |
         1:00 | edit s team=web                | a -, b silence     | ann 3
         5:50 |                                |                    | bob 0
         6:05 |                                |                    | bob 1
    """,
    "a later end holds longer, an earlier one lets go": """
         0:00 | fire a team=db; silence s team=db 5m | a silence    | ann 1
         1:00 | move s 20m                     | a silence          |
         6:00 |                                | a silence          | ann 1
         7:00 | move s 1m                      | a silence          |
         8:02 |                                | a -                | ann 2
    """,
    "ended by hand, and deleted": """
         0:00 | fire a team=db; silence s team=db 1h; silence t team=db 1h | a silence | ann 1
         1:00 | end s                          | a silence          | ann 1
         2:00 | delete t                       | a -                | ann 2
    """,
    "two silences: the last end counts, once": """
         0:00 | fire a team=db                 |                    | ann 1
         0:10 | silence s team=db 5m; silence t a=~.* team=db 10m | a silence |
         6:00 |                                | a silence          | ann 1
        10:12 |                                | a -                | ann 2
        20:00 | ack a                          |                    | ann 2
    """,
    "until it is resolved": """
         0:00 | fire a team=db; fire b team=db |                    | ann 2
         0:10 | silence s team=db until-resolved | a silence, b silence |
        60:00 | resolve a                      | a -, b silence     | ann 2
        90:00 | resolve b                      |                    | ann 2
        90:01 | fire c team=db                 | c -                | ann 3
    """,
    "it expires when idle": """
         0:00 | silence s team=db idle         |                    |
        30:00 | fire a team=db                 | a silence          |
       100:00 | resolve a                      |                    |
       159:00 | fire b team=db                 | b silence          | ann 0
       200:00 | resolve b                      |                    |
       261:00 | fire c team=db                 | c -                | ann 1
    """,
    "an idle silence that never matched ends after an hour": """
         0:00 | silence s team=db idle         |                    |
        61:00 | fire a team=db                 | a -                | ann 1
    """,
    "a raise under a silence stays quiet": """
         0:00 | silence s team=db 10m; fire a team=db p4 | a silence | ann 0
         1:00 | fire a team=db p1              | a silence          | ann 0
        10:01 |                                | a -                | ann 1
    """,
    "a reopened episode is silenced, too, and pages afterwards": """
         0:00 | fire a team=db; silence s team=db 30m | a silence   | ann 1
         1:00 | resolve a                      | a - [resolved]     |
        12:00 | fire a team=db                 | a silence [triggered] | ann 1
        30:02 |                                | a -                | ann 2
    """,
    "unacknowledged under a silence waits for its end": """
         0:00 | fire a team=db; ack a          |                    | ann 1
         0:10 | silence s team=db 10m; unack a | a silence [triggered] | ann 1
        10:12 |                                | a -                | ann 2
    """,
    "by expression, in which a missing label is no match": """
         0:00 | silence s "when:labels.team == 'db' && alert.priority == 'p3'" 10m | |
         0:10 | fire a team=db p3; fire b team=db p1; fire c p3 | a silence, b -, c - | ann 2
        10:01 |                                | a -                | ann 3
    """,
    "what has no label is matched by != and by nothing else": """
         0:00 | silence s "team!=web" "kind=x" 10m |                |
         0:10 | fire a kind=x; fire b kind=x team=web | a silence, b - | ann 1
    """,
    "dismissed alerts stay dismissed": """
         0:00 | silence s team=db 10m; fire a team=db; dismiss a | a - [dismissed] |
        11:00 |                                | a - [dismissed]    | ann 0
    """,
    "a pause that ends first": """
         0:00 | rule r true pause for_s=300; silence s team=db 10m; fire a team=db | a pause+silence |
         5:01 |                                | a silence          | ann 0
        10:02 |                                | a -                | ann 1
    """,
    "a pause that ends last": """
         0:00 | rule r true pause for_s=900; silence s team=db 10m; fire a team=db | a pause+silence |
        10:02 |                                | a pause            | ann 0
        15:02 |                                | a -                | ann 1
    """,
    "a snooze that ends first": """
         0:00 | fire a team=db; silence s team=db 10m; snooze a 5m | a silence+snooze | ann 1
         5:02 |                                | a silence          | ann 1
        10:02 |                                | a -                | ann 2
    """,
    "a snooze that ends last": """
         0:00 | fire a team=db; snooze a 15m; silence s team=db 10m | a silence+snooze | ann 1
        10:02 |                                | a snooze           | ann 1
        15:02 |                                | a -                | ann 2
    """,
    "a suppressing rule that ends first": """
         0:00 | rule r "labels.team == 'db'" suppress; fire a team=db; silence s team=db 10m | a silence+suppressed |
         2:00 | delete r                       | a silence          | ann 0
        10:02 |                                | a -                | ann 1
    """,
    "a suppressing rule that ends last": """
         0:00 | rule r "labels.team == 'db'" suppress; fire a team=db; silence s team=db 10m | a silence+suppressed |
        10:02 |                                | a suppressed       | ann 0
        12:00 | delete r                       | a -                | ann 1
    """,
    "an incident whose every member is silenced is quiet, and pages again": """
         0:00 | rule r true create_incident; fire a team=db |       | ann 1
         1:00 | silence s team=db 10m          | a silence          |
         7:00 |                                |                    | ann 1, bob 0
        11:02 |                                | a -                | ann 2
    """,
    "born silenced it opens no incident until it is let go": """
         0:00 | rule r true create_incident; silence s team=db 10m; fire a team=db | a silence | ann 0, incidents 0
        10:02 |                                | a -                | ann 1, incidents 1
    """,
    "what is silenced is counted": """
         0:00 | silence s team=db 10m; fire a team=db; fire a team=db; fire a team=db | a silence [triggered] x3 | ann 0
        10:02 |                                | a - [triggered] x3 | ann 1
    """,
    "silenced it joins an open incident and adds no page to it": """
         0:00 | rule r true create_incident group_by=labels.site; fire a site=1 | a - | ann 1, incidents 1
         0:10 | silence s team=db 10m; fire b site=1 team=db | b silence | ann 1, incidents 1
        10:12 |                                | b -                | ann 1, incidents 1, bob 1
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_story(world, name):
    Story(world.usual()).play(TABLES[name])


def test_a_page_says_what_cancelled_it(world):
    world.usual()
    world.fire("a", labels={"team": "db"})
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], for_s=600)
    world.server.settle()
    page = world.page(world.alert("a"))
    assert (page["status"], page["reason"]) == ("cancelled", "silence")
    world.server.api("DELETE", "silences/" + made["id"])


def test_what_ends_while_the_server_is_down_pages_at_its_start(fresh, sink):
    from world import World
    server = fresh()
    story = Story(World(server, sink).usual())
    story.play("""
         0:00 | fire a team=db; silence s team=db 10m | a silence | ann 1
         1:00 | restart                               | a silence | ann 1
    """.replace("s team", "keep team"))
    # the story deletes what it made: the silence is over while nobody looks
    story.silence("t", "team=db", "5m")
    server.settle()
    told = story.world.told("ann")
    server.kill()
    server.turned_s += 600
    server.start()
    if server.db:
        server.control("clock +600s")
    server.settle()
    assert story.world.told("ann") == told + 1
    assert story.world.alert("a")["holds"] == []


# What it says of itself.


def matcher(name, value, op="="):
    return {"name": name, "op": op, "value": value}


def refused(server, **fields):
    answer = server.try_api("POST", "silences", {"ends_at": "2099-01-01T00:00:00Z", **fields})
    assert answer.status == 400, answer
    return {error["pointer"]: error["message"] for error in answer.json["errors"]}


def test_refusals_say_the_way_out(world):
    server = world.server
    assert "every one of these also holds" in refused(server, matchers=[matcher("a", ".*", "=~"), matcher("b", "x", "!=")])["/matchers"]
    assert "every one of these" in refused(server, matchers=[matcher("a", "")])["/matchers"]
    assert "say what it silences" in refused(server)["/matchers"]
    assert "not both" in refused(server, matchers=[matcher("a", "b")], when="true")["/when"]
    assert "must be after" in refused(server, matchers=[matcher("a", "b")], starts_at="2099-02-01T00:00:00Z")["/ends_at"]
    assert "in the past" in refused(server, matchers=[matcher("a", "b")], starts_at="2001-01-01T00:00:00Z", ends_at="2001-01-02T00:00:00Z")["/ends_at"]
    assert "say when it ends" in refused(server, matchers=[matcher("a", "b")], ends_at=None)["/ends_at"]
    assert "is not RE2" in refused(server, matchers=[matcher("x", "y"), matcher("a", "b(?=c)", "=~")])["/matchers/1/value"]
    assert "is not RE2" in refused(server, matchers=[matcher("a", "b)(c", "=~")])["/matchers/0/value"]
    assert "/when" in refused(server, when="alert.nosuch == 1")


@pytest.mark.parametrize("value, refused", [("p9", True), ("P1", True), ("p0", True), ("p12", True), ("p1", False), ("high", False), ("plain", False), ("p", False)])
def test_a_priority_that_no_alert_has_is_refused(world, value, refused):
    world.usual()
    answer = world.server.try_api("POST", "silences", {"matchers": [matcher("priority", value)], "integration_id": world.source["id"], "for_s": 60})
    assert answer.status == (400 if refused else 201), answer
    if refused:
        assert "/matchers/0/value" in answer.text and "p1 (most urgent), p2, p3 or p4" in answer.text


def test_one_that_has_ended_stays_as_it_was(world):
    made = world.server.make("silences", matchers=[matcher("a", "b")], ends_at="2099-01-01T00:00:00Z", comment="why")
    ended = world.server.verb("silences", made["id"], "end")
    assert (ended["state"], ended["end_reason"], ended["ended_by"]["name"]) == ("ended", "by hand", "Olga Owner")
    assert world.server.verb("silences", made["id"], "end")["version"] == ended["version"]
    answer = world.server.try_api("PATCH", f"silences/{made['id']}", {"comment": "other"})
    assert answer.status == 409 and "make a new one" in answer.json["detail"]


def test_who_made_it_and_what_it_holds(world):
    world.usual()
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], ends_at="2099-01-01T00:00:00Z")
    world.fire("a", labels={"team": "db"})
    world.fire("b", labels={"team": "db"})
    now = world.server.get("silences/" + made["id"])
    assert now["holding"] == 2 and now["created_by"]["name"] == "Olga Owner" and now["state"] == "active"
    hold = world.alert("a")["holds"][0]
    assert hold["id"] == made["id"] and hold["until"] == "2099-01-01T00:00:00Z" and hold["since"]
    kinds = [entry["kind"] for entry in world.server.items("timeline", subject_id=world.alert("a")["id"])]
    world.server.api("DELETE", "silences/" + made["id"])
    world.server.settle()
    assert "hold_ended" in [entry["kind"] for entry in world.server.items("timeline", subject_id=world.alert("a")["id"])], kinds


def test_why_says_that_it_was_silenced(world):
    world.usual()
    made = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], ends_at="2099-01-01T00:00:00Z")
    world.fire("a", labels={"team": "db"})
    run = world.server.get(f"alerts/{world.alert('a')['id']}/explanation")["items"][0]
    assert run["holds"][0]["id"] == made["id"] and "held by silence" in run["outcome"]
    world.server.api("DELETE", "silences/" + made["id"])


def test_service_team_and_priority_are_labels_of_every_alert(world):
    world.usual()
    team = world.server.make("teams", name=f"Data {world.name}")
    service = world.server.make("services", name=f"Store {world.name}", team_id=team["id"])
    for name, value in (("service", service["slug"]), ("team", team["slug"]), ("integration", world.source["slug"]), ("priority", "p3"),
                        ("source", "probe"), ("title", "Slow")):
        made = world.server.make("silences", matchers=[matcher(name, value)], integration_id=world.source["id"], ends_at="2099-01-01T00:00:00Z")
        world.fire("by " + name, service=service["name"], priority="p3", source="probe", title="Slow")
        assert [hold["id"] for hold in world.alert("by " + name)["holds"]] == [made["id"]], name
        world.resolve("by " + name)
        world.server.api("DELETE", "silences/" + made["id"])


def test_a_label_that_a_rule_sets_is_matched(world):
    world.usual()
    world.rule(world.source, "true", {"type": "set", "labels": {"tier": "gold"}})
    made = world.server.make("silences", matchers=[matcher("tier", "gold")], integration_id=world.source["id"], ends_at="2099-01-01T00:00:00Z")
    world.fire("a")
    assert world.alert("a")["holds"][0]["id"] == made["id"]
    world.server.api("DELETE", "silences/" + made["id"])


def test_preview_says_what_it_hides_and_would_have_hidden(world):
    world.usual()
    for key in "abc":
        world.fire(key, labels={"team": "db", "n": key})
    world.fire("other", labels={"team": "web"})
    world.resolve("a")
    body = {"matchers": [matcher("team", "db"), matcher("n", "a|b", "=~")], "integration_id": world.source["id"]}
    answer = world.server.api("POST", "silences/preview", body)
    assert (answer["now"]["count"], answer["last_7_days"]["count"], answer["last_7_days"]["paged"]) == (1, 2, 2)
    assert answer["now"]["items"][0]["title"] == "Problem b" and answer["complete"] is True
    assert answer["text"] == '{team="db", n=~"a|b"}'
    same = world.server.api("POST", "silences/preview", {"text": '{team="db",n=~"a|b"}', "integration_id": world.source["id"]})
    assert same["now"]["count"] == 1 and same["matchers"] == body["matchers"]
    by_cel = world.server.api("POST", "silences/preview", {"when": "labels.team == 'web'", "integration_id": world.source["id"]})
    assert by_cel["now"]["count"] == 1
    assert world.told("ann") == 4
    for bad, where in (({"text": "a"}, "/text"), ({}, "/matchers"), ({"matchers": [matcher("a", ".*", "=~")]}, "/matchers")):
        refusal = world.server.try_api("POST", "silences/preview", bad)
        assert refusal.status == 400 and where in refusal.text, refusal


def test_a_viewer_looks_only(world):
    viewer = world.server.make("users", name="Vera", email=f"vera.{world.name}@example.org", role="viewer")
    key = world.server.make("api-keys", name="v", user_id=viewer["id"])["key"]
    body = {"matchers": [matcher("a", "b")], "ends_at": "2099-01-01T00:00:00Z"}
    assert world.server.try_api("POST", "silences", body, key=key).status == 403
    assert world.server.try_api("GET", "silences", key=key).status == 200
    assert world.server.try_api("POST", "silences/preview", {"text": "a=b"}, key=key).status == 200


# The client.


def tocsin(world, *words):
    env = {"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}", "TOCSIN_KEY": world.server.key, "PATH": "/usr/bin:/bin"}
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=20, env=env)


def test_the_client_adds_lists_previews_and_ends(world):
    world.usual()
    world.fire("a", labels={"team": "db", "pod": "db-1"})
    looked = tocsin(world, "silence", "preview", "team=db", 'pod=~"db-.*"', "--integration", world.source["id"])
    assert looked.returncode == 0 and "it would hide now: 1 alert\n" in looked.stdout and "Problem a" in looked.stdout, looked
    added = tocsin(world, "silence", "add", "team=db", 'pod=~"db-.*"', "--integration", world.source["id"], "--for", "2h", "--comment", "deploy", "-o", "json")
    assert added.returncode == 0, added
    row = json.loads(added.stdout)
    assert row["matchers"] == [matcher("team", "db"), matcher("pod", "db-.*", "=~")] and row["comment"] == "deploy"
    world.server.settle()
    assert world.alert("a")["holds"][0]["id"] == row["id"]
    listed = tocsin(world, "silence", "list")
    assert row["id"] in listed.stdout, listed
    ended = tocsin(world, "silence", "end", row["id"])
    assert ended.returncode == 0 and "ended" in ended.stdout, ended
    again = tocsin(world, "silence", "end", row["id"])
    assert again.returncode == 0 and "had ended before: by hand" in again.stdout, again
    assert row["id"] not in tocsin(world, "silence", "list").stdout
    assert row["id"] in tocsin(world, "silence", "list", "--all").stdout
    world.server.settle()
    assert world.alert("a")["holds"] == []


def test_the_client_silences_what_is_like_an_alert(world):
    world.usual()
    world.fire("a", labels={"team": "db", "pod": "db-1"})
    added = tocsin(world, "silence", "add", "--alert", world.alert("a")["number"], "--until-resolved", "-o", "json")
    assert added.returncode == 0, added
    row = json.loads(added.stdout)
    assert row["matchers"] == [matcher("team", "db"), matcher("pod", "db-1")] and row["integration_id"] == world.source["id"]
    assert row["ends_at"] is None and row["until_resolved"] is True
    world.server.api("DELETE", "silences/" + row["id"])


@pytest.mark.parametrize("words, says", [
    (["silence", "add", "--for", "2h"], "say what to silence"),
    (["silence", "add", "a=b"], "say when it ends"),
    (["silence", "add", "a", "--for", "2h"], '"a": the matcher ends where one of = != =~ !~ is expected'),
    (["silence", "add", "a=b", "--when", "true", "--for", "2h"], "in one way"),
    (["silence", "add", "a=b", "--for", "2h", "--until", "2099-01-01T00:00:00Z"], "not both"),
    (["silence", "end"], "silence end SILENCE"),
])
def test_wrong_calls_of_the_client(world, words, says):
    done = tocsin(world, *words)
    assert done.returncode == 2 and says in done.stderr, done


@pytest.mark.parametrize("kind, fields", [("silences", {}), ("maintenance-windows", {"name": "Move"})])
def test_a_length_is_refused_in_a_change(world, kind, fields):
    world.usual()
    made = world.server.make(kind, matchers=[matcher("team", "db")], for_s=600, **fields)
    refused = world.server.try_api("PATCH", f"{kind}/{made['id']}", {"for_s": 7200})
    assert refused.status in (400, 422) and refused.json["errors"][0]["pointer"] == "/for_s", refused
    world.server.api("DELETE", f"{kind}/{made['id']}")


def test_the_list_says_what_each_holds(world):
    world.usual()
    made = world.server.make("silences", matchers=[matcher("team", "db"), {"name": "pod", "op": "=~", "value": "a.*"}], for_s=600)
    done = subprocess.run([BINARY, "silence", "list", "--data", str(world.server.folder)], capture_output=True, text=True, timeout=20)
    (line,) = [line for line in done.stdout.splitlines() if made["id"] in line]
    assert 'team="db", pod' in line and "active" in line, done
    world.server.api("DELETE", "silences/" + made["id"])


@pytest.mark.parametrize("when", ["true", "1 == 1", "true || labels.x == 'y'"])
def test_an_expression_that_is_true_of_every_alert_is_refused(world, when):
    for path in ("silences", "silences/preview"):
        answer = world.server.try_api("POST", path, {"when": when, **({"for_s": 600} if path == "silences" else {})})
        assert answer.status == 400 and "true of every alert" in answer.text, answer
    assert world.server.try_api("POST", "silences/preview", {"when": "labels.x == 'y'"}).status == 200


def test_a_new_silence_does_not_say_that_it_holds_nothing(world):
    world.usual()
    world.fire("a", labels={"team": "db"})
    made = world.server.api("POST", "silences", {"matchers": [{"name": "team", "value": "db"}], "integration_id": world.source["id"], "for_s": 600})
    assert made["holding"] in (None, 1), "null until it has looked"
    world.server.settle()
    assert world.server.get("silences/" + made["id"])["holding"] == 1
    world.server.api("DELETE", "silences/" + made["id"])


def test_a_silence_moved_to_later_answers_that_it_waits(world):
    made = world.server.make("silences", matchers=[{"name": "env", "value": world.name}], for_s=3600)
    assert made["state"] == "active"
    moved = world.server.change("silences", made["id"], starts_at="2040-01-01T00:00:00Z", ends_at="2040-01-02T00:00:00Z")
    assert moved["state"] == "pending" == world.server.get(f"silences/{made['id']}")["state"], moved
    back = world.server.change("silences", made["id"], starts_at=made["starts_at"])
    assert back["state"] == "active" == world.server.get(f"silences/{made['id']}")["state"], back
