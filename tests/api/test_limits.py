"""Limits by trying: each is said in one line and recovered from. What stays away from the machine's own limits is bounded here."""

import os
import re
import resource
import socket
import time

import pytest

from tocsin import ON_POSTGRES, Stream
from world import World


def until(condition, timeout_s=20):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def metric(server, name):
    found = re.search(rf"(?m)^{name} ([0-9.]+)$", server.http("GET", "/metrics").text)
    return float(found[1]) if found else None


def ask(connection, path="/healthz"):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connection.recv(4096)
        if not part:
            return b""
        answer += part
    return answer


def test_a_thousand_connections_are_held_and_answered(fresh, sink):
    wanted = 1000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    server = fresh()
    world = World(server, sink).usual()
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(wanted)]
    try:
        for connection in connections:
            assert b" 200 " in ask(connection)
        assert metric(server, "tocsin_http_connections") >= wanted
        world.fire("in the crowd")  # a page still goes out
        assert world.told("ann") == 1
        assert all(b" 200 " in ask(connection) for connection in connections[::50])
    finally:
        for connection in connections:
            connection.close()
    until(lambda: metric(server, "tocsin_http_connections") < 20)


def test_more_connections_than_descriptors_are_told_once_and_served_later(fresh):
    """With 128 descriptors the server takes what it can, says so, and goes on when some have left."""
    server = fresh(start=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(400)]
    for connection in connections[:20]:
        assert b" 200 " in ask(connection)
    until(lambda: "connections are open" in server.log())
    lines = [line for line in server.log().splitlines() if "connections are open" in line]
    assert len(lines) <= 4 and "--help" not in lines[0], lines  # once a minute and loop
    for connection in connections:
        connection.close()
    until(lambda: server.http("GET", "/readyz").status == 200)


def test_a_client_that_never_reads_its_stream_hinders_nobody(fresh, sink):
    """That more than 256 KiB unsent closes it is a unit test of net/: here the kernel's buffers lie between."""
    server = fresh()
    world = World(server, sink).usual()
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(20)
    deaf.connect(("127.0.0.1", server.port))
    deaf.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n\r\n".encode())
    until(lambda: metric(server, "tocsin_streams") == 1)
    with Stream(server) as good:
        large = server.make("services", name="Large", labels={f"k{i}": "x" * 200 for i in range(40)})
        before = server.memory_kib()
        for i in range(100):
            server.change("services", large["id"], name=f"Large {i}")
        assert server.memory_kib() - before < 64 * 1024
        world.fire("heard")
        assert world.told("ann") == 1
        good.until(lambda event: "alert" in event.get("event", "") + event.get("data", ""))
    deaf.close()
    until(lambda: metric(server, "tocsin_streams") <= 1)


def test_a_clock_that_jumps_pages_nobody_twice_and_gives_no_id_twice(fresh, sink):
    server = fresh()
    world = World(server, sink).usual()
    world.fire("one")
    assert server.control("clock +3d") == "ok"
    server.settle()
    told = world.tally("ann", "bob")
    assert server.control("clock -3d") == "ok"
    server.settle()
    world.fire("two")
    assert world.alert("two")["status"] == "triggered"
    assert world.told("ann") == told[0] + 1
    ids = [alert["id"] for alert in world.alerts()]
    assert len(set(ids)) == len(ids)
    page = world.page(world.alert("two"))
    server.turn("6m")
    assert world.told("bob") > told[1] or page["status"] != "active"


@pytest.mark.skipif(ON_POSTGRES, reason="the disk is its server's: tests/cluster/test_database_troubles.py")
def test_a_full_disk_is_said_once_and_recovered_from(fresh, sink):
    """A limit of the file's size stands for the full disk: SQLite is told the same by the kernel."""
    server = fresh(start=False)
    server.start()
    world = World(server, sink).usual()
    world.fire("before")
    pid = server.process.pid
    log = (server.folder / "tocsin.db-wal").stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(log, 4096), resource.RLIM_INFINITY))
    try:
        answers = [server.try_send(world.source["key"], {"title": "x" * 200, "dedup_key": f"full{i}"}).status for i in range(60)]
        if 503 not in answers:
            pytest.fail(f"the limit was not met: {set(answers)}")
        until(lambda: server.http("GET", "/readyz").status == 503)
        assert "not writable" in server.http("GET", "/readyz").text
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: server.http("GET", "/readyz").status == 200)
    world.fire("after")
    assert world.told("ann") >= 2
    refused = [line for line in server.log().splitlines() if "takes no writes" in line]
    assert len(refused) == 1 and "takes writes again" in server.log()
    assert os.path.exists(f"/proc/{pid}")
