"""Calendar feeds: who is on call as iCalendar, by a secret address."""

import datetime

import pytest

from test_permissions import Person
from tocsin import run

DAY = datetime.timedelta(days=1)


def stamp(at):
    return at.strftime("%Y%m%dT%H%M%SZ")


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def events(body):
    """A list of dicts of the properties, and whether there is an alarm. Folded lines are joined."""
    found, now = [], None
    for line in body.replace("\r\n ", "").splitlines():
        if line == "BEGIN:VEVENT":
            now = {"alarms": []}
            found.append(now)
        elif line.startswith("TRIGGER"):
            now["alarms"].append(line.split(":", 1)[1])
        elif now is not None and ":" in line and not line.startswith(("BEGIN", "END")):
            name, value = line.split(":", 1)
            now.setdefault(name.split(";")[0], value)
    return found


class Rota:
    def __init__(self, world):
        self.world, self.server = world, world.server
        self.ann, self.bob = Person(self.server, "responder"), Person(self.server, "responder")
        at = self.server.get("on-call")["at"]
        self.now = datetime.datetime.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")
        self.day = datetime.datetime.combine(self.now.date(), datetime.time(9))
        self.layer = {"name": "Days", "starts_at": (self.day - 400 * DAY).strftime("%Y-%m-%dT%H:%M:%S"),
                      "turn": {"every": 1, "unit": "day"}, "members": [[self.ann.id], [self.bob.id]]}
        self.made = self.server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", layers=[self.layer])

    def feed(self, who=None, **fields):
        answer = self.server.try_api("POST", "calendar-feeds", {"schedule_id": self.made["id"], **fields}, key=who.key if who else None)
        assert answer.status == 201, answer
        return answer.json

    def read(self, feed, headers=None):
        return self.server.http("GET", "/calendar/" + feed["url"].rsplit("/", 1)[1], None, headers or {})

    def of(self, feed):
        answer = self.read(feed)
        assert answer.status == 200 and answer.headers["content-type"].startswith("text/calendar"), answer
        return events(answer.text)


@pytest.fixture
def rota(world):
    made = Rota(world)
    yield made
    world.server.try_api("DELETE", f"schedules/{made.made['id']}")


def at(found, start):
    return next(e for e in found if e["DTSTART"] == stamp(start))


def test_a_schedule_is_what_pages(rota):
    feed = rota.feed(rota.ann)
    found = rota.of(feed)
    shifts = rota.server.get(f"schedules/{rota.made['id']}/shifts", **{"from": text(rota.day + DAY), "to": text(rota.day + 9 * DAY)})["final"]
    names = {rota.ann.id: "a", rota.bob.id: "b"}
    users = {u["id"]: u for u in rota.server.items("users") if u["id"] in names}
    for shift in shifts:
        event = at(found, datetime.datetime.strptime(shift["starts_at"], "%Y-%m-%dT%H:%M:%SZ"))
        person = users[shift["user_ids"][0]]
        assert event["SUMMARY"] == f"{person['name']} ({rota.made['name']})"
        assert "ATTENDEE" not in event and person["email"] not in str(event) and event["DTEND"] == stamp(datetime.datetime.strptime(shift["ends_at"], "%Y-%m-%dT%H:%M:%SZ"))
    assert len({e["UID"] for e in found}) == len(found) > 180 and all(not e["alarms"] for e in found)
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in rota.read(feed).text


