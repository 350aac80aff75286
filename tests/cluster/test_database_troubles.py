"""What goes wrong with a database server: each is one line that says what and where, the password never in it, and recovered from
without a restart of ours."""

import contextlib
import os
import subprocess
import tempfile

import pytest

from postgres import Cluster, Session, free_port
from test_nodes import fire, wait_for
from test_tls import Authority
from tocsin import Tocsin, run
from world import NUMBERS, World

GUARDED = ["host all guarded 127.0.0.1/32 scram-sha-256", "hostnossl all sealed 127.0.0.1/32 reject", "hostssl all sealed 127.0.0.1/32 trust"]
PASSWORD = "p@ss w%rd/?#"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca") / "ca")


@pytest.fixture(scope="module")
def guarded(authority):
    """A server that wants a password of one role and TLS of another; its certificate is for localhost."""
    cert, key = authority.issue("database")
    made = Cluster(hba=GUARDED, files={"server.pem": cert, "server.key": key})
    made.settings += ["ssl=on", f"ssl_cert_file={made.folder}/server.pem", f"ssl_key_file={made.folder}/server.key"]
    made.stop()
    made.start()
    made.psql("postgres", f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    made.psql("postgres", "CREATE ROLE sealed LOGIN SUPERUSER")
    yield made
    made.remove()


@contextlib.contextmanager
def running(folder, url, sink, extra=()):
    node = Tocsin(folder, db=url, extra=extra)
    node.init(extra=[word for word in extra if "password" in word or "/" in word])
    node.start()
    try:
        node.world = World(node, sink).usual()
        yield node
    finally:
        node.kill()


def refused(url, folder, *extra):
    """Standard error of a start that fails: one line beside those of level INFO."""
    done = run("serve", "--data", folder, "--listen", "127.0.0.1:0", "--db", url, *extra)
    assert done.returncode == 1, done
    lines = [line for line in done.stderr.splitlines() if " INFO " not in line and "new data folder" not in line]
    assert len(lines) == 1, lines
    assert PASSWORD not in lines[0] and "p%40ss" not in lines[0]
    return lines[0]


def is_ready(node):
    return node.http("GET", "/readyz").status == 200


def comes_back(node):
    wait_for(lambda: is_ready(node), 20)
    key = f"back {next(NUMBERS)}"
    wait_for(lambda: fire(node, node.world.source["key"], key) == 202)
    node.settle()
    assert [alert["count"] for alert in node.world.alerts(key)] == [1]


def password_file(folder, text=PASSWORD):
    path = folder / "password"
    path.write_text(text + "\n")
    return path


# Starting.

def test_a_wrong_password_is_said_and_a_right_one_of_a_file_is_taken(guarded, tmp_path, sink):
    url = guarded.url(guarded.create("words").rsplit("/", 1)[1], user="guarded")
    assert "password" in refused(url, tmp_path / "none")
    line = refused(url, tmp_path / "wrong", "--db-password-file", password_file(tmp_path, "not it"))
    assert 'password authentication failed for user "guarded"' in line
    with running(tmp_path / "data", url, sink, ["--db-password-file", str(password_file(tmp_path))]) as node:
        assert fire(node, node.world.source["key"], "one") == 202
        assert PASSWORD not in node.log()
        file = tmp_path / "b"
        done = run("backup", file, "--data", node.folder)  # the server knows the password, the command need not
        assert done.returncode == 0, done
        node.stop()
        done = run("backup", tmp_path / "c", "--data", node.folder, "--db", url, "--db-password-file", tmp_path / "password")
        assert done.returncode == 0, done


def test_a_server_that_is_not_there_and_a_database_that_is_not_there(guarded, tmp_path):
    line = refused(f"postgresql://tocsin@127.0.0.1:{free_port()}/x", tmp_path / "a")
    assert "Connection refused" in line or "connection to server" in line
    assert 'database "nowhere" does not exist' in refused(guarded.url("nowhere"), tmp_path / "b")


def test_verify_full_takes_the_right_certificate_and_no_other(guarded, authority, tmp_path, sink):
    name = guarded.create("verified").rsplit("/", 1)[1]
    other = Authority(tmp_path / "other")
    tls = f"?sslmode=verify-full&sslrootcert={authority.cert}"
    assert "no encryption" in refused(guarded.url(name, user="sealed") + "?sslmode=disable", tmp_path / "plain")
    assert "certificate verify failed" in refused(guarded.url(name, user="sealed") + f"?sslmode=verify-full&sslrootcert={other.cert}", tmp_path / "b")
    assert "does not exist" in refused(guarded.url(name, user="sealed") + "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", tmp_path / "c")
    with running(tmp_path / "data", guarded.url(name, user="sealed", host="localhost") + tls, sink) as node:
        assert fire(node, node.world.source["key"], "one") == 202
        used = guarded.psql("postgres", f"SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '{name}'")
        assert used == "t"


# Several hosts, standbys.

@pytest.fixture
def primary():
    made = Cluster(fsync=True, settings=["synchronous_standby_names=*"])
    made.settings.remove("synchronous_standby_names=*")
    made.stop()
    made.start()
    yield made
    if made.folder.exists():
        made.remove()


@pytest.fixture
def standby(primary):
    made = Cluster(of=primary)
    yield made
    made.remove()


def test_a_standby_alone_is_refused_and_of_two_hosts_the_primary_is_found(primary, standby, tmp_path, sink):
    primary.create("hosts")
    wait_for(lambda: standby.psql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'hosts'") == "1")
    line = refused(standby.url("hosts"), tmp_path / "alone")
    assert "read-only" in line, line
    both = f"postgresql://tocsin@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/hosts"
    with running(tmp_path / "data", both, sink) as node:
        assert fire(node, node.world.source["key"], "one") == 202


def test_a_failover_to_a_synchronous_standby_loses_nothing(primary, standby, tmp_path, sink):
    primary.create("failover")
    both = f"postgresql://tocsin@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/failover"
    primary.psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.psql("postgres", "SELECT pg_reload_conf()")
    with running(tmp_path / "data", both, sink) as node:
        promised = {f"before {i}" for i in range(20) if fire(node, node.world.source["key"], f"before {i}") == 202}
        assert len(promised) == 20
        primary.kill()
        wait_for(lambda: not is_ready(node))
        assert fire(node, node.world.source["key"], "between") == 503
        standby.psql("postgres", "SELECT pg_promote()")
        comes_back(node)
        assert promised <= {alert["dedup_key"] for alert in node.world.alerts()}
        assert node.world.told("ann") >= 20
        assert "takes writes again" in node.log()


def test_a_database_that_becomes_read_only_is_said_and_waited_out(guarded, tmp_path, sink):
    url = guarded.create("frozen")
    with running(tmp_path / "data", url, sink) as node:
        guarded.psql("postgres", "ALTER DATABASE frozen SET default_transaction_read_only = on")
        guarded.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'frozen'")
        wait_for(lambda: not is_ready(node))
        assert fire(node, node.world.source["key"], "one") == 503
        wait_for(lambda: "read-only" in node.log())
        guarded.psql("postgres", "ALTER DATABASE frozen SET default_transaction_read_only = off")
        comes_back(node)


# Resources of the server.

def test_no_more_connections_is_said_and_waited_out(guarded, tmp_path, sink):
    url = guarded.create("crowded").replace("tocsin@", "guest@")
    guarded.psql("postgres", "CREATE ROLE guest LOGIN CONNECTION LIMIT 12; ALTER DATABASE crowded OWNER TO guest")
    others = []
    with running(tmp_path / "data", url, sink) as node:
        try:
            with pytest.raises((AssertionError, ValueError)):
                for _ in range(20):
                    others.append(Session(guarded, "crowded", user="guest"))
            assert "too many connections for role" in refused(url, tmp_path / "late")
            guarded.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'crowded' AND "
                                     "application_name = 'tocsin'")
            for _ in range(12):  # they take what has become free
                with contextlib.suppress(AssertionError, ValueError):
                    others.append(Session(guarded, "crowded", user="guest"))
            assert node.try_api("GET", "alerts").status in (200, 503)
        finally:
            for other in others:
                other.close()
        comes_back(node)


class SmallDisk:
    """A file system of its own for a tablespace; without the right to mount, a trigger that fails as a full one would."""

    def __init__(self, cluster, megabytes):
        self.cluster, self.folder = cluster, tempfile.mkdtemp(prefix="tocsin-small-")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.folder], capture_output=True)
        self.mounted = mounted.returncode == 0
        if self.mounted and cluster.owner:
            os.chown(self.folder, cluster.owner.pw_uid, cluster.owner.pw_gid)

    def create(self, name):
        where = ""
        if self.mounted:
            self.cluster.psql("postgres", f"CREATE TABLESPACE small_{name} LOCATION '{self.folder}'")
            where = f"TABLESPACE small_{name}"
        self.cluster.psql("postgres", f"CREATE DATABASE {name} {where}")
        self.cluster.known.add(name)
        return self.cluster.url(name)

    def fill(self, name):
        if not self.mounted:
            self.cluster.psql(name, "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                                    "'No space left on device' USING ERRCODE = '53100'; END $$; "
                                    "CREATE TRIGGER full_disk BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION full_disk()")
            return
        with open(f"{self.folder}/filler", "wb") as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 65536)
                filler.flush()

    def free(self, name):
        if self.mounted:
            os.unlink(f"{self.folder}/filler")
        else:
            self.cluster.psql(name, "DROP TRIGGER full_disk ON inbox")

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], capture_output=True)
        os.rmdir(self.folder)


