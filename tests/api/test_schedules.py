"""Schedules: what is past stays as it was, who holds a turn keeps it, why it is them, absences."""

import datetime

import pytest

from tocsin import Refused

UTC = datetime.timezone.utc
WEEK = {"name": "Week", "starts_at": "2026-01-05T09:00:00", "turn": {"every": 1, "unit": "week"}}


@pytest.fixture
def rota(world):
    return Rota(world)


class Rota:
    """Ann, Ben and Cleo, a week each from Mondays at 9 in UTC."""

    def __init__(self, world, **fields):
        self.world, self.server = world, world.server
        self.people = {name: world.user(name) for name in ("ann", "ben", "cleo", "dan")}
        self.names = {user["id"]: name for name, user in self.people.items()}
        fields.setdefault("layers", [self.layer("ann", "ben", "cleo")])
        self.made = self.server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", **fields)
        self.path = f"schedules/{self.made['id']}"

    def layer(self, *turns, **fields):
        members = [[self.people[name]["id"] for name in turn.split("+") if name] for turn in turns]
        return {**WEEK, "members": members, **fields}

    def edit(self, **fields):
        self.server.change("schedules", self.made["id"], **fields)

    def now(self):
        """The next full second: after all that was written."""
        return datetime.datetime.now(UTC) + datetime.timedelta(seconds=self.server.turned_s + 1)

    def shifts(self, from_, to):
        return self.server.get(f"{self.path}/shifts", **{"from": text(from_), "to": text(to)})

    def final(self, from_, to):
        """As "ann ben ann+cleo"."""
        return " ".join("+".join(sorted(self.names[u] for u in shift["user_ids"])) for shift in self.shifts(from_, to)["final"])

    def at(self, when):
        [item] = self.server.get("on-call", schedule_id=self.made["id"], at=text(when))["items"]
        return item

    def who(self, when):
        return "+".join(sorted(self.names[u["id"]] for u in self.at(when)["users"]))

    def override(self, name, hours, kind="cover", from_=None, **fields):
        begins = from_ or self.now() - datetime.timedelta(hours=1)
        return self.server.make("overrides", schedule_id=self.made["id"], user_id=self.people[name]["id"], kind=kind,
                                starts_at=text(begins), ends_at=text(begins + datetime.timedelta(hours=hours)), **fields)


def text(when):
    return when if isinstance(when, str) else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def weeks(n):
    return datetime.timedelta(weeks=n)


# Versions.

def test_an_edit_keeps_the_past_and_says_since_when_the_new_one_holds(rota):
    now = rota.now()
    before = rota.final(now - weeks(9), now - weeks(1))
    assert rota.server.get(rota.path)["effective_from"] is None
    rota.edit(layers=[rota.layer("dan")])
    after = rota.server.get(rota.path)
    assert rota.final(now - weeks(9), now - weeks(1)) == before and "dan" not in before
    since = datetime.datetime.fromisoformat(after["effective_from"].replace("Z", "+00:00"))
    assert now - datetime.timedelta(seconds=5) <= since <= rota.now()
    assert rota.who(now - weeks(2)) != "dan" and rota.who(since + datetime.timedelta(seconds=1)) == "dan"
    whole = rota.shifts(now - weeks(2), now + weeks(2))
    assert whole["final"][-1]["starts_at"] == after["effective_from"] and not whole["gaps"]
    assert [layer["name"] for layer in whole["layers"]] == ["Week"], "one row for a layer that both have"


def test_what_decides_nobody_makes_no_version(rota):
    rota.edit(name=f"Renamed {rota.world.name}")
    assert rota.server.get(rota.path)["effective_from"] is None
    [only] = rota.server.get(f"{rota.path}/versions")["items"]
    assert (only["version"], only["effective_from"], only["effective_until"]) == (1, None, None)
    assert only["schedule"]["layers"][0]["name"] == "Week" and only["actor"]["name"]


def test_versions_are_listed_and_restored(rota):
    rota.edit(layers=[rota.layer("dan")])
    rota.edit(time_zone="Asia/Tokyo")
    three, two, one = rota.server.get(f"{rota.path}/versions")["items"]
    assert three["effective_from"] > two["effective_from"]
    assert one["effective_from"] is None and one["effective_until"] == two["effective_from"]
    assert two["effective_until"] == three["effective_from"] and three["effective_until"] is None
    rota.server.verb("schedules", rota.made["id"], "restore", version=one["version"])
    now = rota.server.get(rota.path)
    assert now["time_zone"] == "UTC" and len(now["layers"][0]["members"]) == 3
    assert len(rota.server.get(f"{rota.path}/versions")["items"]) == 4
    with pytest.raises(Refused) as refused:
        rota.server.verb("schedules", rota.made["id"], "restore", version=77)
    assert "no version 77" in str(refused.value)


