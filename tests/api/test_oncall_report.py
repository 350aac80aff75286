"""Who was on call and how it went, counted again by Python's own zones; and whether a page would reach those to come."""

import collections
import csv
import datetime
import io
import zoneinfo

import pytest

from http_sink import fail
from tocsin import Tocsin, run

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE


def text(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(at):
    return datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))


def hour_class(local):
    if local.hour < 8 or local.hour >= 22:
        return "sleep"
    return "business" if local.weekday() < 5 and 9 <= local.hour < 18 else "off"


def counted(shifts, zone):
    """Quarter by quarter, the slow way."""
    out, nights = collections.Counter(), set()
    for shift in shifts:
        t, end = parse(shift["starts_at"]), parse(shift["ends_at"])
        while t < end:
            local = t.astimezone(zone)
            out[hour_class(local)] += 0.25
            out["weekend"] += 0.25 * (local.weekday() > 4)
            if hour_class(local) == "sleep":
                nights.add((local.replace(tzinfo=None) + 2 * HOUR).date())
            t += 15 * MINUTE
    return {"hours_business": out["business"], "hours_off": out["off"], "hours_sleep": out["sleep"], "hours_weekend": out["weekend"],
            "hours": out["business"] + out["off"] + out["sleep"], "nights": len(nights)}


@pytest.fixture(scope="module")
def server(tmp_path_factory, relay):
    """One of its own: its clock is turned by months, because nothing is reported of the time before a schedule was made."""
    made = Tocsin(tmp_path_factory.mktemp("report") / "data", smtp=relay.url)
    made.init()
    made.start()
    yield made
    made.kill() if made.busy else made.stop()


def now_of(server):
    return parse(server.get("on-call")["at"])


@pytest.fixture
def rota(world):
    server = world.server
    zones = {"ann": "Europe/Berlin", "bob": "America/New_York", "cleo": "Australia/Lord_Howe"}
    people = {name: world.user(name, time_zone=zone) for name, zone in zones.items()}
    made = server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", layers=[
        {"name": "Days", "starts_at": "2025-01-01T09:30:00", "turn": {"every": 1, "unit": "day"}, "members": [[p["id"]] for p in people.values()]}])
    yield world, made, {people[name]["id"]: (name, zoneinfo.ZoneInfo(zone)) for name, zone in zones.items()}, people
    server.try_api("DELETE", f"schedules/{made['id']}")


def test_hours_are_those_of_the_persons_clock_since_the_schedule_was_made(rota):
    world, made, people, _ = rota
    begins = now_of(world.server)
    world.server.turn("70d")
    for skipped, days in ((0, 70), (3.25, 50), (20.99, 1)):
        start = (begins + skipped * 24 * HOUR).replace(second=0, microsecond=0) + MINUTE
        start += (15 - start.minute % 15) * MINUTE  # quarters, because those are counted below
        span = {"from": text(start), "to": text(min(start + days * 24 * HOUR, start + 69 * 24 * HOUR))}
        report = world.server.get("reports/on-call", schedule_id=made["id"], **span)
        final = world.server.get(f"schedules/{made['id']}/shifts", **span)["final"]
        for row in report["people"]:
            wanted = counted([s for s in final if row["user_id"] in s["user_ids"]], people[row["user_id"]][1])
            assert {name: row[name] for name in wanted} == pytest.approx(wanted, abs=0.02), row
        assert sum(row["hours"] for row in report["people"]) == pytest.approx((parse(span["to"]) - start) / HOUR, abs=0.1)
        assert report["schedules"][0]["covered"] == 1 and report["schedules"][0]["gaps"] == 0
    before = {"from": text(begins - 300 * 24 * HOUR), "to": text(begins - HOUR), "schedule_id": made["id"]}
    report = world.server.get("reports/on-call", **before)  # the layer began in 2025, the schedule did not
    assert report["people"] == [] and report["schedules"][0]["covered"] is None


