"""Providers that fail: the breaker and its memory, what a failed test says of a connector, outcomes that nobody knows."""

import urllib.parse

import pytest

from doubles import CHECKS, MAKE, OK, make, second_sms  # noqa: F401
from http_sink import drop, reply
from world import World


def state(double):
    return double.server.get(f"connectors/{double.connector['id']}")


def anew(server):
    server.stop()
    server.start()


def open_the_breaker(double):
    """Five failures within a minute; the sixth try goes by the other provider."""
    double.script(reply(503, "x", times=None))
    double.fire("one", priority="p1")
    for wait in ("2s", "3s", "6s", "11s"):
        double.server.turn(wait)
    assert len(double.calls()) == 5 and state(double)["state"] == "failing", state(double)


def test_an_open_breaker_survives_a_restart_and_one_message_tries_again(make):  # noqa: F811
    double = make("twilio_sms")
    _, others = second_sms(double)
    open_the_breaker(double)
    double.server.turn("31s")
    assert len(others()) == 1, "the sixth try goes by the other one"
    double.world.resolve("one")
    anew(double.server)
    double.server.turn("61s")
    double.fire("two", priority="p1")
    assert (len(double.calls()), len(others())) == (6, 1), "a minute has gone by: it is tried again, by one message"
    double.server.turn("2s")
    assert (len(double.calls()), len(others())) == (6, 2), "which failed, so that the breaker is open again"
    anew(double.server)
    double.server.turn("5m")  # what follows within a minute is held together
    double.from_now(OK["twilio_sms"])
    double.fire("three", priority="p1")
    assert (len(double.calls()), len(others())) == (7, 2) and state(double)["state"] == "working"


def test_a_closed_minute_is_remembered_over_a_restart(make):  # noqa: F811
    double = make("twilio_sms")
    _, others = second_sms(double)
    open_the_breaker(double)
    anew(double.server)
    double.server.turn("31s")
    assert (len(double.calls()), len(others())) == (5, 1), "the breaker was opened before the restart"


def test_a_refusal_is_remembered_over_a_restart(make):  # noqa: F811
    double = make("twilio_sms")
    _, others = second_sms(double)
    double.script(reply(401, {"code": 20003}, times=None))
    double.fire("one", priority="p1")
    assert (len(double.calls()), len(others())) == (1, 1)
    anew(double.server)
    double.server.turn("2m")
    double.fire("two", priority="p1")
    assert (len(double.calls()), len(others())) == (1, 2)
    for alert in double.server.items("alerts", source="manual"):
        if alert["status"] == "triggered":
            double.server.verb("alerts", alert["id"], "resolve")


@pytest.mark.parametrize("answer, becomes, words", [
    (reply(503, "busy", times=None), "failing", "503"), (drop(times=None), "failing", ""),
    (reply(200, {"messages": [{"status": "6", "error-text": "Invalid"}]}, times=None), "failing", "Invalid"),
    (reply(200, {"messages": [{"status": "4", "error-text": "Bad Credentials"}]}, times=None), "misconfigured", "Bad Credentials")],
    ids=["overloaded", "cut", "refused", "credentials"])
def test_a_connector_whose_first_test_failed_is_not_untried(make, answer, becomes, words):  # noqa: F811
    double = make("vonage_sms")
    double.script(answer)
    double.server.verb("contact-methods", double.method["id"], "test")
    double.server.settle()
    assert double.server.get(f"contact-methods/{double.method['id']}")["check_status"] == "failed"
    shown = state(double)
    assert shown["state"] == becomes and words in shown["state_reason"] and shown["state_at"], shown
    double.server.turn("61s")
    double.from_now(OK["vonage_sms"])
    double.server.verb("contact-methods", double.method["id"], "test")
    double.server.settle()
    assert state(double)["state"] == "working" and not state(double)["state_reason"]


def test_a_test_goes_by_the_next_provider_when_the_first_refuses_us(make):  # noqa: F811
    double = make("twilio_sms")
    _, others = second_sms(double)
    double.script(reply(401, {"code": 20003}, times=None))
    double.server.verb("contact-methods", double.method["id"], "test")
    double.server.settle()
    assert len(others()) == 1 and double.server.get(f"contact-methods/{double.method['id']}")["check_status"] == "sent"
    for alert in double.server.items("alerts", source="manual"):
        if alert["status"] == "triggered":
            double.server.verb("alerts", alert["id"], "resolve")


