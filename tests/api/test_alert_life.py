"""The life of an alert: what the order of events means, beside the machine itself (test_machines.py). The clock is turned, never
waited for."""

import datetime

import pytest


def happen(world, event):
    verb = {"ack": "acknowledge", "dismiss": "dismiss"}[event]
    world.server.verb("alerts", world.alert("key")["id"], verb)
    world.server.settle()


@pytest.fixture
def life(world):
    return world.usual()


def test_a_lower_priority_changes_nothing_nor_does_none(life):
    life.fire("key", priority="p2")
    for word in ("p4", None):
        life.fire("key", priority=word)
    assert life.alert("key")["priority"] == "p2"


def test_a_resolve_never_changes_the_priority(life):
    life.fire("key", priority="p3")
    life.resolve("key", priority="p1")
    assert life.alert("key")["priority"] == "p3"


def test_the_last_events_text_is_shown(life):
    life.fire("key", title="First", labels={"a": "1"}, description="one")
    life.fire("key", title="Second", labels={"b": "2"}, description="two")
    alert = life.alert("key")
    assert (alert["title"], alert["description"], alert["labels"]) == ("Second", "two", {"b": "2"})


def test_a_repeat_changes_neither_version_nor_updated_at(life):
    life.fire("key", title="Same")
    before = life.alert("key")
    for _ in range(3):
        life.fire("key", title="Same")
    after = life.alert("key")
    assert (after["version"], after["updated_at"]) == (before["version"], before["updated_at"])
    assert after["count"] == 4
    assert parse(after["last_seen_at"]) >= parse(before["last_seen_at"])


def test_a_dismissed_alerts_repeats_are_silent_until_it_is_resolved(life):
    life.fire("key", priority="p3")
    happen(life, "dismiss")
    life.fire("key", priority="p3")
    life.resolve("key")
    life.fire("key", priority="p3")
    assert life.alert("key")["status"] == "triggered"
    assert life.told("ann") == 2


def test_a_fire_on_a_person_resolved_alert_reopens_it(life):
    life.fire("key")
    life.server.verb("alerts", life.alert("key")["id"], "resolve")
    assert life.alert("key")["resolved_by"]["kind"] in ("user", "key")
    life.fire("key")
    alert = life.alert("key")
    assert (alert["status"], alert["episode"]) == ("triggered", 2)
    assert life.told("ann") == 2


def test_an_episode_within_ten_minutes_of_the_acknowledgement_keeps_it(life):
    life.fire("key")
    happen(life, "ack")
    life.resolve("key")
    life.fire("key")
    alert = life.alert("key")
    assert (alert["status"], alert["episode"]) == ("acknowledged", 2)
    assert [page["status"] for page in life.pages(alert) if page["episode"] == 2 and page["status"] == "active"] == []
    assert life.told("bob") == 0
    run = life.server.get(f"alerts/{alert['id']}/explanation")["items"][0]
    assert run["pages"] == [] and "600 s (ack_kept_s)" in run["outcome"] and "Olga Owner" in run["outcome"], run
    story = life.server.items(f"alerts/{alert['id']}/timeline")
    assert [entry["data"] for entry in story if entry["kind"] == "reopened"] == [{"episode": 2, "still_acknowledged_by": "Olga Owner"}]


def test_an_episode_later_than_that_pages_again(life):
    life.fire("key")
    happen(life, "ack")
    life.resolve("key")
    life.server.turn("11m")
    life.fire("key")
    assert life.alert("key")["status"] == "triggered"
    assert life.told("ann") == 2


def test_reopen_window_is_the_integrations(world):
    world.usual(reopen_window_s=60)
    world.fire("key")
    world.resolve("key")
    world.server.turn("61s")
    world.fire("key")
    assert [alert["status"] for alert in world.alerts("key")] == ["resolved", "triggered"]


def test_no_news_for_resolve_after_s_resolves(world):
    world.usual(resolve_after_s=600)
    world.fire("key")
    world.server.turn("9m")
    world.fire("key")
    world.server.turn("9m")
    assert world.alert("key")["status"] == "triggered"
    world.server.turn("61s")
    alert = world.alert("key")
    assert alert["status"] == "resolved"
    assert "timeout" in str(alert["resolved_by"]) + str(world.server.get(f"alerts/{alert['id']}/timeline"))


