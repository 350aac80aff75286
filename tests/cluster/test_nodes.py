"""Nodes of one database: each sees what the other does, and the work of one that dies, stops or loses its connection is done all the
same, once."""

import concurrent.futures
import http.client
import os
import signal
import threading
import time

import pytest

from commit_proxy import CommitProxy
from tocsin import Stream, Tocsin, run
from world import World


def wait_for(condition, seconds=25):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def fire(node, key, dedup_key, status="triggered"):
    """The HTTP status; None without an answer."""
    try:
        return node.try_send(key, {"dedup_key": dedup_key, "title": f"Problem {dedup_key}", "status": status}).status
    except (OSError, http.client.HTTPException):
        return None


def test_an_integration_made_on_one_node_is_known_on_the_other(pair):
    source = pair.world.usual().source
    wait_for(lambda: fire(pair.b, source["key"], "one") == 202, 5)
    pair.b.settle()
    (alert,) = pair.a.items("alerts", integration_id=source["id"])
    assert alert["dedup_key"] == "one" and alert["count"] == 1


def test_what_was_not_understood_on_one_node_ends_by_a_good_message_on_the_other(pair):
    source = pair.world.usual().source
    wait_for(lambda: fire(pair.b, source["key"], "one") == 202)
    assert pair.a.try_send(source["key"], [1, 2]).status == 422
    pair.a.settle()
    (bad,) = [a for a in pair.a.items("alerts", integration_id=source["id"]) if "not understood" in a["title"]]
    assert bad["status"] == "triggered"

    def ends():
        assert fire(pair.b, source["key"], "one") == 202
        return pair.a.get(f"alerts/{bad['id']}")["status"] == "resolved"

    wait_for(ends)


def test_a_change_of_a_rule_holds_on_the_other_node(pair):
    world = pair.world.usual()
    wait_for(lambda: fire(pair.b, world.source["key"], "before") == 202, 5)
    rule = world.rule(world.source, "true", {"type": "set", "labels": {"by": "rule"}})
    wait_for(lambda: pair.sql("SELECT value FROM meta WHERE name = 'setup_version'") != "", 5)
    assert fire(pair.b, world.source["key"], "after") == 202  # its round reads the newer rules before it decides
    assert {alert["dedup_key"]: alert["labels"].get("by") for alert in world.alerts()} == {"before": None, "after": "rule"}
    pair.a.api("DELETE", f"alert-rules/{rule['id']}")
    assert fire(pair.b, world.source["key"], "later") == 202
    assert "by" not in world.alert("later")["labels"]


def test_a_key_that_was_deleted_on_one_node_opens_nothing_on_the_other(pair):
    made = pair.a.make("api-keys", name="Soon gone", scopes=["alerts:read"])
    wait_for(lambda: pair.b.try_api("GET", "alerts", key=made["key"]).status == 200, 5)
    pair.a.api("DELETE", f"api-keys/{made['id']}")
    wait_for(lambda: pair.b.try_api("GET", "alerts", key=made["key"]).status == 401, 5)


def test_live_events_of_one_node_reach_the_streams_of_the_other_once(pair):
    world = pair.world.usual()
    with Stream(pair.b) as stream:
        world.fire("seen")
        alert = world.alert("seen")
        event = stream.until(lambda e: alert["id"] in e.get("data", ""))
        assert event["event"] == "change"


def test_the_clock_is_turned_on_all_nodes(pair):
    world = pair.world.usual()
    world.fire("late")
    assert world.tally("ann", "bob") == (1, 0)
    pair.b.turn("6m")
    wait_for(lambda: world.tally("ann", "bob") == (1, 1), 10)


def test_fire_and_resolve_of_one_key_on_two_nodes_at_once_are_one_life(pair):
    """Whichever comes first: one alert a life, never two open ones, and its end is that of the later."""
    source = pair.world.usual().source
    wait_for(lambda: fire(pair.b, source["key"], "warm") == 202, 5)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(fire, (pair.a, pair.b)[i % 2], source["key"], f"k{i // 8}", "resolved" if i % 4 == 3 else "triggered")
                for i in range(160)]
        assert {one.result() for one in sent} == {202}
    pair.a.settle()
    pair.b.settle()
    for number in range(20):
        alerts = pair.world.alerts(f"k{number}")
        assert sum(alert["status"] != "resolved" for alert in alerts) <= 1, alerts
    assert pair.sql("SELECT count(*) FROM page WHERE subject_id > 0 GROUP BY subject_id, episode, policy_id, start HAVING count(*) > 1") == ""


def test_counts_are_exact_when_both_nodes_take_repeats(pair):
    source = pair.world.usual().source
    wait_for(lambda: fire(pair.b, source["key"], "same") == 202, 5)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(fire, (pair.a, pair.b)[i % 2], source["key"], "same") for i in range(100)]
        assert {one.result() for one in sent} == {202}
    (alert,) = pair.world.alerts("same")
    assert alert["count"] == 101
    assert pair.world.told("ann") == 1


