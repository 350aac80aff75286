"""A server without an organization: the page that makes the first one, behind the link that only its operator sees."""

import html
import re
import stat
import urllib.parse

import pytest

GOOD = {"organization": "Smith & Sons <SRE>", "time_zone": "Europe/Berlin", "name": "Ann Lee", "email": "Ann@Example.org",
        "password": "seven otters sing", "again": "seven otters sing"}


@pytest.fixture
def bare(fresh):
    """Running, without an organization, with the link it printed."""
    server = fresh(init=False, start=False, public_url=None)
    server.folder.mkdir(parents=True)
    (server.folder / "test-mode").touch()
    server.start()
    line = server.second_line()
    assert line.startswith(f"set up at http://127.0.0.1:{server.port}/setup/"), line
    server.link = urllib.parse.urlsplit(line.split()[3]).path
    return server


def fill(server, **changes):
    form = urllib.parse.urlencode({**GOOD, **changes})
    return server.http("POST", server.link, form, {"Content-Type": "application/x-www-form-urlencoded"})


def words(answer):
    return html.unescape(answer.text)


def test_setup_makes_organization_owner_policy_and_key_without_a_restart(bare):
    assert bare.link in bare.log()
    assert bare.http("GET", "/readyz").text.startswith("ready; no organization yet")
    page = bare.http("GET", bare.link)
    assert page.status == 200 and 'name="organization"' in page.text and "<script" not in page.text
    assert 'name="viewport"' in page.text and "prefers-color-scheme: dark" in page.text
    done = fill(bare)
    assert (done.status, done.headers["location"]) in ((303, "/"), (303, "/setup"))  # without a page in the program
    mine = bare.http("GET", "/api/v1/me", headers={"Cookie": done.headers["set-cookie"].split(";")[0]})
    assert mine.status == 200 and mine.json["email"] == GOOD["email"].lower(), mine.text
    assert "httponly" in done.headers["set-cookie"].lower()
    assert "set up" in bare.http("GET", "/setup").text
    assert bare.http("GET", "/readyz").text == "ready\n"
    path = bare.folder / "admin.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    bare.read_key()
    (organization,) = bare.items("organizations")
    assert (organization["name"], organization["time_zone"]) == (GOOD["organization"], "Europe/Berlin")
    (owner,) = bare.items("users")
    assert (owner["name"], owner["email"], owner["role"]) == ("Ann Lee", "ann@example.org", "owner")
    assert organization["policy_id"] == bare.items("escalation-policies")[0]["id"]
    made = bare.make("integrations", name="First", template="generic", key="first-key-0123456789")
    bare.send(made["key"], {"title": "Disk full", "dedup_key": "d"})
    assert len(bare.items("pages")) == 1
    bare.stop()
    ((hashed,),) = bare.sql("SELECT password_hash FROM account")
    assert hashed.startswith("$argon2id$")
    assert GOOD["password"] not in bare.log()


def test_the_link_is_good_once(bare):
    assert fill(bare).status == 303
    assert bare.http("GET", bare.link).status == 410
    assert fill(bare, email="eve@example.org").status == 410
    bare.read_key()
    assert [user["email"] for user in bare.items("users")] == ["ann@example.org"]


def test_the_link_stays_the_same_over_a_restart_and_goes_with_setup(bare):
    bare.stop()
    bare.start()
    assert bare.second_line().endswith(bare.link + "\n")
    assert fill(bare).status == 303
    bare.stop()
    log = len(bare.log())
    bare.start()
    assert "/setup/" not in bare.log()[log:]


def test_without_the_link_nothing_can_be_set_up(bare):
    for path in ("/setup", "/setup/", "/setup/" + "0" * 32, bare.link[:-1], bare.link + "x", bare.link.upper()):
        answer = bare.http("POST", path, urllib.parse.urlencode(GOOD), {"Content-Type": "application/x-www-form-urlencoded"})
        assert 'name="password"' not in answer.text, path
        assert bare.link not in answer.text
    assert bare.http("GET", "/").headers["location"] == "/setup"
    assert "no organization yet" in bare.http("GET", "/readyz").text
    assert bare.http("DELETE", bare.link).status == 405


@pytest.mark.parametrize("change, field, word", [
    ({"organization": " "}, "organization", "Give the organization's name"),
    ({"organization": "x" * 121}, "organization", "At most 120 characters"),
    ({"time_zone": "Europe/Atlantis"}, "time_zone", '"Europe/Atlantis" is not a time zone'),
    ({"name": ""}, "name", "Give your name"),
    ({"email": "nobody"}, "email", "e-mail address such as"),
    ({"password": "short", "again": "short"}, "password", "at least 10"),
    ({"password": "password123", "again": "password123"}, "password", "tried first"),
    ({"again": "seven otters sang"}, "again", "differ"),
])
def test_each_wrong_field_is_told_beside_it_and_the_rest_is_kept(bare, change, field, word):
    answer = fill(bare, **change)
    assert answer.status == 422
    assert re.search(rf'id="{field}-bad">[^<]*{re.escape(word)}', words(answer)), answer.text
    assert len(re.findall(r"class=\"bad\"", answer.text)) == 1
    if "email" not in change:
        assert 'value="ann@example.org"' in answer.text
    for secret in (GOOD["password"], "password123"):
        assert secret not in answer.text
    assert "no organization yet" in bare.http("GET", "/readyz").text


def test_what_was_typed_is_escaped(bare):
    answer = fill(bare, again="other")
    assert "<SRE>" not in answer.text and "Smith &amp; Sons &lt;SRE&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_two_at_once_make_one_organization(bare):
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda i: fill(bare, email=f"u{i}@example.org").status, range(6)))
    assert answers.count(303) == 1, answers
    assert set(answers) <= {303, 409, 410}
    bare.read_key()
    assert len(bare.items("organizations")) == 1 and len(bare.items("users")) == 1