def test_what_did_not_change_is_304_and_what_did_keeps_its_uid(rota):
    server, feed = rota.server, rota.feed(rota.ann)
    first = rota.read(feed)
    same = rota.read(feed, {"If-None-Match": first.headers["etag"]})
    assert (same.status, same.body) == (304, b"")
    server.turn("2m")
    assert rota.read(feed).body == first.body, "the time of the request is in it"
    day = rota.day + 3 * DAY
    before = at(events(first.text), day)
    cover = server.make("overrides", schedule_id=rota.made["id"], kind="cover", user_id=rota.ann.id, replaces_user_id=rota.bob.id,
                        starts_at=text(day), ends_at=text(day + 6 * DAY))
    changed = rota.read(feed, {"If-None-Match": first.headers["etag"]})
    assert changed.status == 200
    mine = rota.ann.name if hasattr(rota.ann, "name") else server.get(f"users/{rota.ann.id}")["name"]
    assert mine in next(e for e in events(changed.text) if e["DTSTART"] <= stamp(day) < e["DTEND"])["SUMMARY"]
    server.turn("2s")
    server.api("DELETE", f"overrides/{cover['id']}")
    after = at(rota.of(feed), day)
    assert after["UID"] == before["UID"] and int(after["SEQUENCE"]) > int(before["SEQUENCE"])


def test_a_person_has_their_own_shifts_of_all_schedules(rota):
    server = rota.server
    other = server.make("schedules", name=f"Other {rota.world.name}", time_zone="UTC",
                        layers=[{**rota.layer, "turn": {"every": 1, "unit": "week"}, "members": [[rota.bob.id], []]}])
    feed = rota.feed(rota.bob, schedule_id=None, alarm_minutes=90)
    found = rota.of(feed)
    assert {e["SUMMARY"] for e in found} == {f"On call: {rota.made['name']}", f"On call: {other['name']}"}
    assert all(e["alarms"] == ["-PT1H30M"] for e in found)
    assert all("ATTENDEE" not in e for e in found)
    server.api("DELETE", f"schedules/{other['id']}")


def test_the_secret_is_shown_once_and_revoking_ends_it(rota):
    server, feed = rota.server, rota.feed(rota.ann)
    assert feed["url"].startswith("https://tocsin.example.org/calendar/") and feed["user_id"] == rota.ann.id
    seen = server.get(f"calendar-feeds/{feed['id']}")
    secret = feed["url"].rsplit("/", 1)[1].removesuffix(".ics")
    assert not seen.get("url") and secret.startswith(seen["hint"]) and secret not in str(server.items("audit", object_id=feed["id"]))
    assert server.http("GET", "/calendar/" + secret).status == 200
    assert server.http("HEAD", f"/calendar/{secret}.ics").status == 200
    assert server.http("POST", f"/calendar/{secret}.ics").status == 405
    assert server.try_api("DELETE", f"calendar-feeds/{feed['id']}", key=rota.ann.key).status == 204
    gone = rota.read(feed)
    assert gone.status == 404 and "revoked" in gone.text
    for wrong in ("", "x", "y" * 200, "../api/v1/users"):
        assert server.http("GET", f"/calendar/{wrong}").status in (400, 404)


def test_it_is_ones_own_and_ends_with_them(rota):
    server, feed = rota.server, rota.feed(rota.ann)
    assert server.try_api("GET", f"calendar-feeds/{feed['id']}", key=rota.bob.key).status == 404
    assert server.try_api("POST", "calendar-feeds", {"user_id": rota.bob.id}, key=rota.ann.key).status == 403
    assert server.try_api("POST", "calendar-feeds", {"schedule_id": "nothing"}, key=rota.ann.key).status in (400, 422)
    server.verb("users", rota.ann.id, "deactivate", replacement_id=rota.bob.id)
    assert rota.read(feed).status == 404
    mine = rota.feed(rota.bob)
    server.api("DELETE", f"schedules/{rota.made['id']}")
    assert rota.read(mine).status == 404


def test_the_client_makes_one(rota):
    made = run("oncall", "calendar", rota.made["id"], "--user", rota.server.get(f"users/{rota.bob.id}")["email"], "--alarm", "30m",
               "--data", rota.server.folder)
    assert made.returncode == 0 and "/calendar/" in made.stdout, made
    url = next(word for word in made.stdout.split() if "/calendar/" in word)
    assert "TRIGGER:-PT30M" in rota.read({"url": url}).text
