#!/usr/bin/env python3
"""What quiet costs over many open alerts: processor time of the server for each new alert, for each beginning and each end of a
silence, without and with 10,000 silences and 1,000 inhibition rules.

    tests/bench/quiet_open.py [--open 100000] [--silences 10000] [--rules 1000] [--db sqlite|postgres]

Processor time, because the machine is shared. PostgreSQL's own is not in it. Timings are printed, never asserted.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from scale import KEY, Engines, drain, send_open  # noqa: E402

PROBES = 10


def processor_ms(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def measured(server, what):
    before, begin = processor_ms(server), time.monotonic()
    what()
    server.settle()
    return processor_ms(server) - before, (time.monotonic() - begin) * 1000


def fill(server, silences, rules):
    """Straight into the database of the stopped server: 10,000 calls would measure the calls."""
    server.stop()
    ((org,),) = server.sql("SELECT id FROM organization LIMIT 1")
    base, far = 1 << 40, 4102444800000
    for start in range(0, silences, 500):
        rows = []
        for n in range(start, min(start + 500, silences)):
            matchers = [{"name": "instance", "op": "=", "value": f"gone{n}:9100"}] if n % 2 else \
                [{"name": "job", "op": "=", "value": "node"}, {"name": "instance", "op": "=~", "value": f"gone{n}-.*"}]
            rows.append(f"({base + n}, {org}, 'active', '{json.dumps(matchers)}', 1, {far}, 0, 0, 'bench', 1, 1, 1, {base + n})")
        server.sql("INSERT INTO silence (id, org_id, state, matchers, starts_at, ends_at, until_resolved, expires_when_idle, comment, created_at, updated_at, "
                   "version, stamp) VALUES " + ", ".join(rows) + " RETURNING id")
    for n in range(rules):
        source, target = ([{"name": "alertname", "op": "=", "value": f"{side}{n}"}] for side in ("Down", "App"))
        server.sql(f"INSERT INTO inhibition_rule (id, org_id, slug, name, enabled, source, target, \"equal\", missing_equal, scope, created_at, updated_at, version, "
                   f"stamp) VALUES ({base + silences + n}, {org}, 'b{n}', 'B{n}', 1, '{json.dumps(source)}', '{json.dumps(target)}', '[\"cluster\"]', 0, 'equal', 1, 1, 1, "
                   f"{base + silences + n}) RETURNING id")
    server.sql("INSERT INTO counter (org_id, name, value) VALUES (0, 'quiet', 7) ON CONFLICT (org_id, name) DO UPDATE SET value = 7 RETURNING value")
    server.start()


def probe(server, title, run):
    def send(count=5000):
        for start in range(0, count, 100):
            server.send(KEY, {"alerts": [{"dedup_key": f"{run}-{start + n}", "title": "Disk", "priority": "p4", "labels": {"instance": f"new{start + n}:9100", "job": "node"}}
                                         for n in range(100)]})
        drain(server)
    cost, _ = measured(server, send)
    made, begins, ends, waits = [], 0.0, 0.0, 0.0
    for n in range(PROBES):
        matchers = [{"name": "instance", "op": "=", "value": f"host{n}:9100"}]
        cpu, wall = measured(server, lambda: made.append(server.make("silences", matchers=matchers, for_s=3600)["id"]))
        begins, waits = begins + cpu, waits + wall
    assert server.get(f"silences/{made[0]}")["holding"] == 1
    for one in made:
        ends += measured(server, lambda: server.verb("silences", one, "end"))[0]
    print(f"{title}: {cost / 5000 * 1000:.1f} us a new alert; a silence begins {begins / PROBES:.0f} ms ({waits / PROBES:.0f} ms until all is looked at), "
          f"ends {ends / PROBES:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=int, default=100000)
    parser.add_argument("--silences", type=int, default=10000)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--db", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-quiet-") as folder:
        e = Engines(pathlib.Path(folder), options)
        with e.stack:
            server = e.server(options.db)
            there = send_open(server, options.open, time.monotonic() + 170)
            print(f"{there:,} open alerts, {os.cpu_count()} cores; processor time of the server")
            probe(server, "nothing else", "a")
            fill(server, options.silences, options.rules)
            probe(server, f"{options.silences:,} silences, {options.rules:,} inhibition rules", "b")


if __name__ == "__main__":
    main()
