"""Stories as tables: time | event | what holds it | whom it was told. The clock is turned from line to line.

     0:00 | fire disk severity=warning        | disk -              | ann 1
     1:00 | silence s severity=warning 10m    | disk silence        |
     6:00 |                                   |                     | ann 1, bob 0
    11:01 |                                   | disk -              | ann 2

Times are minutes:seconds from the start. "held" lists keys with the reasons of their holds ("a silence+snooze, b -"), and with a status
in brackets when it matters ("a - [resolved]") and its count of firing events ("x2"). "told" counts from the start; "incidents 2" counts the
incidents of the alerts. Every line is a fact: what is not said is not looked at.
"""

import datetime
import re
import shlex


def seconds(text):
    minutes, rest = text.split(":")
    return int(minutes) * 60 + int(rest)


def length(text):
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]


MATCHER = re.compile(r"^([\w./]+)(=~|!~|!=|=)(.*)$")


class Story:
    def __init__(self, world):
        self.world, self.server, self.at = world, world.server, 0
        self.made = {}  # name -> (plural, row)
        self.base = {}
        self.start = None

    # Time: the server's clock, read where it writes one down.

    def now(self):
        if self.start is None:
            probe = self.server.make("silences", matchers=[{"name": "no-such-label", "value": "x"}], until_resolved=True)
            self.server.api("DELETE", "silences/" + probe["id"])
            self.start = datetime.datetime.fromisoformat(probe["starts_at"].replace("Z", "+00:00")) - datetime.timedelta(seconds=self.at)
        return self.start + datetime.timedelta(seconds=self.at)

    def time(self, offset_s):
        return (self.now() + datetime.timedelta(seconds=offset_s)).isoformat().replace("+00:00", "Z")

    # Events.

    def fire(self, key, *words):
        fields = {"labels": {}}
        for word in words:
            if re.fullmatch("p[1-4]", word):
                fields["priority"] = word
            elif word.startswith("title="):
                fields["title"] = word[6:]
            elif word.startswith("at=-"):
                fields["occurred_at"] = self.time(-length(word[4:]))
            else:
                name, value = word.split("=", 1)
                fields["labels"][name] = value
        self.world.fire(key, **fields)

    def resolve(self, key, at=None):
        self.world.resolve(key, **({"occurred_at": self.time(-length(at[4:]))} if at else {}))

    def verb_on(self, key, verb, **body):
        self.server.verb("alerts", self.world.alert(key)["id"], verb, **body)

    def ack(self, key):
        self.verb_on(key, "acknowledge")

    def unack(self, key):
        self.verb_on(key, "unacknowledge")

    def dismiss(self, key):
        self.verb_on(key, "dismiss")

    def close(self, key):
        self.verb_on(key, "resolve")

    def snooze(self, key, much):
        self.verb_on(key, "snooze", for_s=length(much))

    def label(self, key, *pairs):
        alert = self.world.alert(key)
        self.server.change("alerts", alert["id"], labels={**alert["labels"], **dict(pair.split("=", 1) for pair in pairs)})

    def matchers(self, words):
        return [{"name": m[1], "op": m[2], "value": m[3]} for m in map(MATCHER.match, words) if m]

    def silence(self, name, *words):
        """NAME MATCHER... LENGTH [in LENGTH] [until-resolved] [idle] [no-end]"""
        words, fields = list(words), {}
        fields["integration_id"] = self.world.source["id"]
        starts = 0
        if "in" in words:
            place = words.index("in")
            starts = length(words[place + 1])
            fields["starts_at"] = self.time(starts)
            del words[place:place + 2]
        for word in list(words):
            if word == "until-resolved":
                fields["until_resolved"] = True
            elif word == "idle":
                fields["expires_when_idle"] = True
            elif re.fullmatch(r"\d+[smhd]", word):
                fields["ends_at"] = self.time(starts + length(word))
        if words[0].startswith("when:"):
            fields["when"] = words[0][5:]
        else:
            fields["matchers"] = self.matchers(words)
        self.made[name] = ("silences", self.server.make("silences", **fields))

    def window(self, name, *words):
        """NAME LENGTH [in LENGTH] [service SLUG | MATCHER...]; without: the integration."""
        words, fields, starts = list(words), {}, 0
        if "in" in words:
            place = words.index("in")
            starts = length(words[place + 1])
            del words[place:place + 2]
        if "service" in words:
            place = words.index("service")
            fields["service_ids"] = [words[place + 1]]
            del words[place:place + 2]
        much = length(words.pop(0))
        matchers = self.matchers(words)
        if matchers:
            fields["matchers"] = matchers
        if not matchers and "service_ids" not in fields:
            fields["integration_ids"] = [self.world.source["id"]]
        made = self.server.make("maintenance-windows", name=f"{name} {self.world.name}", starts_at=self.time(starts),
                                ends_at=self.time(starts + much), **fields)
        self.made[name] = ("maintenance-windows", made)

    def end(self, name):
        plural, row = self.made[name]
        self.server.verb(plural, row["id"], "end")

    def delete(self, name):
        plural, row = self.made[name]
        self.server.api("DELETE", f"{plural}/{row['id']}")

    def edit(self, name, *words):
        plural, row = self.made[name]
        self.server.change(plural, row["id"], matchers=self.matchers(words))

    def move(self, name, much):
        """The end is now in so long."""
        plural, row = self.made[name]
        self.server.change(plural, row["id"], ends_at=self.time(length(much)))

    def rule(self, name, when, action, *words):
        self.made[name] = ("alert-rules", self.world.rule(self.world.source, when, {"type": action, **dict(
            (name, int(value) if value.isdigit() else value.split(",")) for name, value in (word.split("=") for word in words))}))

    def quiet(self, how):
        """on, off: the integration's quiet mode."""
        self.server.change("integrations", self.world.source["id"], quiet=how == "on")

    def inhibit(self, name, source, target, *words):
        """NAME 'SOURCE MATCHERS' 'TARGET MATCHERS' [equal=a,b | all] [missing] [wait=N] [release=N]"""
        fields = {"source": self.matchers(source.split()), "target": self.matchers(target.split())}
        for word in words:
            if word == "all":
                fields["scope"] = "all"
            elif word == "missing":
                fields["missing_equal"] = True
            elif word.startswith("equal="):
                fields["equal"] = word[6:].split(",")
            else:
                what, number = word.split("=")
                fields[what + "_s"] = int(number)
        made = self.server.make("inhibition-rules", name=f"{name} {self.world.name}", **fields)
        self.made[name] = ("inhibition-rules", made)

    def restart(self, *_):
        self.server.stop()
        self.server.start()

    def kill(self, *_):
        self.server.kill()
        self.server.start()

    # The table.

    def play(self, table):
        try:
            self.now()
            for line in table.strip().splitlines():
                line = line.strip()
                if line and not line.startswith("#"):
                    self.line(line)
        finally:
            self.forget()

    def line(self, line):
        at, event, held, told = ([part.strip() for part in line.split("|")] + ["", "", ""])[:4]
        if seconds(at) > self.at:
            self.server.turn(f"{seconds(at) - self.at}s")
            self.at = seconds(at)
        for one in filter(None, (part.strip() for part in event.split(";"))):
            words = shlex.split(one)
            getattr(self, words[0])(*words[1:])
            self.server.settle()
        for part in filter(None, (part.strip() for part in held.split(","))):
            self.check_held(line, part)
        for part in filter(None, (part.strip() for part in told.split(","))):
            name, count = part.split()
            if name == "incidents":
                have = {alert["incident_id"] for alert in self.world.alerts() if alert["incident_id"]}
                assert len(have) == int(count), f"{line}\n{have}"
                continue
            assert self.world.told(name) == int(count), f"{line}\n{name} was told {self.world.told(name)} times"

    def check_held(self, line, part):
        key, reasons, *rest = part.split()
        alert = self.world.alert(key)
        have = "+".join(sorted({hold["reason"] for hold in alert["holds"]})) or "-"
        assert have == ("+".join(sorted(reasons.split("+")))), f"{line}\n{key} is held by {alert['holds']}"
        for fact in rest:
            have = f"x{alert['count']}" if fact[0] == "x" else f"[{alert['status']}]"
            assert have == fact, f"{line}\n{key} is {have}"

    def forget(self):
        """What it made does not hold the alerts of the tests behind it."""
        for plural, row in self.made.values():
            self.server.try_api("DELETE", f"{plural}/{row['id']}")
