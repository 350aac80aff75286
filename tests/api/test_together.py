"""What belongs together: suggested with a score and its reason, answered by people, and never acted on by itself."""

import pytest

from test_client import client, run  # noqa: F401 (a fixture)


@pytest.fixture
def shop(world):
    """Checkout needs payments, payments needs the database; the mill is on its own."""
    world.usual()
    make = lambda name, *needs: world.server.make("services", name=f"{name} {world.name}", depends_on=[n["id"] for n in needs])  # noqa: E731
    world.database = make("Database")
    world.payments = make("Payments", world.database)
    world.checkout = make("Checkout", world.payments)
    world.mill = make("Mill")
    return world


def fire(world, key, service, title, **labels):
    world.fire(key, service=service["name"], title=title, labels={"world": world.name, **labels})
    return world.alert(key)


def suggested(world, alert=None):
    mine = {a["id"]: a["dedup_key"] for a in world.alerts()}
    items = world.server.get(f"alerts/{alert['id']}/suggestions" if alert else "suggestions")["items"]
    return {frozenset((mine[i["alert_id"]], mine[i["other_id"]])): i for i in items if i["alert_id"] in mine and i["other_id"] in mine}


def test_text_time_and_graph_make_the_score_and_say_why(shop):
    a = fire(shop, "a", shop.payments, "Latency of pod payments-7f9c2d41aa is 812 ms", cluster="west")
    fire(shop, "b", shop.payments, "Latency of pod payments-03b17e55cd is 97 ms", cluster="west")
    fire(shop, "c", shop.mill, "The wheel stands still")
    fire(shop, "d", shop.checkout, "Latency of pod checkout-11aa22bb33 is 5 ms", cluster="west")
    found = suggested(shop, a)
    same, near = found[frozenset("ab")], found[frozenset("ad")]
    assert same["text"] >= 99 and same["graph"] == 100 and same["hops"] == 0 and same["score"] >= 95
    assert same["because"].startswith("The same text but for numbers; 0 seconds apart; both of Payments") or "seconds apart" in same["because"]
    assert near["graph"] == 50 and near["hops"] == 1 and 60 <= near["score"] < same["score"] and "depend on each other directly" in near["because"]
    assert frozenset("ac") not in found
    assert suggested(shop)[frozenset("ab")]["score"] == same["score"]
    for alert in shop.alerts():
        assert alert["incident_id"] is None, "nothing acts by itself"


def test_two_hops_count_less_and_far_apart_is_nothing(shop):
    """Nor does what returns belong to what was there a quarter of an hour before, however alike it is."""
    a = fire(shop, "a", shop.database, "Disk is slow")
    fire(shop, "b", shop.checkout, "Disk is slow")
    assert suggested(shop, a)[frozenset("ab")]["graph"] == 25
    shop.server.turn("20m")
    fire(shop, "late", shop.checkout, "Disk is slow")
    fire(shop, "same", shop.database, "Disk is slow")
    for found in (suggested(shop, a), suggested(shop)):
        assert frozenset(("a", "late")) not in found and frozenset(("a", "same")) not in found
    late = suggested(shop)
    assert frozenset(("late", "same")) in late and late == {**suggested(shop, shop.alert("late")), **late}


@pytest.mark.parametrize("order", ["abc", "acb"])
def test_of_equals_the_one_with_the_same_rare_label_comes_first(shop, order):
    """Digits are no text: the three are alike in all but the rack."""
    racks = {"a": "1", "b": "1", "c": "2"}
    alerts = [{"dedup_key": key, "title": "Disk is slow", "status": "triggered", "service": shop.mill["name"],
               "labels": {"world": shop.name, "rack": f"{shop.name} r{racks[key]}"}} for key in order]
    shop.server.send(shop.source["key"], {"alerts": alerts})
    mine = {a["id"]: a["dedup_key"] for a in shop.alerts()}
    items = shop.server.get(f"alerts/{shop.alert('a')['id']}/suggestions")["items"]
    others = [mine[i] for item in items for i in (item["alert_id"], item["other_id"]) if mine.get(i, "a") != "a"]
    assert others == ["b", "c"] and items[0]["score"] == items[1]["score"]


