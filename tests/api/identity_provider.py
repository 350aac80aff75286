"""A provider of OpenID Connect for tests: says what it is told, rightly signed or not. Keys and signatures by the openssl
command, so that nothing of ours is on both sides.

    double = IdentityProvider(sink)
    made = server.make("identity-providers", name="Double", issuer=double.issuer, client_id="tocsin", client_secret="s")
    trip = Trip(server, double, made).begin(to="/alerts")
    double.give(trip, email="ann@example.org", email_verified=True)
    answer = trip.finish()
"""

import base64
import hashlib
import itertools
import json
import pathlib
import re
import subprocess
import time
import urllib.parse

from http_sink import Answer as SinkAnswer
from http_sink import reply

NUMBERS = itertools.count(1)


def url64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def openssl(*words, stdin=b""):
    done = subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


class Key:
    def __init__(self, folder, kind, kid):
        self.kind, self.kid, self.path = kind, kid, pathlib.Path(folder) / f"{kid}.pem"
        options = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "RSA" else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        openssl("genpkey", "-algorithm", *options, "-out", self.path)

    @property
    def algorithm(self):
        return "RS256" if self.kind == "RSA" else "ES256"

    @property
    def public(self):
        if self.kind == "RSA":
            modulus = re.search(r"Modulus=([0-9A-F]+)", openssl("rsa", "-in", self.path, "-noout", "-modulus").decode())[1]
            members = {"n": url64(bytes.fromhex(modulus)), "e": "AQAB"}
        else:
            point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
            members = {"crv": "P-256", "x": url64(point[:32]), "y": url64(point[32:])}
        return {"kty": self.kind, "kid": self.kid, "use": "sig", "alg": self.algorithm, **members}

    def sign(self, text):
        raw = openssl("dgst", "-sha256", "-sign", self.path, stdin=text)
        if self.kind == "RSA":
            return raw
        numbers, at = [], 2  # DER: a sequence of two whole numbers
        for _ in range(2):
            size = raw[at + 1]
            numbers.append(raw[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
            at += 2 + size
        return b"".join(numbers)


class IdentityProvider:
    def __init__(self, sink, keys):
        self.sink, self.keys, self.name = sink, keys, f"idp{next(NUMBERS)}"
        self.issuer = f"{sink.url}/{self.name}"
        self.document = {
            "issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize", "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/keys", "userinfo_endpoint": self.issuer + "/userinfo",
        }
        sink.handle(f"/{self.name}/.well-known/openid-configuration", lambda _: reply(200, self.document))
        sink.handle(f"/{self.name}/keys", lambda _: reply(200, {"keys": [key.public for key in keys]}))

    def answers(self, path, answer: SinkAnswer):
        self.sink.handle(f"/{self.name}/{path}", lambda _: answer)

    def claims(self, trip, **claims):
        now = int(time.time() + trip.server.turned_s)
        usual = {"iss": self.issuer, "aud": "tocsin", "sub": "subject-1", "iat": now, "exp": now + 300, "nonce": trip.nonce}
        return {name: value for name, value in {**usual, **claims}.items() if value is not ...}

    def token(self, claims, key=None, header=None, signature=None):
        key = key or self.keys[0]
        header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
        text = f"{url64(json.dumps(header).encode())}.{url64(json.dumps(claims).encode())}"
        return f"{text}.{url64(key.sign(text.encode()) if signature is None else signature)}"

    def give(self, trip, key=None, **claims):
        self.give_token(self.token(self.claims(trip, **claims), key))

    def give_token(self, token):
        self.answers("token", reply(200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token}))

    def asked(self, path):
        return [request for request in self.sink.requests if request.path == f"/{self.name}/{path}"]


class Trip:
    """One browser's way there and back."""

    def __init__(self, server, double, provider):
        self.server, self.double, self.provider = server, double, provider

    def begin(self, to="/"):
        answer = self.server.http("GET", f"/sign-in/start/{self.provider['id']}?" + urllib.parse.urlencode({"to": to}))
        assert answer.status == 303, answer
        where = urllib.parse.urlsplit(answer.headers["location"])
        self.sent = dict(urllib.parse.parse_qsl(where.query))
        self.there = where._replace(query="").geturl()
        self.nonce, self.state = self.sent["nonce"], self.sent["state"]
        self.cookie = answer.headers["set-cookie"]
        return self

    def finish(self, code="the-code", state=None, cookie=None, **more):
        query = urllib.parse.urlencode({"code": code, "state": self.state if state is None else state, **more})
        head = {"Cookie": self.cookie.split(";")[0] if cookie is None else cookie, "Accept": "text/html"}
        return self.server.http("GET", f"/sign-in/callback?{query}", headers=head)


def challenge_of(verifier):
    return url64(hashlib.sha256(verifier.encode()).digest())
