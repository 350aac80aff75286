"""Flapping, as tables: 6 changes in 30 minutes hold, 15 quiet minutes let go; one notice, then one page."""

import pytest

from quiet_table import Story

# Ann is told of each page, of the notice, and of the page at the end.
FLAPS = "fire a; resolve a; fire a; resolve a; fire a; resolve a"
TABLES = {
    "it begins with the sixth change; the notice is one; steady again it pages once": f"""
         0:00 | fire a; resolve a; fire a; resolve a; fire a; resolve a | a - [resolved] | ann 3
         1:00 | fire a                         | a flapping [triggered] | ann 4
         2:00 | resolve a; fire a; resolve a; fire a | a flapping   | ann 4
        10:00 |                                | a flapping         | ann 4, bob 0
        17:01 |                                | a -                | ann 5
    """,
    "resolved at the end it pages nobody": f"""
         0:00 | {FLAPS}; fire a; resolve a     | a - [resolved]     | ann 4
        16:00 |                                | a - [resolved]     | ann 4
        17:00 | fire a                         | a -                | ann 5
    """,
    "acknowledged at the end it stays quiet": f"""
         0:00 | {FLAPS}; fire a; ack a         | a flapping [acknowledged] | ann 4
        16:00 |                                | a - [acknowledged] | ann 4
    """,
    "fewer changes, or slower ones, do not": """
         0:00 | fire a; resolve a; fire a; resolve a; fire a | a - | ann 3
        29:00 | resolve a                      | a - [resolved]     |
        31:00 | fire a                         | a -                |
    """,
    "what people do is no change": """
         0:00 | fire a; close a; fire a; close a; fire a; close a; fire a; close a; fire a | a - | ann 5
    """,
    "what comes late is no change": """
         0:00 | fire a                         | a -                | ann 1
         1:00 | resolve a at=-1s               | a - [resolved]     |
         1:01 | fire a at=-30s; fire a at=-30s; fire a at=-30s; fire a at=-30s; fire a at=-30s; fire a at=-30s | a - [resolved] | ann 1
         1:10 | fire a                         | a -                | ann 2
    """,
    "its incident stays open, and its status follows the source": f"""
         0:00 | rule r true create_incident; {FLAPS}; fire a | a flapping [triggered] | incidents 1
         1:00 | resolve a                      | a - [resolved]     | incidents 1
         1:10 | fire a                         | a flapping [triggered] | incidents 1
    """,
    "the first page is never held": """
         0:00 | silence s title=~.+ 2m         |                    |
         0:10 | fire a; resolve a; fire a; resolve a; fire a; resolve a; fire a | a silence | ann 0
         2:01 |                                | a -                | ann 1
    """,
    "kept over a restart": f"""
         0:00 | {FLAPS}; fire a                | a flapping         | ann 4
         1:00 | kill                           | a flapping         | ann 4
        15:30 |                                | a -                | ann 5
    """,
    "flapping that ends before a silence": f"""
         0:00 | {FLAPS}; fire a                | a flapping         | ann 4
         1:00 | silence s title=~.+ 30m        | a flapping+silence |
        16:00 |                                | a silence          | ann 4
        31:02 |                                | a -                | ann 5
    """,
    "flapping that ends after a silence": f"""
         0:00 | {FLAPS}; fire a                | a flapping         | ann 4
         1:00 | silence s title=~.+ 5m         | a flapping+silence |
         6:02 |                                | a flapping         | ann 4
        15:02 |                                | a -                | ann 5
    """,
    "in both orders with a snooze": f"""
         0:00 | {FLAPS}; fire a; snooze a 5m   | a flapping+snooze  | ann 4
         5:02 |                                | a flapping         | ann 4
         6:00 | snooze a 20m                   | a flapping+snooze  |
        16:00 |                                | a snooze           | ann 4
        26:02 |                                | a -                | ann 5
    """,
    "in both orders with a window": f"""
         0:00 | {FLAPS}; fire a; window m 5m   | a flapping+maintenance | ann 4
         5:02 |                                | a flapping         | ann 4
         6:00 | window n 20m                   | a flapping+maintenance |
        16:00 |                                | a maintenance      | ann 4
        26:02 |                                | a -                | ann 5
    """,
    "in both orders with inhibition": f"""
         0:00 | {FLAPS}; fire a; inhibit r kind=above title=~Problem.a all; fire n kind=above; ack n | a flapping+inhibition | ann 5
         5:00 | resolve n                      |                    |
         5:31 |                                | a flapping         | ann 5
         6:00 | fire m kind=above; ack m       | a flapping+inhibition | ann 6
        15:30 |                                | a inhibition       | ann 6
        16:00 | resolve m                      |                    |
        16:31 |                                | a -                | ann 7
    """,
    "in both orders with a suppressing rule": f"""
         0:00 | {FLAPS}; fire a; rule r true suppress; fire a title=Two | a flapping+suppressed | ann 4
         5:00 | delete r                       | a flapping         | ann 4
         6:00 | rule q true suppress; fire a title=Three | a flapping+suppressed |
        16:00 |                                | a suppressed       | ann 4
        17:00 | delete q                       | a -                | ann 5
    """,
    "in both orders with quiet mode": f"""
         0:00 | {FLAPS}; fire a; quiet on; fire a title=Two | a flapping+quiet | ann 4
         5:00 | quiet off; fire a title=Three  | a flapping         | ann 4
         6:00 | quiet on; fire a title=Four    | a flapping+quiet   |
        16:00 |                                | a quiet            | ann 4
        17:00 | quiet off; fire a title=Five   | a -                | ann 5
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_story(world, name, fresh, sink):
    from world import World
    if "restart" in name:
        world = World(fresh(), sink)
    Story(world.usual(reopen_window_s=3600)).play(TABLES[name])


def test_an_integration_has_thresholds_of_its_own(world):
    world.usual(flap_count=3, flap_window_s=600, flap_quiet_s=60)
    Story(world).play("""
         0:00 | fire a; resolve a; fire a; resolve a; fire a | a flapping | ann 3
         1:01 |                                              | a -        | ann 4
    """)


def test_flap_count_0_is_off(world):
    world.usual(flap_count=0)
    Story(world).play("""
         0:00 | fire a; resolve a; fire a; resolve a; fire a; resolve a; fire a; resolve a; fire a | a - | ann 5
    """)


def test_the_notice_and_the_timeline_say_so(world):
    world.usual()
    for _ in range(3):
        world.fire("a")
        world.resolve("a")
    world.fire("a")
    assert any("pages no more until it is steady" in call.body.decode() for call in world.calls("ann"))
    entries = [e for e in world.server.items("timeline", subject_id=world.alert("a")["id"]) if e["kind"] == "flapping"]
    assert len(entries) == 1 and entries[0]["data"]["changes"] == 6


def test_a_timeout_is_no_change(world):
    """Four of the source's own, four of ours: not six."""
    world.usual(resolve_after_s=60)
    Story(world).play("\n".join(f"{2 * n}:00 | fire a | a - [triggered] | ann {n + 1}" for n in range(5)))
