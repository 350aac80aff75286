"""Signing in by OpenID Connect, against a provider that lies in every way: who is let in, as what, and what is said."""

import base64
import json
import re

import pytest
from http_sink import drop, reply
from identity_provider import IdentityProvider, Key, Trip, challenge_of, url64
from tocsin import Tocsin


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {name: Key(folder, kind, name) for name, kind in (("rsa", "RSA"), ("ec", "EC"), ("foreign", "RSA"))}


@pytest.fixture(scope="module")
def server(tmp_path_factory):  # not the shared one: its audit and its owners are looked at
    made = Tocsin(tmp_path_factory.mktemp("oidc") / "data")
    made.init()
    made.start()
    yield made
    made.kill() if made.busy else made.stop()


@pytest.fixture
def double(sink, keys):
    return IdentityProvider(sink, [keys["rsa"], keys["ec"]])


@pytest.fixture
def provider(server, double):
    return make(server, double)


def make(server, double, **fields):
    return server.make("identity-providers", name=double.name, issuer=double.issuer, client_id="tocsin", client_secret="hush hush/+", **fields)


@pytest.fixture
def trip(server, double, provider):
    return Trip(server, double, provider).begin(to="/alerts?q=1")


@pytest.fixture
def ann(server, double):
    return server.make("users", name="Ann", email=f"ann.{double.name}@example.org", role="responder")


def cookie_of(answer):
    return next(line for line in answer.headers["set-cookie"].split(", ") if line.startswith("tocsin_session="))


def me(server, answer):
    seen = server.http("GET", "/api/v1/me", headers={"Cookie": cookie_of(answer).split(";")[0]})
    assert seen.status == 200, seen
    return seen.json


def let_in(server, double, provider, **claims):
    trip = Trip(server, double, provider).begin()
    double.give(trip, **claims)
    return trip.finish()


def verified(user, **more):
    return {"email": user["email"].upper(), "email_verified": True, **more}


def refused(answer, status, *words):
    assert answer.status == status, answer
    assert "tocsin_session" not in answer.headers.get("set-cookie", "")
    assert answer.headers["content-type"].startswith("text/html") and "default-src 'none'" in answer.headers["content-security-policy"]
    said = re.search(r'role="alert">(.*?)</p>', answer.text, re.S)[1] + answer.text[answer.text.index("</p>"):]
    for word in words:
        assert word.lower() in said.lower().replace("&quot;", '"').replace("&#39;", "'"), (word, said)


def audit(server, **wanted):
    return server.get("audit", limit=20, sort="-id", **wanted)["items"]


# There.


def test_the_browser_is_sent_with_state_nonce_and_a_challenge(server, double, trip):
    assert trip.there == double.issuer + "/authorize"
    assert trip.sent["response_type"] == "code" and trip.sent["client_id"] == "tocsin" and trip.sent["scope"] == "openid email profile"
    assert trip.sent["redirect_uri"] == "https://tocsin.example.org/sign-in/callback"
    assert trip.sent["code_challenge_method"] == "S256" and len(trip.sent["code_challenge"]) == 43
    assert "HttpOnly" in trip.cookie and "SameSite=Lax" in trip.cookie and "Secure" in trip.cookie and "Path=/sign-in/" in trip.cookie
    for secret in (trip.nonce, trip.state):
        assert secret not in trip.cookie  # sealed


def test_the_sign_in_page_knows_the_providers(server, double, provider):
    off = server.make("identity-providers", name="Off", issuer=double.issuer, client_id="x", enabled=False)
    listed = server.http("GET", "/api/v1/sign-in/providers").json["items"]
    assert {"id": provider["id"], "name": double.name} in listed and off["id"] not in [one["id"] for one in listed]
    refused(server.http("GET", f"/sign-in/start/{off['id']}"), 404, "not there any more")
    refused(server.http("GET", "/sign-in/start/idp_nothing"), 404, "no way to sign in")


# Back.


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_verified_address_lets_its_person_in(server, double, trip, ann, keys, kind):
    double.give(trip, keys[kind], **verified(ann))
    answer = trip.finish()
    assert answer.status == 303 and answer.headers["location"] == "/alerts?q=1", answer
    assert "HttpOnly" in cookie_of(answer) and me(server, answer)["email"] == ann["email"]
    asked = double.asked("token")[0]
    assert challenge_of(asked.form["code_verifier"]) == trip.sent["code_challenge"] and asked.form["code"] == "the-code"
    assert base64.b64decode(asked.headers["authorization"].split()[1]) == b"tocsin:hush%20hush%2F%2B" and "client_secret" not in asked.form
    entry = next(e for e in audit(server) if e["verb"] == "sign_in")
    assert entry["object_id"] == ann["id"] and entry["after"]["provider"] == double.name and entry["after"]["linked"] is True


