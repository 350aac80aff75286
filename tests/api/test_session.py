"""Signing in at the web page: the cookie, what is refused, the growing delay, sessions that end."""

import json
import time

import pytest

EMAIL, PASSWORD = "owner@example.org", "correct horse 42 staple"


@pytest.fixture
def site(fresh, tmp_path):
    """A server whose owner has a password."""
    one = fresh(start=False, init=False, public_url=None)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    one.init(email=EMAIL, extra=["--password-file", str(secret)])
    one.start()
    return one


def origin(site):
    return f"http://127.0.0.1:{site.port}"


def sign_in(site, email=EMAIL, password=PASSWORD, **headers):
    head = {"Origin": origin(site), "Content-Type": "application/json", **headers}
    return site.http("POST", "/api/v1/sign-in", json.dumps({"email": email, "password": password}), head)


def cookie_of(answer):
    return answer.headers["set-cookie"].split(";")[0]


def call(site, method, path, cookie, body=None, **headers):
    head = {"Cookie": cookie, "Origin": origin(site), **headers}
    return site.http(method, "/api/v1/" + path, json.dumps(body) if body is not None else None,
                     {name: value for name, value in head.items() if value is not None})


def test_the_cookie_of_a_sign_in_reads_and_writes(site):
    answer = sign_in(site)
    assert answer.status == 204
    marks = answer.headers["set-cookie"].split("; ")
    assert "HttpOnly" in marks and "SameSite=Lax" in marks and "Path=/" in marks and "Secure" not in marks
    cookie = cookie_of(answer)
    me = call(site, "GET", "me", cookie)
    assert me.status == 200 and me.json["email"] == EMAIL
    made = call(site, "POST", "teams", cookie, {"name": "Payments"})
    assert made.status == 201
    assert site.items("audit")[0]["actor"]["id"] == me.json["id"]


