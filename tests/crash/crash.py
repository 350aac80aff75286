#!/usr/bin/env python3
"""kill -9 under load, again and again: nothing that was answered 2xx may be lost, no owed page unsent.

    tests/crash/crash.py [ROUNDS] [--db forget|postgres] [--kill database|node] [--seconds 2] [--seed N]   (or ROUNDS=100 in the environment)

Each round: at least 500 requests/s, mixed new, repeat and resolve, numbered by the senders; SIGKILL at a random moment; restart;
then every promised request must be in the log, every count within what was promised and what may have been taken, and every alert
that owed a page must have reached the HTTP sink. Exit code 1 when something is missing. `--db forget` runs on the VFS that forgets
what was not synced, because kill -9 alone keeps the page cache. `--db postgres` uses a private PostgreSQL that syncs; with
`--kill database` it is the postmaster that is killed and started again, while the server goes on. With `--kill node` two servers
share it and both are sent to; one is killed and the other, which goes on, must do what both have promised.
"""

import argparse
import collections
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from http_sink import HttpSink  # noqa: E402
from load import run_load  # noqa: E402
from postgres import Cluster  # noqa: E402
from tocsin import Tocsin  # noqa: E402

PAGING = 24  # policies; a policy may page 20 times a minute before a storm joins its pages
REQUESTS_MAX = 1_000_000  # of one integration: the log that is compared with what was promised keeps more than any round sends


