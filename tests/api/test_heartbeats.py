"""Heartbeats: /hb/{key}, their states, and the alert that silence opens. Nights are text tables: time, call, state, alert."""

import datetime
import zoneinfo

import pytest

from tocsin import run


class Beat:
    def __init__(self, world, **fields):
        self.world, self.server = world, world.server
        fields.setdefault("period_s", 600) if "cron" not in fields else None
        self.made = self.server.make("heartbeats", name=f"Beat {world.name}", **{"grace_s": 300, **fields})

    def call(self, path="", method="POST", body=b"", headers=None):
        answer = self.server.http(method, f"/hb/{self.made['key']}{path}", body, headers or {})
        self.server.settle()
        return answer

    def get(self):
        return self.server.get(f"heartbeats/{self.made['id']}")

    @property
    def state(self):
        return self.get()["state"]

    def alert(self):
        found = [a for a in self.server.items("alerts", source="manual") if a["title"].startswith(self.made["name"] + " ")]
        return found[0] if found else None

    def play(self, text):
        now = 0
        for line in text.strip().splitlines():
            time, call, state, alert = line.split()
            minutes, seconds = time.split(":")
            at = int(minutes) * 60 + int(seconds)
            while now < at:
                step = min(60, at - now)
                self.server.turn(f"{step}s")
                now += step
            if call != "-":
                assert self.call("" if call == "ping" else "/" + call).status == 200
            have = self.alert()
            assert (self.state, have["status"] if have else "-") == (state, alert), f"{line.strip()}: {self.state}, {have}"


@pytest.fixture
def beat(world):
    made = []

    def build(**fields):
        made.append(Beat(world, **fields))
        return made[-1]

    yield build
    for one in made:
        world.server.try_api("POST", f"heartbeats/{one.made['id']}/pause", {})
        world.server.try_api("DELETE", f"heartbeats/{one.made['id']}")
    world.server.settle()


def test_silence_opens_an_alert_and_the_next_ping_closes_it(beat):
    beat().play("""
        00:00   -      new     -
        60:00   -      new     -
        60:00   ping   up      -
        69:00   ping   up      -
        78:00   -      up      -
        80:00   -      late    -
        83:00   -      late    -
        85:00   -      down    triggered
        99:00   -      down    triggered
        99:30   ping   up      resolved
    """)


def test_a_ping_while_late_is_in_time(beat):
    beat().play("""
        00:00   ping   up     -
        12:00   -      late   -
        13:00   ping   up     -
        22:00   -      up     -
    """)


def test_failing_and_exit_statuses(beat):
    one = beat()
    one.play("""
        00:00   0      up     -
        01:00   3      down   triggered
        02:00   fail   down   triggered
        03:00   0      up     resolved
        04:00   fail   down   triggered
        05:00   ping   up     resolved
    """)
    assert one.get()["last_exit_status"] is None
    one.call("/7")
    assert one.get()["last_exit_status"] == 7 and "exit status 7" in one.alert()["title"]


def test_start_and_log_are_no_end(beat):
    one = beat()
    one.play("""
        00:00   ping    up     -
        09:00   start   up     -
        09:30   log     up     -
        15:30   -       down   triggered
    """)
    whole = lambda text: text if "." in text else text.replace("Z", ".000Z")  # noqa: E731
    assert one.get()["last_start_at"] and whole(one.get()["last_ping_at"]) < whole(one.get()["last_start_at"])


def test_a_heartbeat_that_is_not_armed_by_itself_waits_for_the_verb(beat):
    one = beat(auto_arm=False)
    one.play("00:00   ping   new   -")
    one.server.verb("heartbeats", one.made["id"], "arm")
    one.play("16:00   -      down   triggered")


def test_pausing_closes_the_alert_and_expects_nothing(beat):
    one = beat()
    one.play("""
        00:00   ping   up     -
        16:00   -      down   triggered
    """)
    one.server.verb("heartbeats", one.made["id"], "pause")
    one.server.settle()
    assert one.state == "paused" and one.alert()["status"] == "resolved"
    one.call()
    one.server.turn("1h")
    assert one.state == "paused"
    one.server.verb("heartbeats", one.made["id"], "arm")
    assert one.state == "up"


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}])
def test_what_a_browser_fetches_ahead_is_no_ping(beat, headers):
    one = beat()
    assert one.call(method="GET", headers=headers).status == 200
    assert one.state == "new"
    assert one.call(method="HEAD").status == 200
    assert one.state == "up"


def test_unknown_keys_and_words(beat):
    one = beat()
    assert one.server.http("GET", "/hb/no-such-key-at-all").status == 404
    for word in ("/256", "/-1", "/stop", "/1/2"):
        assert one.call(word).status == 400, word
    assert one.server.http("PUT", f"/hb/{one.made['key']}").status == 405
    assert one.state == "new"


