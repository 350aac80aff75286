"""Backup of a running server, restore into an empty folder, and the paging that is held until somebody says what shall go on."""

import itertools
import re
import shutil
import stat
import threading
import time

import pytest

import postgres
from tocsin import ON_POSTGRES, Tocsin, run
from world import World, ack_url


def backup(server, name="b.backup", *options):
    done = run("backup", server.folder.parent / name, "--data", server.folder, *options)
    assert done.returncode == 0, done
    return server.folder.parent / name


def restore(file, folder):
    return run("restore", file, "--data", folder)


@pytest.fixture
def restored(fresh, sink, tmp_path):
    """Makes a running server from a backup; its world is that of the one before."""
    made = []

    def build(file, smtp=None):
        folder = tmp_path / f"restored{len(made)}"
        done = restore(file, folder)
        assert done.returncode == 0, done
        (folder / "test-mode").touch()
        for key in file.parent.glob("*/secret.key"):  # kept elsewhere, and brought back by hand
            if not (folder / "secret.key").exists():
                shutil.copy2(key, folder / "secret.key")
        one = Tocsin(folder, smtp=smtp)
        one.said = done.stdout
        made.append(one)
        one.start()
        return one

    yield build
    for one in made:
        one.kill()


@pytest.fixture
def paged(fresh, sink):
    """A server with an open page of Ann, told once; Bob is next."""
    server = fresh()
    world = World(server, sink).usual()
    world.fire("old", title="Disk full")
    assert world.tally("ann", "bob") == (1, 0)
    return server, world


