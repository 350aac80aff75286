"""Each channel against a double of its provider: what is sent, what each class of answer means, receipts, buttons, texts, keys."""

import base64
import hashlib
import hmac
import json
import re
import urllib.parse

import pytest

from doubles import MAKE, OK, PHONE, PROVIDER_ID, make, second_sms  # noqa: F401
from http_sink import drop, reply
from tocsin import CHECKOUT
from world import find_link

# What is sent.

WANTED = {
    "telegram": lambda r: (r.json["chat_id"], "Disk & <full>" in r.json["text"], "/ack/" in json.dumps(r.json["reply_markup"])) == ("123456789", True, True),
    "slack": lambda r: r.headers["authorization"] == "Bearer xoxb-1" and r.json["channel"] == "U012AB3CD" and "/ack/" in json.dumps(r.json["blocks"]),
    "mattermost": lambda r: r.json["channel"] == "@ann" and r.json["attachments"][0]["actions"][0]["integration"]["url"].endswith("/acknowledge"),
    "teams": lambda r: r.json["attachments"][0]["content"]["type"] == "AdaptiveCard" and "/ack/" in r.json["attachments"][0]["content"]["actions"][0]["url"],
    "matrix": lambda r: r.method == "PUT" and r.headers["authorization"] == "Bearer mx" and "/ack/" in r.json["body"],
    "signal": lambda r: r.json["recipients"] == [PHONE] and r.json["number"] == "+4930111" and "/ack/" in r.json["message"],
    "pushover": lambda r: r.form["token"] == "app" and r.form["priority"] == "2" and r.form["retry"] == "60" and r.form["callback"].endswith("/acknowledge"),
    "twilio_sms": lambda r: r.form["To"] == PHONE and r.form["From"] == "+4930111" and "Reply a" in r.form["Body"] and "MessagingServiceSid" not in r.form
    and r.headers["authorization"] == "Basic " + base64.b64encode(b"AC1:token").decode() and r.form["StatusCallback"].endswith("/receipt"),
    "twilio_voice": lambda r: "Disk &amp; &lt;full&gt;" in r.form["Twiml"] and 'numDigits="1"' in r.form["Twiml"] and len(r.form["Twiml"]) <= 4000,
    "vonage_voice": lambda r: (r.json["to"], r.json["from"]) == ([{"type": "phone", "number": PHONE[1:]}], {"type": "phone", "number": "4930111"})
    and "Disk & <full>" in r.json["ncco"][0]["text"] and r.json["ncco"][1]["eventUrl"][0].endswith("/keys") and r.json["event_url"][0].endswith("/receipt"),
    "aws_sns": lambda r: (r.form["Action"], r.form["PhoneNumber"], r.form["MessageAttributes.entry.1.Value.StringValue"]) == ("Publish", PHONE, "Transactional")
    and "Disk & <full>" in r.form["Message"] and "/ack/" in r.form["Message"] and "MessageAttributes.entry.2.Name" not in r.form,
    "vonage_sms": lambda r: r.form["api_key"] == "vkey" and r.form["api_secret"] == "vsecret" and r.form["to"] == PHONE[1:] and r.form["type"] == "unicode",
}


@pytest.mark.parametrize("channel", MAKE)
def test_a_page_is_sent_as_the_provider_wants_it(make, channel):
    double = make(channel)
    double.script(OK[channel])
    double.fire(title='Disk & <full>', priority="p1")
    [request] = double.calls()
    assert WANTED[channel](request), (request.headers, request.body)
    sent = double.notification()
    assert sent["status"] == "sent" and sent["error"] is None, sent
    assert (sent["provider_id"] or None) == PROVIDER_ID.get(channel), sent
    if double.connector:
        assert double.server.get(f"connectors/{double.connector['id']}")["state"] == "working"


# Classes of answers. Retried, given up, method broken, provider refuses us.