def test_a_body_is_kept_in_part(beat):
    one = beat()
    one.call(body=b"42 files, " + b"x" * 5000)
    assert one.get()["last_message"].startswith("42 files") and len(one.get()["last_message"]) <= 1000


def test_its_alert_goes_the_way_of_its_service(beat, world):
    ann = world.user("ann")
    service = world.server.make("services", name=f"Store {world.name}", policy_id=world.policy([ann])["id"])
    one = beat(service_id=service["id"], priority="p1")
    one.play("""
        00:00   ping   up     -
        16:00   -      down   triggered
    """)
    assert world.told("ann") == 1 and one.alert()["priority"] == "p1" and one.alert()["service_id"] == service["id"]


def test_a_changed_period_is_planned_anew(beat):
    one = beat()
    one.call()
    one.server.change("heartbeats", one.made["id"], period_s=3600)
    one.server.turn("20m")
    assert one.state == "up"


def test_our_own_downtime_counts_against_nobody(fresh):
    server = fresh()
    made = server.make("heartbeats", name="Backup", period_s=600, grace_s=300)
    assert server.http("POST", f"/hb/{made['key']}").status == 200
    server.stop()
    server.start()
    server.turn("9m")
    assert server.get(f"heartbeats/{made['id']}")["state"] == "up"


@pytest.mark.parametrize("cron, zone", [("30 2 * * *", "Europe/Berlin"), ("*/20 8-10 * * mon-fri", "America/New_York"), ("0 0 1,15 * *", "UTC"),
                                        ("5 4 * * sun", "Pacific/Auckland"), ("0 12 13 * fri", "UTC"), ("59 23 31 12 *", "Asia/Kolkata")])
def test_cron_is_expected_when_an_independent_reckoning_says(beat, cron, zone):
    one = beat(cron=cron, time_zone=zone)
    one.call()
    got = one.get()
    after = datetime.datetime.fromisoformat(got["last_ping_at"].replace("Z", "+00:00"))
    assert datetime.datetime.fromisoformat(got["due_at"].replace("Z", "+00:00")) == slow_cron(cron, zone, after)


def slow_cron(text, zone, after):
    """Minute by minute."""
    def field(word, low, high, names=()):
        values = set()
        for part in word.split(","):
            part, _, step = part.partition("/")
            number = lambda s: names.index(s) + low if s in names else int(s)  # noqa: E731
            if part == "*":
                first, last = low, high
            elif "-" in part:
                first, last = (number(s) for s in part.split("-"))
            else:
                first = number(part)
                last = high if step else first
            values |= set(range(first, last + 1, int(step or 1)))
        return values

    minute, hour, day, month, weekday = text.split()
    minutes, hours, days, months = field(minute, 0, 59), field(hour, 0, 23), field(day, 1, 31), field(month, 1, 12)
    weekdays = field(weekday, 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
    at = after.astimezone(zoneinfo.ZoneInfo(zone)).replace(second=0, microsecond=0, tzinfo=None)
    while True:
        at += datetime.timedelta(minutes=1)
        week = (at.weekday() + 1) % 7 in weekdays
        fits = week and at.day in days if "*" in (day[0], weekday[0]) else week or at.day in days
        if at.month in months and fits and at.hour in hours and at.minute in minutes:
            return at.replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(datetime.timezone.utc)
        if not (at.month in months and fits):
            at = at.replace(hour=23, minute=59)


@pytest.mark.parametrize("fields, pointer, words", [
    ({}, "/period_s", "either period_s"), ({"period_s": 60, "cron": "* * * * *"}, "/period_s", "either period_s"),
    ({"cron": "61 * * * *"}, "/cron", "minute"), ({"cron": "* * *"}, "/cron", "five fields"), ({"cron": "* * * foo *"}, "/cron", "month"), ({"cron": "0 0 30 2 *"}, "/cron", "never due"),
    ({"period_s": 60, "key": "short"}, "/key", "16"), ({"period_s": 60, "time_zone": "Mars"}, "/time_zone", "Mars")])
def test_what_is_wrong_is_said(world, fields, pointer, words):
    answer = world.server.try_api("POST", "heartbeats", {"name": "Wrong", **fields})
    assert answer.status in (400, 422) and any(e["pointer"] == pointer and words in e["message"] for e in answer.json["errors"]), answer.json


def test_the_client_sends_one(beat, world):
    one = beat()
    done = run("heartbeat", "send", one.made["key"], "--exit-status", "2", env={"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}"})
    assert done.returncode == 0, done
    world.server.settle()
    assert one.get()["last_exit_status"] == 2 and one.state == "down"
    wrong = run("heartbeat", "send", "no-such-key-of-ours", env={"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}"})
    assert wrong.returncode == 3, wrong
