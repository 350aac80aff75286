"""/in/{key}: what is taken, what is refused, and how it is told."""

import json

import pytest

BIG = 1024 * 1024


def outcome(world, answer):
    """The row in the integration's log of this request."""
    return world.server.get(f"requests/{answer.json['request_id']}")


@pytest.fixture
def source(world):
    world.usual()
    return world


def log(world):
    return world.server.items("requests", integration_id=world.source["id"])


def test_a_good_request_is_accepted_and_logged(source):
    answer = source.server.try_send(source.source["key"], {"title": "Disk full", "dedup_key": "disk"})
    assert answer.status == 202
    assert set(answer.json) >= {"request_id", "status", "errors"}
    assert answer.json["request_id"].startswith("req_")
    assert (answer.json["status"], answer.json["errors"]) == ("accepted", [])
    source.server.settle()
    row = outcome(source, answer)
    assert row["outcome"] == "accepted"
    assert row["alert_ids"] == [source.alert("disk")["id"]]


def test_unknown_key_is_404(server):
    answer = server.try_send("no-such-key-0123456789", {"title": "x"})
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_disabled_integration_is_403(source):
    source.server.change("integrations", source.source["id"], enabled=False)
    assert source.server.try_send(source.source["key"], {"title": "x"}).status == 403
    assert source.alerts() == []


def test_deleted_integration_is_404(world):
    policy = world.policy([world.user("ann")])
    made = world.integration(policy)
    world.integrations.remove(made)
    world.server.api("DELETE", f"integrations/{made['id']}")
    assert world.server.try_send(made["key"], {"title": "x"}).status == 404


def test_wrong_secret_is_401_and_makes_no_alert(world):
    world.source = world.integration(world.policy([world.user("ann")]), secret="the right secret")
    answer = world.server.try_send(world.source["key"], {"title": "x"}, {"Authorization": "Bearer wrong", "X-Tocsin-Signature": "sha256=00"})
    assert answer.status == 401
    world.server.settle()
    assert world.alerts() == []
    assert [row["outcome"] for row in log(world)] == ["rejected"]


def test_too_large_is_413_and_opens_one_alert(fresh):
    server = fresh()
    server.make("integrations", name="Large", template="generic", key="large-key-0123456789")
    for _ in range(3):
        assert server.http("POST", "/in/large-key-0123456789", b"x" * (BIG + 10), timeout_s=5).status == 413
    server.settle()
    (alert,) = server.items("alerts")
    assert alert["priority"] == "p2"
    assert "not understood" in alert["title"]


def test_alertmanager_may_send_25_mib(world):
    world.source = world.integration(world.policy([world.user("ann")]), template="alertmanager")
    alert = {"status": "firing", "labels": {"alertname": "Big"}, "annotations": {"text": "x" * (3 * BIG)}, "startsAt": "2026-01-01T00:00:00Z"}
    world.server.send(world.source["key"], {"version": "4", "status": "firing", "alerts": [alert]})
    assert len(world.alerts()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b'{"title": }', b"{} {}", b"[1,", b'{"title":"\\x"}'])
def test_a_body_that_is_not_json_is_400_and_opens_one_alert(source, body):
    answer = source.server.try_send(source.source["key"], body)
    assert answer.status == 400, answer
    source.server.settle()
    (alert,) = source.alerts()
    assert (alert["priority"], alert["status"]) == ("p2", "triggered")
    assert source.source["name"] in alert["title"]
    assert source.told("ann") == 1


def test_nothing_of_it_maps_is_422(source):
    answer = source.server.try_send(source.source["key"], [7, "text", None])
    assert answer.status == 422, answer
    source.server.settle()
    assert [row["outcome"] for row in log(source)] == ["unmapped"]


def test_the_next_good_one_resolves_not_understood(source):
    source.server.try_send(source.source["key"], b"{")
    source.server.settle()
    (alert,) = source.alerts()
    source.fire("good")
    assert source.server.get(f"alerts/{alert['id']}")["status"] == "resolved"


def test_good_elements_among_bad_ones_are_taken(source):
    answer = source.server.try_send(source.source["key"], [{"title": "good", "dedup_key": "a"}, 7, {"title": "good", "dedup_key": "b"}, "bad"])
    assert answer.status == 202, answer
    assert [error["index"] for error in answer.json["errors"]] == [1, 3]
    assert all(error["reason"] for error in answer.json["errors"])
    assert answer.json["status"] == "partial"
    source.server.settle()
    assert outcome(source, answer)["outcome"] == "partial"
    assert {"a", "b"} <= {alert["dedup_key"] for alert in source.alerts()}


