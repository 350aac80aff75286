"""What people are told of their shifts, as they chose; and the hand-off report."""

import datetime

import pytest

from tocsin import run

HOUR = datetime.timedelta(hours=1)


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Rota:
    """Ann is on call always; what is tried are covers by Bob."""

    def __init__(self, world):
        self.world, self.server = world, world.server
        self.ann, self.bob = world.user("ann"), world.user("bob")
        self.made = self.schedule("Rota")
        at = self.server.get("on-call")["at"]
        self.start = datetime.datetime.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")
        self.gone_s = 0

    def schedule(self, name):
        return self.server.make("schedules", name=f"{name} {self.world.name}", time_zone="UTC",
                                layers=[{"name": "All", "starts_at": "2026-01-05T00:00:00", "members": [[self.ann["id"]]]}])

    def cover(self, begins, ends, schedule=None):
        return self.server.make("overrides", schedule_id=(schedule or self.made)["id"], user_id=self.bob["id"], kind="cover",
                                starts_at=text(begins), ends_at=text(ends))

    def wants(self, user, **notices):
        self.server.change("users", user["id"], shift_notices=notices)
        self.server.settle()

    def to(self, moment, plus_s=20):
        """Turns the clock to a little after that moment."""
        now = datetime.datetime.strptime(self.server.get("on-call")["at"][:19], "%Y-%m-%dT%H:%M:%S")
        seconds = int((moment - now).total_seconds()) + plus_s
        if seconds > 0:
            self.server.turn(f"{seconds}s")

    def told(self, name):
        return [call.json["title"] for call in self.world.calls(name)]


@pytest.fixture
def rota(world):
    made = Rota(world)
    yield made
    for user in (made.ann, made.bob):
        world.server.try_api("PATCH", f"users/{user['id']}", {"shift_notices": None})
    world.server.settle()


def test_each_lead_is_told_once(rota):
    begins, ends = rota.start + 25 * HOUR, rota.start + 28 * HOUR
    rota.wants(rota.bob, begins_s=[0, 900, 3600, 86400], ends_s=[900, 0])
    rota.cover(begins, ends)
    rota.server.settle()
    assert rota.told("bob") == []
    seen = []
    for moment in (begins - 24 * HOUR, begins - HOUR, begins - HOUR / 4, begins, ends - HOUR / 4, ends):
        rota.to(moment)
        seen.append(len(rota.told("bob")))
    assert seen == [1, 2, 3, 4, 5, 6], rota.told("bob")
    said = rota.told("bob")
    assert all(f"you are on call for {rota.made['name']}" in title and text(begins) in title for title in said[:4])
    assert "ends at" in said[4] and "has ended" in said[5] and text(ends) in said[5]
    rota.server.turn("1h")
    assert len(rota.told("bob")) == 6 and rota.told("ann") == []


def test_one_instant_is_one_message_and_the_last_word_counts(rota):
    other = rota.schedule("Other")
    begins = rota.start + 3 * HOUR
    rota.wants(rota.bob, begins_s=[3600], ends_s=[])
    gone = rota.cover(begins, begins + HOUR)
    rota.cover(begins, begins + HOUR, other)
    rota.to(begins - HOUR)
    assert len(rota.told("bob")) == 1 and "and 1 more" in rota.told("bob")[0]
    later = rota.start + 6 * HOUR
    taken_back = rota.cover(later, later + HOUR)
    rota.server.api("DELETE", f"overrides/{taken_back['id']}")
    rota.to(later)
    assert len(rota.told("bob")) == 1 and gone
    rota.server.api("DELETE", f"schedules/{other['id']}")


def test_who_asked_for_nothing_hears_nothing(rota):
    begins = rota.start + HOUR
    rota.cover(begins, begins + HOUR)
    rota.to(begins + HOUR)
    rota.wants(rota.bob, begins_s=[0], ends_s=[0])
    rota.wants(rota.bob, begins_s=[], ends_s=[])
    rota.cover(rota.start + 4 * HOUR, rota.start + 5 * HOUR)
    rota.to(rota.start + 5 * HOUR)
    assert rota.told("bob") == rota.told("ann") == []


def test_what_is_no_time_of_a_notice_is_refused(rota):
    answer = rota.server.try_api("PATCH", f"users/{rota.bob['id']}", {"shift_notices": {"begins_s": [60]}})
    assert answer.status in (400, 422) and answer.json["errors"][0]["pointer"] == "/shift_notices/begins_s/0", answer
    assert "900" in answer.json["detail"] + str(answer.json["errors"])


