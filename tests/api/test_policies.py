"""What a policy may say: conditions of levels, what goes on after an acknowledgement, turns, nobody, newcomers, time-outs. Nights are
text tables; see night.py."""

import datetime

import pytest

from http_sink import fail
from night import Night
from tocsin import ON_POSTGRES, Refused, run
from world import World


def to(user):
    return {"kind": "user", "id": user["id"]}


@pytest.fixture
def people(world):
    world.ann, world.bob, world.cleo = world.user("ann"), world.user("bob"), world.user("cleo")
    return world


def ladder(world, *levels, **fields):
    """Levels as given, ten minutes apart when they say nothing."""
    made = [{"wait_s": 600, **level} for level in levels]
    world.chain = world.server.make("escalation-policies", name=f"Ladder {world.name}", levels=made, **{"repeat": 0, **fields})
    world.source = world.integration(world.chain)
    return world.chain


def play(world, text, **moves):
    Night(world, **moves).play(text)


def timeline(world, key="disk"):
    return [entry["kind"] for entry in world.server.items(f"alerts/{world.alert(key)['id']}/timeline")]


# Together, in a row.

def test_a_level_that_does_not_wait_goes_with_the_next(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {"targets": [to(people.bob)]}, {"targets": [to(people.cleo)]})
    play(people, """
        00:00   fire disk    ann bob
        09:59   -
        10:00   -            cleo
    """)


def test_nobody_of_levels_that_go_together_is_told_twice(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {"targets": [to(people.ann), to(people.bob)], "wait_s": 0},
           {"targets": [to(people.ann)]}, {"targets": [to(people.ann)]}, repeat=1)
    dry = people.server.api("POST", "pages/preview", {"targets": [{"kind": "policy", "id": people.chain["id"]}]})
    told = [(step["after_s"], step["what"], [one["name"].split()[0] for one in step["people"]]) for step in dry["ladders"][0]["steps"]]
    assert told[:4] == [(0, "paged", ["Ann"]), (0, "paged", ["Bob"]), (0, "skipped", []), (600, "paged", ["Ann"])], told
    play(people, """
        00:00     fire disk         ann bob
        09:59     -
        10:01     -                 ann
        20:01     -                 ann bob
        30:01     -                 ann
    """)
    assert "page_level_skipped" in timeline(people)


def test_a_level_told_with_the_one_before_still_has_its_other_attempts(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {"targets": [to(people.ann)], "attempts": 2, "wait_s": 60}, {"targets": [to(people.bob)]})
    play(people, """
        00:00     fire disk         ann
        01:01     -                 ann
        02:02     -                 bob
    """)


def test_escalate_now_leaves_out_the_other_attempts_of_the_level(people):
    ladder(people, {"targets": [to(people.ann)], "attempts": 3}, {"targets": [to(people.bob)]})
    play(people, """
        00:00   fire disk       ann
        01:00   escalate disk   bob
    """)


def unreachable(world):
    dan = world.server.make("users", name=f"Dan {world.name}", email=f"dan.{world.name}@example.org", role="responder")
    for method in world.server.items("contact-methods", user_id=dan["id"]):
        world.server.change("contact-methods", method["id"], verified=False)
    return dan


def is_skipped(world):
    return {"targets": [to(world.bob)], "when": {"priorities": ["p1"]}}


def has_nobody(world):
    return {"targets": [{"kind": "schedule", "id": rota(world, [])["id"]}]}


def is_out_of_reach(world):
    return {"targets": [to(unreachable(world))]}


def holds_for_a_label(world):
    return {"targets": [to(world.bob)], "when": {"matchers": [{"name": "env", "value": "prod"}], "otherwise": "hold"}}


def dry_times(world, what="paged", priority="p2"):
    [walk] = world.server.api("POST", "pages/preview", {"targets": [{"kind": "policy", "id": world.chain["id"]}], "priority": priority})["ladders"]
    return [step["after_s"] for step in walk["steps"] if step["what"] == what]


@pytest.mark.parametrize("last", [is_skipped, has_nobody, is_out_of_reach, holds_for_a_label])
def test_a_round_lasts_its_wait_whatever_becomes_of_the_last_level(people, last):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {**last(people), "wait_s": 300}, repeat=2, exhausted=[to(people.cleo)], urgency="high")
    assert (dry_times(people), dry_times(people, "exhausted")) == ([0, 300, 600], [900])
    play(people, """
        00:00     fire disk p2      ann
        04:00     -
        06:00     -                 ann
        09:00     -
        12:00     -                 ann
        14:00     -
        18:00     -                 cleo
    """)


