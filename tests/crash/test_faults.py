"""Every fault point of the engine: killed there, or made to fail there, nothing that was promised is lost.

The points are read from the source, so that a new one is walked, too. The story at each: a webhook, its page, an acknowledgement of
another alert. The sender sends again what was not answered, as senders do.
"""

import http.client
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from http_sink import HttpSink  # noqa: E402
from load import run_load  # noqa: E402
from tocsin import BINARY, CHECKOUT, Tocsin  # noqa: E402
from world import World  # noqa: E402

pytestmark = pytest.mark.skipif(not os.access(BINARY, os.X_OK), reason=f"{BINARY} is not built")

SOURCE = (CHECKOUT / "src/engine/fault.c").read_text()
POINTS = [name for name in re.findall(r'"([a-z]+\.[a-z_]+)"', SOURCE[SOURCE.index("FAULT_NAMES[]"):SOURCE.index("};")])
          if not name.startswith("quiet.")]  # test_quiet.py has their story
# Where the outcome of a send is unknown, or its result was not written yet: the same message may be sent twice.
TWICE = {"send.after_provider", "job.before_finish", "job.after_finish", "cycle.after_results", "cycle.before_commit", "cycle.after_apply",
         "cycle.after_append", "cycle.after_commands", "cycle.begin", "apply.decided", "apply.written", "job.before_claim", "job.after_claim"}


@pytest.fixture(params=["plain", "forget"])
def story(request, tmp_path):
    with HttpSink() as sink:
        folder = tmp_path / "data"
        server = Tocsin(folder, db=f"sqlite:{folder}/tocsin.db?vfs=forget" if request.param == "forget" else None)
        server.init()
        server.start()
        world = World(server, sink).usual()
        world.fire("before")
        yield world
        server.kill()


def try_request(function, *arguments):
    """The status; None when there was no answer."""
    try:
        return function(*arguments).status
    except (OSError, http.client.HTTPException):
        return None


def tell(world):
    """One try of everything that is to happen; what was answered with 2xx is promised."""
    server = world.server
    before = world.before["id"]
    return (try_request(server.try_send, world.source["key"], {"dedup_key": "key", "title": "Under fault"}, {"Idempotency-Key": "once"}),
            try_request(server.try_api, "POST", f"alerts/{before}/acknowledge", {}))


def insist(world):
    """Sends until both were taken."""
    for _ in range(20):
        sent, acknowledged = tell(world)
        if sent == 202 and acknowledged == 200:
            return
    raise AssertionError(f"never taken: {sent}, {acknowledged}")


def the_rest_is_as_if_nothing_had_happened(world, point, sent, acknowledged):
    if sent == 202:
        assert world.alert("key") is not None, "a promised alert is lost"
    if acknowledged == 200:
        assert world.alert("before")["status"] == "acknowledged", "a promised acknowledgement is lost"
    insist(world)
    world.server.settle()
    assert world.alert("key")["count"] == 1
    assert world.alert("before")["status"] == "acknowledged"
    about = [call for call in world.calls("ann") if "Under fault" in call.body.decode()]
    assert 1 <= len(about) <= (2 if point in TWICE or point.startswith("send.") or point.startswith("job.") else 1), f"{len(about)} messages"
    assert len({call.headers["idempotency-key"] for call in about}) == 1, "whoever looks at the key takes it once"
    world.server.turn("301s")
    world.server.turn("61s")  # on a busy machine others were fired meanwhile, and theirs went first: it joins the next message
    assert len([call for call in world.calls("bob") if "Under fault" in call.body.decode()]) == 1


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(story, point, nth):
    story.before = story.alert("before")
    answer = story.server.control(f"fault {point} {nth} kill")
    assert answer == "ok", answer
    sent, acknowledged = tell(story)
    for turn in range(4):  # further rounds, jobs and sends until it is reached
        try:
            story.server.died(timeout_s=1)
            break
        except subprocess.TimeoutExpired:
            try_request(story.server.try_api, "GET", "alerts?limit=1")
            try_request(story.server.try_send, story.source["key"], {"dedup_key": f"more {turn}", "title": "More", "priority": "p4"})
    else:
        pytest.fail(f"{point} was not reached {nth} times")
    story.server.start()
    story.server.settle()
    the_rest_is_as_if_nothing_had_happened(story, point, sent, acknowledged)


@pytest.mark.parametrize("point", [p for p in POINTS if p != "apply.poison"])
def test_failed_at(story, point):
    story.before = story.alert("before")
    assert story.server.control(f"fault {point} 1 error") == "ok"
    sent, acknowledged = tell(story)
    story.server.settle()
    for _ in range(6):  # the back-off of what failed
        story.server.turn("10s")
    the_rest_is_as_if_nothing_had_happened(story, point, sent, acknowledged)


def test_a_failed_apply_is_tried_alone_and_stops_nothing(story):
    assert story.server.control("fault apply.poison 1 error") == "ok"
    answer = story.server.try_send(story.source["key"], {"dedup_key": "poison", "title": "Poison"})
    story.server.settle()
    assert answer.status == 202
    story.fire("after")
    assert story.alert("after")["status"] == "triggered"
    row = story.server.get(f"requests/{answer.json['request_id']}")
    assert (row["outcome"] == "failed") == (story.alert("poison") is None)


def test_a_waiting_request_that_fails_for_good_is_parked_and_can_be_replayed(story):
    answer = story.server.try_send(story.source["key"], {"dedup_key": "poison", "title": "Poison"})
    story.resolve("poison")
    story.server.stop()
    with sqlite3.connect(story.server.folder / "tocsin.db") as database:  # as if it still waited, and nothing could read it
        database.execute("UPDATE inbox SET state = 1, events = 'nonsense', alert_ids = NULL "
                         "WHERE body_bytes = ?", (len(json.dumps({"dedup_key": "poison", "title": "Poison"})),))
    story.server.start()
    story.server.settle()
    row = story.server.get(f"requests/{answer.json['request_id']}")
    assert (row["outcome"], bool(row["errors"])) == ("failed", True)
    story.fire("after")
    assert story.alert("after")["status"] == "triggered", "one event stops nothing"
    assert re.search(r"parked\S* [1-9]", story.server.http("GET", "/metrics").text), "it is counted"
    story.server.verb("requests", row["id"], "replay")
    story.server.settle()
    assert story.alert("poison")["status"] == "triggered"


def test_poison_among_many_is_alone_in_the_end(story):
    assert story.server.control("fault apply.poison 1 error") == "ok"
    ledger, _ = run_load(story.server.port, story.source["key"], [], 0.5, senders=8)
    story.server.settle()
    failed = [row for row in story.server.items("requests", integration_id=story.source["id"]) if row["outcome"] == "failed"]
    assert len(failed) <= 1
    alerts = {alert["dedup_key"]: alert["count"] for alert in story.alerts()}
    missing = sum(key.sure for key in ledger.keys.values()) - sum(alerts.get(name, 0) for _, name in ledger.keys)
    assert missing == len(failed)


def test_an_unknown_point_is_refused(story):
    assert story.server.control("fault no.such.point 1 kill").startswith("error")
    assert story.server.control("fault cycle.begin 0 kill").startswith("error")
    assert story.server.control("nonsense").startswith("error")
