"""What two nodes decide about the same thing at once, one of them not yet committed: each order gives one life of an alert, one page."""

import concurrent.futures

import pytest

from test_nodes import fire, wait_for


class Later:
    """A request whose answer is waited for elsewhere."""

    def __init__(self, fn, *arguments):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.future = self.pool.submit(fn, *arguments)

    def result(self):
        self.pool.shutdown()
        return self.future.result(60)

    def waits(self):
        return not self.future.done()


def waiting(pair):
    """Nodes that wait for their turn."""
    return int(pair.sql("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted "
                        "AND a.datname = current_database()"))


@pytest.fixture
def warm(held):
    """Both know the source; node a is about to keep its next commit about "one" back."""
    source = held.world.usual().source
    wait_for(lambda: fire(held.b, source["key"], "warm") == 202, 5)
    held.key = source["key"]
    return held


def both_settle(pair):
    pair.a.settle()
    pair.b.settle()


def test_a_resolve_waits_for_the_fire_that_is_not_committed(warm):
    warm.proxy.arm("Problem one", "hold")
    first = Later(fire, warm.a, warm.key, "one")
    assert warm.proxy.held.wait(10)
    second = Later(fire, warm.b, warm.key, "one", "resolved")
    wait_for(lambda: waiting(warm) == 1)
    assert first.waits() and second.waits()
    warm.proxy.release()
    assert (first.result(), second.result()) == (202, 202)
    both_settle(warm)
    (alert,) = warm.world.alerts("one")
    assert alert["status"] == "resolved"
    (page,) = warm.world.pages(alert)
    assert page["status"] == "resolved"
    warm.a.turn("10m")
    assert warm.world.told("bob") == 1  # of "warm" alone


def test_a_fire_waits_for_the_resolve_that_is_not_committed(warm):
    assert fire(warm.a, warm.key, "one") == 202
    both_settle(warm)
    warm.proxy.arm("resolved", "hold")
    first = Later(fire, warm.a, warm.key, "one", "resolved")
    assert warm.proxy.held.wait(10)
    second = Later(fire, warm.b, warm.key, "one")
    wait_for(lambda: waiting(warm) == 1)
    warm.proxy.release()
    assert (first.result(), second.result()) == (202, 202)
    both_settle(warm)
    (alert,) = warm.world.alerts("one")
    assert (alert["status"], alert["count"]) == ("triggered", 2)  # opened again, not a second one
    assert sorted(page["status"] for page in warm.world.pages(alert)) == ["active", "resolved"]


def test_a_fire_that_is_lost_before_its_commit_was_never_there(warm):
    """Node a stands still in its commit; the database ends its session after 5 s, and the others go on."""
    warm.proxy.arm("Problem one", "hold")
    first = Later(fire, warm.a, warm.key, "one")
    assert warm.proxy.held.wait(10)
    assert fire(warm.b, warm.key, "one", "resolved") == 202
    assert warm.b.items("alerts", integration_id=warm.world.source["id"], filter="dedup_key == 'one'") == []
    warm.proxy.release()
    assert first.result() == 503
    wait_for(lambda: fire(warm.a, warm.key, "one") == 202)
    both_settle(warm)
    (alert,) = warm.world.alerts("one")
    assert (alert["status"], alert["count"]) == ("triggered", 1)
    assert len(warm.world.pages(alert)) == 1


def test_a_rule_that_is_not_committed_holds_for_whoever_comes_after_it(warm):
    warm.proxy.arm("labelled by rule", "hold")
    made = Later(lambda: warm.world.rule(warm.world.source, "true", {"type": "set", "labels": {"by": "labelled by rule"}}))
    assert warm.proxy.held.wait(10)
    sent = Later(fire, warm.b, warm.key, "after")
    wait_for(lambda: waiting(warm) == 1)
    warm.proxy.release()
    made.result()
    assert sent.result() == 202
    assert warm.world.alert("after")["labels"]["by"] == "labelled by rule"


def test_two_acknowledgements_at_once_are_one(warm):
    """Ann on node a, Bob on node b: one of them has it, the other is told so."""
    world = warm.world
    assert fire(warm.a, warm.key, "one") == 202
    both_settle(warm)
    alert = world.alert("one")
    warm.proxy.arm("acknowledged", "hold")
    first = Later(warm.a.try_api, "POST", f"alerts/{alert['id']}/acknowledge", {})
    assert warm.proxy.held.wait(10)
    second = Later(warm.b.try_api, "POST", f"alerts/{alert['id']}/acknowledge", {})
    wait_for(lambda: waiting(warm) == 1)
    warm.proxy.release()
    assert first.result().status == 200
    assert second.result().status in (200, 409)
    entries = warm.a.get(f"alerts/{alert['id']}/timeline")["items"]
    assert sum(e["kind"] == "acknowledge" for e in entries) == 1, [(e["kind"], e.get("data")) for e in entries]
