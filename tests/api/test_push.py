"""Web Push against a double of a browser and its push service: it decrypts as RFC 8291 says, and checks who signed."""

import base64
import json
import os
import time

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from http_sink import drop, reply
from world import find_link


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mac(key, text):
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text)
    return made.finalize()


class Browser:
    """One subscription; its push service is a path of the sink."""

    def __init__(self, world):
        self.world, self.server = world, world.server
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.path = f"/{world.name}/push/abc"
        self.address = json.dumps({"endpoint": world.sink.url + self.path, "keys": {"p256dh": b64(self.public(self.key)), "auth": b64(self.auth)}},
                                  separators=(",", ":"))
        self.ann = world.user("ann")
        [self.hook] = [m for m in self.server.items("contact-methods", user_id=self.ann["id"])if m["kind"] == "webhook"]
        self.method = world.method(self.ann, "push", self.address)
        world.steps(self.ann, [(0, [self.method]), (300, [self.hook])])
        world.source = world.integration(world.policy([self.ann], wait_s=3600, repeat=0))

    @staticmethod
    def public(key):
        return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def calls(self):
        return [r for r in self.world.sink.requests if r.path == self.path]

    def read(self, request):
        salt, size, length = request.body[:16], int.from_bytes(request.body[16:20], "big"), request.body[20]
        sender, sealed = request.body[21:21 + length], request.body[21 + length:]
        assert (size, length) == (4096, 65) and len(request.body) <= 4096
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = mac(mac(self.auth, shared), b"WebPush: info\0" + self.public(self.key) + sender + b"\1")
        base = mac(salt, secret)
        plain = AESGCM(mac(base, b"Content-Encoding: aes128gcm\0\1")[:16]).decrypt(mac(base, b"Content-Encoding: nonce\0\1")[:12], sealed, None)
        assert plain[-1:] == b"\2"
        return json.loads(plain[:-1])

    def signer(self, request):
        """Who is it from? Checks the signature; the claims."""
        scheme, _, rest = request.headers["authorization"].partition(" ")
        token, key = (part.split("=", 1)[1] for part in rest.split(", "))
        head, claims, signature = token.split(".")
        r, s = (int.from_bytes(part, "big") for part in (raw(signature)[:32], raw(signature)[32:]))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key))
        public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        assert scheme == "vapid" and json.loads(raw(head)) == {"alg": "ES256", "typ": "JWT"}
        return key, json.loads(raw(claims))

    def notification(self, key="disk"):
        page = self.world.page(self.world.alert(key))
        return next(n for n in self.world.notifications(page) if n["kind"] == "push")


@pytest.fixture
def browser(world):
    yield Browser(world)
    world.sink.usual()


def channel(server):
    return next(c for c in server.items("channels") if c["name"] == "push")


def test_a_page_arrives_encrypted_and_is_acknowledged_by_its_link(browser):
    browser.world.sink.script(browser.path, reply(201, ""))
    browser.world.fire("disk", title="Größe & <Maß>", priority="p1")
    [request] = browser.calls()
    told = browser.read(request)
    assert "Größe & <Maß>" in told["title"] and told["urgency"] == "high"
    assert (request.headers["urgency"], request.headers["content-encoding"]) == ("high", "aes128gcm") and int(request.headers["ttl"]) == 3600
    page = browser.world.page(browser.world.alert("disk"))
    assert request.headers["topic"] == told["tag"] == page["id"] and len(page["id"]) <= 32
    assert "Maß".encode() not in request.body
    assert browser.notification()["status"] == "sent"
    answer = browser.server.http("POST", find_link(told["ack_url"]), "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200 and browser.world.alert("disk")["status"] == "acknowledged"


def test_it_is_signed_by_the_key_that_browsers_subscribe_to_also_after_a_restart(browser):
    key = channel(browser.server)["public_key"]
    browser.server.stop()
    browser.server.start()
    assert channel(browser.server)["public_key"] == key and len(raw(key)) == 65
    browser.world.fire("disk", priority="p1")
    signed_by, claims = browser.signer(browser.calls()[0])
    assert signed_by == key and claims["aud"] == browser.world.sink.url and claims["sub"] == "https://tocsin.example.org"
    assert 0 < claims["exp"] - time.time() <= 24 * 3600


@pytest.mark.parametrize("status, body, broken", [(410, "", True), (404, "", True), (403, "the credentials do not correspond to the subscription", True),
                                                  (413, "too large", False)])
def test_a_subscription_that_is_gone_is_not_used_again(browser, status, body, broken):
    browser.world.sink.script(browser.path, reply(status, body))
    browser.world.fire("disk", priority="p1")
    assert browser.notification()["status"] == "failed"
    assert bool(browser.server.get(f"contact-methods/{browser.method['id']}")["broken"]) == broken
    assert len([r for r in browser.world.calls("ann") if r.json["purpose"] == "page"]) == 1, "the next step starts at once"
    browser.world.resolve("disk")
    browser.server.turn("61s")
    browser.world.fire("two", priority="p1")
    assert len(browser.calls()) == (1 if broken else 2)


@pytest.mark.parametrize("answer, repeated", [(reply(429, "slow", headers={"Retry-After": "2"}), False), (reply(503, "x"), True), (drop(), True)], ids=["429", "503", "cut"])
def test_a_service_that_stumbles_is_tried_again(browser, answer, repeated):
    browser.world.sink.script(browser.path, answer, reply(201, ""))
    browser.world.fire("disk", priority="p1")
    browser.server.turn("10s")
    first, second = browser.calls()
    assert browser.notification()["status"] == "sent" and first.body[:16] != second.body[:16] and first.body[21:86] != second.body[21:86]
    assert ("may be repeated" in browser.read(second)["title"]) == repeated


def test_a_long_message_fits(browser):
    browser.world.fire("disk", title="ü" * 400, description="\"\n" * 3000, priority="p1")
    assert len(browser.read(browser.calls()[0])["body"]) <= 2000


def test_a_browser_proves_itself_and_nonsense_is_refused(browser):
    server = browser.server
    key = server.make("api-keys", name=f"Ann {browser.world.name}", user_id=browser.ann["id"], scopes=["*"])["key"]
    other = Browser.public(ec.generate_private_key(ec.SECP256R1()))
    address = json.dumps({"endpoint": browser.world.sink.url + "/other", "keys": {"p256dh": b64(other), "auth": b64(os.urandom(16))}}, separators=(",", ":"))
    body = {"user_id": browser.ann["id"], "kind": "push", "address": address, "label": "Phone", "verified": True}
    assert server.try_api("POST", "contact-methods", body, key=key).json["verified"] is True
    for wrong in ("https://example.org", "{}", address.replace("p256dh", "p256"), address.replace(b64(other), b64(b"\4" + b"x" * 64))):
        answer = server.try_api("POST", "contact-methods", {**body, "address": wrong}, key=key)
        assert answer.status in (400, 422) and answer.json["errors"][0]["pointer"] == "/address", (wrong, answer.json)
