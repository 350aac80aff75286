"""POST /pages: a person calls others, without any alert before."""

import pytest


def page(world, *targets, code=201, **fields):
    answer = world.server.try_api("POST", "pages", {"targets": [{"kind": kind, "id": id_} for kind, id_ in targets], "message": "Call me", **fields})
    assert answer.status == code, answer
    world.server.settle()
    return answer.json


@pytest.fixture
def hand(world):
    world.usual()
    yield world
    for row in world.server.items("alerts", source="manual"):
        if row["status"] in ("triggered", "acknowledged"):
            world.server.try_api("POST", f"alerts/{row['id']}/resolve", {})
    world.server.settle()


def test_it_opens_an_alert_of_source_manual_and_pages_the_person(hand):
    made = page(hand, ("user", hand.ann["email"]))
    alert = hand.server.get(f"alerts/{made['alert_id']}")
    assert (alert["source"], alert["title"], alert["status"], alert["priority"]) == ("manual", "Call me", "triggered", "p1")
    assert (made["status"], made["urgency"]) == ("active", "high") and "by hand" in made["why"]
    assert hand.tally("ann", "bob") == (1, 0)
    hand.server.verb("alerts", alert["id"], "acknowledge")
    assert hand.server.get(f"pages/{made['id']}")["status"] == "acknowledged"
    hand.server.turn("1h")
    assert hand.tally("ann", "bob") == (1, 0)


def test_several_targets_are_one_page(hand):
    team = hand.server.make("teams", name=f"Crew {hand.name}", members=[{"user_id": hand.bob["id"]}])
    page(hand, ("user", hand.ann["id"]), ("team", team["slug"]))
    assert hand.tally("ann", "bob") == (1, 1)


def test_a_schedule_is_who_is_on_call(hand):
    rota = hand.server.make("schedules", name=f"Rota {hand.name}", time_zone="UTC",
                            layers=[{"name": "Week", "starts_at": "2024-01-01T09:00:00", "members": [[hand.bob["id"]]]}])
    page(hand, ("schedule", rota["slug"]))
    assert hand.tally("ann", "bob") == (0, 1)


def test_a_policy_runs_level_by_level(hand):
    made = page(hand, ("policy", hand.chain["slug"]))
    assert made["policy_id"] == hand.chain["id"] and hand.tally("ann", "bob") == (1, 0)
    hand.server.turn("6m")
    assert hand.tally("ann", "bob") == (1, 1)


def test_one_answer_ends_all_of_it(hand):
    carl = hand.user("carl")
    made = page(hand, ("policy", hand.chain["slug"]), ("user", carl["id"]))
    assert hand.tally("ann", "bob", "carl") == (1, 0, 1)
    hand.server.verb("pages", made["id"], "acknowledge")
    assert {p["status"] for p in hand.server.items("pages", alert_id=made["alert_id"])} == {"acknowledged"}
    hand.server.turn("1h")
    assert hand.tally("ann", "bob", "carl") == (1, 0, 1)


def test_the_persons_urgency_wins_over_the_policys(hand):
    low = hand.policy([hand.ann], urgency="low")
    assert page(hand, ("policy", low["slug"]))["urgency"] == "high"
    made = page(hand, ("policy", hand.chain["slug"]), urgency="low")
    assert made["urgency"] == "low" and hand.server.get(f"alerts/{made['alert_id']}")["priority"] == "p3"


def test_a_storm_does_not_swallow_it(hand):
    for n in range(15):
        hand.fire(f"storm-{n}", priority="p1")
    before = hand.told("ann")
    made = page(hand, ("policy", hand.chain["slug"]))
    assert made.get("storm_page_id") is None and hand.told("ann") == before + 1


@pytest.mark.parametrize("body, pointer", [({"targets": []}, "/targets"), ({"message": ""}, "/message"), ({"urgency": "loud"}, "/urgency"),
                                           ({"targets": [{"kind": "user", "id": "nobody@example.org"}]}, "/targets/0/id"),
                                           ({"targets": [{"kind": "planet", "id": "x"}]}, "/targets/0/kind")])
def test_what_is_wrong_is_said_and_pages_nobody(hand, body, pointer):
    usual = {"targets": [{"kind": "user", "id": hand.ann["email"]}], "message": "Call me"}
    answer = hand.server.try_api("POST", "pages", {**usual, **body})
    assert answer.status == 400 and pointer in [e["pointer"] for e in answer.json["errors"]], answer
    hand.server.settle()
    assert hand.told("ann") == 0


def test_the_same_key_twice_pages_once(hand):
    body = {"targets": [{"kind": "user", "id": hand.ann["email"]}], "message": "Once"}
    first = hand.server.try_api("POST", "pages", body, headers={"Idempotency-Key": f"k-{hand.name}"})
    second = hand.server.try_api("POST", "pages", body, headers={"Idempotency-Key": f"k-{hand.name}"})
    hand.server.settle()
    assert first.json["id"] == second.json["id"] and hand.told("ann") == 1