def test_numbers_and_ids_are_given_once(pair):
    source = pair.world.usual().source
    wait_for(lambda: fire(pair.b, source["key"], "first") == 202, 5)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: fire((pair.a, pair.b)[i % 2], source["key"], f"n{i}"), range(60)))
    alerts = pair.world.alerts()
    assert len(alerts) == 61
    assert len({alert["number"] for alert in alerts}) == len({alert["id"] for alert in alerts}) == 61


def test_two_holds_that_end_at_once_on_two_nodes_page_once(pair):
    world = pair.world.usual()
    world.rule(world.source, "true", {"type": "pause", "for_s": 300})
    world.fire("held")  # by a job of node a
    alert = world.alert("held")
    pair.b.api("POST", f"alerts/{alert['id']}/snooze", {"for_s": 300})  # by one of node b
    assert len(world.alert("held")["holds"]) == 2
    pair.a.turn("6m")
    wait_for(lambda: world.told("ann") == 1, 10)
    pair.b.settle()
    pair.a.settle()
    assert world.alert("held")["holds"] == []
    assert len(world.pages(alert)) == world.told("ann") == 1


def test_an_acknowledgement_on_one_node_stops_the_page_that_the_other_began(pair):
    world = pair.world.usual()
    world.fire("answered")
    alert = world.alert("answered")
    assert pair.b.api("POST", f"alerts/{alert['id']}/acknowledge", {})
    pair.a.turn("20m")
    assert world.tally("ann", "bob") == (1, 0)


def test_a_killed_nodes_inbox_and_pages_are_taken_over(pair):
    world = pair.world.usual()
    quiet = world.integration(quiet=True)
    world.fire("owed later")  # bob is due in five minutes, by a job of node a
    events = [{"dedup_key": f"bulk {i}", "title": f"Bulk {i}"} for i in range(3000)]
    answer = pair.a.try_send(quiet["key"], events)
    pair.a.kill()
    assert answer.status == 202
    wait_for(lambda: "has ended without a word: its work is taken over" in pair.b.log(), 8)
    pair.b.settle()
    world.server = pair.b
    assert len(world.alerts(integration=quiet)) == 3000
    pair.b.turn("6m")
    wait_for(lambda: world.tally("ann", "bob") == (1, 1), 10)


def test_a_node_that_comes_back_takes_its_own_work_up_at_once(pair):
    world = pair.world.usual()
    pair.b.stop()
    world.fire("owed")
    pair.a.kill()
    pair.a.start()
    began = time.monotonic()
    pair.a.turn("6m")
    wait_for(lambda: world.tally("ann", "bob") == (1, 1), 5)
    assert time.monotonic() - began < 8, "it waited for its own former life to be declared dead"
    assert "silent" not in pair.a.log()


def test_a_paused_node_that_wakes_writes_nothing_under_its_old_epoch(pair):
    world = pair.world.usual()
    wait_for(lambda: fire(pair.b, world.source["key"], "warm") == 202, 5)
    os.kill(pair.a.process.pid, signal.SIGSTOP)
    answers = []
    late = threading.Thread(target=lambda: answers.append(fire(pair.a, world.source["key"], "while asleep")))
    late.start()
    wait_for(lambda: "taken over" in pair.b.log())
    assert fire(pair.b, world.source["key"], "meanwhile") == 202
    before = int(pair.sql("SELECT max(epoch) FROM node WHERE ended_at > 0"))
    os.kill(pair.a.process.pid, signal.SIGCONT)
    late.join()
    wait_for(lambda: "joins again" in pair.a.log())
    pair.a.settle()
    assert int(pair.sql("SELECT max(epoch) FROM node")) > before
    # Under the old epoch nothing is taken: it may be refused, and is sent again as every sender does.
    if answers[0] != 202:
        assert answers[0] == 503 and [a["dedup_key"] for a in world.alerts() if a["dedup_key"] == "while asleep"] == []
        assert fire(pair.a, world.source["key"], "while asleep") == 202
    pair.a.settle()
    assert {alert["dedup_key"]: alert["count"] for alert in world.alerts()} == {"warm": 1, "while asleep": 1, "meanwhile": 1}


