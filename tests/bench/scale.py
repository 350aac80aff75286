#!/usr/bin/env python3
"""What grows: both engines, two nodes, many open alerts, many streams, the API under 64 connections.

    tests/bench/scale.py [--only CASE[,CASE]] [--db sqlite|postgres|both] [--seconds 3] [--open 100000[,1000000]] [--streams 10000]

Cases, each bounded by its flags and by --minutes:
    engines   single and batched alerts to /in, SQLite and PostgreSQL (synced) side by side
    nodes     the same on one node of a PostgreSQL and on two
    api       create, read and list with 64 connections
    open      so many open alerts: resident memory, the list page, a start with them on disk
    streams   so many idle live streams: resident memory

Load generator and servers share the machine. Timings are printed, never asserted.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from bench import wrk  # noqa: E402
from postgres import Cluster  # noqa: E402
from tocsin import Tocsin  # noqa: E402

KEY = "scale-in-0123456789"
INGEST = [("new", 1, 64), ("repeated", 1, 64), ("new", 100, 16), ("repeated", 100, 16)]


class Engines:
    """Servers on fresh databases, ended together."""

    def __init__(self, folder, options):
        self.folder, self.options, self.stack, self.made = folder, options, contextlib.ExitStack(), 0
        self.cluster = None

    def database(self, engine):
        if engine == "sqlite":
            return None
        if not self.cluster:
            self.cluster = Cluster(fsync=True, settings=["shared_buffers=256MB", "max_wal_size=2GB", "log_lock_waits=off"])
            self.stack.callback(self.cluster.remove)
        return self.cluster.create(f"scale{self.made}")

    def server(self, engine, beside=None):
        """Another one; beside: as a second node of that one's database."""
        self.made += 1
        made = Tocsin(self.folder / f"data{self.made}", db=beside.db if beside else self.database(engine))
        if beside:
            made.folder.mkdir()
            (made.folder / "test-mode").touch()
            shutil.copy2(beside.folder / "secret.key", made.folder) if (beside.folder / "secret.key").exists() else None
            made.key = beside.key
        else:
            made.init()
        made.start()
        self.stack.callback(self.end, made)
        if not beside:
            made.make("integrations", name="Scale", template="generic", key=KEY, quiet=True)
        return made

    @staticmethod
    def end(server):
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)

    def engines(self):
        return ["sqlite", "postgres"] if self.options.db == "both" else [self.options.db]


def url(server):
    return f"http://127.0.0.1:{server.port}/in/{KEY}"


def drain(server, limit_s=120):
    begin = time.monotonic()
    with contextlib.suppress(OSError, TimeoutError):
        server.control("until-idle", timeout_s=limit_s)
    return time.monotonic() - begin


def row(name, *cells):
    print(f"{name:<38} " + " ".join(f"{cell:>22}" for cell in cells), flush=True)


def rate(found):
    bad = found["status_errors"] + found["socket_errors"]
    return f"{found['alerts_s']:,.0f}/s p99 {found['p99_ms']:.0f} ms" + (f" ({bad} bad)" if bad else "")


def case_engines(e):
    servers = [e.server(engine) for engine in e.engines()]
    row("alerts to /in", *e.engines(), "ratio")
    for number, (kind, batch, connections) in enumerate(INGEST):
        found = []
        for server in servers:
            found.append(wrk("generic.lua", url(server), kind, batch, connections, e.options.seconds, f"e{number}"))
            drain(server)
        ratio = f"{found[1]['alerts_s'] / found[0]['alerts_s']:.2f}" if len(found) == 2 else ""
        row(f"{kind}, {batch} a request, {connections} connections", *map(rate, found), ratio)


def case_nodes(e):
    one = e.server("postgres")
    two = e.server("postgres", beside=one)
    time.sleep(2)  # it reads the key of the source
    row("alerts to /in, PostgreSQL", "one node", "two nodes", "ratio")
    for number, (kind, batch, connections) in enumerate(INGEST):
        alone = wrk("generic.lua", url(one), kind, batch, connections, e.options.seconds, f"n{number}")
        drain(one)
        both = [None, None]

        def run(i, server, n=number, k=kind, b=batch, c=connections, found=both):
            found[i] = wrk("generic.lua", url(server), k, b, c // 2, e.options.seconds, f"t{n}{i}")

        threads = [threading.Thread(target=run, args=(i, server)) for i, server in enumerate((one, two))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        drain(one), drain(two)
        total = {"alerts_s": sum(f["alerts_s"] for f in both), "p99_ms": max(f["p99_ms"] for f in both),
                 "status_errors": sum(f["status_errors"] for f in both), "socket_errors": sum(f["socket_errors"] for f in both)}
        row(f"{kind}, {batch} a request, {connections} connections", rate(alone), rate(total), f"{total['alerts_s'] / alone['alerts_s']:.2f}")


def api_load(server, kind, path, seconds, run, connections=64):
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "api.lua"), f"http://127.0.0.1:{server.port}",
               "--", kind, server.key, path, run]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    line = next((line for line in done.stdout.splitlines() if line.startswith("{")), None)
    assert line, done.stdout + done.stderr
    found = json.loads(line)
    found["alerts_s"] = found["requests"] / found["seconds"]
    return found


