"""What happens to messages afterwards: they say what became of the page; buttons of Slack, Telegram by polling."""

import hashlib
import hmac
import json
import re
import threading
import time
import urllib.parse

import pytest

from doubles import MAKE, OK, make, second_sms  # noqa: F401
from http_sink import drop, reply
from test_push import Browser

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def acknowledge(double, key="disk"):
    double.server.verb("alerts", double.world.alert(key)["id"], "acknowledge")
    double.server.settle()


def asked(double, part):
    return [r for r in double.world.sink.requests if r.path.startswith(f"/{double.world.name}/") and part in r.target]


# Each channel that can: where it asks, what it says, from what the send answered.

UPDATES = {
    "telegram": ("/editMessageText", reply(200, {"ok": True, "result": {}}, times=None),
                 lambda r: (r.json["chat_id"], r.json["message_id"], "callback_data" in r.body.decode()) == ("123456789", 77, False) and r.json["text"]),
    "slack": ("/api/chat.update", reply(200, {"ok": True}, times=None),
              lambda r: (r.json["channel"], r.json["ts"], r.headers["authorization"]) == ("D1", "17.1", "Bearer xoxb-1") and r.json["blocks"][1]["text"]["text"]),
    "matrix": (".acknowledged", reply(200, {"event_id": "$f"}, times=None),
               lambda r: r.method == "PUT" and r.json["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$e"} and r.json["m.new_content"]["body"]),
    "pushover": ("/1/receipts/rc/cancel.json", reply(200, {"status": 1}, times=None), lambda r: r.form == {"token": "app"} and "Acknowledged by nobody: it only ends"),
    "mattermost": ("/api/v4/posts/post1/patch", reply(200, {"id": "post1"}, times=None),
                   lambda r: r.method == "PUT" and r.headers["authorization"] == "Bearer bot" and "actions" not in r.body.decode()
                   and r.json["props"]["attachments"][0]["text"]),
}


def sent(make, channel):  # noqa: F811
    """A page that went out, by a double whose provider lets messages be changed."""
    double = make(channel)
    if channel == "mattermost":
        double.server.change("connectors", double.connector["id"], secret="bot", settings={"url": double.world.sink.url + double.base})
        double.path = double.base + "/api/v4/posts"
        double.script(reply(201, {"id": "post1"}, times=None))
    double.script(OK[channel])
    double.fire(title="Disk full", priority="p1")
    return double


@pytest.mark.parametrize("channel", UPDATES)
def test_a_message_says_that_it_was_acknowledged(make, channel):  # noqa: F811
    part, answer, said = UPDATES[channel]
    double = sent(make, channel)
    double.world.sink.handle(double.base + ("/botSECRET" if channel == "telegram" else "") + part, lambda r: answer)
    acknowledge(double)
    [request] = asked(double, part)
    assert said(request), request.body
    assert re.search(r"Acknowledged by .+", said(request)), request.body
    assert double.notification()["shown"] == "acknowledged"
    double.server.turn("10m")
    assert len(asked(double, part)) == 1, "once for each message and state"


def test_ntfy_replaces_what_the_phone_shows(world):
    ann = world.user("ann")
    path = f"/{world.name}/topic"
    world.steps(ann, [(0, [world.method(ann, "ntfy", world.sink.url + path)])])
    world.source = world.integration(world.policy([ann], wait_s=3600, repeat=0))
    world.sink.script(path, reply(200, {"id": "m1"}, times=None))
    world.fire("disk", title="Disk full", priority="p1")
    world.server.verb("alerts", world.alert("disk")["id"], "acknowledge")
    world.server.settle()
    [update] = [r for r in world.sink.requests if r.path == path + "/m1"]
    assert update.headers["title"].startswith("Acknowledged by ") and update.headers["priority"] == "2" and update.body.endswith(b"Disk full")
    world.sink.usual()


def test_a_browser_is_told_by_the_same_tag_without_a_sound(world):
    browser = Browser(world)
    world.fire("disk", title="Disk full", priority="p1")
    world.server.verb("alerts", world.alert("disk")["id"], "acknowledge")
    world.server.settle()
    first, then = [browser.read(r) for r in browser.calls()]
    assert then["tag"] == first["tag"] and then["quiet"] is True and "ack_url" not in then
    assert then["title"].startswith("Acknowledged by ") and browser.calls()[1].headers["urgency"] == "low"


