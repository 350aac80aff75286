"""Verbs on many: ids[] or filter, an outcome for each, a job when they are many."""

import json
import time

import pytest

from tocsin import Tocsin


@pytest.fixture(scope="module")
def bulk(tmp_path_factory):
    server = Tocsin(tmp_path_factory.mktemp("bulk") / "data")
    server.init()
    server.start()
    yield server
    server.kill() if server.busy else server.stop()


COUNT = iter(range(1, 1000))


def source(server, **fields):
    n = next(COUNT)
    return server.make("integrations", template="generic", name=f"Source {n}", key=f"bulk-key-{n}-0123456789", **fields)


def fire(server, integration, count, priority="p3", at_once=100):
    for first in range(0, count, at_once):
        body = {"alerts": [{"dedup_key": f"k{i}", "title": f"Problem {i}", "priority": priority} for i in range(first, min(first + at_once, count))]}
        assert server.try_send(integration["key"], body).status == 202
    server.settle()
    return sorted(server.items("alerts", integration_id=integration["id"]), key=lambda a: a["id"])


def many(server, path, **body):
    return server.try_api("POST", path, body)


def statuses(server, integration):
    return [a["status"] for a in sorted(server.items("alerts", integration_id=integration["id"]), key=lambda a: a["id"])]


def ended(server, job):
    """The job when it has ended: settled may be said between two slices on a machine that is busy with others."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        server.settle()
        now = server.get("jobs/" + job["id"])
        if now["status"] != "running":
            return now
    raise AssertionError(f"the job does not end: {now}")


def test_each_has_an_outcome_and_one_refusal_keeps_no_other(bulk):
    mine = source(bulk)
    alerts = fire(bulk, mine, 4)
    bulk.verb("alerts", alerts[1]["id"], "resolve")
    answer = many(bulk, "alerts/acknowledge", ids=[alerts[0]["id"], alerts[1]["number"], "ALERT-999999", alerts[2]["number"]], reason="mine")
    assert answer.status == 200, answer
    assert [(i["status"], i["code"]) for i in answer.json["items"]] == [(200, None), (409, "conflict"), (404, "not_found"), (200, None)]
    assert (answer.json["total"], answer.json["done"], answer.json["failed"]) == (4, 2, 2)
    assert answer.json["items"][0] == {"id": alerts[0]["id"], "number": alerts[0]["number"], "title": "Problem 0", "status": 200, "code": None, "detail": None}
    assert "ALERT-999999" in answer.json["items"][2]["detail"] and answer.json["items"][2]["id"] == "ALERT-999999"
    assert statuses(bulk, mine) == ["acknowledged", "resolved", "acknowledged", "triggered"]
    told = [e for e in bulk.items(f"alerts/{alerts[0]['id']}/timeline") if e["kind"] == "acknowledge"]
    assert told and told[0]["data"]["reason"] == "mine"
    audited = [e["object_id"] for e in bulk.items("audit") if e["verb"] == "acknowledge" and e["kind"] == "alert"]
    assert sorted(audited) == sorted([alerts[0]["id"], alerts[2]["id"]])


def test_a_filter_chooses(bulk):
    mine, other = source(bulk), source(bulk)
    fire(bulk, mine, 5), fire(bulk, other, 2)
    answer = many(bulk, "alerts/resolve", filter=f'integration_id == "{mine["slug"]}" && title != "Problem 3" && status == "triggered"')
    assert answer.status == 200 and answer.json["done"] == 4, answer
    assert statuses(bulk, mine) == ["resolved"] * 3 + ["triggered", "resolved"] and statuses(bulk, other) == ["triggered"] * 2
    answer = many(bulk, "alerts/resolve", filter='title == "no such title"')
    assert answer.status == 200 and answer.json == {"items": [], "total": 0, "done": 0, "failed": 0}


@pytest.mark.parametrize("body, pointer, words", [
    ({}, "/ids", "either ids or filter"),
    ({"ids": ["a"], "filter": "true"}, "/filter", "not both"),
    ({"ids": []}, "/ids", ""),
    ({"ids": ["a"] * 10001}, "/ids", "10000"),
    ({"ids": [7]}, "/ids/0", ""),
    ({"filter": ""}, "/filter", ""),
    ({"filter": 'titel == "x"'}, "/filter", "did you mean title"),
    ({"filter": "title =="}, "/filter", "filter"),
    ({"ids": ["a"], "reasn": "x"}, "/reasn", "reason"),
    ({"ids": ["a"], "reason": 7}, "/reason", ""),
])
def test_what_is_wrong_is_said_with_its_place(bulk, body, pointer, words):
    answer = many(bulk, "alerts/resolve", **body)
    assert answer.status == 400, answer
    assert [e["pointer"] for e in answer.json["errors"]] == [pointer] and words in answer.json["detail"] + answer.json["errors"][0]["message"], answer


def test_a_version_belongs_to_one(bulk):
    answer = bulk.try_api("POST", "alerts/resolve", {"ids": ["a"]}, headers={"If-Match": '"1"'})
    assert answer.status == 400 and "If-Match" in answer.json["detail"]


def test_the_same_key_does_it_once(bulk):
    mine = source(bulk)
    alerts = fire(bulk, mine, 2)
    body = {"ids": [a["id"] for a in alerts], "text": "seen"}
    first, second = (bulk.try_api("POST", "alerts/note", body, headers={"Idempotency-Key": "note-1"}) for _ in range(2))
    assert first.status == second.status == 200 and first.json == second.json
    assert len([e for e in bulk.items(f"alerts/{alerts[0]['id']}/timeline") if e["kind"] == "note"]) == 1


def test_a_dry_run_keeps_nothing(bulk):
    mine = source(bulk)
    fire(bulk, mine, 3)
    answer = bulk.try_api("POST", "alerts/dismiss?dry_run=true", {"filter": f'integration_id == "{mine["slug"]}"'})
    assert answer.status == 200 and answer.json["done"] == 3, answer
    assert statuses(bulk, mine) == ["triggered"] * 3


def test_many_are_deleted_and_what_is_used_stays(bulk):
    used = bulk.make("teams", name="Used")
    teams = [bulk.make("teams", name=f"Team {n}") for n in range(3)]
    bulk.make("services", name="Of a team", team_id=used["id"])
    answer = many(bulk, "teams/delete", ids=[teams[0]["slug"], used["id"], teams[1]["id"]])
    assert [(i["status"], i["code"]) for i in answer.json["items"]] == [(204, None), (409, "conflict"), (204, None)], answer
    assert {t["slug"] for t in bulk.items("teams")} >= {"used", "team-2"} and not {"team-0", "team-1"} & {t["slug"] for t in bulk.items("teams")}
    deleted = [e for e in bulk.items("audit") if e["kind"] == "team" and e["verb"] == "delete"]
    assert len(deleted) == 2
    assert many(bulk, "teams/delete", filter='name.startsWith("Team")').json["done"] == 1
    assert many(bulk, "alerts/delete", ids=["ALERT-1"]).status in (404, 405)


def test_incidents_and_pages_too(bulk):
    incidents = [bulk.make("incidents", title=f"Incident {n}", severity=3) for n in range(3)]
    into = incidents[0]
    answer = many(bulk, "incidents/merge", ids=[i["number"] for i in incidents[1:]], into=into["number"])
    assert answer.json["done"] == 2, answer
    answer = many(bulk, "incidents/close", ids=[into["number"]])
    assert answer.json["done"] == 1 and bulk.get("incidents/" + into["id"])["status"] == "closed"


def test_each_is_checked_for_itself(bulk):
    """Somebody who may change what is their teams' only."""
    team = bulk.make("teams", name="Mine")
    ann = bulk.make("users", name="Ann", email="ann.bulk@example.org", role="responder")
    bulk.change("teams", team["id"], members=[{"user_id": ann["id"], "role": "owner"}])
    key = bulk.make("api-keys", name="Ann's", user_id=ann["id"], scopes=["*"])["key"]
    own, foreign = bulk.make("services", name="Own", team_id=team["id"]), bulk.make("services", name="Foreign")
    answer = bulk.try_api("POST", "services/delete", {"ids": [own["id"], foreign["id"]]}, key=key)
    assert [i["status"] for i in answer.json["items"]] == [204, 403], answer
    viewer = bulk.make("users", name="Val", email="val.bulk@example.org", role="viewer")
    key = bulk.make("api-keys", name="Val's", user_id=viewer["id"], scopes=["*"])["key"]
    assert bulk.try_api("POST", "alerts/acknowledge", {"ids": ["ALERT-1"]}, key=key).status == 403
    assert bulk.try_api("POST", "alerts/acknowledge", {"filter": "true"}, key=key).status == 403


