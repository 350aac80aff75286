#!/usr/bin/env python3
"""Tocsin and Debian's Alertmanager side by side, in one run, on one machine, load generator included.

    tests/bench/bench.py [--seconds 5] [--only ingest|handoff]

Ingest: wrk posts alerts as Prometheus does, to our /am/{key}/api/v2/alerts (each answer after an fsync) and to Alertmanager's
/api/v2/alerts (memory): new and repeated ones, alone with 64 and 512 connections, and 100 a request. Hand-off: from a webhook to the
provider's receiving the notification, at 1,000 alerts/s. Timings are printed, never asserted. Stops by itself.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

import handoff  # noqa: E402
from tocsin import Tocsin  # noqa: E402

CASES = [("new", 1, 64), ("new", 1, 512), ("repeated", 1, 64), ("repeated", 1, 512), ("new", 100, 64), ("repeated", 100, 64)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Alertmanager:
    def __init__(self, folder):
        self.port = free_port()
        (folder / "alertmanager.yaml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        log = open(folder / "alertmanager.log", "wb")
        self.process = subprocess.Popen(
            [shutil.which("prometheus-alertmanager"), f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/am",
             "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)
        log.close()
        self.url = f"http://127.0.0.1:{self.port}/api/v2/alerts"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("Alertmanager does not become ready")

    def stop(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def wrk(script, url, kind, batch, connections, seconds, run):
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / script), url, "--", kind, str(batch), run]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found = json.loads(line)
            found["alerts_s"] = found["requests"] / found["seconds"] * batch
            return found
    raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def cell(result):
    bad = result["status_errors"] + result["socket_errors"]
    return f"{result['alerts_s']:>10,.0f} {result['p50_ms']:>8.1f} {result['p99_ms']:>8.1f}" + (f" ({bad} errors)" if bad else "")


def backlog_after(server):
    """Waits until what was accepted is applied; seconds."""
    begin = time.monotonic()
    server.control("until-idle", timeout_s=120)
    return time.monotonic() - begin


def ingest(server, folder, seconds):
    # With a silent integration both only take, store and merge: nobody is notified on either side.
    made = server.make("integrations", name="Bench", template="alertmanager", key="bench-am-0123456789", quiet=True)
    own = server.make("integrations", name="Bench generic", template="generic", key="bench-in-0123456789", quiet=True)
    urls = {"am": f"http://127.0.0.1:{server.port}/am/{made['key']}/api/v2/alerts", "in": f"http://127.0.0.1:{server.port}/in/{own['key']}"}
    peer = Alertmanager(folder)
    print(f"{'alerts/s, p50 ms, p99 ms':<34} {'Tocsin /am':^28} {'Alertmanager':^28} {'ratio':>6} {'drain s':>8}   Tocsin /in")
    try:
        for number, (kind, batch, connections) in enumerate(CASES):
            run = f"r{number}"
            theirs = wrk("alerts.lua", peer.url, kind, batch, connections, seconds, run)
            ours = wrk("alerts.lua", urls["am"], kind, batch, connections, seconds, run)
            drain = backlog_after(server)
            plain = wrk("generic.lua", urls["in"], kind, batch, connections, max(1, seconds // 2), run)
            backlog_after(server)
            name = f"{kind}, {batch} a request, {connections} connections"
            ratio = ours["alerts_s"] / theirs["alerts_s"]
            print(f"{name:<34} {cell(ours)} {cell(theirs)} {ratio:>6.2f} {drain:>8.1f} {cell(plain)}", flush=True)
    finally:
        peer.stop()
    print(f"Tocsin's resident memory afterwards: {server.memory_kib() / 1024:,.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--only", choices=["ingest", "handoff"])
    options = parser.parse_args()
    for program in ("wrk", "prometheus-alertmanager"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed")
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        folder = pathlib.Path(folder)
        server = Tocsin(folder / "data")
        server.init()
        server.start()
        try:
            if options.only != "handoff":
                ingest(server, folder, options.seconds)
            if options.only != "ingest":
                found = handoff.measure(server, options.rate, options.seconds)
                print(f"webhook to provider at {options.rate:,}/s: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms, "
                      f"max {found['max_ms']:.1f} ms ({found['sent']} sent, {found['accepted']} accepted, {found['received']} received)")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
