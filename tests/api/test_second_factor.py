"""The second factor: set up with the first code, asked for after the password, each code good once, ways back."""

import base64
import hashlib
import hmac
import json
import re
import struct

import pytest
from test_session import EMAIL, PASSWORD, call, cookie_of, origin, sign_in, site  # noqa: F401 (site is a fixture)


def code_of(secret, at_s):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(at_s) // 30), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def now_s(site):
    """The server's clock, which tests turn."""
    import time
    return time.time() + site.turned_s


def with_code(site, code, password=PASSWORD):
    return site.http("POST", "/api/v1/sign-in", json.dumps({"email": EMAIL, "password": password, "code": code}),
                     {"Origin": origin(site), "Content-Type": "application/json"})


@pytest.fixture
def armed(site):  # noqa: F811
    """(site, secret, recovery codes, cookie): the owner's second factor is on."""
    cookie = cookie_of(sign_in(site))
    begun = call(site, "POST", "me/second-factor", cookie, {}).json
    done = call(site, "POST", "me/second-factor-confirm", cookie, {"code": code_of(begun["secret"], now_s(site))})
    assert done.status == 200, done
    return site, begun["secret"], done.json["recovery_codes"], cookie


def test_it_is_off_until_the_first_code(site):  # noqa: F811
    cookie = cookie_of(sign_in(site))
    assert call(site, "GET", "me/second-factor", cookie).json == {"on": False, "since": None, "recovery_codes_left": 0}
    begun = call(site, "POST", "me/second-factor", cookie, {}).json
    assert begun["uri"].startswith("otpauth://totp/Tocsin:") and begun["secret"] in begun["uri"]
    assert sign_in(site).status == 204
    wrong = call(site, "POST", "me/second-factor-confirm", cookie, {"code": "000000"})
    assert wrong.status == 400 and wrong.json["errors"][0]["pointer"] == "/code"
    assert sign_in(site).status == 204


def test_the_password_alone_is_not_enough_then(armed):
    site, secret, _, cookie = armed
    asked = sign_in(site)
    assert asked.status == 403 and asked.json["errors"][0]["pointer"] == "/code" and "set-cookie" not in asked.headers
    assert sign_in(site, password="wrong").status == 401  # tells nothing of the second factor
    site.turn("1m")
    code = code_of(secret, now_s(site))
    assert with_code(site, f"{code[:3]} {code[3:]}").status == 204
    again = with_code(site, code)
    assert again.status == 401 and "used already" in again.json["detail"]
    assert call(site, "GET", "me/second-factor", cookie).json["on"] is True


def test_wrong_codes_make_the_next_attempt_wait(armed):
    site, *_ = armed
    answers = [with_code(site, "000000").status for _ in range(7)]
    assert answers[0] == 401 and answers[-1] == 429


def test_a_recovery_code_is_good_once(armed):
    site, _, codes, cookie = armed
    assert len(codes) == 10 and all(re.fullmatch(r"\w{4}-\w{4}-\w{4}", code) for code in codes)
    assert with_code(site, codes[3].upper()).status == 204
    assert with_code(site, codes[3]).status == 401
    assert call(site, "GET", "me/second-factor", cookie).json["recovery_codes_left"] == 9


def test_it_is_switched_off_with_a_code_only(armed):
    site, _, codes, cookie = armed
    assert call(site, "POST", "me/second-factor-off", cookie, {"code": "000000"}).status == 400
    assert call(site, "POST", "me/second-factor", cookie, {}).status == 409
    assert call(site, "POST", "me/second-factor-off", cookie, {"code": codes[0]}).status == 204
    assert sign_in(site).status == 204


def test_switching_it_on_ends_the_other_sessions(site):  # noqa: F811
    other, cookie = cookie_of(sign_in(site)), cookie_of(sign_in(site))
    begun = call(site, "POST", "me/second-factor", cookie, {}).json
    call(site, "POST", "me/second-factor-confirm", cookie, {"code": code_of(begun["secret"], now_s(site))})
    assert call(site, "GET", "me", other).status == 401 and call(site, "GET", "me", cookie).status == 200


def test_a_key_cannot_change_it_and_an_admin_can_take_it_away(armed):
    site, _, _, cookie = armed
    me = site.get("me")
    for path, body in (("me/second-factor", {}), ("me/second-factor-off", {"code": "000000"})):
        refused = site.try_api("POST", path, body)
        assert refused.status == 409 and "not with a key" in refused.json["detail"]
    assert call(site, "DELETE", f"users/{me['id']}/second-factor", cookie).status == 204
    assert sign_in(site).status == 204
    assert "second-factor" in json.dumps(site.items("audit")) or site.items("audit")[0]["object_id"] == me["id"]


def test_a_link_sets_the_password_but_does_not_sign_in(armed):
    site, secret, _, cookie = armed
    me = site.get("me")
    link = call(site, "POST", f"users/{me['id']}/invite", cookie, {}).json["url"]
    joined = site.http("POST", "/api/v1/join", json.dumps({"token": link.split("/join/")[1], "password": "seven otters sing"}),
                       {"Origin": origin(site), "Content-Type": "application/json"})
    assert joined.status == 204 and call(site, "GET", "me", cookie_of(joined)).status == 401
    site.turn("1m")
    assert with_code(site, code_of(secret, now_s(site)), password="seven otters sing").status == 204


def test_the_secret_does_not_lie_in_the_database_as_it_is(armed):
    site, secret, codes, _ = armed
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    rows = str(site.sql("SELECT secret, recovery FROM account_totp"))
    assert secret not in rows and raw.hex() not in rows and codes[0] not in rows and codes[0].replace("-", "") not in rows