def test_10_000_elements_are_taken_one_more_is_not(source):
    body = [{"title": "t", "dedup_key": f"k{n}", "priority": "p4", "status": "resolved"} for n in range(10_000)]
    assert source.server.try_send(source.source["key"], body).status == 202
    answer = source.server.try_send(source.source["key"], body + [{"title": "t", "dedup_key": "over"}])
    assert answer.status in (413, 422) or answer.json["errors"], answer


def test_redelivery_is_answered_and_not_applied(source):
    head = {"Idempotency-Key": "delivery-1"}
    first = source.server.try_send(source.source["key"], {"title": "x", "dedup_key": "again"}, head)
    second = source.server.try_send(source.source["key"], {"title": "x", "dedup_key": "again"}, head)
    source.server.settle()
    assert first.status == second.status == 202
    assert first.json["request_id"] == second.json["request_id"]
    assert source.alert("again")["count"] == 1


def test_redelivery_a_day_later_is_new(source):
    head = {"Idempotency-Key": "delivery-2"}
    source.server.send(source.source["key"], {"title": "x", "dedup_key": "again", "priority": "p4"}, head)
    source.server.turn("25h")
    source.server.send(source.source["key"], {"title": "x", "dedup_key": "again", "priority": "p4"}, head)
    assert source.alert("again")["count"] == 2


def test_the_key_of_a_redelivery_belongs_to_its_integration(source):
    other = source.integration(source.chain)
    head = {"Idempotency-Key": "delivery-3"}
    for integration in (source.source, other):
        source.server.send(integration["key"], {"title": "x", "dedup_key": "both"}, head)
    assert source.alert("both")["count"] == source.alert("both", other)["count"] == 1


def test_the_same_key_in_two_integrations_is_two_alerts(source):
    other = source.integration(source.chain)
    source.fire("same")
    source.fire("same", other)
    assert source.alert("same")["id"] != source.alert("same", other)["id"]


def test_a_shared_space_joins_integrations(world):
    chain = world.policy([world.user("ann")])
    one, two = (world.integration(chain, dedup_scope="organization") for _ in range(2))
    world.fire("shared " + world.name, one)
    world.resolve("shared " + world.name, two)
    (alert,) = world.alerts("shared " + world.name, one)
    assert alert["status"] == "resolved"


ODD = ["日本語 ☃ 🔥", "a\u0000b", "quote \" and \\ and '", "<script>alert(1)</script>", "{{title}} ${{ 1 }}", "tab\tline\nend", "e\u0301 é",
       "\u202egnirts", " spaces ", "__proto__", "null", "' OR 1=1 --", "x" * 3000]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_is_kept(source, text):
    source.server.send(source.source["key"], {"title": text, "dedup_key": "odd", "labels": {"text": text, "__proto__": "x", "a.b": "y"}})
    alert = source.alert("odd")
    clean = text.replace("\u0000", "\ufffd")
    assert alert["labels"]["text"] == clean
    assert alert["labels"]["__proto__"] == "x" and alert["labels"]["a.b"] == "y"
    if len(text) <= 1024:
        assert alert["title"].strip() == clean.strip()
    else:
        assert clean.startswith(alert["title"].rstrip("…"))
    assert source.told("ann") == 1


def test_lone_surrogates_and_wrong_utf8_do_not_lose_the_alert(source):
    for number, raw in enumerate([b'{"title":"a \\ud800 b","dedup_key":"x0"}', b'{"title":"a \xff b","dedup_key":"x1"}']):
        answer = source.server.try_send(source.source["key"], raw)
        assert answer.status in (202, 400), answer
        source.server.settle()
        if answer.status == 202:
            assert "\ufffd" in source.alert(f"x{number}")["title"]


def test_label_values_become_text(source):
    labels = {"number": 7, "yes": True, "nothing": None, "list": [1, 2], "map": {"a": 1}, "float": 1.5}
    source.server.send(source.source["key"], {"title": "x", "dedup_key": "labels", "labels": labels})
    have = source.alert("labels")["labels"]
    assert (have["number"], have["yes"], have["float"]) == ("7", "true", "1.5")
    assert "nothing" not in have
    assert json.loads(have["list"]) == [1, 2] and json.loads(have["map"]) == {"a": 1}


def test_256_labels_are_kept_and_a_long_value_is_cut(source):
    labels = {f"l{n:03}": "v" for n in range(300)} | {"severity": "critical", "long": "ü" * 5000}
    source.server.send(source.source["key"], {"title": "x", "dedup_key": "many", "labels": labels})
    have = source.alert("many")["labels"]
    assert len(have) == 256
    assert have["severity"] == "critical"


def test_keys_are_bytes(source):
    for key in ("é", "e\u0301", "É", "é "):
        source.fire(key)
    assert len(source.alerts()) in (3, 4)  # white space at the end may be cut
    source.fire("k" * 5000)
    source.fire("k" * 5000)
    source.fire("k" * 5001)
    assert sorted(a["count"] for a in source.alerts() if a["title"].startswith("Problem kkk")) == [1, 2]