def test_a_step_in_the_middle_lasts_its_wait_when_its_last_level_is_skipped(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {**is_skipped(people), "wait_s": 300}, {"targets": [to(people.ann), to(people.cleo)]})
    assert dry_times(people) == [0, 300]
    play(people, """
        00:00     fire disk p2      ann
        04:00     -
        06:00     -                 ann cleo
    """)


def test_a_step_whose_first_level_is_skipped_lasts_its_wait(people):
    ladder(people, {**is_skipped(people), "wait_s": 0}, {"targets": [to(people.ann)], "wait_s": 300}, repeat=1)
    assert dry_times(people) == [0, 300]
    play(people, """
        00:00     fire disk p2      ann
        04:00     -
        06:00     -                 ann
        10:00     -
    """)


def test_a_step_that_told_nobody_is_not_waited_for(people):
    ladder(people, {**is_skipped(people), "wait_s": 0}, {**has_nobody(people), "wait_s": 300}, {"targets": [to(people.ann)]})
    assert dry_times(people) == [0]
    play(people, "00:00     fire disk p2      ann")


def test_later_rounds_without_the_last_level_last_as_long(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {"targets": [to(people.bob)], "when": {"rounds": [0]}, "wait_s": 300}, repeat=2)
    assert dry_times(people) == [0, 0, 300, 600]
    play(people, """
        00:00     fire disk         ann bob
        04:00     -
        06:00     -                 ann
        09:00     -
        12:00     -                 ann
        15:00     -
    """)


def test_a_message_that_fails_ends_its_step_only_when_nobody_else_of_it_was_told(people):
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {"targets": [to(people.bob)], "wait_s": 300}, {"targets": [to(people.cleo)]})
    people.sink.script(people.path("bob"), fail(404))
    play(people, """
        00:00     fire disk         ann bob
        04:00     -
        06:00     -                 cleo
    """)
    assert "page_unreachable" in timeline(people)


@pytest.mark.parametrize("second", ["fails", "is skipped"])
def test_a_step_whose_messages_all_failed_gives_way_at_once(people, second):
    bob = {"targets": [to(people.bob)]} if second == "fails" else is_skipped(people)
    ladder(people, {"targets": [to(people.ann)], "wait_s": 0}, {**bob, "wait_s": 300}, {"targets": [to(people.cleo)]})
    for name in ("ann", "bob"):
        people.sink.script(people.path(name), fail(404))
    play(people, "00:00     fire disk p2      " + ("ann bob cleo" if second == "fails" else "ann cleo"))


# Conditions.

def test_a_level_for_some_priorities_is_skipped_for_others(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"priorities": ["p1"]}}, {"targets": [to(people.bob)]})
    play(people, """
        00:00   fire disk p1    ann
        00:01   fire lamp p2    bob
    """)
    assert "page_level_skipped" in timeline(people, "lamp") and "page_level_skipped" not in timeline(people, "disk")


@pytest.mark.parametrize("matcher, told", [
    ({"name": "env", "op": "=", "value": "prod"}, "ann"), ({"name": "env", "op": "!=", "value": "prod"}, "bob"),
    ({"name": "env", "op": "=~", "value": "pr.d"}, "ann"), ({"name": "env", "op": "=~", "value": "pr"}, "bob"),
    ({"name": "env", "op": "!~", "value": "test|stage"}, "ann"), ({"name": "absent", "op": "=", "value": ""}, "ann")])
def test_a_level_for_some_labels(people, matcher, told):
    ladder(people, {"targets": [to(people.ann)], "when": {"matchers": [matcher]}}, {"targets": [to(people.bob)]})
    play(people, f"00:00   fire disk p1 env=prod    {told}")


def test_a_level_for_the_first_round_only(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"rounds": [0]}}, {"targets": [to(people.bob)]}, repeat=1)
    play(people, """
        00:00   fire disk    ann
        10:00   -            bob
        20:00   -            bob
    """)


