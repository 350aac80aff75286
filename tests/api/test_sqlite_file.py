"""The file of SQLite: copied before a migration, and what is said when it, or the copy, is broken."""

import re
import sqlite3

from test_configuration import serve, told
from tocsin import CHECKOUT, Tocsin, run


def old_database(folder):
    """As the first program left it: version 1 of the database, with one organization."""
    folder.mkdir(mode=0o700)
    first = CHECKOUT / "src/db/migrations/0001_main.sql"
    with sqlite3.connect(folder / "tocsin.db") as database:
        database.execute("CREATE TABLE schema (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL, "
                         "min_reader BIGINT NOT NULL)")
        database.executescript(re.sub(r"(?m)^-- sqlite: ", "", first.read_text()))
        database.execute("INSERT INTO schema VALUES (1, 'main', 0, 1)")
        database.execute("INSERT INTO organization (id, slug, name, time_zone, created_at, updated_at, version) "
                         "VALUES (4096, 'old', 'Old', 'UTC', 0, 0, 1)")
    database.close()


def test_a_database_in_use_is_copied_before_a_migration(tmp_path):
    server = Tocsin(tmp_path / "data")
    old_database(server.folder)
    (server.folder / "test-mode").touch()
    server.start()
    server.stop()
    copy = server.folder / "tocsin.db.before-0002"
    assert "copied the database to" in server.log()
    assert server.sql("SELECT name FROM organization") == [("Old",)]
    assert server.sql("SELECT MAX(version) FROM schema")[0][0] > 1
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT MAX(version) FROM schema").fetchone() == (1,)
        assert database.execute("SELECT name FROM organization").fetchone() == ("Old",)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_that_cannot_be_made_is_said_and_nothing_is_migrated(tmp_path):
    folder = tmp_path / "data"
    old_database(folder)
    (folder / "tocsin.db.before-0002").mkdir()  # the name is taken
    told(serve(tmp_path), 1, "before-0002", "copy before the migration")
    with sqlite3.connect(folder / "tocsin.db") as database:
        assert database.execute("SELECT MAX(version) FROM schema").fetchone() == (1,)


def test_a_broken_database_is_said(fresh):
    server = fresh(start=False)
    for name in ("tocsin.db-wal", "tocsin.db-shm"):
        (server.folder / name).unlink(missing_ok=True)
    path = server.folder / "tocsin.db"
    raw = bytearray(path.read_bytes())
    raw[4096:12288] = b"\xff" * 8192
    path.write_bytes(raw)
    done = run("serve", "--data", server.folder, "--listen", "127.0.0.1:0")
    assert done.returncode == 1, done
    assert "malformed" in done.stderr.splitlines()[-1] or "damaged" in done.stderr.splitlines()[-1]
