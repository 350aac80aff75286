"""A contact method proves itself with a code, is tested, and says what became of both; links for a password by mail."""

import json
import re

import pytest


@pytest.fixture
def ann(world):
    user = world.server.make("users", name=f"Ann {world.name}", email=f"ann.{world.name}@example.org", role="responder")
    return user, world.server.make("api-keys", name=world.name, user_id=user["id"])["key"]


def add(world, ann, kind, address, **fields):
    user, key = ann
    made = world.server.try_api("POST", "contact-methods", {"user_id": user["id"], "kind": kind, "address": address, **fields}, key=key)
    assert made.status == 201, made
    return made.json


def post(world, ann, method, verb, body=None):
    return world.server.try_api("POST", f"contact-methods/{method['id']}/{verb}", body or {}, key=ann[1])


def read(world, method):
    return world.server.api("GET", f"contact-methods/{method['id']}")


def mails(world, to):
    return [mail for mail in world.relay.mails if to in mail.recipients]


def told(world, name):
    return [request for request in world.sink.requests if request.path == world.path(name)]


def code_of(text):
    return re.search(r"\b(\d{6})\b", text)[1]


def test_the_code_that_was_mailed_verifies_and_pages_come(world, ann):
    method = add(world, ann, "email", ann[0]["email"])
    assert method["verified"] is False
    sent = post(world, ann, method, "send-code")
    assert sent.status == 200 and sent.json["check_kind"] == "code"
    world.server.settle()
    mail = mails(world, ann[0]["email"])[-1]
    assert "is your code" in mail.parsed["Subject"]
    assert read(world, method)["check_status"] == "sent"
    code = code_of(mail.text)
    wrong = post(world, ann, method, "verify", {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status == 400 and wrong.json["errors"][0]["pointer"] == "/code"
    assert read(world, method)["verified"] is False
    good = post(world, ann, method, "verify", {"code": f" {code} "})
    assert good.status == 200 and good.json["verified"] is True
    assert post(world, ann, method, "send-code").status == 409
    world.steps(ann[0], [(0, [method])])
    source = world.integration(world.policy([ann[0]]))
    world.server.send(source["key"], {"title": "Disk full", "dedup_key": "d", "priority": "p1"})
    world.server.settle()
    assert any("Disk full" in m.parsed["Subject"] for m in mails(world, ann[0]["email"]))


def test_a_code_is_for_one_address_and_one_time(world, ann):
    method = add(world, ann, "webhook", world.sink.url + world.path("code"))
    assert post(world, ann, method, "send-code").status == 200
    world.server.settle()
    code = code_of(told(world, "code")[-1].json["text"])
    again = post(world, ann, method, "send-code")
    assert again.status == 429 and "just now" in again.json["detail"]
    world.server.turn("31s")
    assert post(world, ann, method, "send-code").status == 200
    world.server.settle()
    newer = code_of(told(world, "code")[-1].json["text"])
    if newer != code:
        assert post(world, ann, method, "verify", {"code": code}).status == 400
    world.server.turn("16m")
    late = post(world, ann, method, "verify", {"code": newer})
    assert late.status == 409 and "new one" in late.json["detail"]


def test_the_code_of_an_address_is_not_that_of_its_successor(world, ann):
    method = add(world, ann, "webhook", world.sink.url + world.path("one"))
    post(world, ann, method, "send-code")
    world.server.settle()
    code = code_of(told(world, "one")[-1].json["text"])
    world.server.change("contact-methods", method["id"], address=world.sink.url + world.path("two"), verified=False)
    assert post(world, ann, method, "verify", {"code": code}).status == 400
    assert read(world, method)["verified"] is False


def test_guessing_is_slowed_down(world, ann):
    method = add(world, ann, "webhook", world.sink.url + world.path("guess"))
    post(world, ann, method, "send-code")
    world.server.settle()
    code = code_of(told(world, "guess")[-1].json["text"])
    wrong = "123456" if code != "123456" else "654321"
    answers = [post(world, ann, method, "verify", {"code": wrong}).status for _ in range(7)]
    assert answers[0] == 400 and answers[-1] == 429
    assert post(world, ann, method, "verify", {"code": code}).status == 429


def test_a_test_arrives_and_a_failure_is_told(world, ann):
    method = add(world, ann, "webhook", world.sink.url + world.path("test"))
    assert post(world, ann, method, "test").status == 200
    world.server.settle()
    assert told(world, "test")[-1].json["headline"] == "Tocsin reaches you here"
    assert read(world, method)["check_status"] == "sent"
    nowhere = add(world, ann, "webhook", "http://127.0.0.1:9/nobody")
    assert post(world, ann, nowhere, "test").status == 200
    world.server.settle()
    failed = read(world, nowhere)
    assert failed["check_status"] == "failed" and failed["check_error"]


def test_others_may_not(world, ann):
    method = add(world, ann, "webhook", world.sink.url + world.path("mine"))
    bob = world.server.make("users", name=f"Bob {world.name}", email=f"bob.{world.name}@example.org", role="responder")
    key = world.server.make("api-keys", name="b" + world.name, user_id=bob["id"])["key"]
    for verb in ("send-code", "test", "verify"):
        refused = world.server.try_api("POST", f"contact-methods/{method['id']}/{verb}", {"code": "1"} if verb == "verify" else {}, key=key)
        assert refused.status in (403, 404)
    assert told(world, "mine") == []


def reset(world, email):
    return world.server.http("POST", "/api/v1/password-reset", json.dumps({"email": email}),
                             {"Origin": "https://tocsin.example.org", "Content-Type": "application/json"})


def test_a_link_for_a_new_password_is_mailed_once(world, ann):
    assert reset(world, f"nobody.{world.name}@example.org").status == 204
    assert reset(world, ann[0]["email"].upper()).status == 204
    world.server.settle()
    assert mails(world, f"nobody.{world.name}@example.org") == []
    letters = mails(world, ann[0]["email"])
    assert len(letters) == 1 and letters[0].parsed["Subject"].endswith("A new password for Tocsin")
    assert reset(world, ann[0]["email"]).status == 204  # as if it had been sent
    world.server.settle()
    assert len(mails(world, ann[0]["email"])) == 1
    token = re.search(r"/join/(\w+)", letters[0].text)[1]
    head = {"Origin": "https://tocsin.example.org", "Content-Type": "application/json"}
    joined = world.server.http("POST", "/api/v1/join", json.dumps({"token": token, "password": "seven otters sing"}), head)
    assert joined.status == 204 and "set-cookie" in joined.headers


def test_an_invitation_is_mailed_on_wish(world, ann):
    answer = world.server.api("POST", f"users/{ann[0]['id']}/invite", {"mail": True})
    world.server.settle()
    mail = mails(world, ann[0]["email"])[-1]
    assert "Welcome to Tocsin" in mail.parsed["Subject"] and answer["url"].split("/join/")[1] not in ("", None)
    token = re.search(r"/join/(\w+)", mail.text)[1]
    looked = world.server.http("POST", "/api/v1/join/look", json.dumps({"token": token}),
                               {"Origin": "https://tocsin.example.org", "Content-Type": "application/json"})
    assert looked.json["email"] == ann[0]["email"]


def test_without_a_relay_both_say_so(fresh):
    one = fresh()
    refused = one.http("POST", "/api/v1/password-reset", json.dumps({"email": "owner@example.org"}),
                       {"Origin": "https://tocsin.example.org", "Content-Type": "application/json"})
    assert refused.status == 503 and "ask an admin" in refused.json["detail"]
    user = one.make("users", name="Ann", email="ann@example.org", role="responder")
    invited = one.try_api("POST", f"users/{user['id']}/invite", {"mail": True})
    assert invited.status == 400 and "smtp" in invited.json["detail"] + str(invited.json["errors"])


def test_a_channel_says_whether_anything_can_be_sent_by_it(fresh):
    server = fresh()
    ways = lambda: {c["name"]: (c["ready"], c["why_not"]) for c in server.items("channels")}  # noqa: E731
    assert ways()["email"] == (False, "no_smtp")
    assert ways()["webhook"] == (True, None)
    assert ways()["pushover"] == (False, "no_provider")
    server.make("connectors", name="Phones", channel="pushover", secret="a-token", settings={})
    assert ways()["pushover"] == (True, None)
