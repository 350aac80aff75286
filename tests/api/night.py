"""Whole nights as text: time, what happens, who must be told by it or since the line before.

    00:00     fire disk p1      ann
    05:00     -                 bob
    05:20     ack ann           -
    1:05:20   -                 ann bob

Times are MM:SS or H:MM:SS since the beginning. Whoever is not named must not have been told; a name twice: told twice. A
name is a webhook of the world: that of a person, or another method (`ann.phone`).
"""

import re


def seconds(text):
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


class Night:
    """Verbs: fire KEY [p1..p4] [label=value], resolve KEY, ack PERSON [KEY], extend PERSON, escalate [KEY], snooze KEY; `-`: time passes."""

    def __init__(self, world, **moves):
        self.world, self.moves, self.now, self.last = world, moves, 0, {}

    def play(self, text):
        for number, line in enumerate(text.strip().splitlines(), 1):
            if not line.strip():
                continue
            time, rest = line.strip().split(None, 1)
            event, _, told = re.split(r"(\s{2,})", rest + "   -", maxsplit=1)
            told = sorted(told.strip().removesuffix("-").split())
            self.advance(seconds(time))
            self.act(event)
            self.world.server.settle()
            assert self.news() == told, f"line {number}, {line.strip()}: told {self.news_before}, not {told}"

    def advance(self, to):
        """In steps, as time passes: a ladder counts each wait from when the one before was over."""
        while to > self.now:
            step = min(to - self.now, 60 if to - self.now < 3600 else 300)
            self.world.server.turn(f"{step}s")
            self.now += step

    def names(self):
        prefix = f"/{self.world.name}/"
        return [r.path[len(prefix):] for r in self.world.sink.requests if r.path.startswith(prefix)]

    def news(self):
        names = self.names()
        seen = getattr(self, "seen", 0)
        self.seen = len(names)
        self.news_before = sorted(names[seen:])
        return self.news_before

    def link(self, person, action):
        from world import ack_url
        answer = self.world.server.http("POST", ack_url(self.world.calls(person)[-1]), f"action={action}",
                                        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})
        assert answer.status == 200, answer

    def act(self, event):
        words = event.split()
        verb, rest = words[0], words[1:]
        if verb in self.moves:
            self.moves[verb](*rest)
        elif verb == "fire":
            labels = dict(word.split("=", 1) for word in rest[1:] if "=" in word)
            priority = next((word for word in rest[1:] if "=" not in word), None)
            self.world.fire(rest[0], **({"priority": priority} if priority else {}), **({"labels": labels} if labels else {}))
        elif verb == "resolve":
            self.world.resolve(rest[0])
        elif verb == "ack":
            self.link(rest[0], "acknowledge")
        elif verb == "extend":
            self.link(rest[0], "extend")
        elif verb == "escalate":
            self.world.server.verb("pages", self.world.page(self.world.alert(rest[0]))["id"], "escalate")
        elif verb == "note":
            self.world.server.verb("alerts", self.world.alert(rest[0])["id"], "note", text="looking")
        else:
            assert verb == "-", f"no such verb: {event}"