def hours(world, hold, opens_in_h):
    """A level whose window opens that many hours from now, for an hour, in UTC."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=world.server.turned_s)
    at = (now + datetime.timedelta(hours=opens_in_h))
    until = at + datetime.timedelta(hours=1)
    return {"windows": [{"from": at.strftime("%H:%M"), "to": until.strftime("%H:%M")}], "time_zone": "UTC", "otherwise": "hold" if hold else "skip"}


def test_outside_its_hours_a_level_is_skipped_or_held(people):
    ladder(people, {"targets": [to(people.ann)], "when": hours(people, False, 3)}, {"targets": [to(people.bob)], "when": hours(people, True, 3)})
    play(people, """
        00:00      fire disk p1
        2:58:00    -
        3:00:00    -               bob
    """)
    assert timeline(people).count("page_held") == 1


def test_a_level_that_is_held_goes_by_hand(people):
    ladder(people, {"targets": [to(people.ann)], "when": hours(people, True, 12)}, {"targets": [to(people.bob)]})
    play(people, """
        00:00   fire disk p1
        01:00   escalate disk      ann
    """)


def test_a_held_level_goes_when_the_priority_rises(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"priorities": ["p1"], "otherwise": "hold"}}, urgency="high")
    play(people, """
        00:00   fire disk p2
        05:00   fire disk p1
        06:00   -             ann
    """)


def test_a_level_does_not_wait_for_ever_for_what_may_never_come(people):
    """A label that is another one: after the level's own wait the next one goes on, and at last the page is exhausted."""
    when = {"matchers": [{"name": "env", "value": "production"}], "otherwise": "hold"}
    ladder(people, {"targets": [to(people.ann)], "when": when}, {"targets": [to(people.bob)]}, exhausted=[to(people.cleo)], urgency="high")
    play(people, """
        00:00   fire disk p1
        09:00   -
        11:00   -             bob
        21:30   -             cleo
    """)
    assert timeline(people).count("page_held") == 1
    assert [s["what"] for s in people.server.api("POST", "pages/preview", {"targets": [{"kind": "policy", "id": people.chain["id"]}], "priority": "p1"})["ladders"][0]["steps"]] == ["held", "skipped", "paged", "exhausted"]


# Until it is resolved.

def test_a_level_until_resolved_is_told_after_an_acknowledgement(people):
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [to(people.bob)]}, {"targets": [to(people.cleo)], "until": "resolved"}, repeat=3)
    play(people, """
        00:00     fire disk    ann
        05:00     ack ann
        19:59     -
        20:00     -            cleo
        3:00:00   -
    """)
    assert people.alert("disk")["status"] == "acknowledged"


def test_it_is_not_told_when_it_is_over(people):
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [to(people.cleo)], "until": "resolved"})
    play(people, """
        00:00     fire disk      ann
        05:00     ack ann
        06:00     resolve disk
        1:00:00   -
    """)


# Round robin.

def test_the_turn_moves_once_a_page_however_often_it_calls(people):
    targets = [to(people.ann), to(people.bob)]
    ladder(people, {"targets": targets, "strategy": "round_robin", "attempts": 2}, repeat=1)
    play(people, """
        00:00   fire one    ann
        10:00   -           ann
        11:00   fire two    bob
        19:00   resolve one
        21:00   -           bob
    """)


def test_a_page_that_starts_again_stays_with_the_same_person(people):
    ladder(people, {"targets": [to(people.ann), to(people.bob)], "strategy": "round_robin"}, ack_timeout_s=1200)
    play(people, """
        00:00     fire one    ann
        01:00     ack ann
        16:00     -           ann
        21:00     -           ann
    """)


def test_the_turn_skips_who_cannot_be_reached(people):
    broken = unreachable(people)
    ladder(people, {"targets": [to(people.ann), to(broken), to(people.bob)], "strategy": "round_robin"})
    play(people, """
        00:00   fire one    ann
        00:01   fire two    bob
        00:02   fire three  ann
    """)


# Nobody.

def rota(world, layers, **fields):
    return world.server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", layers=layers, **fields)


def now_ms(world):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=world.server.turned_s)


def cover(world, rota, user, from_min, to_min, kind="add"):
    start, end = (now_ms(world) + datetime.timedelta(minutes=m) for m in (from_min, to_min))
    return world.server.make("overrides", schedule_id=rota["id"], user_id=user["id"], kind=kind, starts_at=start.isoformat(), ends_at=end.isoformat())


def test_the_last_level_waits_for_somebody(people):
    made = rota(people, [])
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [{"kind": "schedule", "id": made["id"]}]}, on_empty="hold_until_someone")
    cover(people, made, people.bob, 30, 90)
    play(people, """
        00:00     fire disk    ann
        10:00     -
        29:00     -
        31:00     -            bob
    """)
    assert timeline(people).count("page_held") == 1


