"""The page behind the link: no script, no change by a GET, one notification's token."""

import re

import pytest

from world import ack_url

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def linked(world):
    world.usual()
    world.fire("key", title="Disk <full> on db1", description="why & how")
    world.link = ack_url(world.calls("ann")[0])
    return world


def buttons(page):
    """Values of the form's buttons and hidden inputs."""
    return re.findall(r'name="(\w+)"[^>]*value="(\w+)"', page) + [(n, v) for v, n in re.findall(r'value="(\w+)"[^>]*name="(\w+)"', page)]


def post(world, action, link=None):
    answer = world.server.http("POST", link or world.link, f"action={action}", FORM)
    world.server.settle()
    return answer


def test_it_says_what_and_needs_no_script(linked):
    answer = linked.server.http("GET", linked.link)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "Disk &lt;full&gt; on db1" in answer.text and "why &amp; how" in answer.text
    assert "<script" not in answer.text
    assert len(answer.body) < 50_000
    assert "acknowledge" in answer.text.lower()
    assert "content-security-policy" in answer.headers
    assert "no-store" in answer.headers.get("cache-control", "")
    assert answer.headers.get("referrer-policy") in ("no-referrer", "same-origin", "strict-origin")
    assert "robots" in answer.text or "x-robots-tag" in answer.headers


def test_all_that_it_loads_lies_under_ack(linked):
    page = linked.server.http("GET", linked.link).text
    for target in re.findall(r'(?:src|href|action)="([^"]*)"', page):
        assert target.startswith(("/ack/", "#", "http", "data:", "mailto:", "?")) or target == "" or "/" not in target, target


@pytest.mark.parametrize("query", ["", "?action=acknowledge", "?page_open=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(linked, method, query):
    for _ in range(3):
        assert linked.server.http(method, linked.link + query).status == 200
    linked.server.settle()
    assert linked.alert("key")["status"] == "triggered"
    linked.server.turn("5m")
    assert linked.told("bob") == 1


def test_acknowledge(linked):
    assert post(linked, "acknowledge").status in (200, 303)
    alert = linked.alert("key")
    assert alert["status"] == "acknowledged"
    assert alert["acknowledged_by"]["id"] == linked.ann["id"]
    linked.server.turn("5m")
    assert linked.told("bob") == 0


def test_escalate(linked):
    assert post(linked, "escalate").status in (200, 303)
    assert linked.told("bob") == 1
    assert linked.alert("key")["status"] == "triggered"


def test_resolve(linked):
    assert post(linked, "resolve").status in (200, 303)
    alert = linked.alert("key")
    assert alert["status"] == "resolved"
    assert alert["resolved_by"]["id"] == linked.ann["id"]


def test_twice_is_no_error_and_names_the_first(linked):
    linked.server.turn("5m")
    bobs = ack_url(linked.calls("bob")[0])
    post(linked, "acknowledge", bobs)
    answer = post(linked, "acknowledge")
    assert answer.status in (200, 303)
    assert "Bob" in linked.server.http("GET", linked.link).text
    assert linked.alert("key")["acknowledged_by"]["id"] == linked.bob["id"]


def test_its_form_does_what_it_offers(linked):
    pairs = buttons(linked.server.http("GET", linked.link).text)
    assert ("action", "acknowledge") in pairs, pairs


def test_an_unknown_action_is_refused(linked):
    assert post(linked, "explode").status in (400, 422)
    assert linked.alert("key")["status"] == "triggered"


@pytest.mark.parametrize("change", [lambda l: l[:-1], lambda l: l[:-1] + ("0" if l[-1] != "0" else "1"), lambda l: l + "0", lambda l: "/ack/",
                                    lambda l: "/ack/" + "0" * 39, lambda l: "/ack/%2e%2e/in", lambda l: "/ack/" + l[5:].lower() + "x"])
def test_a_wrong_token_shows_nothing(linked, change):
    link = change(linked.link)
    for method in ("GET", "POST"):
        answer = linked.server.http(method, link, "action=acknowledge" if method == "POST" else None, FORM)
        assert answer.status in (400, 404, 410), answer
        assert "Disk" not in answer.text
    assert linked.alert("key")["status"] == "triggered"


def test_an_old_link_acts_no_more(linked):
    post(linked, "resolve")
    linked.server.turn("720h")
    linked.server.turn("720h")
    answer = linked.server.http("POST", linked.link, "action=acknowledge", FORM)
    assert answer.status in (200, 404, 410)
    assert linked.alert("key") is None or linked.alert("key")["status"] == "resolved"


def test_a_link_is_gone_after_a_week(linked):
    linked.server.turn("192h")
    answer = linked.server.http("GET", linked.link, headers={"Accept": "text/html"})
    assert answer.status == 410
    assert "expired" in answer.text and "Disk" not in answer.text
    assert post(linked, "acknowledge").status == 410
    linked.server.settle()
    assert linked.alert("key")["acknowledged_by"] is None


def test_programs_get_json_and_people_a_redirect(linked):
    answer = linked.server.http("POST", linked.link, "action=acknowledge", {**FORM, "Accept": "application/json"})
    assert (answer.status, answer.json) == (200, {"status": "acknowledged"})
    answer = linked.server.http("POST", linked.link, "action=acknowledge", {**FORM, "Accept": "text/html,*/*"})
    assert answer.status == 303
    assert answer.headers["location"].startswith(linked.link)
    page = linked.server.http("GET", answer.headers["location"], headers={"Accept": "text/html"}).text
    assert re.search(r"Already acknowledged by Ann.* at \d\d:\d\d\.", page), page


def test_a_refusal_for_a_program_is_problem_json(linked):
    answer = linked.server.http("POST", "/ack/nonsense", "action=acknowledge", {**FORM, "Accept": "application/json"})
    assert answer.status == 404 and answer.json["status"] == 404 and answer.json["detail"]


def test_the_policy_allows_nothing_but_style_and_its_own_form(linked):
    policy = linked.server.http("GET", linked.link).headers["content-security-policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy, policy
    assert "script-src" not in policy


def test_nothing_else_is_done_there(linked):
    for method in ("PUT", "DELETE", "PATCH"):
        assert linked.server.http(method, linked.link).status == 405
    assert linked.alert("key")["status"] == "triggered"


def test_a_long_description_stays_under_the_limit(world):
    world.usual()
    world.fire("long", title="t" * 1000, description="\N{BELL}" * 16000, labels={f"label{n}": "v" * 200 for n in range(100)})
    answer = world.server.http("GET", ack_url(world.calls("ann")[0]))
    assert answer.status == 200 and len(answer.body) < 50_000
    assert 'value="acknowledge"' in answer.text