def test_what_is_resolved_after_an_acknowledgement_says_both(make):  # noqa: F811
    double = sent(make, "telegram")
    double.world.sink.script(double.base + "/botSECRET/editMessageText", UPDATES["telegram"][1])
    acknowledge(double)
    double.world.resolve("disk")
    texts = [r.json["text"] for r in asked(double, "/editMessageText")]
    assert len(texts) == 2 and re.match(r"Resolved at \d\d:\d\d, acknowledged by .+ at \d\d:\d\d: ALERT-\d+ Disk full", texts[1]), texts
    assert double.notification()["shown"] == "resolved"


def test_a_message_whose_page_is_silenced_is_not_left_calling(make):  # noqa: F811
    double = sent(make, "telegram")
    double.world.sink.script(double.base + "/botSECRET/editMessageText", UPDATES["telegram"][1])
    double.server.verb("alerts", double.world.alert("disk")["id"], "dismiss")
    double.server.settle()
    [request] = asked(double, "/editMessageText")
    assert request.json["text"].startswith("Not paged any more since ")


@pytest.mark.parametrize("answers, tries", [([reply(500, "x"), UPDATES["telegram"][1]], 2), ([drop(), UPDATES["telegram"][1]], 2), ([reply(500, "x", times=None)], 3),
                                            ([reply(400, {"ok": False, "description": "message can't be edited"}, times=None)], 1)],
                         ids=["busy", "cut", "down", "refused"])
def test_a_change_that_fails_is_tried_three_times_at_most_and_tells_nobody(make, answers, tries):  # noqa: F811
    double = sent(make, "telegram")
    double.world.sink.script(double.base + "/botSECRET/editMessageText", *answers)
    acknowledge(double)
    double.server.turn("6s")
    double.server.turn("31s")
    double.server.turn("10m")
    assert len(asked(double, "/editMessageText")) == tries
    assert (double.notification()["shown"] is not None) == (answers[-1] is UPDATES["telegram"][1])
    assert double.world.told("ann") == 0 and double.server.get(f"connectors/{double.connector['id']}")["state"] == "working"


def test_a_message_for_many_pages_changes_when_none_of_them_calls(make):  # noqa: F811
    double = make("telegram")
    double.script(OK["telegram"])
    double.world.sink.script(double.base + "/botSECRET/editMessageText", UPDATES["telegram"][1])
    for key in ("one", "two", "three"):
        double.fire(key, priority="p1")
    double.server.turn("61s")
    assert len(double.calls()) == 2, "the second carries two and three"
    acknowledge(double, "two")
    assert not asked(double, "/editMessageText")
    acknowledge(double, "three")
    assert len(asked(double, "/editMessageText")) == 1


def test_pages_go_first(make):  # noqa: F811
    """The provider has not yet answered to the change of a message; a page meanwhile does not wait for it."""
    double = sent(make, "telegram")
    ben = double.world.user("ben")
    double.world.steps(ben, [(0, [double.world.method(ben, "telegram", "987654321")])])
    slow = reply(200, {"ok": True})
    slow.gate = threading.Event()
    other = double.world.integration(double.world.policy([ben], wait_s=3600, repeat=0))
    double.world.sink.script(double.base + "/botSECRET/editMessageText", slow)
    double.server.verb("alerts", double.world.alert("disk")["id"], "acknowledge")
    double.server.try_send(other["key"], {"dedup_key": "next", "title": "Next", "priority": "p1"})
    double.world.sink.wait(2, path=double.path)
    assert double.notification()["shown"] is None
    slow.gate.set()
    double.server.settle()
    assert double.notification()["shown"] == "acknowledged"


# Slack: buttons, and who pressed them.

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"


def slack(make):  # noqa: F811
    double = make("slack")
    double.server.change("connectors", double.connector["id"], signing_secret=SIGNING)
    double.world.sink.script(double.base + "/api/chat.update", UPDATES["slack"][1])
    double.script(OK["slack"])
    double.fire(title="Disk full", priority="p1")
    return double


def buttons(request):
    return {b["action_id"]: b for block in request.json["blocks"] if block["type"] == "actions" for b in block["elements"]}


def press(double, action, user="U012AB3CD", at=None, secret=SIGNING, body=None, value=None):
    payload = {"type": "block_actions", "user": {"id": user}, "response_url": double.world.sink.url + double.base + "/response",
               "actions": [{"action_id": action, "value": buttons(double.calls()[0])[action].get("value", "") if value is None else value}]}
    body = body or urllib.parse.urlencode({"payload": json.dumps(payload)})
    at = str(int(at if at is not None else time.time()))
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    path = urllib.parse.urlsplit(double.server.get(f"connectors/{double.connector['id']}")["hook_url"]).path
    answer = double.server.http("POST", path, body, {**FORM, "X-Slack-Signature": signature, "X-Slack-Request-Timestamp": at})
    double.server.settle()
    return answer


