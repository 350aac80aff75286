"""Two holds on one alert, whatever they are and in whichever order they end: the first end wakes nobody, the last one somebody, once.

Flapping, which needs a history, has its own stories (test_flapping.py)."""

import pytest

from test_quiet import matcher


class Silence:
    reason = "silence"

    def begin(self, world, _seconds):
        self.row = world.server.make("silences", matchers=[matcher("team", "db")], integration_id=world.source["id"], for_s=86400)

    def end(self, world):
        world.server.verb("silences", self.row["id"], "end")


class Window:
    reason = "maintenance"

    def begin(self, world, _seconds):
        self.row = world.server.make("maintenance-windows", name=f"W {world.source['name']}", integration_ids=[world.source["id"]], for_s=86400, announce_before_s=0)

    def end(self, world):
        world.server.verb("maintenance-windows", self.row["id"], "end")


class Inhibition:
    reason = "inhibition"

    def begin(self, world, _seconds):
        self.row = world.server.make("inhibition-rules", name=f"I {world.source['name']}", scope="all", release_s=0, source=[matcher("above", world.name)],
                                     target=[matcher("below", world.name)])
        world.fire("source", integration=world.other, labels={"above": world.name})

    def end(self, world):
        world.resolve("source", integration=world.other)


class Suppress:
    reason = "suppressed"

    def begin(self, world, _seconds):
        self.row = world.rule(world.source, "true", {"type": "suppress"})

    def end(self, world):
        world.server.change("alert-rules", self.row["id"], enabled=False)


class QuietMode:
    reason = "quiet"

    def begin(self, world, _seconds):
        world.server.change("integrations", world.source["id"], quiet=True)

    def end(self, world):
        world.server.change("integrations", world.source["id"], quiet=False)
        world.fire("a", labels=LABELS(world))  # turning it off lets nothing go; an event after that does


class Pause:
    reason = "pause"

    def begin(self, world, seconds):
        self.seconds = seconds
        world.rule(world.source, "true", {"type": "pause", "for_s": seconds})

    def end(self, world):
        world.server.turn(f"{self.seconds + 1}s")


class Snooze(Pause):
    reason = "snooze"

    def begin(self, world, seconds):
        self.seconds = seconds

    def after(self, world):
        world.server.verb("alerts", world.alert("a")["id"], "snooze", for_s=self.seconds)


KINDS = [Silence, Window, Inhibition, Suppress, QuietMode, Pause, Snooze]


def LABELS(world):
    return {"team": "db", "below": world.name}


@pytest.mark.parametrize("first", KINDS, ids=lambda kind: kind.reason)
def test_the_last_end_pages_once(world, first):
    world.usual()
    world.other = world.integration(world.policy([world.user("other")]))
    for last in KINDS:
        if last is not first:
            world.source = world.integration(world.chain)
            play(world, first(), last())


def play(world, first, last):
    before, pair = world.told("ann"), f"{first.reason}, then {last.reason}"
    for hold, seconds in ((first, 120), (last, 1200)):
        hold.begin(world, seconds)
    world.server.settle()
    world.fire("a", labels=LABELS(world))
    for hold in (first, last):
        getattr(hold, "after", lambda _world: None)(world)
    world.server.settle()
    assert {h["reason"] for h in world.alert("a")["holds"]} == {first.reason, last.reason} and world.told("ann") == before, pair
    first.end(world)
    world.server.settle()
    assert [h["reason"] for h in world.alert("a")["holds"]] == [last.reason] and world.told("ann") == before, pair
    last.end(world)
    world.server.settle()
    assert world.alert("a")["holds"] == [] and world.told("ann") == before + 1, pair
    world.server.verb("alerts", world.alert("a")["id"], "resolve")
    for hold in (first, last):
        if isinstance(hold, (Silence, Window, Inhibition)):
            plural = {"silence": "silences", "maintenance": "maintenance-windows", "inhibition": "inhibition-rules"}[hold.reason]
            world.server.api("DELETE", f"{plural}/{hold.row['id']}")
