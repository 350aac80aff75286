"""What people do to an alert, over the API: snoozes that end, tasks, the second acknowledgement."""

import pytest


@pytest.fixture
def life(world):
    return world.usual()


def do(world, alert, verb, **body):
    answer = world.server.verb("alerts", alert["id"], verb, **body)
    world.server.settle()
    return answer


def story(world, alert, kind):
    return [entry for entry in world.server.items("timeline", subject_id=alert["id"]) if entry["kind"] == kind]


def reasons(alert):
    return [hold["reason"] for hold in alert["holds"]]


# Snooze.


def test_a_second_snooze_moves_the_end(life):
    life.fire("key")
    alert = life.alert("key")
    do(life, alert, "snooze", for_s=600)
    do(life, alert, "snooze", for_s=3600)
    told = life.told("ann")
    life.server.turn("11m")
    assert life.told("ann") == told and reasons(life.alert("key")) == ["snooze"]
    life.server.turn("50m")
    assert life.told("ann") == told + 1 and reasons(life.alert("key")) == []
    assert life.alert("key")["snoozed_until"] is None


def test_a_shorter_snooze_ends_earlier(life):
    life.fire("key")
    alert = life.alert("key")
    do(life, alert, "snooze", for_s=3600)
    do(life, alert, "snooze", for_s=600)
    told = life.told("ann")
    life.server.turn("11m")
    assert life.told("ann") == told + 1
    do(life, alert, "acknowledge")
    life.server.turn("1h")
    assert life.told("ann") == told + 1


def test_a_rule_that_pauses_does_not_lose_the_snooze(life):
    """The end of a snooze was forgotten when a pause began after it: the alert stayed silent for ever."""
    life.rule(life.source, "labels.state == 'worse'", {"type": "pause", "for_s": 60})
    life.fire("key", priority="p3")
    do(life, life.alert("key"), "snooze", for_s=600)
    told = life.told("ann")
    life.fire("key", priority="p3", labels={"state": "worse"})
    life.server.turn("5m")
    assert life.told("ann") == told
    life.server.turn("6m")
    assert life.told("ann") == told + 1 and reasons(life.alert("key")) == []


def test_a_pause_is_not_made_longer_by_an_alert_that_goes_on_changing(life):
    life.rule(life.source, "true", {"type": "pause", "for_s": 60})
    for n in range(4):
        life.fire("key", title=f"Now {n}")
        life.server.turn("20s")
    assert life.told("ann") == 1


def test_a_change_after_the_page_holds_nothing_back(life):
    life.rule(life.source, "true", {"type": "pause", "for_s": 60})
    life.fire("key")
    life.server.turn("61s")
    assert life.told("ann") == 1
    life.fire("key", title="Another title")
    assert reasons(life.alert("key")) == []
    life.server.turn("5m")
    assert life.told("bob") == 1


def test_a_rule_may_snooze(life):
    life.rule(life.source, "labels.night == 'yes'", {"type": "snooze", "for_s": 3600})
    life.fire("key", labels={"night": "yes"})
    alert = life.alert("key")
    assert reasons(alert) == ["snooze"] and alert["snoozed_until"] and life.told("ann") == 0
    life.server.turn("61m")
    assert reasons(life.alert("key")) == [] and life.told("ann") == 1
    life.fire("key", labels={"night": "yes", "more": "1"})
    assert reasons(life.alert("key")) == []


def test_snoozing_the_only_member_that_is_awake_ends_the_incidents_page(life):
    life.rule(life.source, "true", {"type": "create_incident", "group_by": ["labels.g"]})
    life.fire("one", labels={"g": "x"})
    life.fire("two", labels={"g": "x"})
    one, two = life.alert("one"), life.alert("two")
    do(life, one, "snooze", for_s=600)
    (page,) = life.server.items("pages", incident_id=one["incident_id"])
    assert page["status"] == "active"
    do(life, two, "snooze", for_s=1200)
    (page,) = life.server.items("pages", incident_id=one["incident_id"])
    assert (page["status"], page["reason"]) == ("cancelled", "snooze")
    told = life.told("ann")
    life.server.turn("11m")
    assert life.told("ann") == told + 1
    assert [p["status"] for p in life.server.items("pages", incident_id=one["incident_id"])] == ["active"]
    do(life, one, "acknowledge")
    life.server.turn("10m")
    assert life.told("ann") == told + 1 or life.told("ann") == told + 2