def test_what_is_unknown_twice_is_unconfirmed_and_the_next_step_starts(make):  # noqa: F811
    double = make("slack")
    double.script(drop(times=None))
    double.fire(priority="p1")
    double.server.turn("10s")
    sent = double.notification()
    assert (len(double.calls()), sent["status"], double.world.told("ann")) == (2, "unconfirmed", 1), sent
    double.server.turn("2m")
    assert len(double.calls()) == 2, "a message twice is better than none, thrice is noise"


@pytest.mark.parametrize("channel", ["twilio_sms", "slack"])
def test_a_crash_while_it_was_sent_is_an_unknown_outcome(fresh, sink, channel):
    """On a server whose clock was never turned: on SQLite it stands where it was only after the start."""
    double = MAKE[channel](World(fresh(), sink))
    others = second_sms(double)[1] if channel == "twilio_sms" else None
    double.script(OK[channel], OK[channel])
    assert double.server.control("fault send.after_provider 1 kill") == "ok"
    double.server.try_send(double.world.source["key"], {"dedup_key": "disk", "title": "Disk full", "priority": "p1"})
    double.server.died()
    double.server.start()
    double.server.settle()
    assert len(double.calls()) == (1 if others else 2)
    if others:
        double.server.turn("20s")
        assert not others()
        double.server.turn("11s")
    [again] = others() if others else double.calls()[1:]
    assert "may be repeated" in urllib.parse.unquote_plus(again.body.decode()) and double.notification()["status"] == "sent"


# The canary.

def asked(double):
    return [r for r in double.world.sink.requests if r.path == double.base + CHECKS[double.channel][0] and r.method in ("GET", "POST")]


@pytest.mark.parametrize("channel", CHECKS)
def test_a_connector_is_checked_when_it_is_made_and_daily(make, channel):  # noqa: F811
    double = make(channel)
    double.server.settle()
    made = state(double)
    assert (made["state"], bool(made["checked_at"]), len(asked(double))) == ("working", True, 1), made
    double.server.turn("23h")
    assert len(asked(double)) == 1
    double.server.turn("2h")
    assert len(asked(double)) == 2 and len(double.calls()) == 0, "nobody was sent anything"


def test_a_wrong_secret_is_known_before_the_night(make):  # noqa: F811
    double = make("twilio_sms")
    double.server.settle()
    path = double.base + CHECKS["twilio_sms"][0]
    double.world.sink.script(path, reply(401, {"code": 20003, "message": "Authenticate"}, times=None))
    double.server.change("connectors", double.connector["id"], secret="mistyped")
    double.server.settle()
    named = lambda: [a for a in double.server.items("alerts", source="manual") if a["title"].startswith(double.connector["name"])]  # noqa: E731
    assert state(double)["state"] == "misconfigured" and "Authenticate" in state(double)["state_reason"]
    assert named()[0]["status"] == "triggered"
    double.world.sink.forget(path)
    double.server.turn("16m")
    assert state(double)["state"] == "working" and named()[0]["status"] == "resolved", "it is asked again while it is not well"


def test_a_connector_can_be_checked_by_hand(make):  # noqa: F811
    double = make("slack")
    double.server.settle()
    assert double.server.verb("connectors", double.connector["id"], "check")["name"] == double.connector["name"]
    double.server.settle()
    assert len(asked(double)) == 2
    other, _ = second_sms(double)
    answer = double.server.try_api("POST", f"connectors/{other['id']}/check", {})
    assert answer.status == 409 and "test" in answer.json["detail"], answer.json
    double.server.change("connectors", double.connector["id"], enabled=False)
    double.server.settle()
    assert double.server.try_api("POST", f"connectors/{double.connector['id']}/check", {}).status == 409


def test_what_was_renamed_is_not_asked_again(make):  # noqa: F811
    double = make("slack")
    double.server.settle()
    double.server.change("connectors", double.connector["id"], name=f"Renamed {double.world.name}", position=3)
    double.server.settle()
    assert len(asked(double)) == 1