def test_a_backup_under_load_restores_to_a_consistent_state(fresh, sink, restored):
    server = fresh()
    world = World(server, sink).usual()
    promised, stop, lock = [], threading.Event(), threading.Lock()

    def send(sender):
        for n in itertools.count():
            if stop.is_set():
                return
            key = f"s{sender}-{n}"
            if server.try_send(world.source["key"], {"title": key, "dedup_key": key, "description": "x" * 2000}).status == 202:
                with lock:
                    promised.append(key)

    threads = [threading.Thread(target=send, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    while len(promised) < 100:
        time.sleep(0.01)
    with lock:
        before = set(promised)
    file = backup(server)
    with lock:
        after = set(promised)
    stop.set()
    for thread in threads:
        thread.join()
    server.settle()
    assert not (server.folder / "backup.part").exists()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server.stop()

    again = restored(file)
    again.key = server.key
    have = {a["dedup_key"] for a in again.items("alerts")}
    assert before <= have <= {f"s{i}-{n}" for i in range(3) for n in range(10 ** 5)}
    numbers = [a["number"] for a in again.items("alerts")]
    assert len(set(numbers)) == len(numbers)
    # What it has, it has whole: every alert with its page or its storm, its incident of the same organization, its jobs.
    again.stop()
    assert again.sql("SELECT count(*) FROM alert WHERE status = 'triggered' AND id NOT IN (SELECT alert_id FROM page WHERE alert_id > 0)") == [(0,)]
    assert again.sql("SELECT count(*) FROM notification WHERE page_id NOT IN (SELECT id FROM page)") == [(0,)]
    assert again.sql("SELECT count(*) FROM page p WHERE status = 'active' AND storm_page_id IS NULL AND NOT EXISTS "
                     "(SELECT 1 FROM job WHERE subject_id = p.id)") == [(0,)]
    assert after  # senders went on meanwhile


def test_held_pages_are_not_sent_until_resume_and_then_are(paged, restored, sink):
    server, world = paged
    file = backup(server)
    server.stop()
    told = world.tally("ann", "bob")
    again = restored(file)
    again.key, world.server = server.key, again
    assert "1 open alerts, 1 pages owed" in again.said and "all paging is held" in again.said
    assert re.search(r"all paging is held, 1 pages are owed.*tocsin resume", again.log())
    assert re.search(r"owed since .*Disk full", again.log())
    assert "paging is held" in again.http("GET", "/readyz").text
    again.turn("2h")
    world.fire("new", title="Also new")
    again.turn("2h")
    assert world.tally("ann", "bob") == told
    listed = run("resume", "--data", again.folder)
    assert listed.returncode == 0
    assert "Disk full" in listed.stdout and "Also new" in listed.stdout and "2 pages are owed" in listed.stdout
    done = run("resume", "--all", "--data", again.folder)
    assert (done.returncode, done.stdout) == (0, "paging goes on; 0 pages were cancelled\n")
    again.settle()
    assert world.told("bob") >= 1 and world.told("ann") > told[0]
    assert again.http("GET", "/readyz").text == "ready\n"
    assert run("resume", "--data", again.folder).stdout == "paging is not held\n"
    assert run("resume", "--all", "--data", again.folder).returncode == 4


def test_resume_cancels_what_is_old_and_sends_the_rest(paged, restored):
    server, world = paged
    file = backup(server)
    server.stop()
    told = world.told("ann")
    again = restored(file)
    again.key, world.server = server.key, again
    again.turn("1h")
    world.fire("new", title="Fresh trouble")
    old, new = world.page(world.alert("old")), world.page(world.alert("new"))
    done = run("resume", "--cancel-before", new["created_at"], "--data", again.folder)
    assert (done.returncode, done.stdout) == (0, "paging goes on; 1 pages were cancelled\n"), done
    again.settle()
    assert [c.body.decode().count("Fresh trouble") > 0 for c in world.calls("ann")[told:]] == [True]
    page = again.get(f"pages/{old['id']}")
    assert (page["status"], page["reason"]) == ("cancelled", "restored")
    assert world.alert("old")["status"] == "triggered"
    again.turn("2h")
    assert all("Disk full" not in c.body.decode() for c in world.calls("ann")[told:] + world.calls("bob"))


def test_the_hold_outlives_a_restart(paged, restored):
    server, world = paged
    file = backup(server)
    server.stop()
    told = world.tally("ann", "bob")
    again = restored(file)
    again.key, world.server = server.key, again
    again.stop()
    again.start()
    again.turn("2h")
    assert world.tally("ann", "bob") == told


def test_acknowledging_while_held_ends_what_is_owed(paged, restored):
    server, world = paged
    file = backup(server)
    server.stop()
    told = world.tally("ann", "bob")
    again = restored(file)
    again.key, world.server = server.key, again
    again.verb("alerts", world.alert("old")["id"], "acknowledge")
    run("resume", "--all", "--data", again.folder)
    again.turn("2h")
    assert world.tally("ann", "bob") == told


def test_numbers_jump_and_links_of_messages_end(paged, restored):
    server, world = paged
    file = backup(server)
    link = ack_url(world.calls("ann")[0])
    assert server.http("GET", link).status == 200
    number = int(world.alert("old")["number"].split("-")[1])
    server.stop()
    again = restored(file)
    again.key, world.server = server.key, again
    assert again.http("GET", link).status == 404
    world.fire("new")
    assert int(world.alert("new")["number"].split("-")[1]) >= number + 1000


@pytest.mark.parametrize("harm, word", [
    (lambda b: b[:-1], "cut short"),
    (lambda b: b[:len(b) // 2], "cut short"),
    (lambda b: b[:20], "cut short"),
    (lambda b: b"", "cut short"),
    (lambda b: b[:len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1:], "changed or damaged"),
    (lambda b: b.replace(b'"tocsin_backup":1', b'"tocsin_backup":2', 1), "no backup of Tocsin"),
    (lambda b: b.replace(b'"program":"', b'"program":"9', 1), "checksum does not fit"),
    (lambda b: b[:-10] + b"0000000000", "checksum"),
])
def test_a_backup_that_was_cut_or_changed_is_refused_and_leaves_nothing(fresh, tmp_path, harm, word):
    server = fresh()
    file = backup(server)
    file.write_bytes(harm(file.read_bytes()))
    done = restore(file, tmp_path / "new")
    assert done.returncode == 1
    assert word in done.stderr and str(file) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["lock"]


def test_restore_never_writes_over_data(fresh, tmp_path):
    server = fresh()
    file = backup(server)
    done = restore(file, server.folder)
    assert done.returncode == 4 and "in use" in done.stderr
    server.stop()
    done = restore(file, server.folder)
    assert done.returncode == 4 and ("organization already" if ON_POSTGRES else "there already") in done.stderr
    assert server.start().http("GET", "/readyz").text == "ready\n"  # what is there was not touched: paging is not held
    done = restore(tmp_path / "none", tmp_path / "new")
    assert done.returncode == 1 and "cannot read" in done.stderr


def test_backup_never_writes_over_a_file_and_says_where_there_is_nothing(fresh, tmp_path):
    server = fresh()
    (tmp_path / "taken").write_text("mine")
    done = run("backup", tmp_path / "taken", "--data", server.folder)
    assert done.returncode == 4 and (tmp_path / "taken").read_text() == "mine"
    done = run("backup", tmp_path / "no" / "folder", "--data", server.folder)
    assert done.returncode == 1 and "no/folder" in done.stderr
    assert not (server.folder / "backup.part").exists()
    (tmp_path / "empty").mkdir()
    done = run("backup", tmp_path / "b", "--data", tmp_path / "empty")
    assert done.returncode == 1 and "no database" in done.stderr
    assert run("backup").returncode == 2
    assert run("resume", "--all", "--cancel-before", "2026-01-05T09:00:00Z").returncode == 2
    assert run("resume", "--cancel-before", "yesterday").returncode == 2


def test_backup_of_a_stopped_server(paged, restored):
    server, world = paged
    server.stop()
    file = backup(server)
    again = restored(file)
    again.key, world.server = server.key, again
    assert world.alert("old")["title"] == "Disk full"


def test_two_backups_one_after_the_other_and_one_to_standard_output(fresh, tmp_path):
    server = fresh()
    backup(server, "a.backup")
    backup(server, "b.backup", "--quiet")
    import subprocess
    from tocsin import BINARY, clean_environment
    with open(tmp_path / "c.backup", "wb") as out:
        done = subprocess.run([BINARY, "backup", "-", "--data", str(server.folder)], stdout=out, env=clean_environment(), timeout=20)
    assert done.returncode == 0
    assert restore(tmp_path / "c.backup", tmp_path / "c").returncode == 0


def test_with_key_brings_the_keys_and_without_they_stay(fresh, tmp_path):
    server = fresh()
    plain, keyed = backup(server, "plain"), backup(server, "keyed", "--with-key")
    assert server.key.encode() not in plain.read_bytes()
    done = restore(plain, tmp_path / "p")
    assert "holds no keys" in done.stdout and not (tmp_path / "p" / "admin.key").exists()
    done = restore(keyed, tmp_path / "k")
    assert "holds no keys" not in done.stdout
    assert (tmp_path / "k" / "admin.key").read_text().strip() == server.key
    assert stat.S_IMODE((tmp_path / "k" / "admin.key").stat().st_mode) == 0o600


def wait_for(condition, timeout_s=20):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("not in time")


def test_the_timer_makes_backups_and_keeps_the_newest(fresh, tmp_path):
    folder = tmp_path / "kept"
    server = fresh(extra=["--backup-dir", str(folder), "--backup-every", "1s", "--backup-keep", "2"])
    first = wait_for(lambda: sorted(folder.glob("tocsin-*.backup")))[0]
    wait_for(lambda: not first.exists())
    assert len(list(folder.glob("*.backup"))) <= 3
    assert 'tocsin_backups_total{outcome="ok"}' in server.http("GET", "/metrics").text
    server.stop()
    newest = sorted(folder.glob("*.backup"))[-1]
    assert restore(newest, tmp_path / "new").returncode == 0
    assert list(folder.glob("*.part")) == []


def test_a_timer_that_cannot_write_says_so_and_the_server_goes_on(fresh, tmp_path):
    folder = tmp_path / "kept"
    server = fresh(start=False, extra=["--backup-dir", str(folder), "--backup-every", "1s"])
    folder.mkdir()
    server.start()
    wait_for(lambda: list(folder.glob("*.backup")))
    shutil.rmtree(folder)
    wait_for(lambda: "no backup was made" in server.log())
    assert server.http("GET", "/readyz").status == 200
    assert 'outcome="failed"' in server.http("GET", "/metrics").text


@pytest.mark.parametrize("arguments, word", [
    (["--backup-dir", "x", "--backup-every", "soon"], "soon"),
    (["--backup-dir", "x", "--backup-keep", "0"], "at least 1"),
])
def test_wrong_timers_are_told(tmp_path, arguments, word):
    done = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *arguments)
    assert done.returncode == 2 and word in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_socket_is_for_the_owner_alone(fresh):
    server = fresh()
    assert stat.S_IMODE((server.folder / "socket").stat().st_mode) & 0o077 == 0
    server.stop()
    assert not (server.folder / "socket").exists()


def test_a_backup_of_one_engine_restores_into_the_other(paged, tmp_path):
    server, world = paged
    file, folder = backup(server, "both", "--with-key"), tmp_path / "other"
    server.stop()
    told = world.tally("ann", "bob")
    database = f"sqlite:{folder}/tocsin.db" if ON_POSTGRES else postgres.the_cluster().create("back" + tmp_path.name.replace("-", "_")[-40:])
    done = run("restore", file, "--data", folder, "--db", database)
    assert done.returncode == 0 and "1 open alerts, 1 pages owed" in done.stdout, done
    (folder / "test-mode").touch()
    again = Tocsin(folder, db=database)
    again.key, world.server = server.key, again
    again.start()
    try:
        again.turn("2h")
        assert world.tally("ann", "bob") == told  # held
        done = run("resume", "--all", "--data", folder)
        assert done.returncode == 0, done
        again.settle()
        assert world.told("bob") > told[1]
        assert int(world.alert("old")["number"].split("-")[1]) == 1
        world.fire("new")
        assert int(world.alert("new")["number"].split("-")[1]) > 1000
    finally:
        again.kill()
    listed = [p.name for p in folder.iterdir()]
    assert not [name for name in listed if "part" in name or "rows" in name or "restore" in name], listed


def test_a_restore_that_is_refused_leaves_the_keys_of_the_folder_alone(fresh):
    server = fresh()
    file = backup(server, "keyed", "--with-key")
    server.stop()
    (server.folder / "admin.key").write_text("another\n")
    assert restore(file, server.folder).returncode == 4
    assert (server.folder / "admin.key").read_text() == "another\n"
