"""Rounds that PostgreSQL undoes by itself: a deadlock with somebody else's session, a serialization failure. Nobody who sends or
acknowledges is told of it, and nothing happens twice."""

import pytest

from postgres import Session
from test_nodes import fire, wait_for
from test_races import Later
from tocsin import Tocsin
from world import NUMBERS, World

FAILS = """
CREATE SEQUENCE tries;
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fails BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION fails()
"""


class Alone:
    """One node, its database, and a world in it."""

    def __init__(self, folder, cluster, sink):
        self.cluster, self.database = cluster, f"undone{next(NUMBERS)}"
        self.node = Tocsin(folder / "data", db=cluster.create(self.database))
        self.node.init()
        self.node.start()
        self.world = World(self.node, sink).usual()
        self.key = self.world.source["key"]

    def sql(self, text):
        return self.cluster.psql(self.database, text)

    def fail(self, table, times, code="40001", event="INSERT"):
        self.sql(FAILS.format(table=table, times=times, code=code, event=event))

    def again(self):
        return self.node.log().count("it is done again")


@pytest.fixture
def alone(tmp_path, cluster, sink):
    made = Alone(tmp_path, cluster, sink)
    yield made
    made.node.kill()


def test_a_deadlock_with_a_foreign_session_is_gone_through(alone):
    """It has the second key and wants the first; the round has the first and wants the second. PostgreSQL ends the round."""
    assert fire(alone.node, alone.key, "a") == fire(alone.node, alone.key, "b") == 202
    alone.node.settle()
    other = Session(alone.cluster, alone.database)
    try:
        other.ask("SET deadlock_timeout = '60s'")  # it is never the one that is ended
        other.ask("BEGIN")
        other.ask("SELECT 1 FROM alert_key WHERE \"key\" = 'b' FOR UPDATE")
        sent = Later(alone.node.try_send, alone.key, [{"dedup_key": "b", "title": "B"}, {"dedup_key": "a", "title": "A"}])
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        wait_for(lambda: alone.sql(waits) == "1")
        other.send("SELECT 'has both' FROM alert_key WHERE \"key\" = 'a' FOR UPDATE")
        assert "has both" in other.answer()
        other.ask("COMMIT")
    finally:
        other.close()
    assert sent.result().status == 202
    assert alone.again() == 1 and "40P01" in alone.node.log()
    alone.node.settle()
    assert {a["dedup_key"]: a["count"] for a in alone.world.alerts()} == {"a": 2, "b": 2}
    assert alone.world.told("ann") == 2
    assert 'tocsin_commits_total{outcome="again"} 1' in alone.node.http("GET", "/metrics").text
    assert 'outcome="failed"' not in alone.node.http("GET", "/metrics").text


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_new_alerts_survive_two_undone_rounds(alone, code):
    alone.fail("alert", 2, code)
    assert fire(alone.node, alone.key, "one") == 202
    assert alone.again() == 2
    alone.node.settle()
    (alert,) = alone.world.alerts("one")
    assert alert["count"] == 1
    assert alone.world.told("ann") == 1
    assert [entry["kind"] for entry in alone.node.get(f"alerts/{alert['id']}/timeline")["items"]].count("created") == 1


def test_a_round_that_is_undone_for_good_is_answered_503_and_comes_back(alone):
    alone.fail("alert", 1000000)
    assert fire(alone.node, alone.key, "one") == 503
    assert "made to fail" in alone.node.log()
    alone.sql("DROP TRIGGER fails ON alert")
    wait_for(lambda: alone.node.http("GET", "/readyz").status == 200)
    assert fire(alone.node, alone.key, "one") == 202
    alone.node.settle()
    assert [a["count"] for a in alone.world.alerts("one")] == [1]


def test_a_verb_is_answered_as_if_nothing_had_been(alone):
    alone.world.fire("one")
    alert = alone.world.alert("one")
    alone.fail("page", 1, event="UPDATE")
    answer = alone.node.try_api("POST", f"alerts/{alert['id']}/acknowledge", {})
    assert answer.status == 200 and answer.json["status"] == "acknowledged", answer
    assert alone.again() == 1
    entries = [e for e in alone.node.items("audit") if e["verb"] == "acknowledge"]
    assert len(entries) == 1, entries
    alone.node.turn("10m")
    assert alone.world.tally("ann", "bob") == (1, 0)


def test_a_write_of_the_api_happens_once_and_is_audited_with_what_was_before(alone):
    team = alone.node.make("teams", name="Before")
    alone.fail("team", 1, event="UPDATE")
    changed = alone.node.change("teams", team["id"], name="After")
    assert alone.again() == 1
    assert changed["name"] == "After" and changed["version"] == team["version"] + 1
    (entry,) = [e for e in alone.node.items("audit", object_id=team["id"]) if e["verb"] == "update"]
    assert "Before" in str(entry) and "After" in str(entry)


def test_a_result_of_a_send_is_kept_and_nobody_is_told_twice(alone):
    """What happened outside cannot be undone: its result is written by the round that is done again."""
    alone.fail("notification", 1, event="UPDATE")
    alone.world.fire("one")
    assert alone.again() >= 1
    assert alone.world.told("ann") == 1
    (notification,) = alone.world.notifications(alone.world.page(alone.world.alert("one")))
    assert notification["status"] in ("sent", "delivered")


def test_a_row_that_somebody_locks_for_long_is_said_and_waited_out(alone):
    """10 s, then 503: whoever sends it again is not answered before it can be done."""
    assert fire(alone.node, alone.key, "one") == 202
    alone.node.settle()
    other = Session(alone.cluster, alone.database)
    try:
        other.ask("BEGIN")
        other.ask("SELECT 1 FROM alert_key FOR UPDATE")
        assert fire(alone.node, alone.key, "one") == 503
        assert "lock timeout" in alone.node.log() and alone.again() == 0
        other.ask("ROLLBACK")
    finally:
        other.close()
    wait_for(lambda: fire(alone.node, alone.key, "one") == 202)
    alone.node.settle()
    assert [a["count"] for a in alone.world.alerts("one")] == [2]
