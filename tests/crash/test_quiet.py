"""kill -9 between the end of a hold and its page: the page comes after the start, once."""

import os
import pathlib
import socket
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from http_sink import HttpSink  # noqa: E402
from tocsin import BINARY, Tocsin  # noqa: E402
from world import World  # noqa: E402

pytestmark = pytest.mark.skipif(not os.access(BINARY, os.X_OK), reason=f"{BINARY} is not built")


@pytest.fixture
def world(tmp_path):
    with HttpSink() as sink:
        server = Tocsin(tmp_path / "data")
        server.init()
        server.start()
        yield World(server, sink).usual()
        server.kill()


def until_it_dies(server, by_s):
    """Turns the clock; the process is killed on the way."""
    try:
        server.control(f"clock +{by_s}s")
        for _ in range(50):
            server.control("until-idle", 1)
    except (OSError, socket.timeout):
        pass
    server.died(timeout_s=5)
    server.turned_s += by_s
    server.start()
    server.settle()


@pytest.mark.parametrize("point, nth", [("quiet.release", 1), ("quiet.release", 3), ("cycle.before_commit", 1), ("cycle.after_commit", 1),
                                        ("job.before_claim", 1), ("job.after_claim", 1), ("job.after_claim", 2)])
def test_what_a_silence_lets_go_pages_once(world, point, nth):
    server = world.server
    for key in "abc":
        world.fire(key, labels={"team": "db"})
    told = world.told("ann")
    server.make("silences", matchers=[{"name": "team", "value": "db"}], for_s=120)
    server.settle()
    assert all(world.alert(key)["holds"] for key in "abc") and world.told("ann") == told
    assert server.control(f"fault {point} {nth} kill") == "ok"
    until_it_dies(server, 130)
    assert [world.alert(key)["holds"] for key in "abc"] == [[], [], []]
    assert world.told("ann") == told + 1, "what was let go together is one page"
    server.turn("299s")
    assert world.told("bob") == 0
    server.turn("5s")
    assert world.told("bob") == 1


@pytest.mark.parametrize("point", ["quiet.release"])
def test_a_release_that_fails_is_done_again(world, point):
    server = world.server
    world.fire("a", labels={"team": "db"})
    told = world.told("ann")
    server.make("silences", matchers=[{"name": "team", "value": "db"}], for_s=120)
    server.settle()
    assert server.control(f"fault {point} 1 error") == "ok"
    server.turn("130s")
    for _ in range(6):  # the back-off of what failed
        server.turn("10s")
    assert world.alert("a")["holds"] == [] and world.told("ann") == told + 1
