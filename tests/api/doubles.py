"""Doubles of providers: a connector of one channel, whose provider is a path of the sink."""

import functools

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from http_sink import reply

PHONE = "+4915112345678"


@functools.cache
def key_pair():
    return rsa.generate_private_key(65537, 2048)


def private_key():
    return key_pair().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


class Double:
    """A connector of one channel, whose provider is a path of the sink; Ann has a method of its kind and a webhook behind it."""

    def __init__(self, world, channel, kind, address, path, secret, **settings):
        self.world, self.server, self.kind, self.channel = world, world.server, kind, channel
        self.base, self.others, self.left = f"/{world.name}/{channel}", [], []
        self.path, self.secret = self.base + path, secret
        self.address = address
        if channel in CHECKS:
            world.sink.handle(self.base + CHECKS[channel][0], lambda request: reply(200, CHECKS[channel][1]))
        body = {"name": f"{channel} {world.name}", "channel": channel, "settings": settings}
        if not callable(secret) and "url" in {s["name"] for s in self.facts(channel)["settings"]}:  # else the secret is the URL
            body["settings"]["url"] = world.sink.url + self.base
        self.connector = self.server.make("connectors", secret=secret(world.sink.url + self.path) if callable(secret) else secret, **body) if channel != "teams" else None
        self.ann = world.user("ann")
        [self.hook] = [m for m in self.server.items("contact-methods", user_id=self.ann["id"]) if m["kind"] == "webhook"]
        self.method = world.method(self.ann, kind, address(world.sink.url + self.path) if callable(address) else address)
        world.steps(self.ann, [(0, [self.method]), (300, [self.hook])])
        world.source = world.integration(world.policy([self.ann], wait_s=3600, repeat=0))
        self.server.settle()  # the connector was asked whether it is well: some are at the path of messages

    def facts(self, channel):
        [found] = [c for c in self.server.items("channels") if c["name"] == channel]
        return found

    def calls(self):
        """Messages: not what it was asked daily."""
        return [r for r in self.world.sink.requests if (r.path == self.path or r.path.startswith(self.path + "/"))
                and r.method != "GET" and b"GetSMSAttributes" not in r.body]

    def script(self, *answers):
        if self.channel == "matrix":  # each message has a path of its own below this one
            self.left.extend(answers)
            self.world.sink.handle(self.path + "/*", self.next)
        else:
            self.world.sink.script(self.path, *answers)

    def next(self, request):
        answer = self.left[0]
        if answer.times is not None:
            answer.times -= 1
            if answer.times <= 0:
                self.left.pop(0)
        return answer

    def from_now(self, *answers):
        """These instead of what was scripted."""
        self.world.sink.forget(self.path)
        self.script(*answers)

    def fire(self, key="disk", **fields):
        self.world.fire(key, **fields)

    def notification(self, key="disk", kind=None):
        found = [n for n in self.world.notifications(self.world.page(self.world.alert(key))) if n["kind"] == (kind or self.kind)]
        return found[0]

    def close(self):
        for connector in [self.connector, *self.others]:
            if connector:
                self.server.api("DELETE", f"connectors/{connector['id']}")


OK = {
    "telegram": reply(200, {"ok": True, "result": {"message_id": 77}}, times=None),
    "slack": reply(200, {"ok": True, "channel": "D1", "ts": "17.1"}, times=None),
    "mattermost": reply(200, "ok", times=None),
    "teams": reply(202, "", times=None),
    "matrix": reply(200, {"event_id": "$e"}, times=None),
    "signal": reply(201, {"timestamp": "1700000000000"}, times=None),
    "pushover": reply(200, {"status": 1, "request": "rq", "receipt": "rc"}, times=None),
    "twilio_sms": reply(201, {"sid": "SM1", "status": "queued"}, times=None),
    "twilio_voice": reply(201, {"sid": "CA1", "status": "queued"}, times=None),
    "vonage_voice": reply(201, {"uuid": "U1", "status": "started"}, times=None),
    "aws_sns": reply(200, "<PublishResponse><PublishResult><MessageId>M1</MessageId></PublishResult></PublishResponse>", times=None),
    "vonage_sms": reply(200, {"message-count": "1", "messages": [{"status": "0", "message-id": "V1"}]}, times=None),
}
PROVIDER_ID = {"telegram": "77", "slack": "D1/17.1", "matrix": "$e", "signal": "1700000000000", "pushover": "rc", "twilio_sms": "SM1",
               "twilio_voice": "CA1", "vonage_sms": "V1", "vonage_voice": "U1", "aws_sns": "M1"}