def test_the_last_level_falls_back(people):
    made = rota(people, [])
    ladder(people, {"targets": [{"kind": "schedule", "id": made["id"]}]}, on_empty="fallback_target", exhausted=[to(people.cleo)])
    play(people, "00:00     fire disk    cleo")
    assert people.page(people.alert("disk"))["status"] == "active"


# Newcomers.

def test_who_comes_on_call_while_nobody_answers_is_paged(people):
    made = rota(people, [{"name": "All", "starts_at": "2020-01-06T00:00:00", "members": [[people.ann["id"]]]}])
    ladder(people, {"targets": [{"kind": "schedule", "id": made["id"]}], "wait_s": 3600})
    cover(people, made, people.bob, 20, 600, kind="cover")
    play(people, """
        00:00   fire disk    ann
        19:00   -
        21:00   -            bob
        22:00   -
    """)
    assert "paged_newcomer" in timeline(people)


def test_a_cover_that_is_made_meanwhile_pages_at_once(people):
    made = rota(people, [{"name": "All", "starts_at": "2020-01-06T00:00:00", "members": [[people.ann["id"]]]}])
    ladder(people, {"targets": [{"kind": "schedule", "id": made["id"]}], "wait_s": 3600})
    play(people, """
        00:00   fire disk    ann
        05:00   cover        bob
    """, cover=lambda: cover(people, made, people.bob, -1, 600, kind="cover"))


def test_newcomers_are_left_alone_when_the_policy_says_so_and_after_an_answer(people):
    made = rota(people, [{"name": "All", "starts_at": "2020-01-06T00:00:00", "members": [[people.ann["id"]]]}])
    ladder(people, {"targets": [{"kind": "schedule", "id": made["id"]}], "wait_s": 7200}, page_newcomers=False)
    cover(people, made, people.bob, 20, 600, kind="cover")
    play(people, """
        00:00     fire disk    ann
        1:00:00   -
    """)


def test_no_newcomer_is_paged_after_an_answer(people):
    made = rota(people, [{"name": "All", "starts_at": "2020-01-06T00:00:00", "members": [[people.ann["id"]]]}])
    ladder(people, {"targets": [{"kind": "schedule", "id": made["id"]}], "wait_s": 7200})
    cover(people, made, people.bob, 20, 600, kind="cover")
    play(people, """
        00:00     fire disk    ann
        10:00     ack ann
        1:00:00   -
    """)


# Steps of earlier levels.

@pytest.mark.parametrize("stops", [False, True])
def test_steps_of_earlier_levels_go_on_unless_the_policy_stops_them(people, stops):
    first = [m for m in people.server.items("contact-methods", user_id=people.ann["id"]) if m["kind"] == "webhook"]
    later = people.method(people.ann, "webhook", people.sink.url + people.path("ann.later"))
    people.steps(people.ann, [(0, first), (900, [later])])
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [to(people.bob)]}, stop_previous_on_escalate=stops)
    play(people, f"""
        00:00   fire disk    ann
        10:00   -            bob
        15:00   -            {'' if stops else 'ann.later'}
    """)


# An acknowledgement that runs out.

def test_a_warning_comes_first_and_one_tap_extends_it(people):
    ladder(people, {"targets": [to(people.ann)]}, ack_timeout_s=1800)
    play(people, """
        00:00     fire disk      ann
        01:00     ack ann
        25:30     -
        26:00     -              ann
        27:00     extend ann
        31:30     -
        52:00     -              ann
        57:00     -              ann
    """)
    warning = people.calls("ann")[1].json
    assert warning["purpose"] == "ack_expires" and "about to end" in warning["headline"]
    assert "acknowledgement_extended" in timeline(people) and "acknowledgement_timed_out" in timeline(people)
    assert people.alert("disk")["status"] == "triggered"


def test_what_a_person_does_extends_it(people):
    ladder(people, {"targets": [to(people.ann)]}, ack_timeout_s=1800)
    play(people, """
        00:00     fire disk      ann
        01:00     ack ann
        20:00     note disk
        44:00     -
        45:00     -              ann
        50:00     -              ann
    """)