def test_snooze_is_a_hold_and_pages_once_at_its_end(life):
    life.fire("key")
    alert = life.alert("key")
    until = parse(life.alert("key")["last_seen_at"]) + datetime.timedelta(minutes=20)
    life.server.verb("alerts", alert["id"], "snooze", until=until.isoformat())
    life.server.settle()
    assert [hold["reason"] for hold in life.alert("key")["holds"]] == ["snooze"]
    life.server.turn("19m")
    assert life.tally("ann", "bob") == (1, 0)
    life.server.turn("2m")
    assert life.alert("key")["holds"] == []
    assert life.told("ann") == 2


def test_a_snoozed_alert_that_was_resolved_pages_nobody(life):
    life.fire("key")
    until = parse(life.alert("key")["last_seen_at"]) + datetime.timedelta(minutes=20)
    life.server.verb("alerts", life.alert("key")["id"], "snooze", until=until.isoformat())
    life.resolve("key")
    life.server.turn("21m")
    assert life.tally("ann", "bob") == (1, 0)


def test_a_persons_reopen_begins_an_episode(life):
    life.fire("key")
    life.resolve("key")
    life.server.verb("alerts", life.alert("key")["id"], "reopen")
    life.server.settle()
    alert = life.alert("key")
    assert (alert["status"], alert["episode"]) == ("triggered", 2)
    assert life.told("ann") == 2


def test_a_note_stands_on_the_timeline(life):
    life.fire("key")
    alert = life.alert("key")
    life.server.verb("alerts", alert["id"], "note", text="it is the cleaning robot again")
    assert "cleaning robot" in str(life.server.get(f"alerts/{alert['id']}/timeline"))


def test_the_timeline_tells_the_story_in_order(life):
    life.fire("key")
    happen(life, "ack")
    life.resolve("key")
    entries = life.server.items(f"alerts/{life.alert('key')['id']}/timeline")
    places = [min(n for n, entry in enumerate(entries) if word in str(entry)) for word in ("created", "acknowledged", "resolved")]
    assert places == sorted(places), entries


def test_every_event_is_an_occurrence(life):
    life.fire("key")
    life.fire("key")
    life.resolve("key")
    found = life.server.items(f"alerts/{life.alert('key')['id']}/occurrences")
    assert sorted(o["status"] for o in found) == ["resolved", "triggered", "triggered"]


def test_a_person_may_lower_the_priority(life):
    life.fire("key", priority="p1")
    life.server.change("alerts", life.alert("key")["id"], priority="p4")
    assert life.alert("key")["priority"] == "p4"


def test_a_suppressed_alert_is_resolved_all_the_same(life):
    life.rule(life.source, "true", {"type": "suppress", "reason": "noise"})
    life.fire("key")
    life.resolve("key")
    alert = life.alert("key")
    assert (alert["status"], alert["holds"]) == ("resolved", [])


# Order. Times are the server's own clock plus so many seconds.

def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture
def clock(life):
    """clock(-10): ten seconds before the server's present, as text."""
    life.fire("what time is it", priority="p4")
    now = parse(life.alert("what time is it")["last_seen_at"])
    return lambda seconds: (now + datetime.timedelta(seconds=seconds)).isoformat()


def test_a_fire_older_than_the_resolve_is_late(life, clock):
    life.fire("key", occurred_at=clock(-30))
    life.resolve("key", occurred_at=clock(-10))
    before = life.told("ann")
    life.fire("key", occurred_at=clock(-20))
    alert = life.alert("key")
    assert (alert["status"], alert["count"], life.told("ann")) == ("resolved", 1, before)
    occurrences = life.server.items(f"alerts/{alert['id']}/occurrences")
    assert [o["late"] for o in occurrences].count(True) == 1


def test_a_fire_without_a_time_is_never_late(life, clock):
    life.fire("key", occurred_at=clock(-30))
    life.resolve("key", occurred_at=clock(-10))
    life.fire("key")
    assert life.alert("key")["status"] == "triggered"