@pytest.mark.parametrize("mistake", ["remove the holder", "insert", "reorder"])
def test_a_restored_version_has_its_turns_as_they_were(rota, mistake):
    rota.edit(layers=[rota.layer("ann", "ben", "cleo", "dan")])  # not from the start: it has an anchor
    kept = rota.server.get(f"{rota.path}/versions")["items"][0]
    now = rota.now()
    ahead = now + weeks(12)
    was, holder = [(s["starts_at"], s["user_ids"]) for s in rota.shifts(now, ahead)["final"]][1:], rota.who(now)
    left = [name for name in ("ann", "ben", "cleo", "dan") if name != holder]
    wrong = {"remove the holder": left, "insert": ["dan", "ann", "ben", "cleo", "dan"], "reorder": ["dan", "cleo", "ben", "ann"]}[mistake]
    rota.edit(layers=[rota.layer(*wrong)])
    rota.server.verb("schedules", rota.made["id"], "restore", version=kept["version"])
    again = rota.now()
    assert [(s["starts_at"], s["user_ids"]) for s in rota.shifts(again, ahead)["final"]][1:] == was and rota.who(again) == holder
    assert rota.server.get(rota.path)["layers"] == kept["schedule"]["layers"]


def test_a_restored_first_version_forgets_the_anchor(rota):
    now = rota.now()
    holder, was = rota.who(now), rota.final(now, now + weeks(12))
    rota.edit(layers=[rota.layer(*(name for name in ("ann", "ben", "cleo") if name != holder))])
    assert rota.who(rota.now()) != holder
    rota.server.verb("schedules", rota.made["id"], "restore", version=1)
    assert rota.who(rota.now()) == holder and rota.final(rota.now(), now + weeks(12)) == was
    assert rota.server.get(rota.path)["layers"][0]["anchor"] is None


def test_a_schedule_from_before_versions_keeps_its_past(rota):
    rota.server.sql("DELETE FROM schedule_version WHERE schedule_id = (SELECT MAX(id) FROM schedule)")
    before = rota.final(rota.now() - weeks(6), rota.now() - weeks(1))
    rota.edit(layers=[rota.layer("dan")])
    assert rota.final(rota.now() - weeks(6), rota.now() - weeks(1)) == before


def test_versions_go_with_their_schedule(rota):
    rota.edit(layers=[rota.layer("dan")])
    count = "SELECT COUNT(*) FROM schedule_version WHERE schedule_id NOT IN (SELECT id FROM schedule)"
    rota.server.api("DELETE", rota.path)
    [[left]] = rota.server.sql(count)
    assert left == 0


@pytest.mark.parametrize("edit", ["insert before", "insert after", "remove another", "reorder"])
def test_an_edit_of_the_list_keeps_the_present_holder_until_the_next_hand_off(rota, edit):
    now = rota.now()
    holder = rota.who(now)
    others = [name for name in ("ann", "ben", "cleo") if name != holder]
    turns = {"insert before": ["dan", "ann", "ben", "cleo"], "insert after": ["ann", "ben", "cleo", "dan"],
             "remove another": [name for name in ("ann", "ben", "cleo") if name != others[0]], "reorder": ["cleo", "ben", "ann"]}[edit]
    ends = rota.at(now)["until"]
    rota.edit(layers=[rota.layer(*turns)])
    item = rota.at(rota.now())
    assert rota.names[item["users"][0]["id"]] == holder and item["until"] == ends
    following = turns[(turns.index(holder) + 1) % len(turns)]
    assert rota.names[item["next"][0]["id"]] == following


def test_who_has_several_turns_stays_in_the_one_that_is_on(rota):
    rota.edit(layers=[rota.layer("ann", "ben", "ann", "cleo", turn={"every": 1, "unit": "day"})])
    now = rota.now()
    day = next(d for d in range(4) if rota.who(now + datetime.timedelta(days=d)) == "ann" and rota.who(now + datetime.timedelta(days=d + 1)) == "cleo")
    rota.server.turn(f"{24 * day}h")
    rota.edit(layers=[rota.layer("dan", "ann", "ben", "ann", "cleo", turn={"every": 1, "unit": "day"})])
    assert rota.final(rota.now(), rota.now() + datetime.timedelta(days=3)).startswith("ann cleo dan ann")


# Why.