def test_two_schedules_at_once_are_one_and_gini_is_that_of_the_formula(rota):
    world, made, people, users = rota
    server = world.server
    twin = server.make("schedules", name=f"Twin {world.name}", time_zone="UTC", layers=[
        {"name": "All", "starts_at": "2026-01-01T00:00:00", "members": [[users["ann"]["id"]]]}])
    begins = now_of(server) + MINUTE
    server.turn("11d")
    span = {"from": text(begins), "to": text(begins + 240 * HOUR)}
    report = server.get("reports/on-call", **span)
    mine = {row["user_id"]: row for row in report["people"]}
    assert mine[users["ann"]["id"]]["hours"] == 240
    hours = [row["hours"] for row in report["people"] if row["hours"]]
    mean = sum(hours) / len(hours)
    gini = sum(abs(x - y) for x in hours for y in hours) / (2 * len(hours) ** 2 * mean)
    assert report["fairness"]["people"] == len(hours) >= 3
    assert report["fairness"]["hours"]["gini"] == pytest.approx(gini, abs=0.001)
    assert report["fairness"]["hours"]["max_to_mean"] == pytest.approx(max(hours) / mean, abs=0.001)
    few = server.get("reports/on-call", schedule_id=twin["id"], **span)
    assert few["fairness"] == {"people": 1, "hours": {"gini": None, "max_to_mean": None}, "pages_sleep": {"gini": None, "max_to_mean": None}}
    server.api("DELETE", f"schedules/{twin['id']}")


def test_nothing_that_is_written_later_changes_what_was(rota):
    world, made, people, users = rota
    server, bob = world.server, users["bob"]["id"]
    begins = now_of(server)
    cover = server.make("overrides", schedule_id=made["id"], user_id=bob, starts_at=text(begins + 24 * HOUR), ends_at=text(begins + 48 * HOUR))
    server.turn("6d")
    span = {"from": text(begins), "to": text(now_of(server)), "schedule_id": made["id"]}
    before = server.get("reports/on-call", **span)
    assert sum(row["covers_taken"] for row in before["people"]) == 1
    early = {"starts_at": text(begins + 72 * HOUR), "ends_at": text(begins + 96 * HOUR)}
    server.make("overrides", schedule_id=made["id"], user_id=bob, **early)
    server.make("schedule-blocks", schedule_id=made["id"], name="Late", **early, shifts=[{**early, "user_ids": [bob]}])
    server.api("DELETE", f"overrides/{cover['id']}")
    server.change("schedules", made["id"], skip_absent=True, layers=[{"name": "Days", "starts_at": "2025-01-01T09:30:00", "members": [[bob]]}])
    server.make("absences", user_id=bob, **early)
    server.settle()
    after = server.get("reports/on-call", **span)
    assert [{k: row[k] for k in row if k != "covers_taken"} for row in after["people"]] == \
           [{k: row[k] for k in row if k != "covers_taken"} for row in before["people"]]
    assert after["schedules"] == before["schedules"]
    server.turn("1d")
    since = server.get("reports/on-call", **{**span, "from": span["to"], "to": text(now_of(server))})
    assert [row["user_id"] for row in since["people"] if row["hours"]] == [bob]  # from then on the new plan counts


def test_pages_are_counted_once_by_when_they_came(rota):
    world, made, people, users = rota
    server = world.server
    now = parse(server.get("on-call")["at"])
    gil = world.user("gil", time_zone="UTC")
    alone = server.make("schedules", name=f"Alone {world.name}", time_zone="UTC", layers=[
        {"name": "All", "starts_at": (now - 48 * HOUR).strftime("%Y-%m-%dT00:00:00"), "members": [[gil["id"]]]}])
    server.turn("1m")
    world.source = world.integration(world.policy([{"kind": "schedule", "id": alone["id"]}], wait_s=60, repeat=2))
    for key in ("one", "two", "three"):
        world.fire(key, priority="p1")
    server.turn("2m")
    row = server.get("reports/on-call", schedule_id=alone["id"])["people"][0]
    kind = hour_class(parse(server.get("on-call")["at"]))
    assert (row["pages"], row["interruptions"], row[f"pages_{kind}"]) == (3, 1, 3), row
    assert row["nights_paged"] == (kind == "sleep")


def test_csv_and_the_client(rota):
    world, made, people, users = rota
    server = world.server
    begins = now_of(server) + MINUTE
    server.turn("8d")
    answer = server.try_api("GET", f"reports/on-call.csv?schedule_id={made['id']}&from={text(begins)}&to={text(begins + 7 * 24 * HOUR)}")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["name"] for row in rows} == {user["name"] for user in users.values()}
    assert sum(float(row["hours"]) for row in rows) == pytest.approx(7 * 24, abs=0.1)
    shown = run("oncall", "report", made["id"], "--since", "10d", "--data", server.folder)
    assert shown.returncode == 0 and all(user["name"] in shown.stdout for user in users.values()) and "Gini" in shown.stdout, shown
    table = run("oncall", "report", made["id"], "--csv", "--data", server.folder)
    assert table.returncode == 0 and len(list(csv.DictReader(io.StringIO(table.stdout)))) == 3, table
    person = next(iter(users.values()))
    for name in ("=1+1", "@x", "\t=1+1"):  # for a spreadsheet these are formulas, from whoever named themselves so
        server.api("PATCH", f"users/{person['id']}", {"name": name})
        texts = [server.try_api("GET", f"reports/on-call.csv?schedule_id={made['id']}").text,
                 run("oncall", "report", made["id"], "--csv", "--data", server.folder).stdout]
        assert all(f'"\'{name}"' in text for text in texts), (name, texts)
    server.api("PATCH", f"users/{person['id']}", {"name": person["name"]})
    for wrong in ("from=2999-01-01T00:00:00Z", "from=2020-01-01T00:00:00Z"):
        refused = server.try_api("GET", f"reports/on-call?{wrong}")
        assert refused.status == 400 and "400 days" in refused.json["detail"], refused


