"""The web page as the program serves it: files, compression, caching, policy, places of its router."""

import gzip
import re

import pytest


@pytest.fixture(scope="module")
def page(server):
    answer = server.http("GET", "/")
    assert answer.status == 200, "this build has no page"
    return answer


def test_page_names_only_its_own_files(server, page):
    text = page.body.decode()
    assert page.headers["content-type"].startswith("text/html")
    assert "<script>" not in text and "style=" not in text and "http" not in re.sub(r"http-equiv", "", text)
    named = re.findall(r'(?:src|href)="(/[^"]+)"', text)
    assert any(name.endswith(".js") for name in named)
    for name in named:
        assert server.http("GET", name).status == 200, name


def test_policy_allows_nothing_inline_and_nothing_foreign(page):
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_files_with_a_hash_are_kept_for_ever_and_the_page_is_asked_for_again(server, page):
    script = re.search(r'src="(/assets/[^"]+\.js)"', page.body.decode()).group(1)
    assert "immutable" in server.http("GET", script).headers["cache-control"]
    assert page.headers["cache-control"] == "no-cache"
    again = server.http("GET", "/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status == 304 and again.body == b""


@pytest.mark.parametrize("accepted, coding", [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"),
                                              ("identity", None), ("", None)])
def test_the_smallest_form_that_the_browser_takes(server, page, accepted, coding):
    answer = server.http("GET", "/", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    if coding == "gzip":
        assert gzip.decompress(answer.body) == page.body
    if coding == "br":
        assert len(answer.body) < len(page.body)


@pytest.mark.parametrize("place", ["/alerts", "/alerts/alr_01H8", "/sign-in", "/a/b/c?x=1"])
def test_places_inside_the_page_get_the_page(server, page, place):
    answer = server.http("GET", place)
    assert answer.status == 200 and answer.body == page.body
    assert server.http("HEAD", place).status == 200


@pytest.mark.parametrize("method, path", [("GET", "/assets/gone-123.js"), ("GET", "/robots.txt"), ("GET", "/.env"),
                                          ("GET", "/.vite/manifest.json"), ("GET", "/index.html.br"), ("POST", "/alerts"),
                                          ("GET", "/wp-login.php")])
def test_what_is_not_there_is_404(server, method, path):
    answer = server.http(method, path)
    assert answer.status == 404 and answer.json["status"] == 404