def case_api(e):
    servers = [e.server(engine) for engine in e.engines()]
    row("API, 64 connections", *e.engines())
    for server in servers:
        server.try_send(KEY, [{"dedup_key": f"a{i}", "title": f"Disk {i}"} for i in range(1000)])
        drain(server)
    ids = [server.get("alerts", limit=1)["items"][0]["id"] for server in servers]
    row("create an incident", *(rate(api_load(s, "create", "/api/v1/incidents", e.options.seconds, "c")) for s in servers))
    row("read one alert", *(rate(api_load(s, "read", f"/api/v1/alerts/{i}", e.options.seconds, "r")) for s, i in zip(servers, ids)))
    row("list 50 alerts", *(rate(api_load(s, "list", "/api/v1/alerts?limit=50", e.options.seconds, "l")) for s in servers))


def send_open(server, count, deadline):
    """So many alerts that stay open, over the front door; how many there are."""
    sent, per, refused = 0, 1000, 0
    while sent < count and time.monotonic() < deadline:
        body = json.dumps([{"dedup_key": f"open-{sent + i}", "title": f"Disk is almost full on host {sent + i}", "priority": "p3",
                            "labels": {"instance": f"host{sent + i}:9100", "job": "node"}} for i in range(per)])
        answer = server.try_send(KEY, body)
        if answer.status == 202:
            sent += per
        else:
            refused += 1
            time.sleep(0.2)
        if sent % 20000 == 0:
            drain(server)  # a backlog of half an hour would be refused
    drain(server, max(10, deadline - time.monotonic()))
    return sent


def timed_get(server, path, times=20):
    found = []
    for _ in range(times):
        begin = time.monotonic()
        answer = server.try_api("GET", path)
        assert answer.status == 200, answer
        found.append((time.monotonic() - begin) * 1000)
    return f"{statistics.median(found):.1f} (max {max(found):.1f}) ms"


def start_ms(server):
    begin = time.monotonic()
    server.start()
    while server.http("GET", "/readyz").status != 200:
        time.sleep(0.002)
    return (time.monotonic() - begin) * 1000


OPEN = "status=triggered&status=acknowledged"
PAGES = ["alerts?limit=50", f"alerts?limit=100&{OPEN}&sort=-id", f"alerts?limit=100&{OPEN}&sort=priority", f"alerts?limit=100&{OPEN}&total=true"]


def case_open(e):
    for engine in e.engines():
        server = e.server(engine)
        for count in e.options.open:
            begin = time.monotonic()
            there = send_open(server, count, begin + e.options.minutes * 60)
            took = time.monotonic() - begin
            after = server.memory_kib() / 1024
            server.stop()
            started = start_ms(server)
            for path in PAGES:
                timed_get(server, path, 2)
            print(f"{engine}, {there:,} open alerts (made in {took:.0f} s): resident {after:,.0f} MiB after them, "
                  f"{server.memory_kib() / 1024:,.0f} MiB after a restart; ready again in {started:,.0f} ms")
            for path in PAGES:
                print(f"  GET {path}: {timed_get(server, path)}")
            begin = time.monotonic()
            code = server.try_send(KEY, {"dedup_key": "open-1", "title": "again"}).status
            print(f"  a repeat: {code} in {(time.monotonic() - begin) * 1000:.1f} ms", flush=True)


def case_streams(e):
    server = e.server(e.engines()[0])
    before, open_, want = server.memory_kib() / 1024, [], e.options.streams
    head = f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\nAccept: text/event-stream\r\n\r\n".encode()
    try:
        for _ in range(want):
            one = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            one.sendall(head)
            open_.append(one)
        for one in open_:
            assert one.recv(4096).startswith(b"HTTP/1.1 200"), "a stream was refused"
    except OSError as problem:
        print(f"  after {len(open_):,} streams: {problem}")
    found = re.search(r"(?m)^tocsin_streams ([0-9]+)", server.http("GET", "/metrics").text)
    idle = server.memory_kib() / 1024
    begin = time.monotonic()
    server.send(KEY, {"dedup_key": "one", "title": "One for everybody"})
    open_[-1].settimeout(10)
    text = b""
    while b"event: change" not in text:
        text += open_[-1].recv(65536)
    last = (time.monotonic() - begin) * 1000
    print(f"{len(open_):,} streams ({found[1] if found else '?'} by the server's count): resident {idle:,.0f} MiB, {before:,.0f} MiB before them; "
          f"one change reached the last of them after {last:.0f} ms; {server.memory_kib() / 1024:,.0f} MiB then", flush=True)
    for one in open_:
        one.close()


CASES = {"engines": case_engines, "nodes": case_nodes, "api": case_api, "open": case_open, "streams": case_streams}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--db", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--open", type=lambda text: [int(word) for word in text.split(",")], default=[100000])
    parser.add_argument("--minutes", type=float, default=3, help="the longest for making the open alerts")
    parser.add_argument("--streams", type=int, default=10000)
    options = parser.parse_args()
    unknown = [name for name in options.only.split(",") if name not in CASES]
    if unknown:
        parser.error(f"no case is called {', '.join(unknown)}; there are {', '.join(CASES)}")
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory(prefix="tocsin-scale-") as folder:
            e = Engines(pathlib.Path(folder), options)
            with e.stack:
                print(f"-- {name}")
                CASES[name](e)


if __name__ == "__main__":
    main()