# What a provider is asked daily, and what it says when it takes us.
CHECKS = {
    "telegram": ("/botSECRET/getMe", {"ok": True}), "slack": ("/api/auth.test", {"ok": True}),
    "matrix": ("/_matrix/client/v3/account/whoami", {"user_id": "@t:example.org"}), "pushover": ("/1/apps/limits.json", {"status": 1}),
    "twilio_sms": ("/2010-04-01/Accounts/AC1.json", {"status": "active"}), "twilio_voice": ("/2010-04-01/Accounts/AC1.json", {"status": "active"}),
    "vonage_voice": ("/v1/calls", {"count": 0}),
}
MAKE = {
    "telegram": lambda w: Double(w, "telegram", "telegram", "123456789", "/botSECRET/sendMessage", "SECRET"),
    "slack": lambda w: Double(w, "slack", "slack", "U012AB3CD", "/api/chat.postMessage", "xoxb-1"),
    "mattermost": lambda w: Double(w, "mattermost", "mattermost", "@ann", "/hooks/abc", lambda url: url),
    "teams": lambda w: Double(w, "teams", "teams", lambda url: url, "/workflows/1", None),
    "matrix": lambda w: Double(w, "matrix", "matrix", "!room:example.org", "/_matrix/client/v3/rooms/!room:example.org/send/m.room.message", "mx"),
    "signal": lambda w: Double(w, "signal", "signal", PHONE, "/v2/send", None, number="+4930111"),
    "pushover": lambda w: Double(w, "pushover", "pushover", "u" * 30, "/1/messages.json", "app"),
    "twilio_sms": lambda w: Double(w, "twilio_sms", "sms", PHONE, "/2010-04-01/Accounts/AC1/Messages.json", "token", account="AC1", **{"from": "+4930111"}),
    "twilio_voice": lambda w: Double(w, "twilio_voice", "voice", PHONE, "/2010-04-01/Accounts/AC1/Calls.json", "token", account="AC1", **{"from": "+4930111"}),
    "vonage_voice": lambda w: Double(w, "vonage_voice", "voice", PHONE, "/v1/calls", private_key(), application="app-1", **{"from": "+4930111"}),
    "aws_sns": lambda w: Double(w, "aws_sns", "sms", PHONE, "/", "sns secret/+", region="eu-central-1", key_id="AKIATEST"),
    "vonage_sms": lambda w: Double(w, "vonage_sms", "sms", PHONE, "/sms/json", "vsecret", key="vkey", **{"from": "Tocsin"}),
}


@pytest.fixture
def make(world):
    made = []

    def build(channel):
        made.append(MAKE[channel](world))
        return made[-1]

    yield build
    for one in made:
        one.close()
    world.sink.usual()


def second_sms(double, position=1):
    """Another provider of SMS, and what it was called with."""
    path = f"/{double.world.name}/other"
    other = double.server.make("connectors", name=f"Other {double.world.name}", channel="vonage_sms", position=position, secret="v",
                               settings={"url": double.world.sink.url + path, "key": "k", "from": "T"})
    double.others.append(other)
    double.world.sink.script(path + "/sms/json", OK["vonage_sms"])
    return other, lambda: [r for r in double.world.sink.requests if r.path == path + "/sms/json"]