def test_readiness_says_who_would_hear_nothing(rota):
    world, made, people, users = rota
    server = world.server
    seen = {row["user_id"]: row for row in server.get("on-call/readiness", schedule_id=made["id"])["items"]}
    assert set(seen) == set(people) and sum(row["on_call"] for row in seen.values()) == 1
    ann = seen[users["ann"]["id"]]
    assert ann["ready"] and ann["at_once"] == ["webhook"] and ann["verified_methods"] == 2 and "test" in ann["problems"][0]
    world.source = world.integration(world.policy([users["ann"]]))
    world.fire("arrives", priority="p1")
    server.settle()
    ann = next(row for row in server.get("on-call/readiness", schedule_id=made["id"])["items"] if row["user_id"] == users["ann"]["id"])
    assert ann["problems"] == [] and ann["last_delivery_at"]
    unproved = world.method(users["bob"], "webhook", world.sink.url + "/unproved", verified=False)
    world.steps(users["bob"], [(0, [unproved])], urgencies=("high",))
    bob = next(row for row in server.get("on-call/readiness", schedule_id=made["id"])["items"] if row["user_id"] == users["bob"]["id"])
    assert not bob["ready"] and bob["at_once"] == [] and "delay 0" in bob["problems"][0]
    shown = run("oncall", "ready", made["id"], "--data", server.folder)
    assert shown.returncode == 0 and "delay 0" in shown.stdout, shown


def test_readiness_knows_that_the_last_message_failed(rota):
    world, made, people, users = rota
    server = world.server
    ann = lambda: next(row for row in server.get("on-call/readiness", schedule_id=made["id"])["items"] if row["user_id"] == users["ann"]["id"])  # noqa: E731
    used = world.method(users["ann"], "webhook", world.sink.url + world.path("only"))
    world.steps(users["ann"], [(0, [used])], urgencies=("high",))
    world.source = world.integration(world.policy([users["ann"]]))
    world.sink.script(world.path("only"), fail(404))
    world.fire("gone", priority="p1")
    server.settle()
    seen = ann()
    assert not seen["ready"] and seen["at_once"] == ["webhook"], seen
    assert any("the last message to webhook failed: " in text and "404" in text for text in seen["problems"]), seen
    shown = run("oncall", "ready", made["id"], "--data", server.folder)
    assert shown.returncode == 0 and "the last message to webhook failed" in shown.stdout, shown
    world.steps(users["ann"], [(0, [used]), (60, [world.method(users["ann"], "webhook", world.sink.url + world.path("second"))])], urgencies=("high",))
    assert ann()["ready"] and any("failed" in text for text in ann()["problems"])  # the next step starts at once then
    world.steps(users["ann"], [(0, [used])], urgencies=("high",))
    world.fire("back", priority="p1")
    server.settle()
    assert ann()["ready"] and ann()["problems"] == []


def test_a_reminder_says_what_is_missing_once_an_hour(rota):
    world, made, people, users = rota
    server = world.server
    unproved = world.method(users["bob"], "webhook", world.sink.url + "/unproved", verified=False)
    world.steps(users["bob"], [(0, [unproved])], urgencies=("high",))
    done = run("user", "remind", users["bob"]["email"], "--data", server.folder)
    assert done.returncode == 0, done
    server.settle()
    said = world.calls("bob")
    assert len(said) == 1 and "might not reach you" in said[0].json["title"] and "delay 0" in str(said[0].json)
    again = server.try_api("POST", f"users/{users['bob']['id']}/remind", {})
    assert again.status == 409 and "within the last hour" in again.json["detail"]
    world.steps(users["cleo"], [])
    for method in server.items("contact-methods", user_id=users["cleo"]["id"]):
        server.api("DELETE", f"contact-methods/{method['id']}")
    nowhere = server.try_api("POST", f"users/{users['cleo']['id']}/remind", {})
    assert nowhere.status == 409 and "cannot reach them" in nowhere.json["detail"], nowhere