def test_secure_when_the_public_url_is_https(fresh, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    one = fresh(start=False, init=False)
    one.init(email=EMAIL, extra=["--password-file", str(secret)])
    one.start()
    answer = sign_in(one, Origin="https://tocsin.example.org")
    assert "Secure" in answer.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("email, password", [(EMAIL, "wrong"), ("nobody@example.org", PASSWORD), (EMAIL, PASSWORD + " ")])
def test_wrong_and_unknown_are_one_answer(site, email, password):
    answer = sign_in(site, email, password)
    assert answer.status == 401 and "set-cookie" not in answer.headers
    assert answer.json["detail"] == "the e-mail address or the password is wrong"


def test_address_is_read_without_case_and_spaces(site):
    assert sign_in(site, " Owner@Example.ORG ").status == 204


def test_a_missing_field_is_named(site):
    answer = sign_in(site, password="")
    assert answer.status == 400 and "password" in answer.json["detail"]


@pytest.mark.parametrize("sent", ["https://evil.example", "null", None])
def test_writes_of_other_sites_are_refused(site, sent):
    cookie = cookie_of(sign_in(site))
    refused = call(site, "POST", "teams", cookie, {"name": "Payments"}, Origin=sent)
    assert refused.status == 403
    assert call(site, "GET", "me", cookie, Origin=sent).status == 200
    foreign = {"Origin": sent} if sent else {}
    answer = site.http("POST", "/api/v1/sign-in", json.dumps({"email": EMAIL, "password": PASSWORD}), foreign)
    assert answer.status == 403 and "set-cookie" not in answer.headers


def test_a_browser_that_says_same_origin_is_believed(site):
    cookie = cookie_of(sign_in(site))
    assert call(site, "POST", "teams", cookie, {"name": "Payments"}, Origin=None,
                **{"Sec-Fetch-Site": "same-origin"}).status == 201


def test_the_cookie_is_no_api_key(site):
    token = cookie_of(sign_in(site)).split("=", 1)[1]
    assert site.try_api("GET", "me", key=token).status == 401


def test_signing_out_ends_the_session(site):
    cookie = cookie_of(sign_in(site))
    out = call(site, "POST", "sign-out", cookie)
    assert out.status == 204 and "Max-Age=0" in out.headers["set-cookie"]
    assert call(site, "GET", "me", cookie).status == 401
    assert call(site, "POST", "sign-out", cookie).status == 204


def test_sessions_are_listed_and_ended_one_by_one(site):
    first, second = cookie_of(sign_in(site, **{"User-Agent": "First"})), cookie_of(sign_in(site, **{"User-Agent": "Second"}))
    items = call(site, "GET", "me/sessions", second).json["items"]
    assert [(s["agent"], s["current"]) for s in items] == [("Second", True), ("First", False)]
    assert call(site, "DELETE", f"me/sessions/{items[1]['id']}", second).status == 200
    assert call(site, "GET", "me", first).status == 401 and call(site, "GET", "me", second).status == 200
    assert call(site, "DELETE", f"me/sessions/{items[1]['id']}", second).status == 404


def test_all_others_are_ended_at_once(site):
    others, mine = [cookie_of(sign_in(site)) for _ in range(3)], cookie_of(sign_in(site))
    assert call(site, "DELETE", "me/sessions", mine).status == 200
    assert call(site, "GET", "me", mine).status == 200
    assert {call(site, "GET", "me", other).status for other in others} == {401}


def test_a_session_ends_after_thirty_days(site):
    cookie = cookie_of(sign_in(site))
    site.turn("29d")
    assert call(site, "GET", "me", cookie).status == 200
    site.turn("2d")
    assert call(site, "GET", "me", cookie).status == 401


def test_a_session_lives_through_a_restart(site):
    cookie = cookie_of(sign_in(site))
    site.stop()
    site.start()
    assert call(site, "GET", "me", cookie).status == 200


def test_a_deactivated_user_is_out_and_stays_out(site):
    site.make("users", name="Bo", email="bo@example.org", role="owner")
    cookie = cookie_of(sign_in(site))
    me = call(site, "GET", "me", cookie).json
    bo_key = site.make("api-keys", name="bo", user_id="bo@example.org")["key"]
    assert site.try_api("PATCH", f"users/{me['id']}", {"status": "deactivated"}, key=bo_key).status == 409  # the only one who is paged
    assert site.try_api("POST", f"users/{me['id']}/deactivate", {"replacement_id": "bo@example.org"}, key=bo_key).status == 200
    assert call(site, "GET", "me", cookie).status == 401
    answer = sign_in(site)
    assert answer.status == 401 and answer.json["detail"] == "the e-mail address or the password is wrong"


def test_failures_make_the_account_wait_longer_and_longer(site):
    for _ in range(5):
        assert sign_in(site, password="wrong").status == 401
    waited = []
    for _ in range(3):
        refused = sign_in(site)
        assert refused.status == 429, "the right password too: a guess must not be told from a wait"
        waited.append(int(refused.headers["retry-after"]))
        site.turn(f"{waited[-1]}s")
        assert sign_in(site, password="wrong").status == 401
    assert waited == sorted(set(waited)), waited
    assert sign_in(site, "somebody.else@example.org").status == 401, "others do not wait"
    site.turn("1h")
    assert sign_in(site).status == 204


def test_unknown_addresses_wait_like_known_ones(site):
    for _ in range(5):
        assert sign_in(site, "nobody@example.org", "wrong").status == 401
    assert sign_in(site, "nobody@example.org", "wrong").status == 429


def test_a_flood_of_sign_ins_leaves_the_api_quick(site):
    """More than the pool takes: each is answered, and reads go on."""
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        flood = [pool.submit(sign_in, site, f"u{i}@example.org", "wrong") for i in range(24)]
        assert site.get("me")
        statuses = {f.result().status for f in flood}
    assert statuses <= {401, 429, 503}, statuses


def test_streams_come_by_cookie(site):
    import http.client

    cookie = cookie_of(sign_in(site))
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.request("GET", "/api/v1/stream", headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.getheader("content-type").startswith("text/event-stream")
    call(site, "POST", "teams", cookie, {"name": "Payments"})
    end, lines = time.monotonic() + 10, b""
    while b"event: change" not in lines and time.monotonic() < end:
        lines += answer.readline()
    assert b"event: change" in lines
    connection.close()


# Links that set a password.


def post(site, path, **body):
    return site.http("POST", "/api/v1/" + path, json.dumps(body), {"Origin": origin(site), "Content-Type": "application/json"})


@pytest.fixture
def link(site):
    """(the link's token, the person)"""
    user = site.make("users", name="Bo Berg", email="bo@example.org", role="responder", status="invited")
    made = site.verb("users", user["id"], "invite")
    assert made["url"].startswith(origin(site) + "/join/")
    return made["url"].rsplit("/", 1)[1], user


def test_a_link_sets_the_password_once_and_signs_in(site, link):
    token, user = link
    assert post(site, "join/look", token=token).json == {"email": "bo@example.org", "name": "Bo Berg"}
    joined = post(site, "join", token=token, password="seven otters sing")
    assert joined.status == 204
    assert call(site, "GET", "me", cookie_of(joined)).json["id"] == user["id"]
    assert site.get(f"users/{user['id']}")["status"] == "active"
    assert sign_in(site, "bo@example.org", "seven otters sing").status == 204
    again = post(site, "join", token=token, password="eight otters sing")
    assert again.status == 404 and "ask for a new one" in again.json["detail"]
    assert sign_in(site, "bo@example.org", "eight otters sing").status == 401


def test_a_new_password_ends_all_other_sessions(site, link):
    first = cookie_of(post(site, "join", token=link[0], password="seven otters sing"))
    token = site.verb("users", link[1]["id"], "invite")["url"].rsplit("/", 1)[1]
    second = cookie_of(post(site, "join", token=token, password="eight otters sing"))
    assert call(site, "GET", "me", first).status == 401 and call(site, "GET", "me", second).status == 200


def test_a_weak_password_is_said_at_the_field_and_spends_nothing(site, link):
    refused = post(site, "join", token=link[0], password="short")
    assert refused.status == 400 and refused.json["errors"][0]["pointer"] == "/password"
    assert post(site, "join", token=link[0], password="seven otters sing").status == 204


@pytest.mark.parametrize("change", [lambda t: t[:-1] + ("0" if t[-1] != "0" else "1"), lambda t: t[:13] + "Z" + t[14:], lambda t: t[:-1],
                                    lambda t: t + "0", lambda t: "", lambda t: "é" * 66])
def test_a_link_that_was_touched_is_none(site, link, change):
    assert post(site, "join", token=change(link[0]), password="seven otters sing").status == 404


def test_a_link_ends_after_seven_days_with_another_address_and_with_its_person(site, link):
    token, user = link
    other = site.verb("users", user["id"], "invite")["url"].rsplit("/", 1)[1]
    site.turn("6d")
    assert post(site, "join/look", token=token).status == 200
    site.change("users", user["id"], email="bo.berg@example.org")
    assert post(site, "join/look", token=other).status == 404
    site.change("users", user["id"], email="bo@example.org")
    assert post(site, "join/look", token=other).status == 200
    site.turn("2d")
    assert post(site, "join/look", token=token).status == 404


def test_nobody_makes_a_link_for_somebody_who_may_more(site, link):
    admin = site.make("users", name="Ada", email="ada@example.org", role="admin")
    key = site.make("api-keys", name="ada", user_id=admin["id"])["key"]
    assert site.try_api("POST", f"users/{link[1]['id']}/invite", {}, key=key).status == 200
    refused = site.try_api("POST", f"users/{EMAIL}/invite", {}, key=key)
    assert refused.status == 403 and "somebody else" in refused.json["detail"]
    bo = site.make("api-keys", name="bo", user_id=link[1]["id"])["key"]
    assert site.try_api("POST", f"users/{admin['id']}/invite", {}, key=bo).status == 403


def test_links_of_other_sites_are_refused(site, link):
    answer = site.http("POST", "/api/v1/join", json.dumps({"token": link[0], "password": "seven otters sing"}),
                       {"Origin": "https://evil.example"})
    assert answer.status == 403


def test_the_link_is_in_no_audit_entry(site, link):
    assert link[0] not in json.dumps(site.items("audit"))