def responses(double):
    return [r.json for r in double.world.sink.requests if r.path == double.base + "/response"]


def test_a_slack_button_acknowledges_and_the_message_loses_its_buttons(make):  # noqa: F811
    double = slack(make)
    assert set(buttons(double.calls()[0])) == {"acknowledge", "escalate", "open"}
    assert press(double, "acknowledge").status == 200
    assert double.world.alert("disk")["acknowledged_by"]["name"].startswith("Ann")
    [said] = responses(double)
    assert said["response_type"] == "ephemeral" and not said["replace_original"]
    assert re.fullmatch(r"Acknowledged ALERT-\d+.*\. Paging has stopped\.", said["text"]), said
    [update] = asked(double, "/api/chat.update")
    assert set(buttons(update)) == {"open"}


def test_a_second_press_hears_who_was_first(make):  # noqa: F811
    double = slack(make)
    press(double, "acknowledge")
    press(double, "acknowledge")
    assert re.match(r"Already acknowledged by .+ at \d\d:\d\d\b", responses(double)[1]["text"]), responses(double)


def test_the_one_who_pressed_is_who_acknowledged(make):  # noqa: F811
    double = slack(make)
    ben = double.world.user("ben")
    double.world.method(ben, "slack", "U999BEN99")
    press(double, "acknowledge", user="U999BEN99")
    assert double.world.alert("disk")["acknowledged_by"]["name"].startswith("Ben")


def test_escalate_and_open(make):  # noqa: F811
    double = slack(make)
    assert press(double, "open").status == 200 and not responses(double)
    assert press(double, "escalate").status == 200
    assert responses(double)[0]["text"].endswith("The next level is being paged now.")


@pytest.mark.parametrize("value", ["NOTATOKEN", "", "0" * 39])
def test_a_button_of_a_message_that_is_not_known_acknowledges_nothing(make, value):  # noqa: F811
    double = slack(make)
    press(double, "acknowledge", value=value)
    assert responses(double)[0]["text"].startswith("This message is not known here") and double.world.alert("disk")["status"] == "triggered"


def test_an_unknown_button_is_answered_in_slacks_words(make):  # noqa: F811
    double = slack(make)
    press(double, "snooze", value=buttons(double.calls()[0])["acknowledge"]["value"])
    assert responses(double)[0]["text"].startswith("This button is not known here") and double.world.alert("disk")["status"] == "triggered"


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"at": 1531420618}, {"at": 99999999999}], ids=["signature", "old", "future"])
def test_a_press_that_is_not_slacks_does_nothing(make, wrong):  # noqa: F811
    double = slack(make)
    assert press(double, "acknowledge", **wrong).status == 403
    assert double.world.alert("disk")["status"] == "triggered" and not responses(double)


def test_a_press_is_carried_out_though_slack_cannot_be_answered(make):  # noqa: F811
    double = slack(make)
    double.world.sink.script(double.base + "/response", drop(), reply(200, "ok"))
    press(double, "acknowledge")
    double.server.turn("6s")
    assert double.world.alert("disk")["status"] == "acknowledged" and len(responses(double)) == 2


# Telegram without a public address.

class Bot:
    """The provider's side of getUpdates: what was pressed and not yet confirmed by an offset."""

    def __init__(self, double):
        self.double, self.updates, self.asked = double, [], []
        self.path = double.base + "/botSECRET"
        double.world.sink.handle(self.path + "/getUpdates", self.answer)
        double.world.sink.handle(self.path + "/editMessageText", lambda r: reply(200, {"ok": True}))
        double.world.sink.handle(self.path + "/answerCallbackQuery", lambda r: reply(200, {"ok": True}))

    def answer(self, request):
        self.asked.append(request.json)
        offset = request.json.get("offset", 0)
        return reply(200, {"ok": True, "result": [u for u in self.updates if u["update_id"] >= offset]})

    def press(self, data, sender=123456789, text=None):
        update = {"update_id": 700 + len(self.updates), "callback_query": {"id": f"q{len(self.updates)}", "from": {"id": sender}, "data": data}}
        self.updates.append(update)
        self.double.server.turn("2s")

    def answers(self):
        return [(r.json["callback_query_id"], r.json["text"]) for r in asked(self.double, "/answerCallbackQuery")]


