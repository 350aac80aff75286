"""Everything as JSON lines into an empty database, and nothing of a file that was cut or changed."""

import json
import re

import pytest

import postgres
from tocsin import ON_POSTGRES, Tocsin, run
from world import World, ack_url


def export(server, name="all.jsonl", *options):
    file = server.folder.parent / name
    done = run("export-all", file, "--data", server.folder, *options)
    assert done.returncode == 0, done
    return file


def import_into(file, folder):
    return run("import", file, "--data", folder)


@pytest.fixture
def busy(fresh, sink):
    """A running server with an open page, an acknowledged one, an incident, odd texts and bytes."""
    server = fresh()
    world = World(server, sink).usual()
    world.rule(world.source, "alert.labels['k'] == 'i'", {"type": "create_incident", "severity": 1})
    world.fire("open", title="Zażółć 'gęślą' \"jaźń\"\n\\u0000 end", description="x" * 20000)
    world.fire("taken")
    world.server.verb("alerts", world.alert("taken")["id"], "acknowledge")
    world.fire("incident", labels={"k": "i"})
    server.try_send(world.source["key"], b"\xff\xfe not json")
    server.settle()
    return server, world


def snapshot(server):
    """What people see, of everything that is there."""
    seen = {}
    for kind in ("organizations", "users", "contact-methods", "notification-rules", "escalation-policies", "integrations", "alert-rules",
                 "alerts", "incidents", "pages", "notifications", "requests", "audit"):
        seen[kind] = sorted(server.items(kind), key=lambda item: item["id"])
    for alert in seen["alerts"]:
        for part in ("timeline", "occurrences", "explanation"):
            seen[f"{alert['id']} {part}"] = server.get(f"alerts/{alert['id']}/{part}")
    return json.loads(re.sub(r"http://127\.0\.0\.1:\d+", "http://self", json.dumps(seen)))


def test_everything_arrives_and_the_open_page_goes_on(busy, tmp_path):
    server, world = busy
    link = ack_url(world.calls("ann")[0])
    server.stop()
    server.start()
    before = snapshot(server)
    file = export(server, "all.jsonl", *(["--with-key"] if ON_POSTGRES else []))  # of the running server
    server.stop()
    told = world.tally("ann", "bob")
    done = import_into(file, tmp_path / "new")
    assert done.returncode == 0, done
    assert re.search(r"\d+ open alerts, 3 active pages, \d+ jobs owed", done.stdout), done.stdout
    (tmp_path / "new" / "test-mode").touch()
    other = Tocsin(tmp_path / "new")
    other.key = server.key
    other.start()
    try:
        assert snapshot(other) == before
        assert other.http("GET", link).status == 200  # links in messages stay good
        world.server = other
        number = max(int(a["number"].split("-")[1]) for a in before["alerts"])
        world.fire("later")
        assert int(world.alert("later")["number"].split("-")[1]) > number
        other.turn("6m")
        assert world.told("bob") > told[1]  # the next level of what was open
        assert len({a["number"] for a in world.alerts()}) == len(world.alerts())
    finally:
        other.stop()


def in_the_other_engine(folder):
    """SQLite's way to PostgreSQL, or PostgreSQL's to SQLite."""
    return f"sqlite:{folder}/tocsin.db" if ON_POSTGRES else postgres.the_cluster().create("other" + folder.parent.name.replace("-", "_")[-40:])


def test_the_other_engine_takes_it_over_with_a_page_open(busy, tmp_path):
    server, world = busy
    server.stop()
    server.start()
    before = snapshot(server)
    server.stop()
    told = world.told("bob")
    file, folder = export(server, "all.jsonl", "--with-key"), tmp_path / "other"
    database = in_the_other_engine(folder)
    done = run("import", file, "--data", folder, "--db", database)
    assert done.returncode == 0, done
    (folder / "test-mode").touch()
    other = Tocsin(folder, db=database)
    other.key = server.key
    other.start()
    try:
        assert snapshot(other) == before
        world.server = other
        other.turn("6m")
        assert world.told("bob") > told
        world.fire("later")
        assert world.alert("later")
    finally:
        other.stop()
    back = run("export-all", tmp_path / "back", "--data", folder, "--db", database)
    assert back.returncode == 0, back
    done = run("import", tmp_path / "back", "--data", tmp_path / "again", "--db", f"sqlite:{tmp_path}/again/tocsin.db")
    assert done.returncode == 0, done


