"""Cover requests, swaps, absences: who stands in, all of it or nothing."""

import datetime

import pytest

from test_schedules import Rota, text, weeks
from tocsin import Refused, run

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def rota(world):
    return Covers(world)


class Covers(Rota):
    """Two turns: when it is whose."""

    def __init__(self, world):
        super().__init__(world)
        self.edit(layers=[self.layer("ann", "ben")])
        final = self.shifts(self.now() + weeks(1), self.now() + weeks(7))["final"]
        self.turns = {name: [s for s in final if s["user_ids"] == [self.people[name]["id"]]][1:] for name in ("ann", "ben")}

    def ask(self, name, shift=None, **fields):
        shift = shift or self.turns[name][0]
        return self.server.make("cover-requests", schedule_id=self.made["id"], user_id=self.people[name]["id"],
                                starts_at=shift["starts_at"], ends_at=shift["ends_at"], **fields)

    def take(self, request, name):
        return self.server.verb("cover-requests", request["id"], "take", user_id=self.people[name]["id"])

    def verb(self, request, verb):
        return self.server.verb("cover-requests", request["id"], verb)

    def get(self, request):
        return self.server.get(f"cover-requests/{request['id']}")

    def overrides(self):
        return self.server.items("overrides", schedule_id=self.made["id"])

    def middle(self, shift):
        begins, ends = (datetime.datetime.fromisoformat(shift[k].replace("Z", "+00:00")) for k in ("starts_at", "ends_at"))
        return begins + (ends - begins) / 2


def refusal(call, *words):
    with pytest.raises(Refused) as refused:
        call()
    for word in words:
        assert word in str(refused.value), refused.value


# Asking and taking.

def test_who_takes_it_stands_in(rota):
    shift = rota.turns["ann"][0]
    request = rota.ask("ann", message="Dentist")
    assert request["status"] == "open" and request["override_ids"] == [] and request["taken_by"] is None
    assert rota.who(rota.middle(shift)) == "ann", "asking changes nothing"
    taken = rota.take(request, "dan")
    assert taken["status"] == "taken" and taken["taken_by"]["id"] == rota.people["dan"]["id"] and taken["taken_at"]
    assert rota.who(rota.middle(shift)) == "dan" and rota.who(rota.middle(rota.turns["ann"][1])) == "ann"
    [override] = rota.overrides()
    assert [override["id"]] == taken["override_ids"]
    assert (override["kind"], override["replaces_user_id"]) == ("cover", rota.people["ann"]["id"])
    assert (override["starts_at"], override["ends_at"]) == (shift["starts_at"], shift["ends_at"])


def test_only_one_takes_it(rota):
    request = rota.ask("ann")
    rota.take(request, "dan")
    assert rota.take(request, "dan")["status"] == "taken", "once more changes nothing"
    refusal(lambda: rota.take(request, "cleo"), rota.people["dan"]["name"], "took it already")
    assert len(rota.overrides()) == 1


