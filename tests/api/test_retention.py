"""What is old goes, by the organization's retention; what belongs to the record stays. The clock is turned by days."""

import pytest

from world import World


@pytest.fixture
def old(fresh, sink):
    """A world on a server of its own: its clock is turned by months."""
    server = fresh()
    world = World(server, sink).usual()
    return world


def keep(world, **retention):
    (organization,) = world.server.items("organizations")
    world.server.change("organizations", organization["id"], retention=retention)


def requests(world):
    return world.server.items("requests", integration_id=world.source["id"])


def outcomes(world):
    return [row["outcome"] for row in requests(world)]


def sweep(world):
    world.server.turn("11m")


def send_bad(world, times=1):
    for _ in range(times):
        assert world.server.try_send(world.source["key"], b"{").status == 400
    world.server.settle()


def test_taken_requests_go_after_a_week(old):
    old.fire("a")
    old.server.turn("6d")
    old.fire("b")
    assert len(requests(old)) == 2
    old.server.turn("2d")
    assert len(requests(old)) == 1
    assert old.server.get(f"integrations/{old.source['id']}")["counts"] == {"accepted": 2}


def test_requests_that_were_not_taken_stay_90_days(old):
    send_bad(old)
    old.fire("a")
    old.server.turn("8d")
    assert outcomes(old) == ["rejected"]
    old.server.turn("81d")
    assert outcomes(old) == ["rejected"]
    old.server.turn("2d")
    assert outcomes(old) == []


def test_requests_of_an_incident_stay_90_days(old):
    old.rule(old.source, "labels.team == 'db'", {"type": "create_incident"})
    old.fire("quiet")
    kept = old.fire("loud", labels={"team": "db"})
    old.server.turn("8d")
    assert [row["id"] for row in requests(old)] == [kept["request_id"]]
    old.server.turn("83d")
    assert requests(old) == []


def test_the_organization_says_how_long(old):
    keep(old, requests_days=1, requests_kept_days=3)
    send_bad(old)
    old.fire("a")
    old.server.turn("2d")
    assert outcomes(old) == ["rejected"]
    old.server.turn("2d")
    assert outcomes(old) == []


def test_an_integration_keeps_so_many_requests_and_the_failed_are_counted_apart(old):
    keep(old, requests_max=20)
    send_bad(old, 25)
    for n in range(250):
        assert old.server.try_send(old.source["key"], {"title": "t", "dedup_key": "k", "n": n}).status == 202
    send_bad(old, 3)
    sweep(old)
    seen = outcomes(old)
    assert (seen.count("accepted"), seen.count("rejected")) == (20, 20)
    rows = sorted(requests(old), key=lambda row: row["id"])
    newest = [old.server.get(f"requests/{row['id']}") for row in rows if row["outcome"] == "accepted"]
    assert '"n": 249' in newest[-1]["body"] and '"n": 230' in newest[0]["body"]


def test_a_swept_log_goes_on_being_swept(old):
    keep(old, requests_max=20)
    for _ in range(3):
        for n in range(30):
            assert old.server.try_send(old.source["key"], {"title": "t", "dedup_key": "k", "n": n}).status == 202
        sweep(old)
        assert len(requests(old)) == 20


def test_occurrences_go_after_90_days_but_for_the_first_and_the_last(old):
    for _ in range(4):
        old.fire("a", priority="p4")
    old.server.turn("89d")
    alert = old.alert("a")
    assert len(old.server.items(f"alerts/{alert['id']}/occurrences")) == 4
    old.fire("a", priority="p4")
    old.server.turn("2d")
    assert [o["n"] for o in old.server.items(f"alerts/{alert['id']}/occurrences")] == [1, 5]
    assert old.alert("a")["count"] == 5


def test_a_closed_alert_goes_after_400_days_and_its_record_stays(old):
    old.rule(old.source, "true", {"type": "set", "labels": {"seen": "yes"}})
    old.fire("a", title="Disk full")
    alert = old.alert("a")
    number, pages = f"ALERT-{alert['number']}" if isinstance(alert["number"], int) else alert["number"], old.pages(alert)
    told = [old.notifications(page) for page in pages]
    why = old.server.get(f"alerts/{alert['id']}/explanation")["items"]
    story = old.server.items("timeline", subject_id=alert["id"])
    assert pages and why and told[0]
    old.resolve("a", title="Disk full")
    told, pages, story = [old.notifications(page) for page in pages], old.pages(alert), old.server.items("timeline", subject_id=alert["id"])
    old.server.turn("399d")
    assert old.alert("a")
    old.server.turn("2d")
    assert old.server.try_api("GET", f"alerts/{number}").status == 404
    assert old.alert("a") is None
    for name in (number, alert["id"]):
        after = old.server.get(f"alerts/{name}/explanation")
        assert after["items"] == why
        assert (after["alert"]["title"], after["alert"]["dedup_key"], after["alert"]["alert_id"]) == ("Disk full", "a", alert["id"])
    assert old.server.get(f"pages/{pages[0]['id']}") == pages[0]
    assert [old.notifications(page) for page in pages] == told
    assert [entry for entry in old.server.items("timeline", subject_id=alert["id"]) if entry in story] == story
    (record,) = [r for r in old.server.items("alert-records") if r["alert_id"] == alert["id"]]
    assert record["status"] == "resolved"


def test_the_same_key_afterwards_is_a_new_alert(old):
    old.fire("a")
    old.resolve("a")
    old.server.turn("401d")
    old.fire("a")
    alert = old.alert("a")
    assert (alert["status"], alert["count"], alert["episode"]) == ("triggered", 1, 1)


def test_an_open_alert_never_goes(old):
    old.fire("a", priority="p4")
    old.server.turn("401d")
    assert old.alert("a")["status"] == "triggered"


def test_an_alert_of_an_open_incident_waits_for_it(old):
    old.rule(old.source, "true", {"type": "create_incident"})
    old.fire("a")
    alert = old.alert("a")
    old.resolve("a")
    old.server.turn("401d")
    assert old.alert("a")
    old.server.verb("incidents", alert["incident_id"], "close")
    old.server.turn("1d")
    assert old.alert("a") is None
    assert old.server.get(f"incidents/{alert['incident_id']}")["alert_count"] == 1


def test_two_hundred_and_fifty_old_alerts_go_in_slices(old):
    keep(old, alerts_days=1)
    for start in (0, 125):
        old.server.send(old.source["key"], [{"title": "t", "dedup_key": f"k{n}", "priority": "p4"} for n in range(start, start + 125)])
    for start in (0, 125):
        old.server.send(old.source["key"], [{"title": "t", "dedup_key": f"k{n}", "status": "resolved"} for n in range(start, start + 125)])
    assert len(old.alerts()) == 250
    old.server.turn("2d")
    assert old.alerts() == []


def test_a_tombstone_does_not_stay_for_ever(old):
    old.resolve("never fired")
    old.server.turn("3d")
    old.server.stop()
    assert old.server.sql("SELECT key FROM alert_key WHERE key = 'never fired'") == []


def test_a_deleted_integrations_requests_go_too(old):
    gone = old.integration(old.chain)
    old.fire("a", integration=gone)
    old.resolve("a", integration=gone)
    old.integrations.remove(gone)
    answer = old.server.try_api("DELETE", f"integrations/{gone['id']}")
    assert answer.status == 204, answer
    old.server.turn("8d")
    old.server.turn("1d")
    old.server.stop()
    assert old.server.sql("SELECT count(*) FROM inbox") == [(0,)]
    assert old.server.sql("SELECT count(*) FROM integration_count") == [(0,)]
