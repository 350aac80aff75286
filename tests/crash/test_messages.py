"""kill -9 along the way of a message that carries several pages, and of what its provider calls back with.

The double of a provider is the sink; two pages to one number within a minute are one SMS. Points that these stories do not pass are
walked by test_faults.py.
"""

import http.client
import os
import pathlib
import socket
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from doubles import MAKE, OK  # noqa: E402
from http_sink import HttpSink  # noqa: E402
from test_channels import hook, post, sms  # noqa: E402
from tocsin import BINARY, Tocsin  # noqa: E402
from world import World  # noqa: E402

pytestmark = pytest.mark.skipif(not os.access(BINARY, os.X_OK), reason=f"{BINARY} is not built")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all stories: each kills it, starts it again, and has people of its own."""
    made = Tocsin(tmp_path_factory.mktemp("messages") / "data")
    made.init()
    made.start()
    yield made
    made.kill()


@pytest.fixture
def double(server):
    """Ann, whose first page went by SMS just now, and two more that wait for the minute to end."""
    with HttpSink() as sink:
        made = MAKE["twilio_sms"](World(server, sink))
        made.script(OK["twilio_sms"])
        made.fire("first", priority="p1")
        for key in ("two", "three"):
            made.fire(key, priority="p1")
        assert len(made.calls()) == 1
        yield made
        made.world.close()
        made.close()


def try_it(act):
    """The answer; None when the server died before it gave one."""
    try:
        return act()
    except (OSError, http.client.HTTPException, socket.timeout, AssertionError):
        return None


def killed_at(server, point, nth, act, by_s=0):
    """Acts, which turns the clock by so much, until the point is reached, and starts the server again; what was answered before."""
    assert server.control(f"fault {point} {nth} kill") == "ok"
    answer = try_it(act)
    server.died()
    server.turned_s += by_s
    server.start()
    server.settle()
    return answer


def is_taken(answer):
    return answer is not None and 200 <= answer.status < 300


def carries(double):
    return [call for call in double.calls()[1:] if "Problem two" in call.form["Body"] or "Problem three" in call.form["Body"]]


# The outcome of a send that was under way is unknown after the start: SMS has no idempotency key, and the message says that it may be a
# repetition. Before the provider nothing was sent, but that is not known, either.
@pytest.mark.parametrize("point, nth, most", [("job.before_claim", 1, 1), ("job.after_claim", 1, 1), ("cycle.before_commit", 1, 1),
                                              ("job.before_outside", 1, 1), ("send.before_provider", 1, 1), ("send.after_provider", 1, 2),
                                              ("job.before_finish", 1, 2), ("job.after_finish", 1, 2), ("cycle.after_commit", 1, 1)])
def test_a_bundle_is_sent_with_all_it_carries(server, double, point, nth, most):
    killed_at(server, point, nth, lambda: server.control("clock +61s"), by_s=61)
    for _ in range(3):  # the lease of what was under way
        server.turn("20s")
    sent = carries(double)
    assert 1 <= len(sent) <= most, [call.form["Body"] for call in sent]
    assert all("Problem two" in call.form["Body"] and "Problem three" in call.form["Body"] for call in sent), "one message for both"
    assert all("(may be repeated)" in call.form["Body"] for call in sent[1:])
    # After the start the clock stands still for a moment and then jumps: the time for a receipt may be over.
    assert {double.notification(key)["status"] for key in ("two", "three")} <= {"sent", "unconfirmed"}
    assert "Acknowledged 2 alerts: " in sms(double, "a").body.decode()
    assert [double.world.alert(key)["status"] for key in ("first", "two", "three")] == ["triggered", "acknowledged", "acknowledged"]


CYCLE = ["cycle.begin", "cycle.after_commands", "cycle.before_commit", "cycle.after_commit", "cycle.after_answers"]


@pytest.mark.parametrize("point", CYCLE)
def test_an_answer_and_a_receipt_stand_when_they_were_taken(server, double, point):
    server.turn("61s")
    form = carries(double)[0].form
    receipt = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    taken = killed_at(server, point, 1, lambda: post(double, form["StatusCallback"], receipt))
    delivered = {double.notification(key)["status"] for key in ("two", "three")}
    assert not is_taken(taken) or delivered == {"delivered"}, "a receipt that was taken is lost"
    assert post(double, form["StatusCallback"], receipt).status == 200, "the provider calls again"
    assert double.notification("two")["status"] == "delivered"
    reply = {"From": double.address, "To": "+4930111", "Body": "a", "MessageSid": "SMin"}
    taken = killed_at(server, point, 1, lambda: post(double, hook(double), reply))
    statuses = [double.world.alert(key)["status"] for key in ("two", "three")]
    assert statuses in (["acknowledged"] * 2, ["triggered"] * 2), "half a bundle is acknowledged"
    assert not is_taken(taken) or statuses == ["acknowledged"] * 2, "an acknowledgement that was answered is lost"
    assert post(double, hook(double), reply).status == 200
    assert [double.world.alert(key)["status"] for key in ("first", "two", "three")] == ["triggered", "acknowledged", "acknowledged"]
    server.turn("6m")
    assert not [call for call in double.world.calls("ann") if "Problem two" in call.body.decode()], "what is acknowledged goes no further"