def test_why_it_is_them(rota):
    now = rota.now()
    [holder] = rota.at(now)["users"]
    turn = ["ann", "ben", "cleo"].index(rota.names[holder["id"]]) + 1
    base = f"layer Week, turn {turn}"
    assert rota.at(now)["why"] == base
    name, dan = holder["name"], rota.people["dan"]["name"]
    first = rota.override("dan", 30)
    ends = datetime.datetime.fromisoformat(first["ends_at"].replace("Z", "+00:00")).strftime("%Y-%m-%d %H:%M")
    assert rota.at(now)["why"] == f"cover by {dan} until {ends}, otherwise {base}"
    rota.server.api("DELETE", f"overrides/{first['id']}")
    second = rota.override("dan", 30, replaces_user_id=holder["id"])
    assert rota.at(now)["why"] == f"cover of {name} by {dan} until {ends}, otherwise {base}"
    rota.server.api("DELETE", f"overrides/{second['id']}")
    third = rota.override("dan", 30, kind="add")
    assert rota.at(now)["why"] == f"{dan} added until {ends}, beside {base}"
    rota.server.api("DELETE", f"overrides/{third['id']}")
    rota.override(rota.names[holder["id"]], 30, kind="remove")
    assert rota.at(now)["why"] == f"nobody: {name} taken off until {ends}, otherwise {base}"


def test_why_nobody(rota):
    rota.edit(layers=[rota.layer(""), rota.layer("ann", name="Late", starts_at="2099-01-01T00:00:00")])
    assert rota.at(rota.now())["why"] == "nobody: turn 1 of layer Week is empty, on purpose"
    rota.edit(layers=[])
    assert rota.at(rota.now())["why"] == "nobody: no layer has anybody then"


def test_beside_each_other(rota):
    rota.edit(layers=[rota.layer("ann"), rota.layer("ben", name="Second", mode="add")])
    [shift] = rota.shifts(rota.now(), rota.now() + weeks(1))["final"]
    assert shift["why"] == "layer Week, turn 1 and layer Second, turn 1"


# Absences.

def away(rota, name, from_, to, **fields):
    return rota.server.make("absences", user_id=rota.people[name]["id"], starts_at=text(from_), ends_at=text(to), **fields)


def test_who_is_absent_is_passed_over_only_where_the_schedule_says_so(rota):
    now = rota.now()
    holder = rota.who(now)
    order = ["ann", "ben", "cleo"]
    next_one = order[(order.index(holder) + 1) % 3]
    usual = rota.final(now, now + weeks(3))
    away(rota, holder, now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1))
    assert rota.final(now, now + weeks(3)) == usual
    rota.edit(skip_absent=True)
    now = rota.now()
    item = rota.at(now)
    assert rota.who(now) == next_one, "the next one stands in"
    assert item["why"] == f"layer Week, turn {order.index(next_one) + 1} in place of turn {order.index(holder) + 1}, who are absent"
    assert rota.final(now, now + weeks(3)).split() == [next_one, *usual.split()], "later turns stay as they are"


def test_the_rest_of_a_turn_stands_in_for_who_is_absent(rota):
    rota.edit(skip_absent=True, layers=[rota.layer("ann+ben", "cleo")])
    away(rota, "ann", rota.now() - weeks(3), rota.now() + weeks(3))
    assert set(rota.final(rota.now(), rota.now() + weeks(3)).split()) == {"ben", "cleo"}


def test_when_all_are_absent_nobody_is_on_call_and_it_says_so(rota):
    rota.edit(skip_absent=True, layers=[rota.layer("ann", "ben")])
    for name in ("ann", "ben"):
        away(rota, name, rota.now() - weeks(1), rota.now() + weeks(1))
    item = rota.at(rota.now())
    assert item["users"] == [] and item["why"] == "nobody: all of layer Week are absent"


def test_an_absence_that_makes_no_sense_is_refused(rota):
    with pytest.raises(Refused) as refused:
        away(rota, "ann", "2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z")
    assert "/ends_at" in str(refused.value) and "after starts_at" in str(refused.value)
    with pytest.raises(Refused) as refused:
        away(rota, "ann", "2030-01-02T00:00:00Z", "2032-01-01T00:00:00Z")
    assert "400 days" in str(refused.value)


# Limits.

def test_twenty_layers_and_a_hundred_turns(rota):
    many = [rota.layer("ann", name=f"L{i}") for i in range(21)]
    rota.edit(layers=many[:20])
    for layers in (many, [rota.layer(*["ann"] * 101)]):
        with pytest.raises(Refused) as refused:
            rota.edit(layers=layers)
        assert "/layers" in str(refused.value)


def test_more_people_at_once_than_one_screen_holds(rota):
    """A hundred turns' worth of people beside each other: nobody is dropped."""
    users = [rota.world.user(f"extra{i}")["id"] for i in range(4)] + [user["id"] for user in rota.people.values()]
    rota.edit(layers=[{**WEEK, "name": f"L{i}", "mode": "add", "members": [[user]]} for i, user in enumerate(users)])
    item = rota.at(rota.now())
    assert {u["id"] for u in item["users"]} == set(users)