def test_many_rows_become_a_job(bulk):
    mine = source(bulk)
    alerts = fire(bulk, mine, 720)
    bulk.verb("alerts", alerts[5]["id"], "resolve")
    answer = bulk.try_api("POST", "alerts/acknowledge", {"filter": f'integration_id == "{mine["slug"]}"', "reason": "storm"}, headers={"X-Request-Id": "storm-1"})
    assert answer.status == 202, answer
    job = answer.json
    assert (job["area"], job["verb"], job["status"], job["total"]) == ("alerts", "acknowledge", "running", 720)
    job = ended(bulk, job)
    assert (job["status"], job["done"], job["failed"]) == ("done", 719, 1) and job["finished_at"], job
    assert job["failures"] == [{"id": alerts[5]["id"], "status": 409, "code": "conflict", "detail": job["failures"][0]["detail"]}]
    assert job["created_by"]["kind"] == "user" and sorted(set(statuses(bulk, mine))) == ["acknowledged", "resolved"]
    assert bulk.get("jobs")["items"][0]["id"] == job["id"]
    assert bulk.try_api("POST", f"jobs/{job['id']}/cancel", {}).status == 409
    answer = bulk.try_api("POST", "alerts/resolve?dry_run=true", {"filter": f'integration_id == "{mine["slug"]}"'})
    assert answer.status == 400 and "500" in answer.json["detail"]
    answer = many(bulk, "alerts/resolve", ids=[a["number"] for a in alerts])
    assert answer.status == 202 and ended(bulk, answer.json)["failed"] == 0
    assert set(statuses(bulk, mine)) == {"resolved"}