def test_the_report_says_what_happened_and_what_is_open(rota):
    world, server = rota.world, rota.server
    begins = rota.start + 2 * HOUR
    rota.cover(begins, begins + 5 * HOUR)
    rota.wants(rota.bob, report=True)
    world.source = world.integration(world.policy([{"kind": "schedule", "id": rota.made["id"]}], wait_s=36000))
    world.fire("one", title="Disk full", priority="p1")
    world.fire("two", title="Cache cold", priority="p1")
    server.verb("alerts", world.alert("one")["id"], "acknowledge")
    world.resolve("two")
    server.settle()
    now = server.get(f"schedules/{rota.made['id']}/handoff")
    assert [p["id"] for p in now["on_call"]] == [rota.ann["id"]] and [p["id"] for p in now["next"]] == [rota.bob["id"]]
    assert now["ends_at"] == now["hands_over_at"] == text(begins)
    assert [(p["title"].split(" ", 1)[1], p["status"]) for p in now["pages"]] == [("Disk full", "acknowledged"), ("Cache cold", "resolved")]
    assert [p["title"].split(" ", 1)[1] for p in now["open"]] == ["Disk full"]
    shown = run("oncall", "handoff", rota.made["id"], "--data", server.folder)
    assert shown.returncode == 0 and "paged in this shift: 2" in shown.stdout and "still open: 1" in shown.stdout, shown
    rota.to(begins)
    told = [m for m in world.relay.messages if "Hand-off of" in str(m) and rota.made["name"] in str(m)] if hasattr(world.relay, "messages") else []
    notices = [n for n in server.items("notifications", user_id=rota.bob["id"]) if n["purpose"] == "handoff"]
    assert len(notices) == 1 and notices[0]["kind"] == "email" and notices[0]["status"] in ("sent", "delivered"), (notices, told)
    after = server.get(f"schedules/{rota.made['id']}/handoff")
    assert [p["id"] for p in after["on_call"]] == [rota.bob["id"]] and after["pages"] == []
    assert [p["title"].split(" ", 1)[1] for p in after["open"]] == ["Disk full"]


def test_the_pages_of_others_crowd_nothing_out(rota):
    """More pages than a report holds, all of other people's; a policy may page 20 times a minute before a storm joins its pages."""
    world, server = rota.world, rota.server
    other = world.user("other")
    for number in range(26):
        source = world.integration(world.policy([{"kind": "user", "id": other["id"]}], wait_s=36000))
        server.send(source["key"], [{"dedup_key": f"{world.name} {number} {n}", "title": "Of others", "priority": "p1"} for n in range(20)])
    world.source = world.integration(world.policy([{"kind": "schedule", "id": rota.made["id"]}], wait_s=36000))
    world.fire("ours", title="Disk full", priority="p1")
    server.settle()
    assert len([page for page in server.items("pages") if page["title"].endswith("Of others")]) > 500
    report = server.get(f"schedules/{rota.made['id']}/handoff")
    assert [p["title"].split(" ", 1)[1] for p in report["pages"]] == ["Disk full"], report["pages"]
    assert [p["title"].split(" ", 1)[1] for p in report["open"]] == ["Disk full"], report["open"]


def test_what_is_private_is_in_no_report(rota):
    world, server = rota.world, rota.server
    policy = world.policy([{"kind": "schedule", "id": rota.made["id"]}], wait_s=36000)
    incident = server.make("incidents", title="Secret matter", severity=1, private=True, policy_id=policy["id"])
    server.settle()
    assert world.told("ann") == 1
    assert "Secret matter" not in str(server.get(f"schedules/{rota.made['id']}/handoff"))
    server.verb("incidents", incident["id"], "close")


def test_a_report_at_the_same_instant_is_no_second_line(rota):
    begins = rota.start + 2 * HOUR
    rota.cover(begins, begins + HOUR)
    rota.wants(rota.bob, begins_s=[0], report=True)
    rota.to(begins)
    told = rota.told("bob")
    assert len(told) == 1 and "more" not in told[0] and rota.made["name"] in told[0], told
    purposes = sorted(n["purpose"] for n in rota.server.items("notifications", user_id=rota.bob["id"]))
    assert purposes == ["handoff", "shift"], purposes
