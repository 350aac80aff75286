"""SQLite today, PostgreSQL tomorrow: the demo's world moves with a page open, and whoever holds the link does not notice."""

import json
import urllib.parse

import pytest

from test_demo import Demo
from test_nodes import wait_for
from tocsin import Tocsin, run

KINDS = ("users", "teams", "services", "schedules", "escalation-policies", "integrations", "alert-rules", "incidents")
FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def demo(tmp_path):
    made = Demo(tmp_path / "here")
    yield made
    made.process.kill()
    made.process.wait()
    made.process.stdout.close()


def ask(demo, path, key):
    status, body = demo.http("GET", "/api/v1/" + path, headers={"Authorization": f"Bearer {key}"})
    assert status == 200, body
    return json.loads(body)


def seen_in(get):
    """Ids and versions of what people made, and the numbers of what happened."""
    world = {kind: sorted((item["id"], item["version"]) for item in get(f"{kind}?limit=1000")["items"]) for kind in KINDS}
    return world


def test_the_demo_moves_to_postgresql_with_a_page_open(demo, tmp_path, cluster):
    demo.address()
    key = (tmp_path / "here/admin.key").read_text().strip()
    body = json.dumps({"title": "Nothing works any more", "priority": "p1", "dedup_key": "mine"})
    assert demo.http("POST", "/in/demo-generic", body)[0] == 202
    shown = demo.until("'s phone", "Nothing works any more", "/ack/")
    after = shown[shown.index("Nothing works any more"):]
    link = urllib.parse.urlsplit(after[after.index("answer: ") + 8:].split()[0]).path
    assert "Nothing works any more" in demo.http("GET", link)[1]  # the page is open in somebody's hand
    world = seen_in(lambda path: ask(demo, path, key))
    assert all(world[kind] for kind in ("users", "services", "escalation-policies", "integrations", "alert-rules"))
    demo.process.kill()  # not even a chance to say good-bye
    demo.process.wait()

    file, there = tmp_path / "all.jsonl", tmp_path / "there"
    done = run("export-all", file, "--data", demo.folder, "--with-key")
    assert done.returncode == 0, done
    url = cluster.create("moved")
    done = run("import", file, "--data", there, "--db", url)
    assert done.returncode == 0 and "active pages" in done.stdout, done
    (there / "test-mode").touch()
    server = Tocsin(there, db=url)
    server.key = key
    server.start()
    try:
        assert seen_in(server.get).items() >= {kind: world[kind] for kind in KINDS if kind != "incidents"}.items()
        shown = server.http("GET", link)
        assert shown.status == 200 and "Nothing works any more" in shown.text and "Acknowledge" in shown.text
        (alert,) = server.items("alerts", filter="dedup_key == 'mine'")
        (page,) = server.items("pages", alert_id=alert["id"])
        assert (alert["status"], page["status"]) == ("triggered", "active")
        answer = server.http("POST", link, "action=acknowledge", FORM)
        assert (answer.status, answer.json["status"]) == (200, "acknowledged"), answer
        assert server.get(f"pages/{page['id']}")["status"] == "acknowledged"
        assert server.get(f"alerts/{alert['id']}")["status"] == "acknowledged"
        told = len(server.items("notifications", page_id=page["id"]))
        server.turn("2h")
        assert len(server.items("notifications", page_id=page["id"])) == told  # it has ended here, too
        # The senders' keys are good, and what they repeat is the same alert.
        assert server.try_send("demo-generic", body).status == 202
        wait_for(lambda: server.get(f"alerts/{alert['id']}")["count"] == 2)
        assert server.try_send("demo-generic", {"title": "Another", "dedup_key": "next"}).status == 202
        (fresh,) = server.items("alerts", filter="dedup_key == 'next'")
        assert int(fresh["number"].split("-")[1]) > int(alert["number"].split("-")[1])
    finally:
        server.kill()
