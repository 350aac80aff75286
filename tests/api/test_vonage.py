"""Vonage: calls whose requests carry a signed token, keys, and callbacks that are signed."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from doubles import OK, PHONE, key_pair, make  # noqa: F401

SIGNING = "signature secret of the account"


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(body, secret=SIGNING, algorithm="HS256", **claims):
    """As Vonage does it."""
    known = {"iat": int(time.time()), "jti": "x", "iss": "Vonage", "payload_hash": hashlib.sha256(body.encode()).hexdigest(), "api_key": "k", **claims}
    text = encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + encode(json.dumps(known).encode())
    return text + "." + encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def called(make, channel="vonage_voice"):
    double = make(channel)
    double.server.change("connectors", double.connector["id"], signing_secret=SIGNING)
    double.script(OK[channel])
    double.fire(priority="p1")
    return double, double.calls()[0]


def post(double, url, fields, token=None):
    body = json.dumps(fields)
    return double.server.http("POST", urllib.parse.urlsplit(url).path, body,
                              {"Content-Type": "application/json", "Authorization": f"Bearer {token or signed(body)}"})


def press(double, call, digits, **more):
    return post(double, call.json["ncco"][1]["eventUrl"][0], {"dtmf": {"digits": digits, "timed_out": digits == ""}, "uuid": "U1", **more})


def test_the_token_of_a_call_is_signed_with_the_applications_key(make):  # noqa: F811
    _, call = called(make)
    head, claims, signature = call.headers["authorization"].removeprefix("Bearer ").split(".")
    key_pair().public_key().verify(decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(decode(claims))
    assert json.loads(decode(head)) == {"alg": "RS256", "typ": "JWT"}
    assert said["application_id"] == "app-1" and said["exp"] - said["iat"] == 300 and abs(said["iat"] - time.time()) < 60 and said["jti"]


def test_two_calls_have_two_tokens(make):  # noqa: F811
    double, call = called(make)
    double.server.turn("61s")
    double.fire("two", priority="p1")
    assert double.calls()[1].headers["authorization"] != call.headers["authorization"]


@pytest.mark.parametrize("digits, status", [("4", "acknowledged"), ("6", "resolved")])
def test_a_key_acts(make, digits, status):  # noqa: F811
    double, call = called(make)
    answer = press(double, call, digits)
    assert answer.status == 200 and [a["action"] for a in answer.json] == ["talk"], answer.text
    assert double.world.alert("disk")["status"] == status and double.notification()["status"] == "delivered"


def test_escalation_repetition_silence_and_the_end(make):  # noqa: F811
    double, call = called(make)
    again = press(double, call, "*").json
    assert [a["action"] for a in again] == ["talk", "input"] and "Problem disk" in again[0]["text"] and "Press 4" in again[0]["text"]
    assert [a["action"] for a in press(double, call, "9").json] == ["talk", "input"]
    assert press(double, call, "").json == [], "nobody pressed a key: the call ends, a voicemail is not talked to for ever"
    assert double.notification()["status"] == "sent"
    assert press(double, call, "1").status == 200
    assert "STOP" in double.server.get(f"contact-methods/{double.method['id']}")["broken"]


@pytest.mark.parametrize("status, becomes, told", [("started", "sent", 0), ("ringing", "sent", 0), ("answered", "sent", 0), ("busy", "failed", 1),
                                                   ("timeout", "failed", 1), ("unanswered", "failed", 1), ("rejected", "failed", 1),
                                                   ("completed", "unconfirmed", 1), ("machine", "unconfirmed", 1)])
def test_what_became_of_a_call(make, status, becomes, told):  # noqa: F811
    double, call = called(make)
    assert post(double, call.json["event_url"][0], {"status": status, "uuid": "U1"}).status == 200
    double.server.settle()
    assert (double.notification()["status"], double.world.told("ann")) == (becomes, told)


def test_a_key_after_the_end_of_the_call_counts_and_receipts_come_late_and_twice(make):  # noqa: F811
    double, call = called(make)
    for status in ("answered", "completed", "completed", "answered"):
        post(double, call.json["event_url"][0], {"status": status, "uuid": "U1"})
    press(double, call, "4")
    post(double, call.json["event_url"][0], {"status": "completed", "uuid": "U1"})
    assert double.notification()["status"] == "delivered" and double.world.alert("disk")["status"] == "acknowledged"


WRONG = {
    "another secret": lambda body: signed(body, "another"), "no algorithm": lambda body: signed(body, algorithm="none"),
    "another body": lambda body: signed(body + " "), "an old one": lambda body: signed(body, iat=int(time.time()) - 3600),
    "one from before time": lambda body: signed(body, iat=-(1 << 63)),
    "expired": lambda body: signed(body, exp=int(time.time()) - 1), "no token": lambda body: "nonsense", "no signature": lambda body: signed(body).rsplit(".", 1)[0] + ".",
}


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("channel", ["vonage_voice", "vonage_sms"])
def test_a_callback_that_is_not_signed_is_refused(make, channel, how):  # noqa: F811
    double, call = called(make, channel)
    url = call.json["event_url"][0] if channel == "vonage_voice" else call.form["callback"]
    fields = {"status": "failed", "err-code": "1"}
    answer = post(double, url, fields, WRONG[how](json.dumps(fields)))
    assert answer.status == 403, answer.text
    assert double.notification()["status"] == "sent"


def test_a_signed_receipt_and_an_answer_by_sms(make):  # noqa: F811
    double, call = called(make, "vonage_sms")
    assert post(double, call.form["callback"], {"status": "delivered", "messageId": "V1"}).status == 200
    assert double.notification()["status"] == "delivered"
    hook = double.server.get(f"connectors/{double.connector['id']}")["hook_url"]
    assert post(double, hook, {"msisdn": PHONE[1:], "text": "a"}, "nonsense").status == 403
    assert double.world.alert("disk")["status"] == "triggered"
    assert post(double, hook, {"msisdn": PHONE[1:], "text": "99999999999999999999999a"}).status == 200
    assert double.world.alert("disk")["status"] == "triggered"
    assert post(double, hook, {"msisdn": PHONE[1:], "text": "a"}).status == 200
    assert double.world.alert("disk")["status"] == "acknowledged"


@pytest.mark.parametrize("change, pointer, words", [({"secret": "no key"}, "/secret", "PEM"), ({"settings": {"from": "+49"}}, "/settings", "application")])
def test_what_is_wrong_with_the_connector_is_said(make, change, pointer, words):  # noqa: F811
    double = make("vonage_voice")
    answer = double.server.try_api("PATCH", f"connectors/{double.connector['id']}", change if "secret" in change else {"settings": {"application": None}})
    assert answer.status in (400, 422) and any(e["pointer"] == pointer and words in e["message"] for e in answer.json["errors"]), answer.json


def test_a_signing_secret_where_nothing_is_signed_is_refused(make):  # noqa: F811
    double = make("telegram")
    answer = double.server.try_api("PATCH", f"connectors/{double.connector['id']}", {"signing_secret": "x"})
    assert answer.status in (400, 422) and answer.json["errors"][0]["pointer"] == "/signing_secret", answer.json