def test_a_snooze_in_the_past_is_refused(life):
    life.fire("key")
    answer = life.server.try_api("POST", f"alerts/{life.alert('key')['id']}/snooze", {"until": "2020-01-01T00:00:00Z"})
    assert answer.status in (400, 422) and "future" in answer.text


# Assign.


def test_assigning_tells_the_person_and_stops_no_page(life):
    life.fire("key")
    alert = life.alert("key")
    answer = do(life, alert, "assign", user_id=life.bob["email"], note="Your deploy?")
    assert answer["assignee_id"] == life.bob["id"]
    assert life.told("bob") == 1
    assert life.page(alert)["status"] == "active"
    (entry,) = story(life, alert, "assigned")
    assert entry["data"]["from"] is None and entry["data"]["to"]["id"] == life.bob["id"] and entry["data"]["note"] == "Your deploy?"
    assert entry["actor"]["kind"] in ("user", "key")
    do(life, alert, "assign", user_id=life.ann["id"])
    last = story(life, alert, "assigned")[-1]["data"]
    assert (last["from"]["id"], last["to"]["id"]) == (life.bob["id"], life.ann["id"])
    assert do(life, alert, "assign", user_id=None)["assignee_id"] is None


def test_assigning_twice_is_told_once(life):
    life.fire("key")
    alert = life.alert("key")
    for _ in range(2):
        do(life, alert, "assign", user_id=life.bob["id"])
    assert len(story(life, alert, "assigned")) == 1 and life.told("bob") == 1


def test_alerts_are_listed_by_whose_they_are(life):
    life.fire("one")
    life.fire("two")
    do(life, life.alert("one"), "assign", user_id=life.bob["id"])
    assert [a["dedup_key"] for a in life.server.items("alerts", assignee_id=life.bob["id"])] == ["one"]


def test_a_wrong_assignee_is_named(life):
    life.fire("key")
    answer = life.server.try_api("POST", f"alerts/{life.alert('key')['id']}/assign", {"user_id": "nobody@example.org"})
    assert 400 <= answer.status < 500 and "nobody@example.org" in answer.text


def test_a_closed_alert_is_nobodys_task(life):
    life.fire("key")
    alert = life.alert("key")
    do(life, alert, "resolve")
    assert life.server.try_api("POST", f"alerts/{alert['id']}/assign", {"user_id": life.bob["id"]}).status == 409


# Acknowledgements.


def person(world, name):
    """A key of this person's own."""
    return world.server.make("api-keys", name=f"{name} {world.name}", user_id=getattr(world, name)["id"], scopes=["*"])["key"]


def test_a_second_acknowledgement_is_200_and_names_the_first(life):
    life.fire("key")
    alert, page = life.alert("key"), life.page(life.alert("key"))
    first, second = person(life, "ann"), person(life, "bob")
    assert life.server.try_api("POST", f"alerts/{alert['id']}/acknowledge", {}, key=first).status == 200
    for path in (f"alerts/{alert['id']}/acknowledge", f"pages/{page['id']}/acknowledge"):
        answer = life.server.try_api("POST", path, {}, key=second)
        assert answer.status == 200, answer
        assert answer.json["acknowledged_by"]["name"] == life.ann["name"]
    assert len(story(life, alert, "acknowledge")) == 1


def test_verbs_that_change_nothing_are_no_error(life):
    life.fire("key")
    alert = life.alert("key")
    for verb in ("acknowledge", "resolve"):
        for _ in range(2):
            do(life, alert, verb)
        assert len(story(life, alert, verb)) == 1


def test_a_dismissed_alert_is_reopened_by_a_person(life):
    life.fire("key")
    alert = life.alert("key")
    do(life, alert, "dismiss", reason="Known")
    assert do(life, alert, "reopen")["status"] == "triggered"
    assert life.told("ann") == 2


def test_what_nobody_acknowledged_cannot_be_taken_back(life):
    life.fire("key")
    answer = life.server.try_api("POST", f"alerts/{life.alert('key')['id']}/unacknowledge", {})
    assert answer.status == 409 and "nothing to take back" in answer.text, answer
    assert life.tally("ann", "bob") == (1, 0)
