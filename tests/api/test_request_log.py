"""What a sender's requests came to: warnings in the answer, the log and on the integration; counts; what was not understood."""

import datetime

import pytest


def instant(text):
    """Whole seconds have no fraction: as texts, "…:07Z" would come after "…:07.5Z"."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture
def source(world):
    return world.usual()


def facts(world, integration=None):
    return world.server.get(f"integrations/{(integration or world.source)['id']}")


def warned(world, body):
    """The warnings of one request: in the answer, in the log, and on the integration they are the same."""
    answer = world.server.send(world.source["key"], body)
    said = answer.get("warnings", [])
    assert world.server.get(f"requests/{answer['request_id']}")["warnings"] == (said or None) or \
        world.server.get(f"requests/{answer['request_id']}")["warnings"] == said
    kept = [warning["text"] for warning in facts(world)["warnings"]]
    assert set(said) <= set(kept)
    return said


def test_a_good_request_has_no_warnings(source):
    assert "warnings" not in source.fire("a")
    assert facts(source)["warnings"] == []


@pytest.mark.parametrize("word, meant", [("resolvd", "resolved"), ("RESLOVED", "resolved"), ("trigerred", "triggered"), ("acknowleged", "acknowledged")])
def test_a_misspelt_status_is_said_with_what_was_meant(source, word, meant):
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "status": word})
    assert word in said and f'did you mean "{meant}"?' in said and "triggered" in said
    assert source.alert("k")["status"] == "triggered"


def test_a_status_like_no_other_has_no_suggestion(source):
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "status": "blorp"})
    assert "blorp" in said and "did you mean" not in said


def test_an_unknown_priority_is_said_and_is_none(source):
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "priority": "critcal"})
    assert 'did you mean "critical"?' in said
    assert source.alert("k")["priority"] is None


def test_a_time_that_cannot_be_is_dropped_and_said(source):
    for value in ("yesterday", "20122-03-01T00:00:00Z", "1970-03-01T00:00:00Z"):
        said = warned(source, {"title": "t", "dedup_key": "k", "starts_at": value})
        assert any("starts_at" in text for text in said), (value, said)


def test_no_time_is_no_warning(source):
    for value in (None, "", 0, "0001-01-01T00:00:00Z"):
        assert warned(source, {"title": "t", "dedup_key": "k", "ends_at": value}) == []


def test_a_clock_ahead_of_ours_is_said(source):
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "occurred_at": "2031-01-01T00:00:00Z"})
    assert "clock" in said


def test_an_unknown_service_is_said(source):
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "service": "nobody-knows"})
    assert "nobody-knows" in said


def test_a_service_that_two_are_called_is_said(source):
    for name in ("Twin", "twin"):
        source.server.make("services", name=f"{name} {source.name}", aliases=[f"{name}-of-{source.name}"], tier="tier2")
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "service": f"TWIN-of-{source.name}"})
    assert "more than one" in said
    assert source.alert("k")["service_id"] is None


def test_a_known_service_is_not(source):
    source.server.make("services", name=f"Known {source.name}", tier="tier2")
    assert warned(source, {"title": "t", "dedup_key": "k", "service": f"known {source.name}"}) == []


def test_a_cut_text_is_said(source):
    (said,) = warned(source, {"title": "x" * 3000, "dedup_key": "k"})
    assert said.startswith("title")
    (said,) = warned(source, {"title": "t", "dedup_key": "k", "labels": {f"l{n}": "v" for n in range(300)}})
    assert said.startswith("labels")


def test_a_key_that_came_twice_is_said(source):
    (said,) = warned(source, b'{"title": "a", "dedup_key": "k", "title": "b"}')
    assert '"title"' in said and "twice" in said
    assert source.alert("k")["title"] == "b"


def test_truncated_alerts_are_said(world):
    world.source = world.integration(world.policy([world.user("ann")]), template="alertmanager")
    body = {"version": "4", "status": "firing", "truncatedAlerts": 3, "alerts": [
        {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "aa"}]}
    assert any("truncatedAlerts" in text or "3" in text for text in warned(world, body))


def test_a_misspelt_field_is_told_with_what_was_meant(source):
    (said,) = warned(source, {"title": "t", "dedup-key": "k", "environment": "x", "mine": 1})
    assert said == 'the field "dedup-key" is not known and was ignored; did you mean "dedup_key"?'


def test_a_misspelt_title_is_named_in_the_refusal(source):
    answer = source.server.try_send(source.source["key"], {"titel": "t", "dedup_key": "k"})
    assert answer.status == 422 and 'did you mean "title"?' in answer.json["detail"], answer


def test_the_same_warning_is_counted(source):
    for _ in range(3):
        answer = source.fire("k", status="resolvd")
    (warning,) = facts(source)["warnings"]
    assert warning["count"] == 3 and warning["request_id"] == answer["request_id"]
    assert instant(warning["first_at"]) <= instant(warning["last_at"])


def test_the_last_twenty_warnings_are_kept(source):
    for n in range(25):
        source.fire("k", status=f"word-{n:02}-nobody-knows")
        source.server.turn("1s")
    kept = [warning["text"] for warning in facts(source)["warnings"]]
    assert len(kept) == 20
    assert "word-24" in kept[0] and not any("word-04" in text for text in kept)


def test_counts_are_by_outcome_and_last_request_at_is_the_last(source):
    assert facts(source)["last_request_at"] is None and facts(source)["counts"] == {}
    source.fire("a")
    source.fire("b")
    source.server.try_send(source.source["key"], b"{")
    source.server.try_send(source.source["key"], [7])
    source.server.send(source.source["key"], [{"title": "good", "dedup_key": "c"}, 7])
    source.server.settle()
    seen = facts(source)
    assert seen["counts"] == {"accepted": 2, "partial": 1, "rejected": 1, "unmapped": 1}
    assert seen["last_request_at"] == max((row["received_at"] for row in source.server.items("requests", integration_id=source.source["id"])), key=instant)


def test_a_redelivery_is_counted_once(source):
    for _ in range(2):
        source.server.send(source.source["key"], {"title": "t", "dedup_key": "k"}, {"Idempotency-Key": "one"})
    assert facts(source)["counts"] == {"accepted": 1}


def test_a_filtered_request_is_counted_as_such(world):
    world.source = world.integration(world.policy([world.user("ann")]), filter="payload.env == 'production'")
    answer = world.server.send(world.source["key"], {"title": "t", "dedup_key": "k", "env": "test"})
    assert answer["status"] == "filtered"
    assert world.alerts() == []
    assert facts(world)["counts"] == {"filtered": 1}


# Messages that were not understood.


def bad(world, times=1, body=b"{"):
    for _ in range(times):
        assert world.server.try_send(world.source["key"], body).status in (400, 422)
    world.server.settle()


def test_the_title_counts_what_was_not_understood(source):
    bad(source)
    assert source.alert()["title"] == f"1 message from {source.source['name']} was not understood"
    bad(source, 2)
    alert = source.alert()
    assert alert["title"] == f"3 messages from {source.source['name']} were not understood"
    assert alert["count"] == 3
    assert source.told("ann") == 1


def test_it_counts_from_one_again_after_a_good_one(source):
    bad(source, 2)
    source.fire("good")
    bad(source)
    (alert,) = [a for a in source.alerts() if "understood" in a["title"]]
    assert (alert["title"], alert["status"], alert["episode"]) == (f"1 message from {source.source['name']} was not understood", "triggered", 2)


def not_understood(world):
    (alert,) = [a for a in world.alerts() if "understood" in a["title"]]
    return alert


def mixing(world):
    """A sender whose messages were not understood, were, and are not again."""
    bad(world)
    world.fire("good")
    assert not_understood(world)["status"] == "resolved", "the next good one ends it"
    bad(world)
    assert (not_understood(world)["status"], not_understood(world)["episode"]) == ("triggered", 2)


def test_a_sender_that_mixes_good_and_bad_does_not_page_at_each_change(source):
    mixing(source)
    for n in range(4):
        source.fire(f"good-{n}", priority="p4")
        source.server.turn("1m")
        bad(source)
    alert = not_understood(source)
    assert (alert["status"], alert["episode"]) == ("triggered", 2)
    assert alert["title"].startswith("5 messages")
    assert len(source.pages(alert)) == 2


def test_of_one_that_mixes_it_ends_when_nothing_bad_came_for_five_minutes(source):
    mixing(source)
    source.server.turn("2m")
    source.fire("good again")
    assert not_understood(source)["status"] == "triggered"
    source.server.turn("2m")
    assert not_understood(source)["status"] == "triggered"
    source.server.turn("70s")
    alert = not_understood(source)
    assert (alert["status"], alert["count"]) == ("resolved", 2)


def test_a_bad_one_within_the_quiet_begins_it_anew(source):
    mixing(source)
    source.fire("good again")
    source.server.turn("4m")
    bad(source)
    source.server.turn("30m")
    assert not_understood(source)["status"] == "triggered", "nothing good came since"
    source.fire("good at last")
    assert not_understood(source)["status"] == "resolved"


def test_it_says_why(source):
    bad(source, body=b"{")
    assert "JSON" in source.alert()["description"]


@pytest.mark.parametrize("good", [{"title": "t", "dedup_key": "k"}, {"title": "t", "dedup_key": "k", "env": "left out"}])
def test_whatever_is_understood_resolves_it(world, good):
    world.source = world.integration(world.policy([world.user("ann")]), filter="!has(payload.env)")
    bad(world)
    world.server.send(world.source["key"], good)
    (alert,) = [a for a in world.alerts() if "understood" in a["title"]]
    assert alert["status"] == "resolved"


def test_in_a_shared_space_each_integration_has_its_own(world):
    policy = world.policy([world.user("ann")])
    one, two = (world.integration(policy, dedup_scope="organization") for _ in range(2))
    for integration in (one, two):
        assert world.server.try_send(integration["key"], b"{").status == 400
    world.server.settle()
    world.server.send(one["key"], {"title": "t", "dedup_key": f"k-{world.name}"})
    assert [a["status"] for a in world.alerts(integration=one) if "understood" in a["title"]] == ["resolved"]
    assert [a["status"] for a in world.alerts(integration=two)] == ["triggered"]


def test_of_a_quiet_integration_it_is_recorded_and_pages_nobody(world):
    world.ann = world.user("ann")
    world.source = world.integration(world.policy([world.ann]), quiet=True)
    bad(world)
    alert = world.alert()
    assert [hold["reason"] for hold in alert["holds"]] == ["quiet"]
    assert world.told("ann") == 0