def test_starts_at_does_not_make_a_fire_late(life, clock):
    life.fire("key", starts_at=clock(-600))
    life.resolve("key", occurred_at=clock(-10))
    life.fire("key", starts_at=clock(-600))
    assert life.alert("key")["status"] == "triggered"


def test_a_fire_newer_than_the_resolve_reopens(life, clock):
    life.fire("key", occurred_at=clock(-30))
    life.resolve("key", occurred_at=clock(-20))
    life.fire("key", occurred_at=clock(-10))
    assert life.alert("key")["status"] == "triggered"


def test_equal_times_are_in_order_of_arrival(life, clock):
    life.fire("key", occurred_at=clock(-10))
    life.resolve("key", occurred_at=clock(-10))
    assert life.alert("key")["status"] == "resolved"
    life.fire("key", occurred_at=clock(-10))
    assert life.alert("key")["status"] == "triggered"


def test_a_late_fire_after_the_late_window_is_an_ordinary_one(life, clock):
    life.fire("key", occurred_at=clock(-30))
    life.resolve("key", occurred_at=clock(-10))
    life.server.turn("6m")
    life.fire("key", occurred_at=clock(-20))
    assert life.alert("key")["status"] == "triggered"


def test_a_resolve_older_than_the_last_resolve_and_the_episode_is_late(life, clock):
    life.fire("key", occurred_at=clock(-60))
    life.resolve("key", occurred_at=clock(-30))
    life.fire("key", occurred_at=clock(-10))
    life.resolve("key", occurred_at=clock(-40))
    assert life.alert("key")["status"] == "triggered"
    life.resolve("key", occurred_at=clock(-5))
    assert life.alert("key")["status"] == "resolved"


def test_a_slow_clock_cannot_leave_an_alert_open(life, clock):
    life.fire("key")
    life.resolve("key", occurred_at=clock(-3600))
    assert life.alert("key")["status"] == "resolved"


@pytest.mark.parametrize("seconds", [-10, 0])
def test_a_fire_that_is_late_against_a_tombstone_is_born_resolved(life, clock, seconds):
    life.resolve("key", occurred_at=clock(seconds))
    before = life.told("ann")
    life.fire("key", occurred_at=clock(seconds - 10))
    alert = life.alert("key")
    assert alert["status"] == "resolved"
    assert life.told("ann") == before


def test_a_fire_after_a_tombstone_is_an_ordinary_new_alert(life, clock):
    life.resolve("key", occurred_at=clock(-20))
    life.fire("key", occurred_at=clock(-10))
    assert life.alert("key")["status"] == "triggered"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "yesterday"])
def test_a_time_that_cannot_be_is_the_receive_time(life, clock, time):
    life.fire("key", occurred_at=clock(-10))
    life.resolve("key", occurred_at=clock(-5))
    life.fire("key", occurred_at=time)
    assert life.alert("key")["status"] == "triggered"


def test_persons_make_nothing_late(life, clock):
    life.fire("key", occurred_at=clock(-30))
    life.server.verb("alerts", life.alert("key")["id"], "resolve")
    life.fire("key", occurred_at=clock(-20))
    assert life.alert("key")["status"] == "triggered"


@pytest.mark.parametrize("events, status, count, alerts", [
    (["triggered", "resolved"], "resolved", 1, 1),
    (["triggered", "resolved", "triggered"], "triggered", 2, 1),
    (["triggered", "triggered", "triggered"], "triggered", 3, 1),
    (["resolved", "triggered"], "triggered", 1, 1),
    (["resolved", "resolved"], None, None, 0),
])
def test_events_of_one_key_in_one_body_are_folded_in_order(life, events, status, count, alerts):
    life.server.send(life.source["key"], [{"dedup_key": "key", "title": "t", "status": word} for word in events])
    assert len(life.alerts("key")) == alerts
    if alerts:
        alert = life.alert("key")
        assert (alert["status"], alert["count"]) == (status, count)
        assert len(life.server.items(f"alerts/{alert['id']}/occurrences")) == len(events) - (events[0] == "resolved")
        assert life.told("ann") == (status == "triggered")


def test_clocks_that_differ_by_more_than_a_minute_are_shown(life, clock):
    life.fire("key", occurred_at=clock(-7200))
    assert life.alert("key")["status"] == "triggered"
