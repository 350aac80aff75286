"""Who is told, when, and what stops it. Ann is level 1, Bob level 2 five minutes later, unless a test says otherwise."""

import pytest

from http_sink import drop, fail, reply
from world import World, ack_url


@pytest.fixture
def paging(world):
    return world.usual()


def act(world, what, page=None, verb="acknowledge"):
    """Acknowledges the alert, its page or by the link."""
    alert = world.alert("key")
    if what == "alert":
        world.server.verb("alerts", alert["id"], verb)
    elif what == "page":
        world.server.verb("pages", (page or world.page(alert))["id"], verb)
    else:
        answer = world.server.http("POST", ack_url(world.calls("ann")[0]), "action=acknowledge",
                                   {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (200, 303), answer
    world.server.settle()


# Levels and waits.

def test_level_by_level_on_time(paging):
    paging.fire("key")
    assert paging.tally("ann", "bob") == (1, 0)
    paging.server.turn("4m")
    assert paging.tally("ann", "bob") == (1, 0)
    paging.server.turn("61s")
    assert paging.tally("ann", "bob") == (1, 1)
    page = paging.page(paging.alert("key"))
    assert (page["status"], page["level"]) == ("active", 2)


def test_repeats_three_times_after_the_first_pass_then_is_exhausted(paging):
    paging.fire("key")
    for turns in range(1, 8):
        paging.server.turn("5m")
        assert paging.tally("ann", "bob") == (1 + turns // 2, (turns + 1) // 2)
    owner_before = len(paging.relay.mails)
    paging.server.turn("5m")
    assert paging.tally("ann", "bob") == (4, 4)
    page = paging.page(paging.alert("key"))
    assert page["status"] == "exhausted" and page["reason"]
    mails = paging.relay.mails[owner_before:]
    assert any("owner@example.org" in mail.recipients for mail in mails), "the organization's owners are told"


def test_an_exhausted_urgent_page_starts_again_after_half_an_hour(world):
    world.ann = world.user("ann")
    world.source = world.integration(world.policy([world.ann], repeat=0, wait_s=60))
    world.fire("key", priority="p1")
    world.server.turn("61s")
    assert world.page(world.alert("key"))["status"] == "exhausted"
    told = world.told("ann")
    world.server.turn("31m")
    assert world.told("ann") > told


@pytest.mark.parametrize("named", ["the team's owner", "the policy's word"])
def test_who_is_told_last_and_cannot_be_told_is_not_the_last(fresh, sink, named):
    """Eve has e-mail only, and there is no relay: the organization's owner hears of it."""
    world = World(fresh(), sink)
    eve = world.server.make("users", name="Eve", email="eve@example.org", role="responder")
    (owner,) = [user for user in world.server.items("users") if user["role"] == "owner"]
    world.steps(owner, [(0, [world.server.make("contact-methods", user_id=owner["id"], kind="webhook", address=sink.url + world.path("owner"), verified=True)])])
    team = world.server.make("teams", name="Eve's", members=[{"user_id": eve["id"], "role": "owner"}])
    exhausted = [{"kind": "user", "id": eve["id"]}] if named == "the policy's word" else []
    policy = world.policy([eve], repeat=0, exhausted=exhausted)
    world.server.change("escalation-policies", policy["id"], team_id=team["id"])
    world.source = world.integration(policy, team_id=team["id"])
    world.fire("key", priority="p1")
    world.server.settle()
    assert world.page(world.alert("key"))["status"] == "exhausted"
    assert world.told("owner") == 1


def test_a_provider_that_refuses_all_that_was_sent_is_not_the_last_either(fresh, sink):
    """It looked as if Eve could be told, and each message failed: with the next try the owner is told, too."""
    world = World(fresh(), sink)
    eve = world.user("eve")
    (owner,) = [user for user in world.server.items("users") if user["role"] == "owner"]
    world.steps(owner, [(0, [world.server.make("contact-methods", user_id=owner["id"], kind="webhook", address=sink.url + world.path("owner"), verified=True)])])
    sink.script(world.path("eve"), reply(404, "gone", times=None))
    world.source = world.integration(world.policy([eve], repeat=0, wait_s=60, exhausted=[{"kind": "user", "id": eve["id"]}]))
    world.fire("key", priority="p1")
    world.server.turn("2m")
    assert world.told("owner") == 0
    for _ in range(3):
        world.server.turn("32m")
    assert world.told("owner") >= 1


def test_an_exhausted_page_of_low_urgency_does_not(world):
    world.ann = world.user("ann")
    world.source = world.integration(world.policy([world.ann], repeat=0, wait_s=60))
    world.fire("key", priority="p4")
    world.server.turn("61s")
    told = world.told("ann")
    world.server.turn("40m")
    assert world.told("ann") == told


def test_exhausted_tells_whom_the_policy_names(world):
    ann, cleo = world.user("ann"), world.user("cleo")
    world.source = world.integration(world.policy([ann], repeat=0, wait_s=60, exhausted=[{"kind": "user", "id": cleo["id"]}]))
    world.fire("key")
    world.server.turn("61s")
    assert world.tally("ann", "cleo") == (1, 1)


def test_two_in_a_level_are_told_together(world):
    world.source = world.integration(world.policy([world.user("ann"), world.user("bob")]))
    world.fire("key")
    assert world.tally("ann", "bob") == (1, 1)


def test_round_robin_takes_turns(world):
    ann, bob = world.user("ann"), world.user("bob")
    targets = [{"kind": "user", "id": user["id"]} for user in (ann, bob)]
    policy = world.server.make("escalation-policies", name=f"Robin {world.name}", levels=[{"targets": targets, "strategy": "round_robin"}])
    world.source = world.integration(policy)
    for key in "abcd":
        world.fire(key)
    assert world.tally("ann", "bob") == (2, 2)


def test_attempts_repeat_a_level(world):
    ann, bob = world.user("ann"), world.user("bob")
    levels = [{"targets": [{"kind": "user", "id": ann["id"]}], "wait_s": 60, "attempts": 2}, {"targets": [{"kind": "user", "id": bob["id"]}], "wait_s": 60}]
    world.source = world.integration(world.server.make("escalation-policies", name=f"Tries {world.name}", levels=levels))
    world.fire("key")
    world.server.turn("61s")
    assert world.tally("ann", "bob") == (2, 0)
    world.server.turn("61s")
    assert world.tally("ann", "bob") == (2, 1)


def test_a_team_target_reaches_its_members(world):
    ann, bob = world.user("ann"), world.user("bob")
    team = world.server.make("teams", name=f"Team {world.name}", members=[{"user_id": ann["id"], "role": "owner"}, {"user_id": bob["id"], "role": "responder"}])
    world.source = world.integration(world.policy([{"kind": "team", "id": team["id"]}]))
    world.fire("key")
    assert world.tally("ann", "bob") in ((1, 1), (1, 0))


# Schedules.

def schedule(world, members, **layer):
    layers = [{"name": "All", "mode": "replace", "starts_at": "2020-01-06T00:00:00", "turn": {"every": 1, "unit": "day"}, "members": members, **layer}]
    return world.server.make("schedules", name=f"Schedule {world.name}", time_zone="UTC", layers=layers)


def test_a_schedule_pages_who_is_on_call_then(world):
    ann, bob = world.user("ann"), world.user("bob")
    made = schedule(world, [[ann["id"]], [bob["id"]]])
    world.source = world.integration(world.policy([{"kind": "schedule", "id": made["id"]}], repeat=0))
    world.fire("one", priority="p4")
    first = world.tally("ann", "bob")
    assert sorted(first) == [0, 1]
    world.resolve("one")
    world.server.turn("24h")
    world.fire("two", priority="p4")
    assert world.tally("ann", "bob") == (1, 1)
    on_call = world.server.get("on-call", schedule_id=made["id"])
    assert (ann["id"] if first == (0, 1) else bob["id"]) in str(on_call)


def test_an_override_covers(world):
    ann, bob = world.user("ann"), world.user("bob")
    made = schedule(world, [[ann["id"]]])
    world.server.make("overrides", schedule_id=made["id"], user_id=bob["id"], kind="cover", starts_at="2020-01-01T00:00:00Z", ends_at="2099-01-01T00:00:00Z")
    world.source = world.integration(world.policy([{"kind": "schedule", "id": made["id"]}]))
    world.fire("key")
    assert world.tally("ann", "bob") == (0, 1)


def test_nobody_on_call_goes_on_to_the_next_level(world):
    ann = world.user("ann")
    made = schedule(world, [[]])
    world.source = world.integration(world.policy([{"kind": "schedule", "id": made["id"]}], [ann]))
    world.fire("key")
    assert world.told("ann") == 1


def test_shifts_are_rendered(world):
    ann, bob = world.user("ann"), world.user("bob")
    made = schedule(world, [[ann["id"]], [bob["id"]], []])
    shifts = world.server.get(f"schedules/{made['id']}/shifts", **{"from": "2026-01-05T00:00:00Z", "to": "2026-01-08T00:00:00Z"})
    assert len(shifts["final"]) == 2 and len(shifts["gaps"]) == 1
    assert len(shifts["layers"]) == 1 and shifts["layers"][0]["name"] == "All"


# What stops it.

@pytest.mark.parametrize("what", ["alert", "page", "link"])
def test_an_acknowledgement_stops_it(paging, what):
    paging.fire("key")
    act(paging, what)
    alert = paging.alert("key")
    assert alert["status"] == "acknowledged" and alert["acknowledged_at"]
    page = paging.page(alert)
    assert page["status"] == "acknowledged" and page["acknowledged_by"]["name"]
    paging.server.turn("1h")
    assert paging.tally("ann", "bob") == (1, 0)


def test_a_second_acknowledgement_is_200_and_names_the_first(paging):
    paging.fire("key")
    act(paging, "link")
    answer = paging.server.try_api("POST", f"pages/{paging.page(paging.alert('key'))['id']}/acknowledge", {})
    assert answer.status == 200
    assert "Ann" in answer.text
    assert paging.alert("key")["acknowledged_by"]["name"].startswith("Ann")


def test_unacknowledge_restarts_at_level_1(paging):
    paging.fire("key")
    paging.server.turn("5m")
    act(paging, "alert")
    act(paging, "alert", verb="unacknowledge")
    assert paging.tally("ann", "bob") == (2, 1)
    assert paging.alert("key")["status"] == "triggered"
    page = paging.page(paging.alert("key"))
    assert (page["status"], page["level"]) == ("active", 1)


def test_escalate_goes_to_the_next_level_now(paging):
    paging.fire("key")
    act(paging, "alert", verb="escalate")
    assert paging.tally("ann", "bob") == (1, 1)


def test_a_resolve_stops_it(paging):
    paging.fire("key")
    paging.resolve("key")
    paging.server.turn("1h")
    assert paging.tally("ann", "bob") == (1, 0)


def test_ack_timeout_pages_again(world):
    world.ann = world.user("ann")
    world.source = world.integration(world.policy([world.ann], ack_timeout_s=600))
    world.fire("key")
    act(world, "alert")
    world.server.turn("9m")
    assert world.told("ann") == 1
    world.server.turn("61s")
    assert world.told("ann") == 2
    assert world.alert("key")["status"] == "triggered"


# Steps, methods, urgency.

def test_a_persons_later_step_follows_and_an_acknowledgement_skips_it(world):
    ann = world.user("ann")
    second = world.method(ann, "webhook", world.sink.url + world.path("second"))
    first = [m for m in world.server.items("contact-methods", user_id=ann["id"]) if m["kind"] == "webhook" and m["id"] != second["id"]]
    world.steps(ann, [(0, first), (120, [second])])
    world.source = world.integration(world.policy([ann]))
    for key in ("key", "other"):
        world.fire(key)
    act(world, "alert")
    world.server.turn("121s")
    assert world.tally("ann", "second") == (2, 1)
    statuses = [n["status"] for n in world.notifications(world.page(world.alert("key")))]
    assert statuses == ["sent", "skipped"] or statuses == ["delivered", "skipped"]


def test_urgency_chooses_the_rule(world):
    ann = world.user("ann")
    loud = world.method(ann, "webhook", world.sink.url + world.path("loud"))
    world.steps(ann, [(0, [loud])], urgencies=("high",))
    world.source = world.integration(world.policy([ann]))
    for priority in ("p1", "p2", None, "p3", "p4"):
        world.fire(f"key {priority}", priority=priority)
    assert world.tally("loud", "ann") == (3, 2)
    assert world.page(world.alert("key p1"))["urgency"] == "high"
    assert world.page(world.alert("key p4"))["urgency"] == "low"


@pytest.mark.parametrize("policy, service, urgency", [("low", None, "low"), ("high", None, "high"), ("low", "high", "high"), ("high", "low", "low")])
def test_policys_urgency_and_the_services_wins(world, policy, service, urgency):
    made = world.server.make("services", name=f"Service {world.name}", **({"urgency": service} if service else {}))
    world.source = world.integration(world.policy([world.user("ann")], urgency=policy), service_id=made["id"])
    world.fire("key", priority="p2")
    assert world.page(world.alert("key"))["urgency"] == urgency


def test_a_method_that_is_not_verified_is_not_used(world):
    ann = world.user("ann")
    wrong = world.method(ann, "webhook", world.sink.url + world.path("wrong"), verified=False)
    right = world.method(ann, "webhook", world.sink.url + world.path("right"))
    world.steps(ann, [(0, [wrong]), (600, [right])])
    world.source = world.integration(world.policy([ann]))
    world.fire("key")
    assert world.tally("wrong", "right") == (0, 1), "the next step starts at once"


# Failures.

def test_a_provider_that_fails_is_tried_again_with_back_off(paging):
    paging.sink.script(paging.path("ann"), fail(503, times=2), reply(200))
    paging.fire("key")
    assert paging.told("ann") >= 1
    for _ in range(6):
        paging.server.turn("10s")
    assert paging.told("ann") == 3
    (notification,) = paging.notifications(paging.page(paging.alert("key")))
    assert notification["status"] in ("sent", "delivered")
    assert notification["attempts"] == 3


def test_retry_after_is_obeyed(paging):
    paging.sink.script(paging.path("ann"), fail(429, retry_after=120), reply(200))
    paging.fire("key")
    paging.server.turn("100s")
    assert paging.told("ann") == 1
    paging.server.turn("21s")
    assert paging.told("ann") == 2


def test_a_permanent_error_takes_the_next_method_at_once(world):
    ann = world.user("ann")
    dead = world.method(ann, "webhook", world.sink.url + world.path("dead"))
    live = world.method(ann, "webhook", world.sink.url + world.path("live"))
    world.steps(ann, [(0, [dead]), (600, [live])])
    world.source = world.integration(world.policy([ann]))
    world.sink.script(world.path("dead"), fail(410))
    world.fire("key")
    assert world.tally("dead", "live") == (1, 1)
    first = world.notifications(world.page(world.alert("key")))[0]
    assert first["status"] == "failed" and first["error"] and first["failed_at"]


def test_an_address_inside_is_refused_unless_allowed(world):
    ann = world.user("ann")
    inside = world.method(ann, "webhook", "http://10.1.2.3/hook")
    live = world.method(ann, "webhook", world.sink.url + world.path("live"))
    world.steps(ann, [(0, [inside]), (600, [live])])
    world.source = world.integration(world.policy([ann]))
    world.fire("key")
    assert world.told("live") == 1


def test_a_cut_answer_is_an_unknown_outcome(paging):
    paging.sink.script(paging.path("ann"), drop())
    paging.fire("key", priority="p4")
    (notification,) = paging.notifications(paging.page(paging.alert("key")))
    assert notification["status"] in ("sending", "unconfirmed", "queued", "sent"), notification


def test_no_relay_fails_at_once_and_the_next_step_starts(fresh, sink):
    server = fresh()
    (owner,) = server.items("users")
    (mail,) = server.items("contact-methods")
    hook = server.make("contact-methods", user_id=owner["id"], kind="webhook", address=sink.url + "/no-smtp", verified=True)
    for rule in server.items("notification-rules"):
        server.change("notification-rules", rule["id"], steps=[{"delay_s": 0, "contact_method_ids": [mail["id"]]}, {"delay_s": 600, "contact_method_ids": [hook["id"]]}])
    made = server.make("integrations", name="S", template="generic", key="no-smtp-key-0123456789")
    server.send(made["key"], {"title": "x", "dedup_key": "x"})
    assert len([r for r in sink.requests if r.path == "/no-smtp"]) == 1
    first = sorted(server.items("notifications"), key=lambda n: n["id"])[0]
    assert (first["kind"], first["status"], first["error"]) == ("email", "failed", "no_smtp")


def test_a_first_step_waits_as_long_as_it_says(world):
    ann = world.user("ann")
    [hook] = [m for m in world.server.items("contact-methods", user_id=ann["id"]) if m["kind"] == "webhook"]
    world.steps(ann, [(120, [hook])])
    world.source = world.integration(world.policy([ann], wait_s=3600))
    world.fire("disk")
    world.server.turn("110s")
    assert world.tally("ann") == (0,)
    world.server.turn("15s")
    assert world.tally("ann") == (1,)


# Default chain.

@pytest.mark.parametrize("level", ["service", "team", "integration", "integration_team"])
def test_the_default_chain(world, level):
    chains = {}
    for place in ("service", "team", "integration", "integration_team"):
        chains[place] = world.policy([world.user(place)])["id"]
    order = ["service", "team", "integration", "integration_team"]
    have = {place: chains[place] for place in order[order.index(level):]}
    team = world.server.make("teams", name=f"Team {world.name}", policy_id=have.get("team"))
    other = world.server.make("teams", name=f"Other {world.name}", policy_id=have.get("integration_team"))
    service = world.server.make("services", name=f"Service {world.name}", team_id=team["id"], policy_id=have.get("service"))
    world.source = world.integration(service_id=service["id"], team_id=other["id"], policy_id=have.get("integration"))
    world.fire("key")
    assert [place for place in order if world.told(place)] == [level]


def test_the_organizations_policy_is_last(world):
    world.source = world.integration()
    before = len(world.relay.mails)
    world.fire("key")
    mails = world.relay.mails[before:]
    assert [mail.recipients for mail in mails] == [["owner@example.org"]]


def test_unrouted_urgent_alerts_page_the_owners(fresh, relay):
    server = fresh(smtp=relay.url)
    server.change("organizations", server.items("organizations")[0]["id"], policy_id=None)
    made = server.make("integrations", name="S", template="generic", key="unrouted-key-0123456789")
    before = len(relay.mails)
    for key, priority in (("urgent", "p2"), ("unset", None), ("low", "p3")):
        server.send(made["key"], {"title": key, "dedup_key": key, "priority": priority})
    told = [mail.parsed["Subject"] for mail in relay.mails[before:]]
    assert len(told) == 2 and any("urgent" in text for text in told) and any("unset" in text for text in told)
    assert all(alert["unrouted"] for alert in server.items("alerts"))


# Storms.

def test_more_than_20_pages_in_a_minute_become_one(world):
    world.usual()
    world.server.send(world.source["key"], [{"title": f"t{n}", "dedup_key": f"k{n}"} for n in range(50)])
    assert world.told("ann") == 21
    storms = [page for page in world.server.items("pages", policy_id=world.chain["id"]) if not page["alert_id"] and not page["incident_id"]]
    assert len(storms) == 1
    world.server.verb("pages", storms[0]["id"], "acknowledge")
    world.server.settle()
    assert [alert["status"] for alert in world.alerts()].count("acknowledged") == 30


def test_a_storm_is_acknowledged_by_its_link(world):
    world.usual()
    world.server.send(world.source["key"], [{"title": f"t{n}", "dedup_key": f"k{n}"} for n in range(30)])
    storm = [call for call in world.calls("ann") if "storm" in call.body.decode().lower()][-1]
    answer = world.server.http("POST", ack_url(storm), "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status in (200, 303)
    world.server.settle()
    assert [alert["status"] for alert in world.alerts()].count("acknowledged") == 10


# By hand.

def test_a_page_by_hand_opens_a_manual_alert(paging):
    made = paging.server.make("pages", targets=[{"kind": "user", "id": paging.ann["id"]}], message="Please look at the till", urgency="high")
    paging.server.settle()
    assert paging.told("ann") == 1
    assert "Please look at the till" in paging.calls("ann")[0].body.decode()
    assert "manual" in str(paging.server.get(f"alerts/{made['alert_id']}")["source"]) if made.get("alert_id") else True
    paging.server.verb("pages", made["id"], "acknowledge")


def test_what_the_webhook_says(paging):
    paging.fire("key", title="Disk full on db1", description="no bytes left", priority="p1", labels={"host": "db1"})
    (call,) = paging.calls("ann")
    assert call.method == "POST"
    body = str(call.json)
    for word in ("Disk full on db1", "p1", "https://tocsin.example.org/ack/"):
        assert word in body


# Levels that nobody hears.

def kinds_told(world):
    page = world.page(world.alert("key"))
    return [e["kind"] for e in world.server.items(f"alerts/{page['alert_id']}/timeline") if e["kind"].startswith("page")]


def test_a_level_whose_messages_all_failed_for_good_gives_way_at_once(paging):
    paging.sink.script(paging.path("ann"), fail(404))
    paging.fire("key")
    paging.server.settle()
    assert paging.tally("ann", "bob") == (1, 1)
    assert paging.page(paging.alert("key"))["level"] == 2
    assert "page_unreachable" in kinds_told(paging)


def test_a_level_of_which_one_can_still_be_told_keeps_its_wait(world):
    ann, cleo, bob = world.user("ann"), world.user("cleo"), world.user("bob")
    world.source = world.integration(world.policy([ann, cleo], [bob]))
    world.sink.script(world.path("ann"), fail(404))
    world.fire("key")
    world.server.settle()
    assert world.tally("ann", "cleo", "bob") == (1, 1, 0)
    assert "page_unreachable" not in kinds_told(world)


def test_the_last_level_keeps_its_wait_when_its_messages_fail(world):
    world.source = world.integration(world.policy([world.user("ann")], repeat=1, wait_s=60))
    world.sink.script(world.path("ann"), fail(404))
    world.fire("key")
    world.server.settle()
    assert world.told("ann") == 1 and world.page(world.alert("key"))["status"] == "active"
    world.server.turn("61s")
    assert world.told("ann") == 2


def test_a_level_without_a_method_that_could_be_tried_is_skipped_at_once_and_counted(fresh, sink):
    world = World(fresh(), sink)
    sam, bob = world.user("sam"), world.user("bob")
    world.steps(sam, [(0, [world.sms_of_before(sam)])])
    world.source = world.integration(world.policy([sam], [bob]))
    world.fire("key")
    assert world.told("bob") == 1
    assert "page_unreachable" in kinds_told(world)
    assert 'tocsin_notifications_total{kind="sms",outcome="failed"}' in world.server.http("GET", "/metrics").text


def test_a_policy_that_can_tell_nobody_is_exhausted_at_once(fresh, sink):
    world = World(fresh(), sink)
    sam, cleo = world.user("sam"), world.user("cleo")
    world.steps(sam, [(0, [world.sms_of_before(sam)])])
    world.source = world.integration(world.policy([sam], exhausted=[{"kind": "user", "id": cleo["id"]}]))
    world.fire("key")
    assert world.page(world.alert("key"))["status"] == "exhausted"
    assert world.told("cleo") == 1
