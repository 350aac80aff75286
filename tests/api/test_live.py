"""What follows along: the stream, watch, metrics; and that nothing is forgotten by a restart."""

import json
import os
import re
import select
import signal
import subprocess
import threading
import time

import pytest

from tocsin import BINARY, Stream, clean_environment
from world import World, ack_url


def about(kind, id):
    return lambda event: kind in event.get("event", "") + event.get("data", "") and id in event.get("data", "")


def test_the_stream_tells_of_a_change(world):
    world.usual()
    with Stream(world.server) as stream:
        assert stream.answer.status == 200
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        world.fire("key")
        alert = world.alert("key")
        event = stream.until(about("alert", alert["id"]))
        assert event["id"]
        json.loads(event["data"])


def test_the_stream_resumes_after_a_cursor(world):
    world.usual()
    with Stream(world.server) as stream:
        world.fire("one")
        first = world.alert("one")
        cursor = stream.until(about("alert", first["id"]))["id"]
    world.fire("two")
    second = world.alert("two")
    with Stream(world.server, last_id=cursor) as stream:
        event = stream.until(about("alert", second["id"]))
        assert int(event["id"]) > int(cursor)


def test_who_asks_who_they_are_learns_from_where_to_follow(world):
    world.usual()
    position = world.server.try_api("GET", "me").headers["x-stream-position"]
    world.fire("between")  # after the answer, before the stream
    alert = world.alert("between")
    with Stream(world.server, last_id=position) as stream:
        assert int(stream.until(about("alert", alert["id"]))["id"]) > int(position)


def test_a_cursor_that_is_too_old_is_told(server):
    with Stream(server, last_id=1, timeout_s=5) as stream:
        assert stream.answer.status == 200


def test_the_stream_needs_a_key(server):
    assert server.http("GET", "/api/v1/stream").status == 401


def test_repeats_make_no_events_of_their_own(world):
    world.usual()
    with Stream(world.server) as stream:
        world.fire("key", priority="p4")
        alert = world.alert("key")
        stream.until(about("alert", alert["id"]))
        for _ in range(5):
            world.fire("key", priority="p4")
        world.fire("end", priority="p4")
        end = world.alert("end")
        seen = []
        stream.until(lambda event: seen.append(event) or about("alert", end["id"])(event))
    assert [event for event in seen if about("alert", alert["id"])(event)] == []


def test_metrics_are_prometheus_text(world):
    world.usual()
    world.fire("key")
    answer = world.server.http("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for line in answer.text.splitlines():
        assert line.startswith("#") or re.fullmatch(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eE]+(Inf|NaN)?', line), line
    assert "inbox_age_seconds" in answer.text
    sent = re.findall(r'tocsin_notifications_total\{[^}]*kind="webhook"[^}]*\} (\d+)', answer.text)
    assert sent and sum(map(int, sent)) >= 1


def test_watch_prints_what_happens(world):
    world.usual()
    environment = {**clean_environment(), "NO_COLOR": "1"}
    watch = subprocess.Popen([BINARY, "watch", "--data", str(world.server.folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    killer = threading.Timer(15, lambda: os.kill(watch.pid, signal.SIGKILL))
    killer.start()
    try:
        text = ""
        for number in range(20):  # it may not follow yet when the first one comes, nor tell of it first
            world.fire(f"seen {number}", title=f"Seen by watch {world.name}", priority="p4")
            if select.select([watch.stdout], [], [], 0.5)[0]:
                text += os.read(watch.stdout.fileno(), 65536).decode()
            if "ALERT-" in text or "Seen by watch" in text:
                break
        assert "ALERT-" in text or "Seen by watch" in text, (text, watch.stderr.read() if watch.poll() is not None else "")
    finally:
        killer.cancel()
        if watch.poll() is None:
            os.kill(watch.pid, signal.SIGKILL)
        watch.wait()


# Restart.

@pytest.fixture
def own(fresh, sink, relay):
    """A world in a server of its own."""
    made = World(fresh(smtp=relay.url), sink, relay)
    return made.usual()


def again(world, how):
    world.server.kill() if how == "kill" else world.server.stop()
    world.server.start()
    world.server.settle()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_paging_goes_on_where_it_was(own, how):
    own.fire("key")
    again(own, how)
    assert own.tally("ann", "bob") == (1, 0)
    own.server.turn("301s")
    assert own.tally("ann", "bob") == (1, 1)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_acknowledgement_is_kept_and_its_link_still_works(own, how):
    own.fire("key")
    own.fire("other")
    link = ack_url(own.calls("ann")[1])
    own.server.verb("alerts", own.alert("key")["id"], "acknowledge")
    again(own, how)
    assert own.alert("key")["status"] == "acknowledged"
    assert own.server.http("POST", link, "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"}).status in (200, 303)
    own.server.turn("1h")
    assert own.tally("ann", "bob") == (2, 0)


def test_a_pause_goes_on(own):
    own.rule(own.source, "true", {"type": "pause", "for_s": 120})
    own.fire("key")
    again(own, "kill")
    assert own.told("ann") == 0
    own.server.turn("125s")
    assert own.told("ann") == 1


def test_a_repeat_after_a_restart_is_a_repeat(own):
    own.fire("key")
    again(own, "kill")
    own.fire("key")
    assert (own.alert("key")["count"], own.told("ann")) == (2, 1)


def test_idempotency_survives(own):
    head = {"Idempotency-Key": "kept"}
    own.server.send(own.source["key"], {"title": "x", "dedup_key": "key"}, head)
    again(own, "kill")
    own.server.send(own.source["key"], {"title": "x", "dedup_key": "key"}, head)
    assert own.alert("key")["count"] == 1


def test_group_windows_survive(own):
    own.rule(own.source, "true", {"type": "create_incident", "severity": 2, "group_by": ["labels.host"], "window_s": 3600})
    own.fire("a", labels={"host": "h"})
    again(own, "kill")
    own.fire("b", labels={"host": "h"})
    assert own.alert("a")["incident_id"] == own.alert("b")["incident_id"]
    assert own.told("ann") == 1


def test_the_streams_cursor_survives(own):
    with Stream(own.server) as stream:
        own.fire("one")
        cursor = stream.until(about("alert", own.alert("one")["id"]))["id"]
    own.fire("two")
    again(own, "stop")
    with Stream(own.server, last_id=cursor) as stream:
        stream.until(about("alert", own.alert("two")["id"]))


def test_a_deadline_that_passed_while_down_waits_for_the_senders(fresh, sink):
    server = fresh()
    world = World(server, sink).usual(resolve_after_s=1)
    world.fire("key")
    server.stop()
    ready = time.monotonic() + 1.1
    while time.monotonic() < ready:  # the deadline is in true time: the server that turned the clock is gone
        time.sleep(0.05)
    server.start()
    server.settle()
    assert world.alert("key")["status"] == "triggered"
    server.turn("121s")
    assert world.alert("key")["status"] == "resolved"