@pytest.fixture
def bot(make):  # noqa: F811
    double = make("telegram")
    found = Bot(double)
    double.server.change("connectors", double.connector["id"], settings={**double.connector["settings"], "receive": "poll"})
    double.script(OK["telegram"])
    double.fire(title="Disk full", priority="p1")
    keys = [b for row in double.calls()[0].json["reply_markup"]["inline_keyboard"] for b in row]
    found.token = keys[0]["callback_data"][2:]
    yield found


def test_a_polled_button_acknowledges_and_is_answered(bot):
    double = bot.double
    bot.press(f"a:{bot.token}")
    assert double.world.alert("disk")["acknowledged_by"]["name"].startswith("Ann")
    assert [(q, re.sub(r" ALERT.*\. P", " it. P", text)) for q, text in bot.answers()] == [("q0", "Acknowledged it. Paging has stopped.")]
    bot.press(f"a:{bot.token}")
    assert re.match(r"Already acknowledged by .+ at \d\d:\d\d\b", bot.answers()[1][1])
    double.server.turn("5s")
    assert bot.asked[-1]["offset"] == 702 and len(bot.answers()) == 2, "what was taken is not taken again"


def test_where_polling_goes_on_outlives_a_restart(bot):
    double = bot.double
    bot.press(f"a:{bot.token}")
    double.server.stop()
    double.server.start()
    double.server.turn("2s")
    assert bot.asked[-1]["offset"] == 701 and len(bot.answers()) == 1


def test_what_makes_no_sense_does_not_stop_the_rest(bot):
    for data in ("a:" + "0" * 39, "nonsense", f"z:{bot.token}"):
        bot.press(data)
    assert ["message is not known" in said for _, said in bot.answers()] == [True, False, False]
    assert all("button is not known" in said for _, said in bot.answers()[1:]) and bot.double.world.alert("disk")["status"] == "triggered"
    bot.press(f"a:{bot.token}")
    assert bot.double.world.alert("disk")["status"] == "acknowledged"


def test_polling_is_not_tried_hard_while_telegram_refuses_it(bot):
    double = bot.double
    double.world.sink.script(bot.path + "/getUpdates", reply(409, {"ok": False, "description": "Conflict: can't use getUpdates method while webhook is active"}, times=None))
    double.server.turn("2s")
    before = len(asked(double, "/getUpdates"))
    double.server.turn("4m")
    assert len(asked(double, "/getUpdates")) == before
    double.world.sink.forget(bot.path + "/getUpdates")
    double.server.turn("2m")
    bot.press(f"a:{bot.token}")
    assert double.world.alert("disk")["status"] == "acknowledged"


# What is sent again, and what is not.

def test_a_sure_refusal_is_no_repeat(make):  # noqa: F811
    double = make("twilio_sms")
    _, calls = second_sms(double)
    double.script(reply(401, {"code": 20003}, times=None))
    double.fire("one", priority="p1")
    assert len(calls()) == 1 and "may be repeated" not in calls()[0].form["text"]
    for alert in double.server.items("alerts", source="manual"):
        if alert["status"] == "triggered":
            double.server.verb("alerts", alert["id"], "resolve")


@pytest.mark.parametrize("answer, repeated", [(reply(429, {"ok": False}), False), (reply(502, "x"), True), (drop(), True)], ids=["slow down", "gateway", "cut"])
def test_only_what_may_have_arrived_is_called_a_repeat(make, answer, repeated):  # noqa: F811
    double = make("telegram")
    double.script(answer, OK["telegram"])
    double.fire(title="Disk full", priority="p1")
    double.server.turn("5s")
    assert len(double.calls()) == 2 and ("may be repeated" in double.calls()[1].json["text"]) == repeated


@pytest.mark.parametrize("settings, place, words", [({"url": "nonsense"}, "/settings/url", "https://api.telegram.org"), ({"url": "ftp://example.org"}, "/settings/url", "not the URL of a server"),
                                                    ({"url": "https://example.org/"}, "/settings/url", "without a slash"), ({"receive": "pull"}, "/settings/receive", "webhook or poll")])
def test_a_setting_that_cannot_work_is_refused(world, settings, place, words):
    answer = world.server.try_api("POST", "connectors", {"name": "Wrong", "channel": "telegram", "secret": "x", "settings": settings})
    assert answer.status == 400 and any(e["pointer"] == place and words in e["message"] for e in answer.json["errors"]), answer.json
