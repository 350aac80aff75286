"""/am/{key}/api/v2: what Prometheus, amtool and dashboards of Alertmanager do, done to us."""

import datetime
import json
import shutil
import subprocess

import pytest


@pytest.fixture
def am(world):
    world.usual(template="alertmanager")
    return world


def post(world, *alerts):
    answer = world.server.http("POST", f"/am/{world.source['key']}/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
    world.server.settle()
    return answer


def get(world, path):
    return world.server.http("GET", f"/am/{world.source['key']}/api/v2/{path}")


def alert(name, **fields):
    return {"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": f"{name} is bad"}, **fields}


@pytest.fixture
def clock(am):
    """clock(60): the server's time in a minute."""
    am.server.send(am.integration(am.policy([am.ann]))["key"], {"title": "what time is it", "priority": "p4"})
    now = datetime.datetime.fromisoformat(am.alerts(integration=am.integrations[-1])[0]["last_seen_at"].replace("Z", "+00:00"))
    am.sink.clear()
    return lambda seconds: (now + datetime.timedelta(seconds=seconds)).isoformat()


def statuses(world):
    return {a["labels"]["alertname"]: a["status"] for a in world.alerts() if "alertname" in a["labels"]}


def test_an_alert_is_taken_and_pages(am):
    assert post(am, alert("Disk")).status == 200
    assert statuses(am) == {"Disk": "triggered"}
    assert am.told("ann") == 1
    assert am.alerts()[0]["priority"] == "p1"


def test_the_same_labels_are_the_same_alert(am):
    for _ in range(3):
        post(am, alert("Disk"))
    assert [a["count"] for a in am.alerts()] == [3]
    assert am.told("ann") == 1


def test_an_end_in_the_past_is_a_resolve(am, clock):
    post(am, alert("Disk"))
    post(am, alert("Disk", startsAt=clock(-60), endsAt=clock(-1)))
    assert statuses(am) == {"Disk": "resolved"}


def test_an_end_in_the_past_of_an_unknown_alert_opens_nothing(am, clock):
    assert post(am, alert("Never", startsAt=clock(-60), endsAt=clock(-1))).status == 200
    assert am.alerts() == []


def test_an_end_in_the_future_is_a_deadline_moved_by_each_post(am, clock):
    post(am, alert("Disk", endsAt=clock(120)))
    am.server.turn("90s")
    post(am, alert("Disk", endsAt=clock(300)))
    am.server.turn("60s")
    assert statuses(am) == {"Disk": "triggered"}
    am.server.turn("160s")
    assert statuses(am) == {"Disk": "resolved"}


def test_no_end_is_five_minutes(am):
    post(am, alert("Disk"))
    am.server.turn("290s")
    assert statuses(am) == {"Disk": "triggered"}
    am.server.turn("15s")
    assert statuses(am) == {"Disk": "resolved"}


def test_good_ones_are_stored_and_400_names_the_bad(am):
    answer = post(am, alert("Good"), {"labels": {}}, alert("Also"))
    assert answer.status == 400 and answer.body
    assert statuses(am) == {"Good": "triggered", "Also": "triggered"}


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b'[{"labels": 7}]', b"[7]"])
def test_what_is_no_list_of_alerts_is_400(am, body):
    answer = am.server.http("POST", f"/am/{am.source['key']}/api/v2/alerts", body, {"Content-Type": "application/json"})
    assert answer.status in (400, 422), answer


def test_an_empty_list_is_nothing(am):
    assert post(am).status == 200
    assert am.alerts() == []


def test_empty_labels_are_none(am):
    post(am, {"labels": {"alertname": "Disk", "empty": ""}})
    post(am, {"labels": {"alertname": "Disk"}})
    assert [a["count"] for a in am.alerts()] == [2]


def test_the_list_of_alerts_has_alertmanagers_form(am):
    post(am, alert("Disk"))
    answer = get(am, "alerts")
    assert answer.status == 200
    (one,) = [a for a in answer.json if a["labels"]["alertname"] == "Disk"]
    assert set(one) >= {"labels", "annotations", "startsAt", "endsAt", "updatedAt", "fingerprint", "status", "receivers"}
    assert one["status"]["state"] in ("active", "unprocessed")


def test_status_is_answered(am):
    answer = get(am, "status")
    assert answer.status == 200
    assert {"cluster", "versionInfo", "config", "uptime"} <= set(answer.json)


def test_unknown_key_is_404(server):
    assert server.http("POST", "/am/no-such-key-0123456789/api/v2/alerts", b"[]", {"Content-Type": "application/json"}).status == 404


@pytest.mark.skipif(not shutil.which("amtool"), reason="amtool is not installed")
def test_amtool_adds_and_lists(am):
    url = f"http://127.0.0.1:{am.server.port}/am/{am.source['key']}"
    subprocess.run(["amtool", "alert", "add", "alertname=ByHand", "severity=warning", f"--alertmanager.url={url}"], check=True, timeout=20)
    am.server.settle()
    assert statuses(am) == {"ByHand": "triggered"}
    told = subprocess.run(["amtool", "alert", "query", "alertname=ByHand", f"--alertmanager.url={url}"], capture_output=True, text=True, timeout=20)
    assert told.returncode == 0 and "ByHand" in told.stdout, told


@pytest.mark.parametrize("labels", [{"alertname": "Same"}, {"alertname": "Same", "severity": "warning", "zone": "a", "empty": ""}, {"alertname": "Same", "level": "critical"}])
def test_the_webhook_and_the_api_make_the_same_alert(am, labels):
    element = {"labels": labels, "annotations": {"summary": "it is bad"}}
    assert post(am, element).status == 200
    [before] = am.alerts()
    am.server.send(am.source["key"], {"version": "4", "status": "firing", "alerts": [{"status": "firing", **element}]})
    am.server.settle()
    [after] = am.alerts()
    assert (before["id"], before["dedup_key"], before["priority"]) == (after["id"], after["dedup_key"], after["priority"])
    assert before["priority"] == {"warning": "p3", "critical": "p1"}.get(labels.get("severity") or labels.get("level"), "p2")
    other = am.integration(am.policy([am.ann]), template="alertmanager")
    am.server.send(other["key"], {"version": "4", "alerts": [{"status": "firing", **element}]})
    am.server.settle()
    [hooked] = am.alerts(integration=other)
    assert (hooked["dedup_key"], hooked["priority"]) == (before["dedup_key"], before["priority"])