def test_an_export_of_an_import_is_the_same(busy, tmp_path):
    server, _ = busy
    server.stop()
    first = export(server, "first")
    assert import_into(first, tmp_path / "new").returncode == 0
    done = run("export-all", tmp_path / "second", "--data", tmp_path / "new")
    assert done.returncode == 0
    rows = lambda file: {line.rsplit(',"check"', 1)[0] for line in file.read_text().splitlines()[1:]}
    assert rows(first) == rows(tmp_path / "second")
    head = json.loads(first.read_text().splitlines()[0])
    assert head["lines"] == len(first.read_text().splitlines()) - 1
    assert head["tables"]["alert"] >= 3 and "schema" not in head["tables"]


def harms(lines):
    """Each: what is done to the lines, and the line that must be named."""
    n = len(lines)
    middle = n // 2
    changed = re.sub(r"[0-9]", lambda digit: str((int(digit[0]) + 1) % 10), lines[middle], count=1)
    assert changed != lines[middle]
    return [
        ("changed", lines[:middle] + [changed] + lines[middle + 1:], middle + 1),
        ("lost", lines[:middle] + lines[middle + 1:], middle + 1),
        ("twice", lines[:middle + 1] + lines[middle:], middle + 2),
        ("swapped", lines[:middle] + [lines[middle + 1], lines[middle]] + lines[middle + 2:], middle + 1),
        ("cut between lines", lines[:-1], n - 1),
        ("cut in a line", lines[:-1] + [lines[-1][:len(lines[-1]) // 2]], n),
        ("cut at the end of the last", lines[:-1] + [lines[-1][:-1]], n),
        ("more", lines + [lines[-1]], n + 1),
        ("no json", lines[:middle] + ["hello\n"] + lines[middle + 1:], middle + 1),
    ]


def test_a_file_that_was_cut_or_changed_is_refused_with_the_line(busy, tmp_path):
    server, _ = busy
    server.stop()
    lines = export(server).read_text().splitlines(keepends=True)
    for name, harmed, line in harms(lines):
        file, folder = tmp_path / "harmed", tmp_path / f"into-{name}"
        file.write_text("".join(harmed))
        done = import_into(file, folder)
        assert done.returncode == 1, (name, done)
        assert f"line {line}" in done.stderr, (name, line, done.stderr)
        assert "nothing was imported" in done.stderr and len(done.stderr.splitlines()) == 1
    # The refused ones left an empty database: a good file still goes in.
    good = tmp_path / "good"
    good.write_text("".join(lines))
    assert import_into(good, folder).returncode == 0


def test_import_takes_only_an_empty_database_and_a_known_version(busy, fresh, tmp_path):
    server, _ = busy
    file = export(server)
    done = import_into(file, server.folder)
    assert done.returncode == 4 and "in use" in done.stderr
    server.stop()
    done = import_into(file, server.folder)
    assert done.returncode == 4 and "organization already" in done.stderr
    text = file.read_text()
    file.write_text(re.sub(r'"schema":(\d+)', '"schema":9\\1', text, count=1))
    done = import_into(file, tmp_path / "new")
    assert done.returncode == 4 and "newer" in done.stderr
    (tmp_path / "other").write_text('{"hello": 1}\n')
    done = import_into(tmp_path / "other", tmp_path / "new2")
    assert done.returncode == 1 and "no export of Tocsin" in done.stderr
    assert run("import", tmp_path / "none", "--data", tmp_path / "new3").returncode == 1
    assert run("import").returncode == 2
    assert run("export-all", file, "--data", server.folder).returncode == 4  # never over a file


def test_with_key_brings_the_keys(busy, tmp_path):
    server, _ = busy
    file = export(server, "keyed", "--with-key")
    done = import_into(file, tmp_path / "new")
    assert done.returncode == 0 and "no keys" not in done.stdout
    assert (tmp_path / "new" / "admin.key").read_text().strip() == server.key