def test_extending_what_does_not_run_out_is_refused_with_the_reason(people):
    ladder(people, {"targets": [to(people.ann)]})
    play(people, """
        00:00     fire disk      ann
        01:00     ack ann
    """)
    with pytest.raises(Refused) as refused:
        people.server.verb("pages", people.page(people.alert("disk"))["id"], "extend")
    assert refused.value.answer.status == 409 and "ack_timeout_s" in refused.value.answer.json["detail"]


# A dry run.

def preview(world, *targets, **fields):
    return world.server.api("POST", "pages/preview", {"targets": [{"kind": kind, "id": id_} for kind, id_ in targets], **fields})


def test_the_dry_run_says_what_then_happens(people):
    first = [m for m in people.server.items("contact-methods", user_id=people.ann["id"]) if m["kind"] == "webhook"]
    later = people.method(people.ann, "webhook", people.sink.url + people.path("ann.later"))
    people.steps(people.ann, [(0, first), (120, [later])])
    made = rota(people, [])
    cover(people, made, people.cleo, 0, 600)
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [to(people.bob)], "when": {"priorities": ["p1"]}},
           {"targets": [{"kind": "schedule", "id": made["id"]}]}, exhausted=[to(people.bob)])
    told = len(people.sink.requests)
    [low] = preview(people, ("policy", people.chain["slug"]), priority="p2")["ladders"]
    assert [(s["after_s"], s["what"], s["level"], [p["name"].split()[0] for p in s["people"]]) for s in low["steps"]] == [
        (0, "paged", 1, ["Ann"]), (600, "skipped", 2, []), (600, "paged", 3, ["Cleo"]), (1200, "exhausted", 0, ["Bob"])]
    assert [(m["after_s"], m["error"]) for m in low["steps"][0]["people"][0]["messages"]] == [(0, None), (120, None)]
    assert low["steps"][1]["reason"] == "its priority is none of this level's"
    assert len(people.sink.requests) == told, "nothing is sent"
    play(people, """
        00:00   fire disk p2   ann
        02:00   -              ann.later
        10:00   -              cleo
        20:00   -              bob
    """)


def test_the_dry_run_of_people_and_services(people):
    team = people.server.make("teams", name=f"Crew {people.name}", members=[{"user_id": people.bob["id"]}])
    chain = people.policy([people.cleo])
    service = people.server.make("services", name=f"Shop {people.name}", policy_id=chain["id"])
    answer = preview(people, ("user", people.ann["id"]), ("team", team["slug"]), ("service", service["slug"]))
    hand, by_policy = answer["ladders"]
    assert hand["policy_id"] is None and sorted(p["name"].split()[0] for p in hand["steps"][0]["people"]) == ["Ann", "Bob"]
    assert by_policy["policy_id"] == chain["id"] and by_policy["steps"][0]["people"][0]["name"].startswith("Cleo")


def test_the_dry_run_names_who_cannot_be_reached(people):
    dan = unreachable(people)
    step = preview(people, ("user", dan["id"]))["ladders"][0]["steps"][0]
    assert step["what"] == "unreachable" and step["people"][0]["reachable"] is False
    assert step["people"][0]["messages"][0]["error"] == "not_verified"


def test_a_service_by_hand_goes_its_chain(people):
    chain = people.policy([people.cleo])
    service = people.server.make("services", name=f"Shop {people.name}", policy_id=chain["id"])
    page = people.server.api("POST", "pages", {"targets": [{"kind": "service", "id": service["slug"]}], "message": "Look at it"})
    people.server.settle()
    assert people.tally("ann", "bob", "cleo") == (0, 0, 1) and page["policy_id"] == chain["id"]
    alert = people.server.get(f"alerts/{page['alert_id']}")
    assert alert["service_id"] == service["id"]
    people.server.verb("alerts", alert["id"], "resolve")


# One page that speaks for many.

def silenced_together(world, *keys, **fields):
    """Held by one silence for ten minutes, let go together."""
    made = world.server.make("silences", matchers=[{"name": "env", "value": "stage"}], integration_id=world.source["id"], for_s=600)
    for key in keys:
        world.fire(key, labels={"env": "stage"}, **fields)
    assert world.tally("ann", "bob", "cleo") == (0, 0, 0)
    return made


@pytest.mark.parametrize("when", [{"priorities": ["p1"]}, {"priorities": ["p1"], "otherwise": "hold"},
                                  {"matchers": [{"name": "env", "value": "stage"}]}])
