"""The weekly test page: when a person wants it, by the first method of their high rule; what became of it is what readiness says."""

import datetime

import pytest

from http_sink import reply
from tocsin import Refused, run


@pytest.fixture
def ann(world):
    world.ann = world.user("ann", time_zone="America/New_York")
    world.later = world.method(world.ann, "webhook", world.sink.url + world.path("later"))
    first = next(m for m in world.server.items("contact-methods", user_id=world.ann["id"]) if m["address"].endswith("/ann"))
    world.steps(world.ann, [(0, [first]), (300, [world.later])])
    world.first = first["id"]
    return world


def now(world):
    return datetime.datetime.strptime(world.server.get("on-call")["at"][:19], "%Y-%m-%dT%H:%M:%S")


def wants(world, minutes, zone=None):
    """A test page at that many minutes from now, by the clock of `zone` or their own; UTC is five hours ahead in winter."""
    local = now(world) + datetime.timedelta(minutes=minutes) - datetime.timedelta(hours=0 if zone == "UTC" else 5)
    body = {"day": local.strftime("%a").lower(), "at": local.strftime("%H:%M"), "time_zone": zone}
    made = world.server.change("users", world.ann["id"], test_page=body)
    world.server.settle()
    return made["test_page"]


def weekly(world):
    return [n for n in world.server.items("notifications", user_id=world.ann["id"]) if n["purpose"] == "test_page"]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_it_comes_each_week_by_the_first_method_and_nowhere_else(ann, zone):
    if not zone and now(ann).month not in (1, 2, 12):
        ann.server.change("users", ann.ann["id"], time_zone="America/Bogota")  # five hours all year
    assert wants(ann, 30, zone)["time_zone"] == zone
    assert ann.tally("ann", "later") == (0, 0)
    ann.server.turn("31m")
    assert ann.tally("ann", "later") == (1, 0)
    said = ann.calls("ann")[0].json
    assert said["purpose"] == "test_page" and said["urgency"] != "high" and "weekly test" in said["title"], said
    assert [(n["status"], n["contact_method_id"]) for n in weekly(ann)] == [("sent", ann.first)]
    ann.server.turn("6d")
    assert ann.tally("ann", "later") == (1, 0)
    ann.server.turn("1d")
    assert ann.tally("ann", "later") == (2, 0)
    ann.server.change("users", ann.ann["id"], test_page=None)
    ann.server.turn("8d")
    assert ann.tally("ann", "later") == (2, 0)


def test_readiness_says_when_it_came_and_that_it_did_not(ann):
    layers = [{"name": "All", "starts_at": "2026-01-05T00:00:00", "members": [[ann.ann["id"]]]}]
    made = ann.server.make("schedules", name=f"Rota {ann.name}", time_zone="UTC", layers=layers)

    def ready():
        return next(one for one in ann.server.get("on-call/readiness", schedule_id=made["id"])["items"] if one["user_id"] == ann.ann["id"])

    assert ready()["last_test_at"] is None
    wants(ann, 5, "UTC")
    ann.server.turn("6m")
    assert ready()["last_test_at"] and ready()["problems"] == []
    ann.sink.script(ann.path("ann"), reply(410, "gone", times=None))
    ann.server.turn("7d")
    method = ann.server.get(f"contact-methods/{ann.first}")
    assert method["check_status"] == "failed" and method["check_error"], method
    assert any("the last message to webhook failed" in text or "broken" in text for text in ready()["problems"]), ready()


def test_one_that_is_late_for_the_night_is_left_out(ann):
    wants(ann, 5, "UTC")
    ann.server.turn("3h")
    assert ann.tally("ann", "later") == (0, 0)


@pytest.mark.parametrize("body, pointer, words", [
    ({"day": "monday", "at": "10:00"}, "/test_page/day", "mon"), ({"day": "mon", "at": "10"}, "/test_page/at", "18:00"), ({"day": "mon"}, "/test_page/at", "required"),
    ({"day": "mon", "at": "10:00", "time_zone": "Mars/Base"}, "/test_page/time_zone", "Mars/Base")])
def test_what_is_wrong_is_said_at_its_place(ann, body, pointer, words):
    with pytest.raises(Refused) as refused:
        ann.server.change("users", ann.ann["id"], test_page=body)
    assert [(e["pointer"], words in e["message"]) for e in refused.value.answer.json["errors"]] == [(pointer, True)], refused.value.answer


def test_the_client_sets_it(ann):
    done = run("user", "test-page", ann.ann["email"], "tue", "10:30", "--data", ann.server.folder)
    assert done.returncode == 0, done
    assert ann.server.get(f"users/{ann.ann['id']}")["test_page"] == {"day": "tue", "at": "10:30", "time_zone": None}
    assert run("user", "test-page", ann.ann["email"], "--never", "--data", ann.server.folder).returncode == 0
    assert ann.server.get(f"users/{ann.ann['id']}")["test_page"] is None