def test_a_job_tells_how_far_it_is(bulk):
    from tocsin import Stream
    mine = source(bulk)
    fire(bulk, mine, 700)
    with Stream(bulk) as stream:
        job = many(bulk, "alerts/dismiss", filter=f'integration_id == "{mine["slug"]}"').json
        event = stream.until(lambda e: job["id"] in e.get("data", ""))
        assert json.loads(event["data"])["id"] == job["id"]
    bulk.settle()


def test_a_job_stops_with_the_key_that_asked(bulk):
    mine = source(bulk)
    fire(bulk, mine, 600)
    key = bulk.make("api-keys", name="Short", scopes=["*"])
    job = bulk.try_api("POST", "alerts/acknowledge", {"filter": f'integration_id == "{mine["slug"]}"'}, key=key["key"]).json
    bulk.api("DELETE", "api-keys/" + key["id"])
    job = ended(bulk, job)
    assert job["status"] == "done" or (job["status"] == "stopped" and "gone" in job["reason"]), job
    assert job["created_by"]["kind"] == "key"


def test_a_job_goes_on_after_a_restart(bulk):
    mine = source(bulk)
    fire(bulk, mine, 1200)
    job = many(bulk, "alerts/acknowledge", filter=f'integration_id == "{mine["slug"]}"').json
    bulk.kill()
    bulk.start()
    job = ended(bulk, job)
    assert (job["status"], job["done"]) == ("done", 1200), job
    assert set(statuses(bulk, mine)) == {"acknowledged"}


# The client.

def client(server, *words, code=0):
    from tocsin import run
    done = run(*words, "--data", server.folder, timeout_s=60)
    assert done.returncode == code, done
    return done


def test_the_client_acts_on_many(bulk):
    mine = source(bulk)
    alerts = fire(bulk, mine, 4)
    done = client(bulk, "alert", "ack", alerts[0]["number"], "ALERT-999999", alerts[1]["number"], "--reason", "mine", code=3)
    assert done.stdout.splitlines() == [f"{a['number']} acknowledged: {a['title']}" for a in alerts[:2]]
    assert "ALERT-999999" in done.stderr and done.stderr.startswith("tocsin: ")
    chosen = f'integration_id == "{mine["slug"]}" && status == "triggered"'
    done = client(bulk, "alert", "resolve", "--filter", chosen, "--dry-run")
    assert done.stdout.splitlines() == [f"{a['number']} would be resolved: {a['title']}" for a in alerts[2:]]
    done = client(bulk, "alert", "resolve", "--filter", chosen)
    assert len(done.stdout.splitlines()) == 2 and statuses(bulk, mine) == ["acknowledged"] * 2 + ["resolved"] * 2
    assert "there are none" in client(bulk, "alert", "resolve", "--filter", chosen).stderr
    assert json.loads(client(bulk, "alert", "note", "--filter", f'integration_id == "{mine["slug"]}"', "seen", "-o", "json").stdout)["done"] == 4
    assert "not both" in client(bulk, "alert", "ack", "ALERT-1", "--filter", "true", code=2).stderr
    assert "did you mean title" in client(bulk, "alert", "ack", "--filter", "titel == 'x'", code=4).stderr
    assert "too few words" in client(bulk, "alert", "ack", code=2).stderr


def test_the_client_follows_a_job(bulk):
    mine = source(bulk)
    alerts = fire(bulk, mine, 650)
    bulk.verb("alerts", alerts[0]["id"], "resolve")
    done = client(bulk, "alert", "ack", "--filter", f'integration_id == "{mine["slug"]}"', code=4)
    assert done.stdout == "649 acknowledged, 1 refused\n" and alerts[0]["number"] in done.stderr


def test_the_client_deletes_many(bulk):
    for n in range(3):
        bulk.make("services", name=f"Gone {n}")
    done = client(bulk, "delete", "services", "--filter", 'name.startsWith("Gone")')
    assert len(done.stdout.splitlines()) == 3 and not [s for s in bulk.items("services") if s["name"].startswith("Gone")]