# Over a range.

def test_on_call_over_a_range(rota):
    rota.edit(layers=[rota.layer("ann", "", "cleo")])
    now = rota.now()
    span = {"from": text(now), "to": text(now + weeks(3))}
    answer = rota.server.get("on-call", schedule_id=rota.made["id"], **span)
    [item] = answer["items"]
    assert (answer["from"], answer["to"]) == (span["from"], span["to"])
    assert [s["starts_at"] for s in item["shifts"]] == sorted(s["starts_at"] for s in item["shifts"])
    assert item["shifts"][0]["starts_at"] == span["from"] and item["shifts"][-1]["ends_at"] == span["to"]
    assert all(a["ends_at"] == b["starts_at"] for a, b in zip(item["shifts"], item["shifts"][1:])), "gaps stand between"
    assert any(s["users"] == [] and "on purpose" in s["why"] for s in item["shifts"])
    [mine] = rota.server.get("on-call", user_id=rota.people["ann"]["id"], **span)["items"]
    assert mine["shifts"] and all(s["users"][0]["id"] == rota.people["ann"]["id"] for s in mine["shifts"])
    assert rota.server.get("on-call", user_id=rota.people["dan"]["id"], **span)["items"] == []
    with pytest.raises(Refused) as refused:
        rota.server.get("on-call", at=span["from"], **span)
    assert "not both" in str(refused.value)
    with pytest.raises(Refused) as refused:
        rota.server.get("on-call", **{"from": text(now), "to": text(now + weeks(60))})
    assert "400 days" in str(refused.value)


def test_on_call_of_a_policy_and_of_a_service(rota):
    team = rota.server.make("teams", name=f"Team {rota.world.name}", members=[{"user_id": rota.people["dan"]["id"], "role": "responder"}])
    policy = rota.world.policy([{"kind": "schedule", "id": rota.made["id"]}], [rota.people["dan"], {"kind": "team", "id": team["id"]}])
    service = rota.server.make("services", name=f"Service {rota.world.name}", policy_id=policy["id"])
    for asked in ({"policy_id": policy["id"]}, {"service_id": service["id"]}):
        first, named, of_team = rota.server.get("on-call", **asked)["items"]
        assert (first["level"], named["level"], of_team["level"]) == (1, 2, 2) and first["why"].startswith("layer Week")
        assert named["why"] == "the policy names them" and team["name"] in of_team["why"]
    mine = rota.server.get("on-call", policy_id=policy["id"], user_id=rota.people["dan"]["id"])["items"]
    assert [item["level"] for item in mine] == [2, 2], "only where this person is"


# Preview.

def preview(rota, **fields):
    return rota.server.api("POST", "schedules/preview", {"time_zone": "UTC", **fields})


def test_a_preview_is_what_saving_gives(rota):
    now = rota.now()
    span = {"from": text(now + datetime.timedelta(minutes=1)), "to": text(now + weeks(8))}
    layers = [rota.layer("dan", "ann", "ben", "", "cleo")]
    shown = preview(rota, schedule_id=rota.made["id"], layers=layers, **span)
    assert rota.server.get(rota.path)["effective_from"] is None, "nothing is saved"
    rota.edit(layers=layers)
    saved = rota.server.get(f"{rota.path}/shifts", **span)
    assert (shown["final"], shown["gaps"]) == (saved["final"], saved["gaps"]) and shown["gaps"]


def test_a_preview_keeps_the_past_and_the_overrides(rota):
    rota.override("dan", 5, from_=rota.now() + weeks(1))
    shown = preview(rota, schedule_id=rota.made["id"], layers=[], **{"from": text(rota.now() - weeks(1)), "to": text(rota.now() + weeks(2))})
    assert shown["final"][0]["starts_at"] == text(rota.now() - weeks(1))[:11] + shown["final"][0]["starts_at"][11:] and shown["overrides"]
    assert rota.names[shown["final"][-1]["user_ids"][0]] == "dan"


def test_a_wrong_draft_says_where(rota):
    for fields, pointer in [({"layers": [rota.layer("ann", ends_at="2026-01-01T00:00:00")]}, "/layers/0/ends_at"),
                            ({"layers": [{**rota.layer("ann"), "members": [["nobody@example.org"]]}]}, "/layers/0/members/0/0"),
                            ({"layers": [rota.layer("ann", time_zone="Mars/Olympus")]}, "/layers/0/time_zone"),
                            ({"layers": [], "to": "2099-01-01T00:00:00Z"}, "400 days")]:
        with pytest.raises(Refused) as refused:
            preview(rota, **fields)
        assert pointer in str(refused.value)