def test_a_level_is_for_a_combined_page_when_it_is_for_one_of_its_members(people, when):
    ladder(people, {"targets": [to(people.ann)], "when": when}, {"targets": [to(people.bob)]})
    silenced_together(people, "disk", "lamp", priority="p1")
    people.server.turn("601s")
    assert people.tally("ann", "bob", "cleo") == (1, 0, 0)


def test_one_urgent_member_is_enough_and_none_is_not(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"priorities": ["p1"]}}, {"targets": [to(people.bob)]})
    silenced_together(people, "disk", "lamp", priority="p2")
    people.server.turn("601s")
    assert people.tally("ann", "bob", "cleo") == (0, 1, 0)
    for key in ("disk", "lamp"):
        people.resolve(key)
    world_silence = people.server.make("silences", matchers=[{"name": "env", "value": "stage"}], integration_id=people.source["id"], for_s=600)
    people.fire("disk", labels={"env": "stage"}, priority="p2")
    people.fire("fire", labels={"env": "stage"}, priority="p1")
    people.server.turn("601s")
    assert people.tally("ann", "bob", "cleo") == (1, 1, 0), world_silence


def test_a_storm_goes_to_the_level_of_its_members(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"priorities": ["p1"]}}, {"targets": [to(people.bob)]})
    people.server.send(people.source["key"], [{"title": f"T {n}", "dedup_key": f"k{n}", "priority": "p1"} for n in range(26)])
    people.server.settle()
    assert people.told("ann") > 0 and people.told("bob") == 0


def combined(world):
    (page,) = {page["storm_page_id"] for key in ("disk", "lamp") for page in world.pages(world.alert(key))}
    return world.server.get(f"pages/{page}")


def exhausted_together(world):
    ladder(world, {"targets": [to(world.ann)], "wait_s": 60}, exhausted=[to(world.bob)])
    silenced_together(world, "disk", "lamp", priority="p1")
    world.server.turn("601s")
    world.server.turn("61s")
    assert combined(world)["status"] == "exhausted" and world.tally("ann", "bob", "cleo") == (1, 1, 0)


def test_an_exhausted_combined_page_ends_with_its_last_member(people):
    exhausted_together(people)
    people.resolve("disk")
    assert combined(people)["status"] == "exhausted"
    people.resolve("lamp")
    assert combined(people)["status"] == "resolved"
    people.server.turn("2h")
    assert people.tally("ann", "bob", "cleo") == (1, 1, 0)


def test_an_exhausted_combined_page_is_acknowledged(people):
    exhausted_together(people)
    people.server.verb("pages", combined(people)["id"], "acknowledge")
    assert combined(people)["status"] == "acknowledged"
    assert {people.alert(key)["status"] for key in ("disk", "lamp")} == {"acknowledged"}
    people.server.turn("2h")
    assert people.tally("ann", "bob", "cleo") == (1, 1, 0)


def test_the_dry_run_has_the_priority_of_a_page_by_hand(people):
    ladder(people, {"targets": [to(people.ann)], "when": {"priorities": ["p1"]}}, {"targets": [to(people.bob)], "when": {"priorities": ["p3"]}})
    for urgency, first in (("high", "Ann"), ("low", "Bob")):
        [walk] = preview(people, ("policy", people.chain["slug"]), urgency=urgency)["ladders"]
        assert [p["name"].split()[0] for s in walk["steps"] if s["what"] == "paged" for p in s["people"]][0] == first
    people.server.api("POST", "pages", {"targets": [{"kind": "policy", "id": people.chain["slug"]}], "message": "By hand"})
    people.server.settle()
    assert people.tally("ann", "bob", "cleo") == (1, 0, 0)


# Clocks.

@pytest.mark.skipif(ON_POSTGRES, reason="there the database's clock is followed")
@pytest.mark.parametrize("running", [True, False])
def test_a_clock_that_is_set_back_delays_no_page(fresh, sink, running):
    """Bob was due in five minutes: an hour back on the wall is not an hour more in bed. What follows is not bundled with what seems to be to come."""
    world = World(fresh(), sink).usual()
    world.fire("disk")
    if running:
        assert world.server.control("clock -1h") == "ok"
        world.fire("other")
    else:
        world.server.stop()
        world.server.sql("UPDATE meta SET value = CAST(value AS INTEGER) + 3600000 WHERE name = 'clock_seen'")
        world.server.sql("UPDATE job SET due_at = due_at + 3600000 WHERE kind = 'page.level'")
        world.server.start()
    assert world.tally("ann", "bob") == (2 if running else 1, 0)
    world.server.turn("4m")
    assert world.told("bob") == 0
    world.server.turn("70s")
    assert world.told("bob") >= 1
    assert "the clock was set back" in world.server.log()
    if not running:  # once: what was moved is not moved again
        world.server.stop()
        world.server.start()
        world.server.settle()
        assert world.server.log().count("the clock was set back") == 1