ANSWERS = [
    ("telegram", reply(429, {"ok": False, "parameters": {"retry_after": 3}}), "retry"),
    ("telegram", reply(403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}), "broken"),
    ("telegram", reply(400, {"ok": False, "description": "Bad Request: chat not found"}), "broken"),
    ("telegram", reply(401, {"ok": False, "description": "Unauthorized"}), "configuration"),
    ("telegram", reply(400, {"ok": False, "description": "Bad Request: message is too long"}), "permanent"),
    ("matrix", reply(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2000}), "retry"),
    ("matrix", reply(403, {"errcode": "M_FORBIDDEN", "error": "not in room"}), "broken"),
    ("matrix", reply(413, {"errcode": "M_TOO_LARGE", "error": "too large"}), "permanent"),
    ("matrix", reply(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token"}), "configuration"),
    ("slack", reply(200, {"ok": False, "error": "ratelimited"}), "retry"),
    ("slack", reply(429, "slow", headers={"Retry-After": "3"}), "retry"),
    ("slack", reply(200, {"ok": False, "error": "channel_not_found"}), "broken"),
    ("slack", reply(200, {"ok": False, "error": "msg_too_long"}), "permanent"),
    ("slack", reply(200, {"ok": False, "error": "token_revoked"}), "configuration"),
    ("mattermost", reply(500, "x"), "retry"),
    ("mattermost", reply(403, {"message": "no"}), "configuration"),
    ("mattermost", reply(404, {"message": "Unable to find the existing channel"}), "broken"),
    ("mattermost", reply(413, {"message": "too large"}), "permanent"),
    ("teams", reply(429, "x"), "retry"),
    ("teams", reply(413, {"error": {"message": "too large"}}), "permanent"),
    ("teams", reply(404, {"error": {"message": "flow is off"}}), "broken"),
    ("signal", reply(400, {"error": "Unregistered user"}), "broken"),
    ("signal", reply(500, "x"), "retry"),
    ("signal", reply(400, {"error": "attachment is too large"}), "permanent"),
    ("signal", reply(429, {"challenge_tokens": ["t"], "error": "captcha"}), "configuration"),
    ("pushover", reply(500, "x"), "retry"),
    ("pushover", reply(413, {"status": 0, "errors": ["message is too large"]}), "permanent"),
    ("pushover", reply(400, {"status": 0, "user": "invalid", "errors": ["user identifier is invalid"]}), "broken"),
    ("pushover", reply(400, {"status": 0, "token": "invalid", "errors": ["application token is invalid"]}), "configuration"),
    ("twilio_sms", reply(429, {"code": 20429, "message": "Too many"}), "retry"),
    ("twilio_sms", reply(400, {"code": 21610, "message": "unsubscribed"}), "broken"),
    ("twilio_sms", reply(400, {"code": 21617, "message": "too long"}), "permanent"),
    ("twilio_sms", reply(401, {"code": 20003, "message": "Authenticate"}), "configuration"),
    ("twilio_voice", reply(503, "x"), "retry"),
    ("twilio_voice", reply(400, {"code": 21219, "message": "not verified"}), "permanent"),
    ("twilio_voice", reply(400, {"code": 21217, "message": "invalid"}), "broken"),
    ("twilio_voice", reply(400, {"code": 21215, "message": "geo"}), "configuration"),
    ("vonage_voice", reply(429, {"title": "Rate limited"}), "retry"),
    ("vonage_voice", reply(503, "x"), "retry"),
    ("vonage_voice", reply(400, {"error_title": "Bad Request", "type": "VALIDATION"}), "permanent"),
    ("vonage_voice", reply(401, {"title": "Unauthorized"}), "configuration"),
    ("aws_sns", reply(500, "x"), "retry"),
    ("aws_sns", reply(400, "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"), "retry"),
    ("aws_sns", reply(400, "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber</Message></Error></ErrorResponse>"), "permanent"),
    ("aws_sns", reply(400, "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>The phone number is opted out</Message></Error></ErrorResponse>"), "broken"),
    ("aws_sns", reply(403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error></ErrorResponse>"), "configuration"),
    ("vonage_sms", reply(200, {"messages": [{"status": "1", "error-text": "Throttled"}]}), "retry"),
    ("vonage_sms", reply(200, {"messages": [{"status": "6", "error-text": "Invalid message"}]}), "permanent"),
    ("vonage_sms", reply(200, {"messages": [{"status": "7", "error-text": "Number barred"}]}), "broken"),
    ("vonage_sms", reply(200, {"messages": [{"status": "4", "error-text": "Bad Credentials"}]}), "configuration"),
]


@pytest.mark.parametrize("channel, answer, meaning", ANSWERS, ids=[f"{c}-{m}-{i}" for i, (c, a, m) in enumerate(ANSWERS)])
def test_each_class_of_answer(make, channel, answer, meaning):
    double, world = make(channel), None
    world = double.world
    answer.times = 1
    double.script(answer, OK[channel])
    double.fire(priority="p1")
    if meaning == "retry":
        world.server.turn("5s")
        assert len(double.calls()) == 2 and double.notification()["status"] == "sent"
        assert world.told("ann") == 0
        return
    lost = double.notification()
    assert lost["status"] == "failed" and lost["error"], lost
    pages = [r for r in world.calls("ann") if r.json["purpose"] == "page"]
    assert len(pages) == 1, "the next step starts at once"
    method = world.server.get(f"contact-methods/{double.method['id']}")
    assert bool(method["broken"]) == (meaning == "broken"), method
    told = [n for n in world.server.items("notifications", user_id=double.ann["id"]) if n["purpose"] == "method_broken" and n["status"] == "sent"]
    assert len(told) == (meaning == "broken")
    if double.connector:
        state = world.server.get(f"connectors/{double.connector['id']}")
        assert (state["state"] == "misconfigured") == (meaning == "configuration"), state
        if meaning == "configuration":
            assert state["state_reason"]
            [alert] = [a for a in world.server.items("alerts", source="manual") if a["title"].startswith(double.connector["name"])]
            assert alert["priority"] == "p2" and alert["status"] == "triggered"
            world.server.verb("alerts", alert["id"], "resolve")


def test_a_provider_that_works_again_closes_its_alert(make):
    double = make("slack")
    double.script(reply(200, {"ok": False, "error": "invalid_auth"}), OK["slack"])
    double.fire("one", priority="p1")
    named = lambda: [a for a in double.server.items("alerts", source="manual") if a["title"].startswith(double.connector["name"])]  # noqa: E731
    assert named()[0]["status"] == "triggered"
    double.fire("two", priority="p1")
    assert double.notification("two")["status"] == "sent"
    assert named()[0]["status"] == "resolved"
    assert double.server.get(f"connectors/{double.connector['id']}")["state"] == "working"


def test_a_broken_method_is_not_used_until_its_address_changes(make):
    double = make("telegram")
    double.script(reply(403, {"ok": False, "description": "blocked"}), OK["telegram"])
    double.fire("one", priority="p1")
    double.fire("two", priority="p1")
    assert len(double.calls()) == 1 and double.notification("two")["error"] == "broken"
    double.server.change("contact-methods", double.method["id"], address="987654321")
    assert double.server.get(f"contact-methods/{double.method['id']}")["broken"] is None


def test_every_channel_has_a_double_and_each_class_that_its_file_names():
    """ntfy, webhook, email and push have files of their own (test_sinks, test_paging, test_mail, test_push)."""
    for path in sorted((CHECKOUT / "catalog" / "channels").glob("*.yaml")):
        name, keys = path.stem, {line.split(":")[0] for line in path.read_text().splitlines()}
        if name in ("ntfy", "webhook", "email", "push"):
            continue
        tested = {meaning for channel, _, meaning in ANSWERS if channel == name}
        missing = ({"retry", "permanent"} | keys & {"broken", "configuration"}) - tested
        assert name in MAKE and name in OK and not missing, (name, missing)


@pytest.mark.parametrize("channel", sorted(set(MAKE) - {"twilio_voice", "vonage_voice", "matrix"}))  # matrix never shows one twice
def test_a_cut_connection_is_sent_once_more_and_says_so(make, channel):
    double = make(channel)
    double.script(drop(), OK[channel])
    double.fire(priority="p1")
    double.server.turn("10s")
    assert len(double.calls()) == 2 and double.notification()["status"] == "sent"
    assert "may be repeated" in urllib.parse.unquote_plus(double.calls()[1].body.decode())


def test_a_call_whose_outcome_is_unknown_is_not_repeated_by_the_same_provider(make):
    double = make("twilio_voice")
    double.script(drop(), OK["twilio_voice"])
    double.fire(priority="p1")
    double.server.turn("60s")
    assert len(double.calls()) == 1 and double.notification()["status"] == "unconfirmed"
    assert double.world.told("ann") == 1, "the next step starts early"


# Several providers of one kind.

def test_another_provider_takes_over_at_once_when_one_refuses_us(make):
    double = make("twilio_sms")
    other, calls = second_sms(double)
    double.script(reply(401, {"code": 20003}, times=None))
    double.fire("one", priority="p1")
    assert (len(double.calls()), len(calls())) == (1, 1) and double.notification("one")["status"] == "sent"
    double.server.turn("2m")
    double.fire("two", priority="p1")
    assert (len(double.calls()), len(calls())) == (1, 2), "the one that refuses us is left out for a while"
    for alert in double.server.items("alerts", source="manual"):
        if alert["status"] == "triggered":
            double.server.verb("alerts", alert["id"], "resolve")


def test_an_unknown_outcome_goes_by_another_provider_after_half_a_minute(make):
    double = make("twilio_sms")
    other, calls = second_sms(double)
    double.script(drop(times=None))
    double.fire(priority="p1")
    double.server.turn("20s")
    assert len(calls()) == 0
    double.server.turn("11s")
    assert (len(double.calls()), len(calls())) == (1, 1) and "may be repeated" in calls()[0].form["text"]


def test_the_position_decides_who_is_first(make):
    double = make("twilio_sms")
    double.server.change("connectors", double.connector["id"], position=5)
    other, calls = second_sms(double, position=1)
    double.fire(priority="p1")
    assert (len(double.calls()), len(calls())) == (0, 1)


# Receipts.

def sign(url, fields, token):
    text = url + "".join(name + value for name, value in sorted(fields.items()))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def post(double, url, fields, token="token", signed=True, port=""):
    path = urllib.parse.urlsplit(url).path
    signature = sign(url, fields, token) if signed else "wrong"
    return double.server.http("POST", path, urllib.parse.urlencode(fields),
                              {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature})


def sent_sms(make, channel="twilio_sms"):
    double = make(channel)
    double.script(OK[channel])
    double.fire(priority="p1")
    return double, double.calls()[0].form


def test_a_receipt_says_it_was_delivered_and_only_moves_forward(make):
    double, form = sent_sms(make)
    url = form["StatusCallback"]
    for status, becomes in [("sent", "sent"), ("delivered", "delivered"), ("delivered", "delivered"), ("sent", "delivered"), ("undelivered", "delivered")]:
        assert post(double, url, {"MessageSid": "SM1", "MessageStatus": status}).status == 200
        assert double.notification()["status"] == becomes, status
    double.server.turn("4m")
    assert double.world.told("ann") == 0


def test_a_receipt_that_it_failed_starts_the_next_step(make):
    double, form = sent_sms(make)
    post(double, form["StatusCallback"], {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"})
    double.server.settle()
    lost = double.notification()
    assert lost["status"] == "failed" and "30003" in lost["error"] and double.world.told("ann") == 1
    assert double.server.get(f"contact-methods/{double.method['id']}")["broken"] is None


def test_a_receipt_with_a_hard_bounce_breaks_the_method(make):
    double, form = sent_sms(make)
    post(double, form["StatusCallback"], {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"})
    assert "30005" in double.server.get(f"contact-methods/{double.method['id']}")["broken"]


def test_no_receipt_within_90_s_starts_the_next_step(make):
    double, _ = sent_sms(make)
    double.server.turn("89s")
    assert double.world.told("ann") == 0
    double.server.turn("2s")
    assert double.world.told("ann") == 1 and double.notification()["status"] == "unconfirmed"


@pytest.mark.parametrize("token, signed", [("token", False), ("another", True)])
def test_a_receipt_with_a_wrong_signature_is_refused(make, token, signed):
    double, form = sent_sms(make)
    assert post(double, form["StatusCallback"], {"MessageStatus": "delivered"}, token, signed).status == 403
    assert double.notification()["status"] == "sent"


def test_twilio_signs_with_the_port_or_without(make):
    double, form = sent_sms(make)
    url, fields = form["StatusCallback"], {"MessageStatus": "delivered"}
    parts = urllib.parse.urlsplit(url)
    other = url.replace(parts.netloc, parts.netloc if ":" in parts.netloc else parts.netloc + ":443", 1)
    answer = double.server.http("POST", parts.path, urllib.parse.urlencode(fields),
                                {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": sign(other, fields, "token")})
    assert answer.status == 200


def test_a_vonage_receipt_comes_as_json(make):
    double, form = sent_sms(make, "vonage_sms")
    answer = double.server.http("POST", urllib.parse.urlsplit(form["callback"]).path, json.dumps({"messageId": "V1", "status": "delivered", "err-code": "0"}),
                                {"Content-Type": "application/json"})
    assert answer.status == 200 and double.notification()["status"] == "delivered"


def test_an_address_of_nothing_is_404_and_a_get_changes_nothing(make):
    double, form = sent_sms(make)
    path = urllib.parse.urlsplit(form["StatusCallback"]).path
    assert double.server.http("POST", path.replace("/receipt", "/unknown")).status == 404
    assert double.server.http("POST", "/ack/" + "0" * 39 + "/receipt").status == 404
    assert double.server.http("GET", path.replace("/receipt", "/acknowledge")).status == 405
    assert double.world.page(double.world.alert("disk"))["status"] == "active"


# Answers.

def hook(double):
    return double.server.get(f"connectors/{double.connector['id']}")["hook_url"]


def sms(double, text, sender=PHONE):
    answer = post(double, hook(double), {"From": sender, "To": "+4930111", "Body": text, "MessageSid": "SMin"})
    double.server.settle()
    return answer


@pytest.mark.parametrize("text, status", [("a", "acknowledged"), (" ACK ", "acknowledged"), ("c", "resolved"), ("Resolve", "resolved")])
def test_an_answer_by_sms_acts_on_the_last_message(make, text, status):
    double, _ = sent_sms(make)
    answer = sms(double, text)
    assert answer.status == 200 and answer.body.startswith(b"<Response><Message>"), answer.body
    alert = double.world.alert("disk")
    assert alert["status"] == status
    assert f"{status.title()} {alert['number']} " in answer.body.decode(), answer.body
    if status == "acknowledged":
        assert alert["acknowledged_by"]["name"].startswith("Ann")
    assert double.notification()["status"] == "delivered"


def test_an_answer_names_the_alert_by_its_number(make):
    double, _ = sent_sms(make)
    double.server.turn("2m")
    double.fire("other", priority="p1")
    number = double.world.alert("disk")["number"].split("-")[1]
    sms(double, f"{number}a")
    assert (double.world.alert("disk")["status"], double.world.alert("other")["status"]) == ("acknowledged", "triggered")
    assert b"no message about alert 999999" in sms(double, "999999a").body


@pytest.mark.parametrize("text, words", [
    ("99999999999999999999999a", "no message about alert 99999999999999999999999 "), ("9" * 700 + "ack", "no message about alert 9999"),
    ("9999a", "no message about alert 9999 "), ("0a", "no message about alert 0 "), ("-1a", "Answer a to"), ("1.5a", "Answer a to"),
    ("ALERT-1a", "Answer a to"), ("1 2a", "Answer a to"), ("1a b", "Answer a to"), ("a b", "Answer a to"), ("ab", "Answer a to")])
def test_what_names_no_open_message_acknowledges_none(make, text, words):
    double, _ = sent_sms(make)
    assert words in sms(double, text).body.decode()
    assert double.world.alert("disk")["status"] == "triggered"


def test_a_second_acknowledgement_hears_who_was_first(make):
    double, _ = sent_sms(make)
    sms(double, "a")
    number = double.world.alert("disk")["number"].encode()
    assert re.search(rb"Already acknowledged by .+ at \d\d:\d\d: " + number, sms(double, "a").body)


@pytest.mark.parametrize("sender, signed, code", [("+491700000000", True, 200), (PHONE, False, 403)])
def test_an_answer_from_elsewhere_does_nothing(make, sender, signed, code):
    double, _ = sent_sms(make)
    answer = post(double, hook(double), {"From": sender, "Body": "a"}, signed=signed)
    assert answer.status == code and double.world.alert("disk")["status"] == "triggered"


def test_nonsense_is_answered_with_what_is_understood(make):
    double, _ = sent_sms(make)
    assert b"Answer a to acknowledge" in sms(double, "who is this?").body


def test_stop_ends_messages_to_the_number(make):
    double, _ = sent_sms(make)
    assert sms(double, "STOP").status == 200
    assert "STOP" in double.server.get(f"contact-methods/{double.method['id']}")["broken"]
    said = sms(double, "START").body.decode()
    assert "Still nothing is sent to this address: verify it again" in said
    double.server.change("contact-methods", double.method["id"], address="+4915112345679")
    assert "Nothing stops" in sms(double, "start", "+4915112345679").body.decode()


def test_what_was_queued_or_bundled_is_not_sent_after_stop(make):
    double, _ = sent_sms(make)
    for key in ("two", "three"):
        double.fire(key, priority="p1")
    assert [double.notification(key)["status"] for key in ("two", "three")] == ["queued"] * 2
    before = double.world.told("ann")
    sms(double, "STOP")
    for key in ("two", "three"):
        lost = double.notification(key)
        assert lost["status"] == "failed" and "STOP" in lost["error"], lost
        assert double.notification(key, "webhook")["status"] in ("sending", "sent", "delivered"), "the next way goes on at once"
    assert double.world.told("ann") > before
    double.server.turn("2m")
    assert len(double.calls()) == 1 and double.notification("two")["status"] == "failed"


def test_keys_of_a_call(make):
    double, form = sent_sms(make, "twilio_voice")
    link = form["StatusCallback"].replace("/receipt", "/keys")
    assert b"<Gather" in post(double, link, {"CallSid": "CA1", "Digits": "*"}).body
    assert double.world.alert("disk")["status"] == "triggered"
    answer = post(double, link, {"CallSid": "CA1", "Digits": "4"})
    assert b"<Say>Acknowledged " + double.world.alert("disk")["number"].encode() in answer.body and double.world.alert("disk")["status"] == "acknowledged"
    assert double.notification()["status"] == "delivered"
    post(double, form["StatusCallback"], {"CallSid": "CA1", "CallStatus": "completed"})
    assert double.notification()["status"] == "delivered"


def test_a_call_without_a_key_reached_nobody(make):
    double, form = sent_sms(make, "twilio_voice")
    post(double, form["StatusCallback"], {"CallSid": "CA1", "CallStatus": "completed", "AnsweredBy": "machine_end_beep"})
    double.server.settle()
    lost = double.notification()
    assert lost["status"] == "unconfirmed" and "no key" in lost["error"] and double.world.told("ann") == 1


def test_a_telegram_button(make):
    double = make("telegram")
    double.script(OK["telegram"])
    double.fire(priority="p1")
    connector = double.server.get(f"connectors/{double.connector['id']}")
    data = double.calls()[0].json["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    assert len(data) <= 64
    body = json.dumps({"update_id": 1, "callback_query": {"id": "q1", "from": {"id": 123456789}, "data": data}})
    path = urllib.parse.urlsplit(connector["hook_url"]).path
    head = {"Content-Type": "application/json"}
    assert double.server.http("POST", path, body, {**head, "X-Telegram-Bot-Api-Secret-Token": "wrong"}).status == 403
    assert double.world.alert("disk")["status"] == "triggered"
    proof = {**head, "X-Telegram-Bot-Api-Secret-Token": connector["hook_token"]}
    for wrong in ("a:UNKNOWN", "a:", "a", "a:" + "0" * 39, "a:" + connector["hook_token"], data[:-1] + ("0" if data[-1] != "0" else "1")):
        said = double.server.http("POST", path, body.replace(data, wrong), proof).json["text"]
        assert ("is not known here" in said and double.world.alert("disk")["status"] == "triggered"), (wrong, said)
    assert "button is not known" in double.server.http("POST", path, body.replace(data, "z" + data[1:]), proof).json["text"]
    answer = double.server.http("POST", path, body, proof)
    assert answer.status == 200 and answer.json["method"] == "answerCallbackQuery" and "Acknowledged ALERT-" in answer.json["text"]
    assert double.world.alert("disk")["acknowledged_by"]["name"].startswith("Ann")


@pytest.mark.parametrize("channel", ["mattermost", "pushover"])
def test_a_mattermost_button_and_pushovers_callback(make, channel):
    double = make(channel)
    double.script(OK[channel])
    double.fire(priority="p1")
    request = double.calls()[0]
    url = request.json["attachments"][0]["actions"][0]["integration"]["url"] if channel == "mattermost" else request.form["callback"]
    answer = double.server.http("POST", urllib.parse.urlsplit(url).path, "{}", {"Content-Type": "application/json"})
    assert answer.status == 200 and double.world.alert("disk")["status"] == "acknowledged", answer


# Bundles, limits, quiet hours.

def test_the_first_page_goes_at_once_and_what_follows_within_a_minute_is_one_message(make):
    double = make("telegram")
    double.script(OK["telegram"])
    for key in ("one", "two", "three", "four", "five"):
        double.fire(key, priority="p1")
    assert len(double.calls()) == 1
    double.server.turn("59s")
    assert len(double.calls()) == 1
    double.server.turn("2s")
    assert len(double.calls()) == 2
    text = double.calls()[1].json["text"]
    assert "4 pages: " in text and text.count("Problem") == 4, text  # the headline and the first three titles
    assert {double.notification(k)["status"] for k in ("two", "three", "four", "five")} == {"sent"}
    double.server.http("POST", find_link(double.calls()[1].body.decode()), "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
    assert [double.world.alert(k)["status"] for k in ("one", "two", "five")] == ["triggered", "acknowledged", "acknowledged"]


def test_an_answer_by_sms_to_a_bundle_is_for_all_that_it_carried(make):
    double, _ = sent_sms(make, "twilio_sms")
    for key in ("two", "three", "four"):
        double.fire(key, priority="p1")
    double.server.turn("61s")
    assert "3 pages: " in double.calls()[-1].form["Body"]
    numbers = [double.world.alert(key)["number"] for key in ("two", "three", "four")]
    said = sms(double, "a").body.decode()
    assert "Acknowledged 3 alerts: " in said and all(number in said for number in numbers) and "stopped" in said, said
    assert [double.world.alert(k)["status"] for k in ("disk", "two", "three", "four")] == ["triggered", *["acknowledged"] * 3]


def test_a_bundle_leaves_out_what_is_over_by_then(make):
    double = make("telegram")
    double.script(OK["telegram"])
    for key in ("one", "two", "three"):
        double.fire(key, priority="p1")
    double.world.resolve("two")
    double.server.turn("61s")
    assert len(double.calls()) == 2 and "pages: " not in double.calls()[1].json["text"]
    assert double.notification("two")["status"] == "skipped" and double.notification("three")["status"] == "sent"


def test_beyond_a_limit_messages_wait_and_the_next_way_is_tried(make):
    double = make("twilio_voice")
    double.script(OK["twilio_voice"])
    for n in range(4):
        double.fire(f"call-{n}", priority="p1")
        double.server.turn("70s")
    assert len(double.calls()) == 3
    waiting = double.notification("call-3")
    assert waiting["status"] == "queued" and waiting["attempts"] == 0
    assert any(r.json["title"].endswith("call-3") for r in double.world.calls("ann") if r.json["purpose"] == "page"), "diverted"
    double.server.turn("13m")
    assert len(double.calls()) == 4


def test_quiet_hours_hold_what_is_not_urgent(make):
    import datetime
    double = make("telegram")
    double.script(OK["telegram"])
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=double.server.turned_s)
    at = lambda h: (now + datetime.timedelta(hours=h)).strftime("%H:%M")  # noqa: E731
    double.server.change("users", double.ann["id"], time_zone="UTC", quiet_hours=[{"from": at(-1), "to": at(2)}])
    double.fire("low", priority="p4")
    double.fire("high", priority="p1")
    assert len(double.calls()) == 1 and double.notification("high")["status"] == "sent"
    double.server.turn("100m")
    assert len(double.calls()) == 1 and double.world.page(double.world.alert("low"))["level"] == 1
    double.server.turn("21m")
    assert len(double.calls()) == 2 and double.notification("low")["status"] == "sent"


# Verifying an address, by whichever provider serves the kind.

def test_a_code_goes_by_the_connector(make):
    double = make("telegram")
    double.script(OK["telegram"])
    method = double.server.make("contact-methods", user_id=double.ann["id"], kind="telegram", address="555666777", verified=False)
    double.server.try_api("POST", f"contact-methods/{method['id']}/send-code", {})
    double.server.settle()
    [call] = double.calls()
    code = re.search(r"\b(\d{6})\b", call.json["text"]).group(1)
    assert call.json["chat_id"] == "555666777" and "/ack/" not in call.body.decode()
    assert double.server.verb("contact-methods", method["id"], "verify", code=code)["verified"] is True


# Connectors.

@pytest.mark.parametrize("body, pointer, words", [
    ({"channel": "fax"}, "/channel", "twilio_sms"), ({"channel": "ntfy"}, "/channel", "needs no connector"),
    ({"channel": "twilio_sms", "secret": "x", "settings": {"account": "AC1"}}, "/settings", "from"),
    ({"channel": "telegram"}, "/secret", "bot's token"), ({"channel": "telegram", "secret": "x", "settings": {"colour": "red"}}, "/settings", "colour")])
def test_what_is_wrong_with_a_connector_is_said(world, body, pointer, words):
    answer = world.server.try_api("POST", "connectors", {"name": "Wrong", **body})
    assert answer.status in (400, 422) and any(e["pointer"] == pointer and words in e["message"] for e in answer.json["errors"]), answer.json


def test_a_secret_is_never_answered(make):
    double = make("twilio_sms")
    text = json.dumps(double.server.items("connectors"))
    assert '"token"' not in text and "secret" not in double.server.get(f"connectors/{double.connector['id']}")