def test_the_account_counts_once_it_is_known(server, double, provider, ann):
    assert let_in(server, double, provider, **verified(ann)).status == 303
    # Another address, not verified: still the same account, still Ann.
    answer = let_in(server, double, provider, email="married@example.org")
    assert answer.status == 303 and me(server, answer)["email"] == ann["email"]
    # Her address was given to somebody else there: they do not become Ann.
    refused(let_in(server, double, provider, **verified(ann, sub="subject-2")), 403, "known here by another account")
    assert server.try_api("DELETE", f"users/{ann['id']}/identities").status == 204
    assert let_in(server, double, provider, **verified(ann, sub="subject-2")).status == 303


HOSTILE = {
    "alg none": (lambda d, c, k: d.token(c, header={"alg": "none"}, signature=b""), 401, 'signed with "none"'),
    "a symmetric algorithm": (lambda d, c, k: d.token(c, header={"alg": "HS256"}), 401, 'signed with "HS256"'),
    "no algorithm": (lambda d, c, k: d.token(c, header={"alg": None}), 401, "RS256 and ES256 are taken"),
    "another key's signature": (lambda d, c, k: d.token(c, k["foreign"], header={"kid": "rsa"}), 401, "signature of the ID token is wrong"),
    "the signature of another kind": (lambda d, c, k: d.token(c, k["rsa"], header={"kid": "ec", "alg": "ES256"}), 401, "signature of the ID token is wrong"),
    "a key of the wrong kind": (lambda d, c, k: d.token(c, k["ec"], header={"alg": "RS256"}), 401, "not in the provider's set"),
    "an unknown key": (lambda d, c, k: d.token(c, k["foreign"]), 401, 'key "foreign", which is not in'),
    "changed claims": (lambda d, c, k: ".".join([d.token(c).split(".")[0], url64(json.dumps({**c, "sub": "x"}).encode()), d.token(c).split(".")[2]]), 401, "signature"),
    "critical extensions": (lambda d, c, k: d.token(c, header={"crit": ["x"]}), 401, "extensions"),
    "another nonce": (lambda d, c, k: d.token({**c, "nonce": "other"}), 401, "another sign-in"),
    "no nonce": (lambda d, c, k: d.token({n: v for n, v in c.items() if n != "nonce"}), 401, "another sign-in"),
    "expired": (lambda d, c, k: d.token({**c, "exp": c["iat"] - 3600}), 401, "expired 36"),
    "no end": (lambda d, c, k: d.token({n: v for n, v in c.items() if n != "exp"}), 401, "when it was made and ends"),
    "of tomorrow": (lambda d, c, k: d.token({**c, "iat": c["iat"] + 86400, "exp": c["exp"] + 86400}), 401, "compare the clocks"),
    "for another audience": (lambda d, c, k: d.token({**c, "aud": "other-app"}), 401, 'for "other-app", not for our client'),
    "given to another party": (lambda d, c, k: d.token({**c, "aud": ["tocsin", "other-app"], "azp": "other-app"}), 401, 'given to "other-app"'),
    "several audiences, no party": (lambda d, c, k: d.token({**c, "aud": ["tocsin", "other-app"]}), 401, "azp"),
    "of another issuer": (lambda d, c, k: d.token({**c, "iss": "https://evil.example"}), 401, 'issuer "https://evil.example"'),
    "of nobody": (lambda d, c, k: d.token({**c, "sub": ""}), 401, "does not say whose"),
    "not a token": (lambda d, c, k: "abc", 401, "not a signed JSON Web Token"),
    "five parts": (lambda d, c, k: "a.b.c.d.e", 401, "not a signed JSON Web Token"),
    "no token": (lambda d, c, k: None, 401, "gave no ID token"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_token_that_is_wrong_lets_nobody_in(server, double, trip, ann, keys, what):
    forge, status, words = HOSTILE[what]
    double.give_token(forge(double, double.claims(trip, **verified(ann)), keys))
    refused(trip.finish(), status, words)
    assert not [e for e in audit(server) if e["object_id"] == ann["id"] and e["verb"] == "sign_in"]


TROUBLE = {
    "refuses the code": ("token", reply(400, {"error": "invalid_grant", "error_description": "it is <b>old</b>"}), 401, "invalid_grant, it is &lt;b&gt;old"),
    "is broken": ("token", reply(502, "bad gateway"), 503, "answered 502 when asked for tokens"),
    "is gone": ("token", drop(), 503, "could not be asked for tokens"),
    "talks HTML": ("token", reply(200, "<html>"), 400, "is not JSON"),
    "talks a list": ("token", reply(200, []), 503, "is not an object"),
    "hides its keys": ("keys", reply(404, "no"), 401, "answered 404 when asked for its keys"),
    "has no keys": ("keys", reply(200, {}), 503, "holds no keys"),
}


@pytest.mark.parametrize("what", TROUBLE)
def test_trouble_at_the_provider_is_said(server, double, trip, ann, what):
    path, answer, status, words = TROUBLE[what]
    double.give(trip, **verified(ann))
    answer.times = None
    double.answers(path, answer)
    refused(trip.finish(), status, words, "Try again with")


def test_a_sign_in_is_finished_once(server, double, trip, ann):
    double.give(trip, **verified(ann))
    assert trip.finish().status == 303
    refused(trip.finish(), 409, "finished already")


def test_an_answer_needs_the_browser_that_began(server, double, provider, trip, ann):
    double.give(trip, **verified(ann))
    refused(trip.finish(cookie=""), 403, "did not begin in this browser", "https://tocsin.example.org")
    refused(trip.finish(cookie="tocsin_sign_in=sealed:1:00000000:AAAA"), 403, "did not begin in this browser")
    refused(trip.finish(state="other"), 403, "belongs to another sign-in")
    other = Trip(server, double, provider).begin()
    refused(trip.finish(state=other.state), 403, "belongs to another sign-in")
    refused(trip.finish(iss="https://evil.example"), 403, 'came from "https://evil.example"')
    refused(trip.finish(code="", error="access_denied", error_description="the person said <no>"), 403, "access_denied, the person said &lt;no")
    refused(trip.finish(code=""), 403, "sent no code")
    assert not double.asked("token")
    server.turn("11m")
    refused(trip.finish(), 403, "more than 10 minutes")


def test_where_to_afterwards_is_ours(server, double, provider, ann):
    for to in ("//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a b", "/" + "x" * 2000):
        trip = Trip(server, double, provider).begin(to=to)
        double.give(trip, **verified(ann))
        assert trip.finish().headers["location"] == "/"


# Who.


def test_an_address_that_is_not_verified_is_nobodys(server, double, provider, ann):
    for claims in ({"email": ann["email"]}, {"email": ann["email"], "email_verified": False}, {"email_verified": True}, {}):
        double.answers("userinfo", reply(200, {"sub": "subject-1"}, times=None))
        refused(let_in(server, double, provider, **claims), 403, "does not say that your e-mail address is verified")
    entry = next(e for e in audit(server) if e["verb"] == "sign_in_refused")
    assert entry["object_id"] == provider["id"] and "verified" in entry["after"]["reason"] and entry["after"]["subject"] == "subject-1"


def test_who_is_not_known_is_refused_or_made(server, double, provider):
    fresh = f"new.{double.name}@example.org"
    refused(let_in(server, double, provider, email=fresh, email_verified="true", name="Nora New"), 403, f"nobody here has the address {fresh}")
    server.change("identity-providers", provider["id"], create_users=True, default_role="viewer")
    answer = let_in(server, double, provider, email=fresh, email_verified="true", name="Nora New")
    assert answer.status == 303, answer
    seen = me(server, answer)
    assert (seen["name"], seen["role"], seen["email"]) == ("Nora New", "viewer", fresh)
    assert server.get("contact-methods", user_id=seen["id"])["items"][0]["verified"] is True
    double.answers("userinfo", reply(200, {"sub": "subject-1"}, times=None))
    assert let_in(server, double, provider).status == 303  # and is known from then on


def test_who_is_deactivated_or_invited(server, double, provider, ann):
    server.change("users", ann["id"], status="invited")
    assert let_in(server, double, provider, **verified(ann)).status == 303
    assert server.get(f"users/{ann['id']}")["status"] == "active"
    server.change("users", ann["id"], status="deactivated")
    refused(let_in(server, double, provider, **verified(ann)), 403, "deactivated")


ROLES = [{"group": "sre", "role": "responder"}, {"group": "leads", "role": "admin"}, {"group": "bosses", "role": "owner"}]


def test_groups_give_roles_at_each_sign_in(server, double, ann):
    provider = make(server, double, role_map=ROLES, groups_claim="https://example.org/groups")
    for groups, role in ((["x", "sre"], "responder"), (["sre", "leads"], "admin"), ("sre", "responder"), (["bosses", "sre"], "owner"), (["sre"], "responder")):
        answer = let_in(server, double, provider, **verified(ann, **{"https://example.org/groups": groups}))
        assert answer.status == 303 and me(server, answer)["role"] == role, groups
    for groups in (["x", "y"], [], 5, None):
        refused(let_in(server, double, provider, **verified(ann, **{"https://example.org/groups": groups})), 403, "none of your groups")
    server.change("identity-providers", provider["id"], default_role="viewer")
    answer = let_in(server, double, provider, **verified(ann, **{"https://example.org/groups": ["x"]}))
    assert me(server, answer)["role"] == "viewer"


def test_the_last_owner_stays_one(server, double):
    provider = make(server, double, role_map=ROLES)
    owner = server.get("users/owner@example.org")
    answer = let_in(server, double, provider, **verified(owner, groups=["sre"]))
    assert answer.status == 303 and me(server, answer)["role"] == "owner"


def test_what_the_token_lacks_is_asked_for(server, double, ann):
    provider = make(server, double, role_map=ROLES)
    double.answers("userinfo", reply(200, {"sub": "subject-1", **verified(ann), "groups": ["leads"]}, times=None))
    answer = let_in(server, double, provider)
    assert answer.status == 303 and me(server, answer)["role"] == "admin"
    assert double.asked("userinfo")[0].headers["authorization"] == "Bearer opaque"
    double.answers("userinfo", reply(200, {"sub": "somebody", **verified(ann)}, times=None))
    refused(let_in(server, double, provider), 401, "spoke of somebody else")


def test_proof_of_one_address_is_none_of_another(server, double, provider, ann):
    """The token has an address without proof; that userinfo has one proves nothing about it."""
    server.change("identity-providers", provider["id"], role_map=[{"group": "g", "role": "viewer"}])  # so that userinfo is asked
    double.answers("userinfo", reply(200, {"sub": "subject-1", "email": "other@example.org", "email_verified": True, "groups": ["g"]}, times=None))
    refused(let_in(server, double, provider, email=ann["email"]), 403, "does not say that your e-mail address is verified")


# Setting one up.


def test_discovery_is_held_to_its_word(server, double, ann):
    provider = make(server, double)
    start = f"/sign-in/start/{provider['id']}"
    for change, words in (({"issuer": double.issuer + "/"}, "names itself"), ({"token_endpoint": "http://example.org/token"}, "needs https://"),
                          ({"authorization_endpoint": "https://example.org/a\r\nX: y"}, "is no address"), ({"jwks_uri": None}, "does not say its jwks_uri")):
        before = double.document
        double.document = {**before, **change}
        refused(server.http("GET", start), 503, words)
        double.document = before
    double.sink.handle(f"/{double.name}/.well-known/openid-configuration", lambda _: reply(404, "no"))
    refused(server.http("GET", start), 401, "answered 404 when asked for its configuration")


TENANT, OTHER = "8b5cf1c0-7a4e-4c59-9d0b-3f1a2f6f0c11", "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.fixture
def many(server, double):
    """As Microsoft has it: one address for every tenant, and each token names its own."""
    double.document["issuer"] = double.issuer + "/{tenantid}/v2.0"
    double.sink.handle(f"/{double.name}/organizations/v2.0/.well-known/openid-configuration", lambda _: reply(200, double.document))
    return lambda **fields: server.make("identity-providers", name=double.name, issuer=double.issuer + "/organizations/v2.0", client_id="tocsin", **fields)


def test_an_issuer_of_many_tenants_lets_those_in_that_are_named(server, double, many, ann):
    provider = many(tenants=[TENANT])
    home = f"{double.issuer}/{TENANT}/v2.0"
    assert let_in(server, double, provider, iss=home, **verified(ann)).status == 303
    for issuer in (f"{double.issuer}/{OTHER}/v2.0", double.issuer + "/{tenantid}/v2.0", f"{double.issuer}/organizations/v2.0", f"{double.issuer}//v2.0", home + "/", f"{home}/{TENANT}/v2.0"):
        refused(let_in(server, double, provider, iss=issuer, **verified(ann)), 401, "with a tenant that is let in")
    trip = Trip(server, double, provider).begin()
    refused(trip.finish(iss=f"{double.issuer}/{OTHER}/v2.0"), 403, "this answer came from")
    trip = Trip(server, double, provider).begin()
    double.give(trip, iss=home, **verified(ann))
    assert trip.finish(iss=home).status == 303


def test_an_issuer_of_many_tenants_needs_to_know_which(server, double, many):
    provider = many()
    refused(server.http("GET", f"/sign-in/start/{provider['id']}"), 503, "names in tenants the ids")
    server.change("identity-providers", provider["id"], issuer=double.issuer + "/organizations/v1.0")
    double.sink.handle(f"/{double.name}/organizations/v1.0/.well-known/openid-configuration", lambda _: reply(200, double.document))
    refused(server.http("GET", f"/sign-in/start/{provider['id']}"), 503, "names itself")


def test_discovery_is_asked_once_in_a_while(server, double, provider):
    for _ in range(3):
        Trip(server, double, provider).begin()
    assert len(double.asked(".well-known/openid-configuration")) == 1
    server.turn("11m")
    Trip(server, double, provider).begin()
    assert len(double.asked(".well-known/openid-configuration")) == 2


def test_a_secret_goes_where_the_provider_wants_it(server, double, ann):
    double.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    provider = make(server, double)
    assert let_in(server, double, provider, **verified(ann)).status == 303
    asked = double.asked("token")[0]
    assert asked.form["client_secret"] == "hush hush/+" and asked.form["client_id"] == "tocsin" and "authorization" not in asked.headers
    server.change("identity-providers", provider["id"], client_secret=None)
    assert let_in(server, double, provider, **verified(ann)).status == 303
    asked = double.asked("token")[1]
    assert asked.form["client_id"] == "tocsin" and "client_secret" not in asked.form


def test_mistakes_are_named(server, double):
    for fields, pointer, words in (
        ({"issuer": "login.example.org"}, "/issuer", "https://"),
        ({"issuer": "http://login.example.org"}, "/issuer", "on this machine only"),
        ({"issuer": "http://127.0.0.1.evil.example"}, "/issuer", "on this machine only"),
        ({"issuer": "https://login.example.org/.well-known/openid-configuration"}, "/issuer", "the issuer alone"),
        ({"issuer": "https://tocsin:hush@login.example.org"}, "/issuer", "client_secret"),
        ({"tenants": ["example.org"]}, "/tenants/0", "by its id"),
        ({"scopes": "email profile"}, "/scopes", "openid"),
        ({"create_users": True}, "/default_role", "need a role"),
        ({"role_map": [{"group": "a", "role": "boss"}]}, "/role_map/0/role", "owner"),
    ):
        answer = server.try_api("POST", "identity-providers", {"name": "Wrong", "issuer": double.issuer, "client_id": "x", **fields})
        assert answer.status == 400, answer
        wrong = next(e for e in answer.json["errors"] if e["pointer"] == pointer)
        assert words in wrong["message"], wrong


def test_the_secret_is_never_shown_and_only_owners_write(server, double, provider, ann):
    assert "client_secret" not in provider and provider["redirect_uri"] == "https://tocsin.example.org/sign-in/callback"
    assert "hush" not in json.dumps(audit(server)) and "hush" not in json.dumps(server.get("identity-providers"))
    server.change("users", ann["id"], role="admin")
    key = server.make("api-keys", name="of an admin", user_id=ann["id"], scopes=["*"])["key"]
    assert server.try_api("GET", "identity-providers", key=key).status == 200
    assert server.try_api("PATCH", f"identity-providers/{provider['id']}", {"issuer": "https://evil.example"}, key=key).status == 403
    owner = server.get("users/owner@example.org")["id"]
    assert server.try_api("DELETE", f"users/{owner}/identities", key=key).status == 403


def test_a_provider_of_another_issuer_starts_anew(server, double, provider, ann, sink, keys):
    assert let_in(server, double, provider, **verified(ann)).status == 303
    other = IdentityProvider(sink, [keys["rsa"]])
    server.change("identity-providers", provider["id"], issuer=other.issuer)
    refused(let_in(server, other, provider, email=ann["email"]), 403, "verified")  # the same sub, of somebody else


def test_the_secret_is_sealed_on_disk(server, double):
    make(server, double)
    server.stop()
    stored = [row[0] for row in server.sql("SELECT client_secret FROM identity_provider WHERE client_secret IS NOT NULL")]
    server.start()
    assert stored and all(text.startswith("sealed:1:") for text in stored)