# Mistakes.

@pytest.mark.parametrize("level, pointer, words", [
    ({"wait_s": 0}, "/levels/0/wait_s", "last level has none"),
    ({"when": {"matchers": [{"name": "env", "op": "=~", "value": "("}]}}, "/levels/0/when/matchers/0/value", ""),
    ({"when": {"windows": [{"from": "25:00", "to": "09:00"}]}}, "/levels/0/when/windows/0/from", "time of the day"),
    ({"when": {"time_zone": "Mars/Base"}}, "/levels/0/when/time_zone", "Mars/Base"),
    ({"when": {"rounds": [10]}}, "/levels/0/when/rounds/0", "9"),
    ({"when": {"rounds": [0, 4]}}, "/levels/0/when/rounds/1", "with repeat 3 the last round is 3"),
    ({"wait_s": 0, "attempts": 2}, "/levels/0/wait_s", "last level has none"),
    ({"when": {"matchers": [{"name": "env", "value": "prod"}, {"name": "env", "value": "test"}]}}, "/levels/0/when/matchers/1", 'env="prod" contradicts env="test"'),
    ({"when": {"matchers": [{"name": "env", "op": "!=", "value": "prod"}, {"name": "env", "value": "prod"}]}}, "/levels/0/when/matchers/0", "never be told"),
    ({"when": {"matchers": [{"name": "env", "value": "prod"}, {"name": "env", "op": "=~", "value": "pro|test"}]}}, "/levels/0/when/matchers/1", "contradicts env=~"),
    ({"targets": [{"kind": "channel", "id": "#ops"}]}, "/levels/0/targets/0/kind", "would reach nobody"),
    ({"until": "tomorrow"}, "/levels/0/until", "tomorrow")])
def test_what_is_wrong_is_said_at_its_place(people, level, pointer, words):
    answer = people.server.try_api("POST", "escalation-policies", {"name": "Wrong", "levels": [{"targets": [to(people.ann)], **level}]})
    assert answer.status in (400, 422), answer
    assert any(e["pointer"] == pointer and words in e["message"] for e in answer.json["errors"]), answer.json


def test_what_could_never_happen_is_refused_when_it_is_written_and_not_before(people):
    made = ladder(people, {"targets": [to(people.ann)], "when": {"rounds": [1], "matchers": [{"name": "env", "value": "prod"}, {"name": "env", "op": "=~", "value": "p.*"}]}}, repeat=1)
    for change, pointer, words in (({"repeat": 0}, "/levels/0/when/rounds/0", "round 1 never comes"), ({"ack_timeout_s": 1}, "/ack_timeout_s", "at least 60"),
                                   ({"levels": [{"targets": [to(people.ann)], "wait_s": 0, "attempts": 2}, {"targets": [to(people.bob)]}]}, "/levels/0/attempts", "at once are one")):
        answer = people.server.try_api("PATCH", f"escalation-policies/{made['id']}", change)
        assert answer.status in (400, 422), answer
        assert [(e["pointer"], words in e["message"]) for e in answer.json["errors"]] == [(pointer, True)], answer.json
    assert people.server.change("escalation-policies", made["id"], ack_timeout_s=60)["ack_timeout_s"] == 60


def test_eleven_levels_are_too_many(people):
    answer = people.server.try_api("POST", "escalation-policies", {"name": "Long", "levels": [{"targets": [to(people.ann)]}] * 11})
    assert answer.status in (400, 422) and any(e["pointer"] == "/levels" and "10" in e["message"] for e in answer.json["errors"]), answer.json


def test_the_client_shows_the_ladder(people):
    ladder(people, {"targets": [to(people.ann)]}, {"targets": [to(people.bob)], "when": {"rounds": [1]}}, exhausted=[to(people.cleo)], repeat=1)
    done = run("page", people.chain["slug"], "--preview", "--data", people.server.folder)
    lines = done.stdout.splitlines()
    assert "urgency high" in lines[0], done.stdout
    assert [line.split()[1:4] for line in lines[2:]] == [["1", "0", "paged"], ["2", "0", "skipped"], ["1", "1", "paged"], ["2", "1", "paged"], ["0", "1", "exhausted"]], done.stdout
    assert "webhook" in lines[2] and "not for this round" in lines[3]
    assert people.tally("ann", "bob", "cleo") == (0, 0, 0)