@pytest.mark.parametrize("key", [None, "", "  "])
def test_an_absent_key_is_never_the_text_null(source, key):
    for title in ("One", "Two", "One"):
        source.server.send(source.source["key"], {"title": title, "dedup_key": key})
    counts = {alert["title"]: alert["count"] for alert in source.alerts()}
    assert counts == {"One": 2, "Two": 1}
    assert not {"null", "", "  "} & {alert["dedup_key"] for alert in source.alerts()}


def test_unknown_words_are_no_error(source):
    answer = source.fire("words", priority="sev-purple", status="burning")
    assert answer["status"] == "accepted"
    alert = source.alert("words")
    assert (alert["status"], alert["priority"]) == ("triggered", None)


@pytest.mark.parametrize("word, priority", [("critical", "p1"), ("error", "p2"), ("warning", "p3"), ("info", "p4"), ("p1", "p1"), ("P3", "p3")])
def test_a_vendors_words_are_priorities(source, word, priority):
    source.fire("word", priority=word)
    assert source.alert("word")["priority"] == priority


def test_default_priority_fills_in(world):
    world.source = world.integration(world.policy([world.user("ann")]), default_priority="p3")
    world.fire("plain")
    world.fire("own", priority="p1")
    assert world.alert("plain")["priority"] == "p3"
    assert world.alert("own")["priority"] == "p1"


def test_filter_drops_elements(world):
    world.source = world.integration(world.policy([world.user("ann")]), filter="payload.env != 'test'")
    world.fire("dropped", env="test")
    world.fire("kept", env="live")
    assert [alert["dedup_key"] for alert in world.alerts()] == ["kept"]
    assert sorted(row["outcome"] for row in log(world)) == ["accepted", "filtered"]


def test_overrides_map_fields(world):
    world.source = world.integration(world.policy([world.user("ann")]), overrides={"title": "'Mapped ' + payload.what", "priority": "'p2'"})
    world.fire("mapped", what="disk")
    assert (world.alert("mapped")["title"], world.alert("mapped")["priority"]) == ("Mapped disk", "p2")


def test_quiet_integration_records_and_never_acts(world):
    world.usual(quiet=True)
    world.fire("quiet")
    alert = world.alert("quiet")
    assert alert["status"] == "triggered"
    assert [hold["reason"] for hold in alert["holds"]] == ["quiet"]
    assert world.pages(alert) == [] and world.told("ann") == 0
    world.resolve("quiet")
    assert world.alert("quiet")["status"] == "resolved"


def test_replay_applies_a_stored_request_again(source):
    answer = source.fire("replayed", priority="p3")
    source.server.verb("requests", answer["request_id"], "replay")
    source.server.settle()
    assert source.alert("replayed")["count"] == 2


def test_the_log_hides_secrets(source):
    answer = source.server.try_send(source.source["key"], {"title": "x", "dedup_key": "h"}, {"Authorization": "Bearer hush", "X-Plain": "seen"})
    source.server.settle()
    row = outcome(source, answer)
    assert "hush" not in str(row["headers"])
    assert "seen" in str(row["headers"])
    assert "x" in str(row["body"])


def test_counts_of_the_integration(source):
    source.fire("a")
    source.server.try_send(source.source["key"], b"{")
    source.server.settle()
    seen = source.server.get(f"integrations/{source.source['id']}")
    assert seen["last_request_at"]


def test_prometheus_elements_keep_their_own_status(world):
    world.source = world.integration(world.policy([world.user("ann")]), template="alertmanager")
    body = {"version": "4", "status": "firing", "alerts": [
        {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "aaaa"},
        {"status": "resolved", "labels": {"alertname": "B"}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "bbbb"}]}
    world.server.send(world.source["key"], body)
    assert [(a["labels"]["alertname"], a["status"]) for a in world.alerts()] == [("A", "triggered")]


def test_forms_are_taken_as_curl_sends_them(source):
    key = source.source["key"]
    plain = source.server.http("POST", f"/in/{key}", b"title=Backup+failed&dedup_key=plain", {"Content-Type": "application/x-www-form-urlencoded"})
    parts = (b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nBackup failed\r\n'
             b'--x\r\nContent-Disposition: form-data; name="dedup_key"\r\n\r\nparts\r\n--x--\r\n')
    several = source.server.http("POST", f"/in/{key}", parts, {"Content-Type": 'multipart/form-data; boundary="x"'})
    assert (plain.status, several.status) == (202, 202), (plain, several)
    source.server.settle()
    assert [source.alert(name)["title"] for name in ("plain", "parts")] == ["Backup failed"] * 2
