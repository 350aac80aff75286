"""What stands before every door of /api/: names of requests, pages of other origins, limits."""

import http.client
import json

import pytest

from tocsin import Tocsin

PAGE = "https://status.example.com"


def started(tmp_path_factory, *extra):
    server = Tocsin(tmp_path_factory.mktemp("front") / "data", extra=extra)
    server.init()
    return server.start()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    server = started(tmp_path_factory, "--log-requests", "--log-format", "json")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    server = started(tmp_path_factory, "--cors-origins", f"{PAGE}, http://localhost:5173", "--trusted-proxies", "127.0.0.0/8")
    yield server
    server.stop()


# X-Request-Id.

def test_every_answer_names_its_request(plain):
    for path in ("/healthz", "/api/v1/alerts", "/api/v1/nothing", "/in/no-such-key", "/api/openapi.json", "/no-such-page", "/ack/x"):
        answer = plain.http("GET", path, headers={"Authorization": f"Bearer {plain.key}"})
        assert len(answer.headers["x-request-id"]) == 16, (path, answer.headers)
    first, second = (plain.try_api("GET", "alerts").headers["x-request-id"] for _ in range(2))
    assert first != second


def test_a_clients_own_name_is_taken_when_it_is_sane(plain):
    for name in ("abc", "a" * 128, "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "req:1/2+3=_."):
        assert plain.try_api("GET", "alerts", headers={"X-Request-Id": name}).headers["x-request-id"] == name
    for name in ("", "a" * 129, "a b", 'a"b', "a<b>", "ä".encode().decode("latin-1")):
        given = plain.try_api("GET", "alerts", headers={"X-Request-Id": name}).headers["x-request-id"]
        assert given != name and len(given) == 16


def test_problems_and_the_log_name_the_request(plain):
    answer = plain.try_api("GET", "alerts/ALERT-999999", headers={"X-Request-Id": "find-me-1"})
    assert answer.status == 404 and answer.json["request_id"] == "find-me-1"
    answer = plain.http("GET", "/api/v1/alerts", headers={"X-Request-Id": "find-me-2"})
    assert answer.status == 401 and answer.json["request_id"] == "find-me-2"
    answer = plain.try_api("POST", "teams", "{", headers={"X-Request-Id": "find-me-3"})
    assert answer.status == 400 and answer.json["request_id"] == "find-me-3"
    plain.try_send("a-secret-key-of-somebody", {}, headers={"X-Request-Id": "find-me-4"})
    lines = {}
    for line in plain.log().splitlines():
        if '"part":"request"' in line:
            lines[json.loads(line)["request"]] = json.loads(line)["message"]
    assert lines["find-me-1"].startswith("GET /api/v1/alerts/ALERT-999999 404 "), lines
    assert lines["find-me-4"].startswith("POST /in/... "), lines
    assert "a-secret-key-of-somebody" not in plain.log()


def test_a_refused_head_has_a_name_too(plain):
    connection = http.client.HTTPConnection("127.0.0.1", plain.port, timeout=10)
    connection.putrequest("GET", "/api/v1/alerts", skip_host=True)
    connection.putheader("Host", "a")
    connection.putheader("Content-Length", "x")
    connection.endheaders()
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    assert answer.status == 400 and problem["request_id"] == answer.getheader("X-Request-Id")
    connection.close()


# Other origins.

def cors(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


def test_without_the_option_no_page_from_elsewhere_is_let_in(plain):
    answer = plain.try_api("GET", "alerts", headers={"Origin": PAGE})
    assert answer.status == 200 and cors(answer) == {} and "vary" not in answer.headers
    asked = plain.http("OPTIONS", "/api/v1/alerts", headers={"Origin": PAGE, "Access-Control-Request-Method": "GET"})
    assert asked.status >= 400 and cors(asked) == {}


def test_a_named_origin_may_ask_and_call(limited):
    asked = limited.http("OPTIONS", "/api/v1/alerts", headers={"Origin": PAGE, "Access-Control-Request-Method": "PATCH"})
    assert asked.status == 204 and asked.headers["vary"] == "Origin"
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    for path, status in (("alerts", 200), ("alerts/nothing", 404)):
        answer = limited.try_api("GET", path, headers={"Origin": PAGE})
        assert answer.status == status and answer.headers["access-control-allow-origin"] == PAGE
        assert "access-control-allow-credentials" not in answer.headers
        assert "ETag" in answer.headers["access-control-expose-headers"]
    with_stream = http.client.HTTPConnection("127.0.0.1", limited.port, timeout=10)
    with_stream.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {limited.key}", "Origin": PAGE})
    assert with_stream.getresponse().getheader("Access-Control-Allow-Origin") == PAGE
    with_stream.close()


@pytest.mark.parametrize("origin", ["https://status.example.com.evil.example", "https://status.example.co", "http://status.example.com",
                                    "https://status.example.com:8443", "https://evil.example", "null", "*", "https://a.status.example.com"])
def test_only_exact_origins_are_let_in(limited, origin):
    asked = limited.http("OPTIONS", "/api/v1/alerts", headers={"Origin": origin, "Access-Control-Request-Method": "GET"})
    assert asked.status == 403 and cors(asked) == {} and "--cors-origins" in asked.json["detail"]
    answer = limited.try_api("GET", "alerts", headers={"Origin": origin})
    assert cors(answer) == {} and answer.headers["vary"] == "Origin"


def test_origins_do_not_open_what_is_no_api(limited):
    for path in ("/", "/in/x", "/healthz"):
        assert cors(limited.http("GET", path, headers={"Origin": PAGE})) == {}


@pytest.mark.parametrize("given", ["*", "https://*.example.com", "status.example.com", "https://a.example/path", "ftp://a.example", "https://"])
def test_what_is_no_origin_stops_the_start(tmp_path, given):
    import tocsin
    done = tocsin.run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--cors-origins", given)
    assert done.returncode == 1 and "--cors-origins" in done.stderr and given in done.stderr, done


# Limits.

def limits(answer):
    return tuple(int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))


def test_without_a_limit_there_are_no_headers(plain):
    assert not [name for name in plain.try_api("GET", "alerts").headers if name.startswith("ratelimit")]


def test_a_key_has_a_limit_of_its_own(plain):
    key = plain.make("api-keys", name="Slow", scopes=["read"], requests_per_minute=6)
    assert key["requests_per_minute"] == 6
    left = []
    for _ in range(6):
        answer = plain.try_api("GET", "alerts", key=key["key"])
        assert answer.status == 200
        left.append(limits(answer)[1])
    assert left == [5, 4, 3, 2, 1, 0]
    refused = plain.try_api("GET", "alerts", key=key["key"])
    assert refused.status == 429 and limits(refused)[:2] == (6, 0)
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    assert refused.json["code"] == "rate_limited" and "requests_per_minute" in refused.json["detail"]
    assert plain.try_api("GET", "alerts").status == 200  # another key
    plain.turn("10s")
    assert plain.try_api("GET", "alerts", key=key["key"]).status == 200
    assert plain.try_api("GET", "alerts", key=key["key"]).status == 429
    plain.turn("5m")
    assert limits(plain.try_api("GET", "alerts", key=key["key"]))[1] == 5  # never more than a minute's worth
    assert "tocsin_requests_limited_total 2" in plain.http("GET", "/metrics").text


def test_nobody_raises_their_own_limit(plain):
    ann = plain.make("users", name="Ann", email="ann.limits@example.org", role="responder")
    key = plain.make("api-keys", name="Ann's", user_id=ann["id"], scopes=["*"], requests_per_minute=1000)
    answer = plain.try_api("PATCH", f"api-keys/{key['id']}", {"requests_per_minute": None}, key=key["key"])
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == "/requests_per_minute", answer
    answer = plain.try_api("PATCH", f"api-keys/{key['id']}", {"name": "Ann's own"}, key=key["key"])
    assert answer.status == 200, answer
    assert plain.change("api-keys", key["id"], requests_per_minute=None)["requests_per_minute"] is None


def test_the_server_limits_keys_and_addresses(tmp_path_factory):
    server = started(tmp_path_factory, "--rate-limit", "4", "--rate-limit-address", "20", "--trusted-proxies", "127.0.0.0/8")
    try:
        def ask(client, key=server.key):
            return server.try_api("GET", "alerts", headers={"X-Forwarded-For": client}, key=key)
        assert [ask("192.0.2.1").status for _ in range(5)] == [200] * 4 + [429]
        assert "--rate-limit" in ask("192.0.2.1").json["detail"]
        # Without a key the address counts: the real one, behind the proxy; of IPv6 its network.
        assert [ask("192.0.2.2", "tk_wrong").status for _ in range(21)] == [401] * 20 + [429]
        assert "192.0.2.2" in ask("192.0.2.2", "tk_wrong").json["detail"]
        assert ask("192.0.2.3", "tk_wrong").status == 401
        assert [ask(f"2001:db8::{i:x}", "tk_wrong").status for i in range(21)][-2:] == [401, 429]
        assert ask("2001:db8:0:1::1", "tk_wrong").status == 401
        for _ in range(30):  # senders and people who acknowledge are not limited
            assert server.http("POST", "/in/no-such-key", "{}", headers={"X-Forwarded-For": "192.0.2.2"}).status == 404
            assert server.http("GET", "/healthz", headers={"X-Forwarded-For": "192.0.2.2"}).status == 200
    finally:
        server.stop()