def test_a_full_disk_of_the_server_is_said_once_and_waited_out(tmp_path, sink):
    cluster = Cluster()
    disk = SmallDisk(cluster, 64)
    try:
        with running(tmp_path / "data", disk.create("little"), sink) as node:
            assert fire(node, node.world.source["key"], "before") == 202
            disk.fill("little")
            key = node.world.source["key"]
            wait_for(lambda: node.try_send(key, [{"dedup_key": f"f{next(NUMBERS)}", "title": "x" * 900, "description": "y" * 9000}
                                                 for _ in range(50)]).status == 503)
            assert not is_ready(node)
            disk.free("little")
            comes_back(node)
            said = [line for line in node.log().splitlines() if "takes no writes" in line]
            assert len(said) <= 2 and "No space left on device" in said[0], said
            assert {alert["dedup_key"] for alert in node.world.alerts("before")} == {"before"}
    finally:
        cluster.remove()
        disk.remove()


def test_a_password_that_is_changed_under_a_running_server_is_said_and_waited_out(guarded, tmp_path, sink):
    url = guarded.url(guarded.create("changed").rsplit("/", 1)[1], user="guarded")
    with running(tmp_path / "data", url, sink, ["--db-password-file", str(password_file(tmp_path))]) as node:
        guarded.psql("postgres", "ALTER ROLE guarded PASSWORD 'another'")
        guarded.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'changed'")
        try:
            wait_for(lambda: not is_ready(node))
            wait_for(lambda: "password authentication failed" in node.log())
        finally:
            guarded.psql("postgres", f"ALTER ROLE guarded PASSWORD '{PASSWORD}'")
        comes_back(node)
        assert PASSWORD not in node.log()


def test_a_dropped_database_is_said_and_nothing_is_taken(guarded, tmp_path, sink):
    url = guarded.create("dropped")
    with running(tmp_path / "data", url, sink) as node:
        guarded.psql("postgres", "DROP DATABASE dropped WITH (FORCE)")
        guarded.known.discard("dropped")
        wait_for(lambda: not is_ready(node))
        assert fire(node, node.world.source["key"], "one") == 503
        wait_for(lambda: "does not exist" in node.log())