# A dry run of what is not saved.


def test_the_client_tries_a_file(people, tmp_path):
    file = tmp_path / "policy.yaml"
    level = f"  levels:\n  - targets: [{{kind: user, id: {people.ann['email']}}}]\n    when: {{priorities: [p1]}}\n  - targets: [{{kind: user, id: {people.bob['email']}}}]\n"
    for text in (f"escalation-policies:\n- slug: night\n  name: Night\n{level}", f"kind: escalation-policies\nname: Night\n{level}".replace("\n  ", "\n")):
        file.write_text(text)
        done = run("page", "--preview", "--file", file, "--priority", "p3", "--data", people.server.folder)
        assert "Night, urgency low" in done.stdout, done
        assert [line.split()[3] for line in done.stdout.splitlines()[2:4]] == ["skipped", "paged"], done.stdout
    file.write_text("teams: []\n")
    for words, said in ((["--preview", "--file", file], "holds no single policy"), (["--file", file], "goes with --preview"), ([], "say whom")):
        done = run("page", *words, "--data", people.server.folder)
        assert done.returncode == 2 and said in done.stderr, done

def draft(world, fields, **more):
    return world.server.api("POST", "pages/preview", {"policy": fields, **more})


def test_the_dry_run_of_a_draft_is_that_of_the_policy_it_becomes(people):
    levels = [{"targets": [to(people.ann)], "wait_s": 600}, {"targets": [to(people.bob)], "when": {"priorities": ["p1"]}},
              {"targets": [{"kind": "user", "id": people.cleo["email"]}]}]
    fields = {"name": f"Draft {people.name}", "levels": levels, "repeat": 1, "exhausted": [to(people.bob)], "urgency": "high"}
    count = len(people.server.items("escalation-policies"))
    [tried] = draft(people, fields, priority="p3")["ladders"]
    assert len(people.server.items("escalation-policies")) == count, "nothing is kept"
    made = people.server.make("escalation-policies", **fields)
    [real] = preview(people, ("policy", made["id"]), priority="p3")["ladders"]
    times = lambda ladder: [(s["after_s"], s["what"], s["level"], s["round"], s["reason"], [p["user_id"] for p in s["people"]]) for s in ladder["steps"]]
    assert times(tried) == times(real)
    assert (tried["policy_id"], tried["name"], tried["urgency"]) == (None, fields["name"], "high")
    assert [s["what"] for s in tried["steps"]] == ["paged", "skipped", "paged"] * 2 + ["exhausted"]


@pytest.mark.parametrize("change, pointer", [
    ({"levels": []}, "/policy/levels"),
    ({"name": None}, "/policy/name"),
    ({"levels": [{"targets": [{"kind": "user", "id": "usr_0000000000000"}]}]}, "/policy/levels/0/targets/0/id"),
    ({"levels": [{"targets": [{"kind": "channel", "id": "#ops"}]}]}, "/policy/levels/0/targets/0/kind"),
    ({"exhausted": [{"kind": "channel", "id": "#ops"}]}, "/policy/exhausted/0/kind"),
    ({"wait_s": 0}, "/policy/levels/0/wait_s"),
    ({"matchers": [{"name": "env", "op": "=~", "value": "("}]}, "/policy/levels/0/when/matchers/0/value"),
])
def test_a_draft_that_would_be_refused_is_refused_at_the_same_place(people, change, pointer):
    level = {"targets": [to(people.ann)]}
    if "wait_s" in change:
        level["wait_s"] = change["wait_s"]
    if "matchers" in change:
        level["when"] = {"matchers": change["matchers"]}
    fields = {"name": "Draft", "levels": [level], **{k: v for k, v in change.items() if k in ("levels", "name", "exhausted")}}
    with pytest.raises(Refused) as refused:
        draft(people, fields)
    assert refused.value.answer.status == 400
    assert pointer in [error["pointer"] for error in refused.value.answer.json["errors"]]


def test_a_dry_run_of_nothing_says_what_it_takes(people):
    with pytest.raises(Refused) as refused:
        people.server.api("POST", "pages/preview", {"priority": "p1"})
    assert refused.value.answer.status == 400 and "or policy, a draft" in str(refused.value.answer.json)