def test_people_answer_and_are_counted(shop):
    a, b, c = (fire(shop, key, shop.payments, "Queue is full", queue="q") for key in "abc")
    before = shop.server.get("suggestions")["last_90_days"]
    shop.server.verb("alerts", a["id"], "correlate", other_id=b["id"])
    shop.server.verb("alerts", a["id"], "uncorrelate", other_id=c["number"])
    found = suggested(shop, a)
    assert frozenset("ab") not in found and frozenset("ac") not in found, "what is answered is not asked again"
    assert frozenset("bc") in suggested(shop)
    (together,) = shop.server.get(f"alerts/{b['id']}/suggestions")["correlated"]
    assert together["alert_id"] == a["id"] and together["by"]["name"] == "Olga Owner"
    after = shop.server.get("suggestions")["last_90_days"]
    assert (after["accepted"], after["rejected"]) == (before["accepted"] + 1, before["rejected"] + 1)
    assert after["rate"] == after["accepted"] * 100 // (after["accepted"] + after["rejected"])
    said = [e["kind"] for e in shop.server.items("timeline", subject_id=b["id"])]
    assert "correlated" in said
    shop.server.verb("alerts", b["id"], "uncorrelate", other_id=a["id"])  # a second thought, from the other side
    assert shop.server.get(f"alerts/{a['id']}/suggestions")["correlated"] == []
    assert shop.server.get("suggestions")["last_90_days"]["accepted"] == before["accepted"]
    refused = shop.server.try_api("POST", f"alerts/{a['id']}/correlate", {"other_id": a["id"]})
    assert refused.status == 400 and "with itself" in refused.text
    assert shop.server.try_api("POST", f"alerts/{a['id']}/correlate", {"other_id": "alr_0000000000000"}).status in (400, 404)


def test_a_suggestion_becomes_a_rule_that_groups_the_next_two(shop):
    a = fire(shop, "a", shop.payments, "Latency is high", cluster="west")
    b = fire(shop, "b", shop.database, "Locks wait", cluster="west")
    draft = shop.server.api("POST", f"alerts/{a['id']}/suggest-rule", {"other_id": b["id"]})
    assert set(draft["actions"][0]["group_by"]) == {'labels["world"]', 'labels["cluster"]'}
    shop.server.make("alert-rules", **draft)
    assert shop.alert("a")["incident_id"] is None
    for key, service, where in (("x", shop.payments, "east"), ("y", shop.database, "east"), ("z", shop.mill, "east")):
        fire(shop, key, service, "Anything", cluster=where)
    incidents = [shop.alert(key)["incident_id"] for key in "xyz"]
    assert incidents[0] and incidents[0] == incidents[1] and incidents[2] is None


def test_without_services_and_labels_the_rule_goes_by_title(world):
    world.usual()
    world.fire("a", title='Say "no"')
    world.fire("b", title="Never")
    a, b = world.alert("a"), world.alert("b")
    draft = world.server.api("POST", f"alerts/{a['id']}/suggest-rule", {"other_id": b["id"]})
    assert draft["when"] == 'alert.title in ["Say \\"no\\"", "Never"]'
    world.server.make("alert-rules", **draft)
    world.fire("c", title='Say "no"')
    world.fire("d", title="Never")
    assert world.alert("c")["incident_id"] and world.alert("c")["incident_id"] == world.alert("d")["incident_id"]


def test_the_client_suggests_answers_and_makes_the_rule(client):  # noqa: F811
    world = client.world
    service = world.server.make("services", name=f"One {world.name}")
    a, b = (fire(world, key, service, f"Queue {world.name} is full") for key in "ab")
    told = client("together", a["number"])
    assert b["number"] in told and "The same text" in told
    assert "put together" in client("together", "accept", a["number"], b["number"])
    assert f"together with {b['number']}" in client("together", a["number"]) and "people answered" in client("together")
    assert "create_incident" in client("together", "rule", a["number"], b["number"])
    assert "made: service.slug == " in client("together", "rule", a["number"], b["number"], "--create")
    assert "kept apart" in client("together", "reject", a["number"], b["number"])
