"""An integration that sends far more than usual is one alert to its owner, and what it pages meanwhile is one page."""

import datetime

HOUR = 3600


def now_s(world):
    world.fire("probe")
    at = datetime.datetime.fromisoformat(world.alert("probe")["last_seen_at"].replace("Z", "+00:00"))
    world.resolve("probe")
    return int(at.timestamp())


def next_hour(world):
    """The first minute of an hour, so that none ends in the middle."""
    world.server.turn(f"{HOUR + 60 - now_s(world) % HOUR}s")
    return now_s(world) // HOUR


def learn(world, integrations, per_hour, days=14):
    """As if so many had come in each hour that the test may reach, for so many days."""
    server, now = world.server, next_hour(world)
    server.stop()
    for integration in integrations:
        ((id, org),) = server.sql("SELECT id, org_id FROM integration WHERE slug = ?", integration["slug"])
        rows = [f"({id}, {hour - 24 * day}, {org}, {per_hour * (20 if day < 3 else 1)})"  # two storms of before are not usual
                for day in range(1, days + 1) for hour in range(now - 1, now + 6)]
        server.sql("INSERT INTO integration_hour (integration_id, hour, org_id, count) VALUES " + ", ".join(rows) + " RETURNING hour")
    server.start()


def flood(world, integration, first, count):
    for start in range(first, first + count, 100):
        many = [{"dedup_key": f"f{n}", "title": f"Flood {n}", "status": "triggered"} for n in range(start, min(start + 100, first + count))]
        world.server.send(integration["key"], {"alerts": many})
    world.server.settle()
    world.server.turn("61s")


def alarms(world, integration):
    return [a for a in world.server.items("alerts", integration_id=integration["id"]) if a["dedup_key"].startswith("rate/")]


def test_a_flood_is_one_alert_and_one_page(world):
    world.usual()
    carl, dora = world.user("carl"), world.user("dora")
    known, small, off, fresh = (world.integration(world.chain, **fields) for fields in ({}, {}, {"rate_alarm_times": 0}, {}))
    learn(world, [known, small, off], per_hour=30)
    flood(world, known, 0, 299)
    assert alarms(world, known) == []
    flood(world, known, 299, 20)
    (alarm,) = alarms(world, known)
    assert alarm["status"] == "triggered" and alarm["priority"] == "p2"
    assert alarm["title"] == f"{known['name']} sends 10 times its usual: 319 events this hour, usually 30"
    for quiet in (small, off, fresh):
        flood(world, quiet, 0, 90 if quiet is small else 400)
        assert alarms(world, quiet) == [], quiet["name"]
    assert len(alarms(world, known)) == 1 and alarms(world, known)[0]["count"] == 1

    for integration, person in ((known, carl), (fresh, dora)):
        world.server.change("integrations", integration["id"], policy_id=world.policy([person])["id"])
        for n in range(5):
            world.fire(f"more{n}", integration=integration)
            world.server.settle()
    assert world.tally("carl", "dora") == (1, 5), "while it floods its pages are one; those of others are not"
    (speaks,) = {page["storm_page_id"] for n in range(5) for page in world.pages(world.alert(f"more{n}", integration=known))}
    assert speaks

    world.server.turn("60m")
    assert alarms(world, known)[0]["status"] != "resolved", "not before a whole hour was quiet"
    world.server.turn("60m")
    (alarm,) = alarms(world, known)
    assert alarm["status"] == "resolved"
    before = world.told("carl")
    for key in ("x", "y"):
        world.fire(key, integration=known)
    world.server.settle()
    assert [bool(world.page(world.alert(key, integration=known))["storm_page_id"]) for key in ("x", "y")] == [False, False] and world.told("carl") >= before + 2