class Crash:
    def __init__(self, folder, sink, database=None, cluster=None, two=False):
        db = f"sqlite:{folder}/tocsin.db?vfs=forget" if database == "forget" else database
        self.cluster = cluster  # killed instead of the server
        self.sink = sink
        self.server = Tocsin(folder, db=db)
        self.server.init()
        self.server.start()
        organization = self.server.items("organizations")[0]
        self.server.change("organizations", organization["id"], retention={**(organization["retention"] or {}), "requests_max": REQUESTS_MAX})
        self.make_pagers()
        self.beside = self.make_node(folder.with_name("beside")) if two else None  # killed instead of the server
        self.lost, self.unpaid, self.wrong, self.repeated = [], [], [], 0

    def make_node(self, folder):
        node = Tocsin(folder, db=self.server.db)
        folder.mkdir()
        (folder / "test-mode").touch()
        if (self.server.folder / "secret.key").exists():  # nodes seal with one key
            shutil.copy2(self.server.folder / "secret.key", folder / "secret.key")
        node.key = self.server.key
        node.start()
        return node

    def make_pagers(self):
        server = self.server
        user = server.make("users", name="Pager", email="pager@example.org", role="responder")
        hook = server.make("contact-methods", user_id=user["id"], kind="webhook", address=self.sink.url + "/page", verified=True)
        for rule in server.items("notification-rules", user_id=user["id"]):
            server.change("notification-rules", rule["id"], steps=[{"delay_s": 0, "contact_method_ids": [hook["id"]]}])
        self.paging_keys = []
        for number in range(PAGING):
            policy = server.make("escalation-policies", name=f"Pager {number}", repeat=0,
                                 levels=[{"targets": [{"kind": "user", "id": user["id"]}], "wait_s": 3600}])
            key = f"paging-{number:02}-0123456789"
            server.make("integrations", name=f"Paging {number}", template="generic", key=key, policy_id=policy["id"])
            self.paging_keys.append(key)

    def round(self, number, seconds, seed):
        server = self.server
        self.since = int((time.time() + server.turned_s - 1) * 1000)
        bulk = server.make("integrations", name=f"Bulk {number}", template="generic", key=f"bulk-{number}-0123456789", quiet=True)
        ports = [server.port, self.beside.port] if self.beside else server.port
        if self.beside:
            known = {"dedup_key": "known", "title": "Known"}
            self.wait(lambda: self.beside.try_send(bulk["key"], known).status == 202, "the second node does not know a source")
        takeovers = server.log().count("is taken over")
        ledger, rate = run_load(ports, bulk["key"], self.paging_keys, seconds, seed=seed,
                                then=(self.cluster or self.beside or server).kill)
        begin = time.monotonic()
        if self.beside:
            self.wait(lambda: server.log().count("is taken over") > takeovers, "nobody takes over from the killed node")
        elif self.cluster:
            self.cluster.start()
            self.wait_ready()
        else:
            server.start()
        restart_ms = (time.monotonic() - begin) * 1000
        server.settle()
        self.compare(bulk, ledger)
        self.compare_pages(ledger)
        self.clear()
        if self.beside:
            self.beside.start()
        answered = sum(len(ids) for ids in ledger.promised.values())
        went_on = "taken over" if self.beside else "ready again"
        print(f"round {number}: {rate:,.0f} requests/s, {ledger.requests} sent, {answered} promised, {len(ledger.owed)} pages owed, "
              f"{went_on} after {restart_ms:.0f} ms, refused {ledger.refused or 'none'}; lost {len(self.lost)}, unpaid {len(self.unpaid)}, "
              f"wrong {len(self.wrong)}, repeated {self.repeated}", flush=True)
        if rate < 500:
            print("  warning: the load was below 500 requests/s")

    @staticmethod
    def wait(condition, complaint):
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, complaint
            time.sleep(0.05)

    def wait_ready(self):
        self.wait(lambda: self.server.http("GET", "/readyz").status == 200, "the server does not find its database again")

    def compare(self, bulk, ledger):
        logged = {row["id"] for row in self.server.items("requests", integration_id=bulk["id"])}
        self.lost += [request for request in ledger.promised.get(bulk["key"], []) if request not in logged]
        alerts = {alert["dedup_key"]: alert for alert in self.server.items("alerts", integration_id=bulk["id"], since=self.since)}
        for (integration, name), key in ledger.keys.items():
            if integration != bulk["key"]:
                continue
            alert = alerts.get(name)
            count = alert["count"] if alert else 0
            if not key.sure <= count <= key.sure + key.maybe:
                self.wrong.append(f"{name}: count {count}, promised {key.sure}, possible {key.sure + key.maybe}")
            elif key.certain and key.sure and alert["status"] != key.status:
                self.wrong.append(f"{name}: {alert['status']}, promised {key.status}")

    def compare_pages(self, ledger):
        """Every owed page was sent; what was sent twice is one notification, with one Idempotency-Key, and says that it may be a repeat."""
        told = collections.defaultdict(list)
        for request in self.sink.requests:
            if request.path == "/page":
                told[request.json["alert"]["title"]].append(request)
        self.unpaid += [title for title in ledger.owed if title not in told]
        for title, requests in told.items():
            self.repeated += len(requests) - 1
            if len({request.headers.get("idempotency-key") for request in requests}) > 1:
                self.wrong.append(f"{title}: told by {len(requests)} notifications")
            elif not all(request.json["repeated"] for request in requests[1:]):
                self.wrong.append(f"{title}: told twice, and the second does not say so")

    def clear(self):
        """Ends the pages of this round, and lets the minute of the storm's count pass."""
        for key in self.paging_keys:
            names = [alert["dedup_key"] for alert in self.server.items("alerts", integration_id=self.integration_id(key), status="triggered", since=self.since)]
            if names:
                self.server.send(key, [{"dedup_key": name, "title": name, "status": "resolved"} for name in names])
        self.sink.clear()
        self.server.turn("61s")

    def integration_id(self, key):
        if not hasattr(self, "ids"):
            self.ids = {made["key"]: made["id"] for made in self.server.items("integrations")}
        return self.ids[key]

    def report(self, rounds):
        for title, found in (("lost requests", self.lost), ("unpaid pages", self.unpaid), ("wrong alerts", self.wrong)):
            for line in found[:20]:
                print(f"{title}: {line}")
        print(f"{rounds} rounds: {len(self.lost)} promised requests lost, {len(self.unpaid)} owed pages unsent, "
              f"{len(self.wrong)} wrong alerts, {self.repeated} pages sent twice")
        return 1 if self.lost or self.unpaid or self.wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=int(os.environ.get("ROUNDS", "10")))
    parser.add_argument("--db", help="'forget', 'postgres', or a database's URL")
    parser.add_argument("--kill", choices=["server", "database", "node"], default="server")
    parser.add_argument("--seconds", type=float, default=2.0, help="the longest load before the kill")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if options.kill != "server" and options.db != "postgres":
        parser.error(f"--kill {options.kill} needs --db postgres")
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    print(f"seed {seed}")
    dice = random.Random(seed)
    cluster = Cluster(fsync=True) if options.db == "postgres" else None
    with tempfile.TemporaryDirectory(prefix="tocsin-crash-") as folder, HttpSink() as sink:
        crash = Crash(pathlib.Path(folder) / "data", sink, cluster.create("crash") if cluster else options.db,
                      cluster if options.kill == "database" else None, two=options.kill == "node")
        try:
            for number in range(1, options.rounds + 1):
                crash.round(number, dice.uniform(0.2, options.seconds), seed + number)
        except AssertionError:
            print(crash.server.log()[-3000:], file=sys.stderr)
            raise
        finally:
            crash.server.kill()
            if crash.beside:
                crash.beside.kill()
            if cluster:
                cluster.remove()
        return crash.report(options.rounds)


if __name__ == "__main__":
    sys.exit(main())