def test_the_others_go_on_when_a_node_is_paused_in_the_middle_of_its_work(pair):
    """It may hold the turn: the database ends its session after 5 s."""
    world = pair.world.usual()
    quiet = world.integration(quiet=True)
    wait_for(lambda: fire(pair.b, quiet["key"], "warm") == 202, 5)
    promised, stop = {"warm"}, threading.Event()

    def send(node, name):
        number = 0
        while not stop.is_set():
            number += 1
            if fire(node, quiet["key"], f"{name} {number}") == 202:
                promised.add(f"{name} {number}")

    senders = [threading.Thread(target=send, args=(node, name)) for name, node in (("a1", pair.a), ("a2", pair.a), ("b", pair.b))]
    for sender in senders:
        sender.start()
    try:
        wait_for(lambda: len(promised) > 20)
        os.kill(pair.a.process.pid, signal.SIGSTOP)
        seen = len(promised)
        wait_for(lambda: len(promised) > seen + 20)
    finally:
        os.kill(pair.a.process.pid, signal.SIGCONT)
        stop.set()
        for sender in senders:
            sender.join()
    pair.b.settle()
    world.server = pair.b
    have = {alert["dedup_key"]: alert["count"] for alert in world.alerts(integration=quiet)}
    assert promised <= set(have)
    assert set(have.values()) == {1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_lost_in_commit_is_found_out(tmp_path, cluster, sink, when):
    """202 only for what is there, 503 only for what is not."""
    proxy = CommitProxy(cluster.port)
    cluster.create(f"lost_{when}")
    node = Tocsin(tmp_path / "data", db=cluster.url(f"lost_{when}", proxy.port))
    node.init()
    node.start()
    try:
        world = World(node, sink).usual()
        proxy.arm("lost in commit", when)
        status = fire(node, world.source["key"], "lost in commit")
        assert proxy.cuts == 1
        assert status == (202 if when == "after" else 503)
        wait_for(lambda: node.http("GET", "/readyz").status == 200, 10)
        node.settle()
        assert len(world.alerts("lost in commit")) == (1 if when == "after" else 0)
        if when == "before":
            assert fire(node, world.source["key"], "lost in commit") == 202
            node.settle()
        assert [alert["count"] for alert in world.alerts("lost in commit")] == [1]
        wait_for(lambda: world.told("ann") == 1, 10)
        assert ("was done" in node.log()) == (when == "after")
    finally:
        node.kill()
        proxy.close()


def test_a_node_without_its_database_says_so_and_comes_back(tmp_path, cluster, sink):
    proxy = CommitProxy(cluster.port)
    cluster.create("away")
    node = Tocsin(tmp_path / "data", db=cluster.url("away", proxy.port))
    node.init()
    node.start()
    try:
        world = World(node, sink).usual()
        proxy.refuse = True
        cluster.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'")
        wait_for(lambda: node.http("GET", "/readyz").status == 503, 10)
        assert fire(node, world.source["key"], "away") == 503
        wait_for(lambda: node.try_api("GET", "alerts").status == 503, 10)  # nor does it trust its copy of the keys
        proxy.refuse = False
        wait_for(lambda: node.http("GET", "/readyz").status == 200, 15)
        assert fire(node, world.source["key"], "back") == 202
        node.settle()
        assert [alert["dedup_key"] for alert in world.alerts()] == ["back"]
    finally:
        node.kill()
        proxy.close()


def test_a_database_in_use_is_migrated_only_when_told_to(tmp_path, cluster):
    url = cluster.create("older")
    node = Tocsin(tmp_path / "data", db=url)
    node.init()
    latest = cluster.psql("older", "SELECT max(version) FROM schema")
    cluster.psql("older", f"DELETE FROM schema WHERE version = {latest}")
    refused = run("serve", "--data", node.folder, "--listen", "127.0.0.1:0", "--db", url)
    assert refused.returncode == 1
    assert "--migrate" in refused.stderr.splitlines()[-1]


def test_the_last_two_holds_ended_on_two_nodes_at_once_page_once(pair):
    """Whoever takes the last hold away pages; neither thinks that the other will, and not both do."""
    world = pair.world.usual()
    wait_for(lambda: fire(pair.b, world.source["key"], "warm") == 202, 5)
    for turn in range(4):
        key = f"k{turn}"
        first, second = (pair.a.make("silences", matchers=[{"name": "title", "value": f"Problem {key}"}], for_s=3600) for _ in range(2))
        world.fire(key)
        wait_for(lambda: len(world.alert(key)["holds"]) == 2)
        before = world.told("ann")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            ends = [pool.submit(node.try_api, "POST", f"silences/{silence['id']}/end", {}) for node, silence in ((pair.a, first), (pair.b, second))]
            assert [end.result().status for end in ends] == [200, 200]
        wait_for(lambda: world.told("ann") > before)
        pair.a.settle()
        pair.b.settle()
        assert world.told("ann") == before + 1 and world.alert(key)["holds"] == []
        pair.a.verb("alerts", world.alert(key)["id"], "resolve")


def test_a_silence_edited_while_both_nodes_take_alerts_holds_what_it_says_at_last(pair):
    world = pair.world.usual()
    wait_for(lambda: fire(pair.b, world.source["key"], "warm") == 202, 5)
    silence = pair.a.make("silences", matchers=[{"name": "title", "op": "=~", "value": "Problem (x|y).*"}], for_s=3600)
    done = threading.Event()

    def send(node, letter):
        count = 0
        while not done.is_set() and count < 200:
            assert fire(node, world.source["key"], f"{letter}{count}") == 202
            count += 1

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        senders = [pool.submit(send, pair.a, "x"), pool.submit(send, pair.b, "y")]
        for words in ("Problem y.*", "Problem (x|y).*", "Problem x.*"):
            pair.b.change("silences", silence["id"], matchers=[{"name": "title", "op": "=~", "value": words}])
        done.set()
        for sender in senders:
            sender.result()

    def settled():
        held = {alert["dedup_key"]: len(alert["holds"]) for alert in world.alerts()}
        return all(count == (key[0] == "x") for key, count in held.items())
    wait_for(settled)
