"""tocsin doctor: each thing that lets a page get lost is one line with the way out."""

import json

import pytest

from tocsin import run
from world import World


def findings(folder, *options, code=None):
    done = run("doctor", "--data", folder, "-o", "json", *options)
    assert code is None or done.returncode == code, done
    return json.loads(done.stdout)


def of(found, about, level=None):
    return [f["text"] for f in found if f["about"] == about and level in (None, f["level"])]


@pytest.fixture
def healthy(fresh, relay):
    server = fresh(smtp=relay.url)
    return server


def test_of_a_running_server_all_is_looked_at(healthy):
    found = findings(healthy.folder)
    assert {f["about"] for f in found} >= {"versions", "disk", "clock", "zones", "organization", "people", "policies", "public-url", "mail"}
    assert of(found, "mail", "ok") and of(found, "people", "ok") and of(found, "policies", "ok") and of(found, "public-url", "ok")
    for f in found:
        assert "\n" not in f["text"]
        assert f["level"] == "ok" or ";" in f["text"] or ":" in f["text"], f  # what is, and the way out
    # The test's own socket is unsafe, and is the only thing that is wrong.
    assert [f for f in found if f["level"] == "error"] == [f for f in found if f["about"] == "unsafe" and "--test-control" in f["text"]]


def test_a_relay_that_is_gone_or_refuses_is_told(fresh):
    server = fresh(smtp="smtp://127.0.0.1:1")
    (text,) = of(findings(server.folder, code=1), "mail", "error")
    assert "does not take us" in text and "--smtp-url" in text


def test_without_a_relay_those_who_have_only_email_are_named(fresh):
    found = findings(fresh().folder, code=1)
    assert "--smtp-url" in of(found, "mail", "warning")[0]
    assert "owner@example.org" in of(found, "people", "warning")[0]
    assert "Default reaches nobody" in of(found, "policies", "error")[0]


def test_gaps_people_and_policies_are_named(healthy, sink):
    world = World(healthy, sink)
    silent = healthy.make("users", name="Silent Sam", email="sam@example.org", role="responder")
    world.steps(silent, [])
    for method in healthy.items("contact-methods", user_id=silent["id"]):
        healthy.api("DELETE", f"contact-methods/{method['id']}")
    empty = healthy.make("schedules", name="Empty nights", time_zone="Europe/Berlin", layers=[])
    healthy.make("escalation-policies", name="To nobody", levels=[{"targets": [{"kind": "schedule", "id": empty["id"]}]}])
    found = findings(healthy.folder, code=1)
    assert any("Silent Sam" in text for text in of(found, "people", "warning"))
    assert any("Empty nights" in text for text in of(found, "schedules", "warning"))
    assert any("To nobody" in text for text in of(found, "policies", "error"))


def test_providers_are_tried(healthy, sink):
    world = World(healthy, sink)
    world.user("ann")
    gone = healthy.make("users", name="Gone", email="gone@example.org", role="responder")
    world.method(gone, "webhook", "http://127.0.0.1:1/hook")
    found = findings(healthy.folder, code=1)
    assert any(sink.url in text for text in of(found, "reach", "ok"))
    assert any("http://127.0.0.1:1" in text and "cannot be reached" in text for text in of(found, "reach", "error"))


def test_what_could_not_be_sent_is_no_way_to_be_told(healthy, sink):
    world = World(healthy, sink)
    people = {name: healthy.make("users", name=name, email=f"{name}@example.org", role="responder") for name in ("Private", "Texted", "Fallback")}
    world.steps(people["Private"], [(0, [world.method(people["Private"], "webhook", "http://10.1.2.3/hook")])])
    world.steps(people["Fallback"], [])  # without steps the first method is used: the e-mail
    world.steps(people["Texted"], [(0, [world.sms_of_before(people["Texted"])])])
    found = findings(healthy.folder, code=1)
    told = of(found, "people", "warning")
    assert any("Private" in text and "--outbound-allow" in text for text in told), told
    assert any("Texted" in text and "cannot send" in text for text in told), told
    assert not any("Fallback" in text for text in told), told
    assert any("http://10.1.2.3 " in text.replace(",", " ") and "refused by the guard" in text for text in of(found, "reach", "error")), found


def test_a_schedule_whose_person_cannot_be_told_reaches_nobody(healthy, sink):
    world = World(healthy, sink)
    sam = healthy.make("users", name="Sam", email="sam@example.org", role="responder")
    world.steps(sam, [(0, [world.method(sam, "webhook", "http://10.1.2.3/hook")])])
    schedule = healthy.make("schedules", name="Nights", time_zone="UTC", layers=[{"name": "All", "starts_at": "2020-01-01T00:00:00", "turn": {"every": 1, "unit": "week"}, "members": [[sam["id"]]]}])
    healthy.make("escalation-policies", name="By night", levels=[{"targets": [{"kind": "schedule", "id": schedule["id"]}]}])
    assert any("By night" in text for text in of(findings(healthy.folder, code=1), "policies", "error"))


def test_unsafe_things_are_told(healthy):
    healthy.folder.chmod(0o755)
    assert any("chmod 700" in text for text in of(findings(healthy.folder), "unsafe", "warning"))
    healthy.folder.chmod(0o700)
    healthy.stop()
    found = findings(healthy.folder, "--secret-key-file", healthy.folder / "secret.key")
    assert any("test-mode" in text for text in of(found, "unsafe", "warning"))


def test_of_a_stopped_server_the_configuration_file_is_read(healthy, tmp_path):
    healthy.stop()
    config = tmp_path / "tocsin.yaml"
    config.write_text("public_url: https://pages.example.org\nsmtp_url: smtp://127.0.0.1:1\n")
    found = findings(healthy.folder, "--config", config)
    assert of(found, "public-url", "ok") == ["https://pages.example.org"]
    assert of(found, "mail", "error")
    plain = run("doctor", "--data", healthy.folder)
    assert "no server runs here" in plain.stdout and "\x1b" not in plain.stdout


def test_wrong_calls_are_told(tmp_path):
    assert run("doctor", "-o", "xml").returncode == 2
    done = run("doctor", "--data", tmp_path / "none", env={"TOCSIN_DB": ""})
    assert done.returncode == 1 and "no database" in done.stderr and len(done.stderr.splitlines()) == 1