def test_what_makes_no_sense_is_refused_with_the_way_out(rota):
    ben = rota.turns["ben"][0]
    refusal(lambda: rota.ask("ann", ben), "not on call", "their next shift there is from", "/starts_at")
    refusal(lambda: rota.ask("cleo", ben), "nor in the next 90 days")
    refusal(lambda: rota.ask("ann", {"starts_at": ben["ends_at"], "ends_at": ben["starts_at"]}), "end after it begins")
    refusal(lambda: rota.ask("ann", {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"}), "past")
    refusal(lambda: rota.ask("ann", {"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2033-01-01T00:00:00Z"}), "400 days")
    refusal(lambda: rota.ask("ann", asked_user_id=rota.people["ann"]["id"]), "cannot cover themselves")
    refusal(lambda: rota.ask("ann", in_return={k: ben[k] for k in ("starts_at", "ends_at")}), "/asked_user_id", "say with whom")
    request = rota.ask("ann")
    refusal(lambda: rota.ask("ann"), request["id"], "open for some of that time already")
    refusal(lambda: rota.take(request, "ann"), "asked for it")


def test_only_who_was_asked_takes_it(rota):
    request = rota.ask("ann", asked_user_id=rota.people["dan"]["id"])
    refusal(lambda: rota.take(request, "cleo"), rota.people["dan"]["name"], "nobody else")
    assert rota.take(request, "dan")["status"] == "taken"


def test_who_is_away_cannot_take_it(rota):
    shift = rota.turns["ann"][0]
    request = rota.ask("ann")
    rota.server.make("absences", user_id=rota.people["dan"]["id"], starts_at=text(rota.middle(shift)), ends_at=text(rota.middle(shift) + HOUR))
    refusal(lambda: rota.take(request, "dan"), "away", "abs_")
    assert rota.overrides() == [] and rota.get(request)["status"] == "open"


def test_what_is_nobodys_shift_any_more_is_not_taken(rota):
    request = rota.ask("ann")
    rota.edit(layers=[rota.layer("ben", "cleo")])
    refusal(lambda: rota.take(request, "dan"), "not on call", "any more")


def test_a_taker_who_comes_late_takes_the_rest(rota):
    request = rota.ask("ann", {"starts_at": text(rota.now()), "ends_at": text(rota.now() + weeks(3))})
    rota.server.turn("36h")
    rota.take(request, "dan")
    [override] = rota.overrides()
    assert override["starts_at"] > request["starts_at"], "what has been stays as it was"


# Ending.

def test_cancelled_ones_are_over(rota):
    request = rota.ask("ann")
    assert rota.verb(request, "cancel")["status"] == "cancelled"
    assert rota.verb(request, "cancel")["status"] == "cancelled"
    refusal(lambda: rota.take(request, "dan"), "cancelled", "make a new one")
    refusal(lambda: rota.verb(request, "undo"), "nobody has taken it")
    assert rota.ask("ann")["status"] == "open", "the time is free again"


def test_undo_takes_back_exactly_what_taking_wrote(rota):
    shift = rota.turns["ann"][0]
    kept = rota.override("cleo", 1, from_=rota.middle(shift))
    request = rota.ask("ann")
    rota.take(request, "dan")
    refusal(lambda: rota.verb(request, "cancel"), "undo")
    again = rota.verb(request, "undo")
    assert (again["status"], again["override_ids"], again["taken_by"]) == ("open", [], None)
    assert [o["id"] for o in rota.overrides()] == [kept["id"]]
    assert rota.take(request, "dan")["status"] == "taken"


def test_undo_of_one_that_runs_keeps_what_has_been(rota):
    request = rota.ask("ann", {"starts_at": text(rota.now()), "ends_at": text(rota.now() + weeks(4))})
    rota.take(request, "dan")
    while rota.who(rota.now()) != "dan":
        rota.server.turn("24h")
    rota.server.turn("2h")
    rota.verb(request, "undo")
    [override] = rota.overrides()
    assert rota.who(rota.now() - HOUR) == "dan" and rota.who(rota.now()) == "ann"
    assert override["ends_at"] < request["ends_at"]


def test_what_nobody_took_expires(rota):
    request = rota.ask("ann", {"starts_at": text(rota.now()), "ends_at": text(rota.now() + weeks(3))})
    rota.server.turn("510h")
    assert rota.get(request)["status"] == "expired"
    refusal(lambda: rota.take(request, "dan"), "expired")


def test_expiry_leaves_what_was_taken(rota):
    request = rota.ask("ann", {"starts_at": text(rota.now()), "ends_at": text(rota.now() + weeks(3))})
    rota.take(request, "dan")
    rota.server.turn("510h")
    assert rota.get(request)["status"] == "taken"
    refusal(lambda: rota.verb(request, "undo"), "over")


# Swaps.

def test_a_swap_is_two_overrides(rota):
    mine, theirs = rota.turns["ann"][0], rota.turns["ben"][0]
    back = {k: theirs[k] for k in ("starts_at", "ends_at")}
    request = rota.ask("ann", mine, asked_user_id=rota.people["ben"]["id"], in_return=back)
    taken = rota.take(request, "ben")
    assert len(taken["override_ids"]) == 2 == len(rota.overrides())
    assert rota.who(rota.middle(mine)) == "ben" and rota.who(rota.middle(theirs)) == "ann"
    rota.verb(request, "undo")
    assert rota.overrides() == [] and rota.who(rota.middle(mine)) == "ann" and rota.who(rota.middle(theirs)) == "ben"


def test_a_swap_is_both_or_none(rota):
    mine, theirs = rota.turns["ann"][0], rota.turns["ben"][0]
    back = {k: theirs[k] for k in ("starts_at", "ends_at")}
    ben = rota.people["ben"]["id"]
    refusal(lambda: rota.ask("ann", mine, asked_user_id=rota.people["cleo"]["id"], in_return=back), "not on call", "/in_return")
    request = rota.ask("ann", mine, asked_user_id=ben, in_return=back)
    rota.server.make("absences", user_id=rota.people["ann"]["id"], starts_at=text(rota.middle(theirs)), ends_at=text(rota.middle(theirs) + HOUR))
    refusal(lambda: rota.take(request, "ben"), "away")
    assert rota.overrides() == [] and rota.get(request)["status"] == "open"


# Who may.

def test_people_ask_and_take_for_themselves(rota):
    def person(name):
        user = rota.people[name]
        key = rota.server.make("api-keys", name=name, user_id=user["id"], scopes=["*"])["key"]
        return lambda method, path, body: rota.server.try_api(method, path, body, key=key)

    ann, dan, cleo = person("ann"), person("dan"), person("cleo")
    shift = rota.turns["ann"][0]
    body = {"schedule_id": rota.made["id"], "starts_at": shift["starts_at"], "ends_at": shift["ends_at"]}
    made = ann("POST", "cover-requests", body)
    assert made.status == 201 and made.json["user_id"] == rota.people["ann"]["id"]
    for_others = dan("POST", "cover-requests", {**body, "user_id": rota.people["ben"]["id"]})
    assert for_others.status == 400 and "your own shifts" in for_others.text
    path = f"cover-requests/{made.json['id']}"
    assert dan("POST", f"{path}/cancel", {}).status == 403
    assert dan("POST", f"{path}/take", {"user_id": rota.people["cleo"]["id"]}).status == 403
    assert dan("POST", f"{path}/take", {}).json["taken_by"]["id"] == rota.people["dan"]["id"]
    assert cleo("POST", f"{path}/undo", {}).status == 403
    assert ann("POST", f"{path}/undo", {}).json["status"] == "open"


def test_a_request_of_another_organization_is_not_there(rota):
    assert rota.server.try_api("POST", "cover-requests/cvr_0000000000000/take", {}).status == 404


# Telling.

def test_those_who_could_take_it_hear_of_it_and_who_asked_when_it_is_taken(rota):
    request = rota.ask("ann", message="Dentist")
    rota.server.settle()
    assert rota.world.tally("ann", "ben", "cleo", "dan") == (0, 1, 0, 0), "those of the schedule, but who asks"
    assert "Dentist" in str(rota.world.calls("ben")[0].body)
    rota.take(request, "dan")
    rota.server.settle()
    assert rota.world.tally("ann", "ben", "cleo", "dan") == (1, 1, 0, 0)
    assert rota.people["dan"]["name"] in str(rota.world.calls("ann")[0].body)


def heard(rota, name):
    return rota.world.calls(name)[-1].body.decode()


def test_who_is_on_call_again_and_who_is_relieved_hear_of_an_undo(rota):
    shift, request = rota.turns["ann"][0], rota.ask("ann")
    rota.take(request, "dan")
    rota.server.settle()
    before = rota.world.tally("ann", "ben", "cleo", "dan")
    rota.verb(request, "undo")
    rota.server.settle()
    ann, dan = rota.people["ann"]["name"], rota.people["dan"]["name"]
    assert rota.world.tally("ann", "ben", "cleo", "dan") == (before[0] + 1, before[1], before[2], before[3] + 1)
    for name in ("ann", "dan"):
        assert f"{ann} is on call again, not {dan}" in heard(rota, name) and shift["starts_at"] in heard(rota, name)
    assert "You have your shift again" in heard(rota, "ann") and "You are relieved" in heard(rota, "dan")


def test_both_of_a_swap_are_told_both_shifts(rota):
    mine, theirs = rota.turns["ann"][0], rota.turns["ben"][0]
    ann, ben = rota.people["ann"]["name"], rota.people["ben"]["name"]
    request = rota.ask("ann", mine, asked_user_id=rota.people["ben"]["id"], in_return={k: theirs[k] for k in ("starts_at", "ends_at")})

    def both(name):
        return all(words in heard(rota, name) for words in (f"{ann}'s shift goes to {ben}", f"{ben}'s shift goes to {ann}",
                                                            mine["starts_at"], mine["ends_at"], theirs["starts_at"], theirs["ends_at"]))

    rota.server.settle()
    assert rota.world.tally("ann", "ben", "cleo", "dan") == (0, 1, 0, 0) and both("ben")
    rota.take(request, "ben")
    rota.server.settle()
    assert rota.world.tally("ann", "ben", "cleo", "dan") == (1, 2, 0, 0) and both("ann") and both("ben")


def test_an_undone_swap_says_both_shifts_to_both(rota):
    mine, theirs = rota.turns["ann"][0], rota.turns["ben"][0]
    request = rota.ask("ann", mine, asked_user_id=rota.people["ben"]["id"], in_return={k: theirs[k] for k in ("starts_at", "ends_at")})
    rota.take(request, "ben")
    rota.server.settle()
    rota.verb(request, "undo")
    rota.server.settle()
    for name in ("ann", "ben"):
        assert mine["starts_at"] in heard(rota, name) and theirs["starts_at"] in heard(rota, name)


def test_the_outer_of_two_covers_is_not_taken_back_below_the_inner(rota):
    shift = rota.turns["ann"][0]
    outer = rota.ask("ann")
    rota.take(outer, "dan")
    inner = rota.ask("dan", {"starts_at": text(rota.middle(shift)), "ends_at": shift["ends_at"]})
    rota.take(inner, "cleo")
    refusal(lambda: rota.verb(outer, "undo"), inner["id"], rota.people["cleo"]["name"], "undo that one first")
    assert rota.get(outer)["status"] == rota.get(inner)["status"] == "taken" and rota.who(rota.middle(shift)) == "cleo"
    rota.verb(inner, "undo")
    assert rota.who(rota.middle(shift)) == "dan"
    rota.verb(outer, "undo")
    assert rota.who(rota.middle(shift)) == "ann" and rota.overrides() == []


def test_a_cover_of_the_shift_in_return_is_undone_before_the_swap(rota):
    mine, theirs = rota.turns["ann"][0], rota.turns["ben"][0]
    swap = rota.ask("ann", mine, asked_user_id=rota.people["ben"]["id"], in_return={k: theirs[k] for k in ("starts_at", "ends_at")})
    rota.take(swap, "ben")
    inner = rota.ask("ann", theirs)
    rota.take(inner, "dan")
    other = rota.ask("ann", rota.turns["ann"][1])
    rota.take(other, "dan")
    refusal(lambda: rota.verb(swap, "undo"), inner["id"])
    rota.verb(inner, "undo")
    assert rota.verb(swap, "undo")["status"] == "open", "another cover of another time does not matter"


# Absences.

def absences(rota, name, from_, to, **fields):
    return rota.server.make("absences", user_id=rota.people[name]["id"], starts_at=text(from_), ends_at=text(to), **fields)


def requests_of(rota, absence):
    return sorted(rota.server.items("cover-requests", absence_id=absence["id"]), key=lambda r: r["starts_at"])


def test_an_absence_opens_a_request_for_each_shift(rota):
    first, second = rota.turns["ann"][:2]
    absence = absences(rota, "ann", rota.middle(first), rota.middle(second), reason="Parental leave")
    one, two = requests_of(rota, absence)
    assert (one["starts_at"], one["ends_at"]) == (absence["starts_at"], first["ends_at"])
    assert (two["starts_at"], two["ends_at"]) == (second["starts_at"], absence["ends_at"])
    assert {r["status"] for r in (one, two)} == {"open"} and one["message"] == "Parental leave"
    rota.server.settle()
    assert rota.world.told("ben") == 1, "once for all"
    rota.take(one, "dan")
    rota.server.api("DELETE", f"absences/{absence['id']}")
    assert [r["status"] for r in requests_of(rota, absence)] == ["taken", "cancelled"]


def test_a_moved_absence_asks_anew(rota):
    first = rota.turns["ann"][0]
    absence = absences(rota, "ann", rota.middle(first), rota.middle(first) + HOUR)
    rota.server.change("absences", absence["id"], ends_at=text(rota.middle(first) + 2 * HOUR))
    old, new = sorted(requests_of(rota, absence), key=lambda r: r["id"])
    assert (old["status"], new["status"]) == ("cancelled", "open")
    assert new["ends_at"] == text(rota.middle(first) + 2 * HOUR)


def test_a_schedule_that_passes_over_who_is_away_asks_nobody(rota):
    rota.edit(skip_absent=True)
    first = rota.turns["ann"][0]
    absence = absences(rota, "ann", rota.middle(first), rota.middle(first) + HOUR)
    assert requests_of(rota, absence) == []
    assert rota.who(rota.middle(first)) == "ben"


def test_requests_go_with_their_schedule(rota):
    request = rota.ask("ann")
    rota.server.api("DELETE", rota.path)
    assert rota.server.try_api("GET", f"cover-requests/{request['id']}").status == 404


# The client.

def test_the_client_asks_accepts_and_takes_back(rota):
    def tocsin(*words):
        done = run("oncall", *words, "--data", rota.server.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shift, slug = rota.turns["ann"][0], rota.made["slug"]
    said = tocsin("cover", slug, "--from", shift["starts_at"], "--until", shift["ends_at"], "--user", rota.people["ann"]["email"], "--message", "Dentist")
    [request] = rota.server.items("cover-requests", schedule_id=rota.made["id"])
    assert request["id"] in said and request["message"] == "Dentist"
    tocsin("accept", request["id"], "--user", rota.people["dan"]["email"])
    shown = tocsin("shifts", slug, "--from", shift["starts_at"], "--until", shift["ends_at"])
    assert rota.people["dan"]["name"] in shown and f"cover of {rota.people['ann']['name']}" in shown
    tocsin("undo", request["id"])
    tocsin("cancel", request["id"])
    assert rota.get(request)["status"] == "cancelled" and rota.overrides() == []
    tocsin("restore", slug, "--version", "1")
    assert len(rota.server.get(rota.path)["layers"][0]["members"]) == 3
