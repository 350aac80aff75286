"""A private PostgreSQL from Debian's binaries, for the tests: in a folder of its own, on a free port of the loopback.

    cluster = Cluster()            # or the_cluster(): one a process, ended with it
    url = cluster.create("name")
    cluster.kill(); cluster.start()

PostgreSQL refuses to run as root; then it runs as `postgres` or `nobody`. The default collation is English on purpose: what must be
ordered by bytes has to say so itself. Should the tests be killed, the server goes with them.
"""

import atexit
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

USER = "tocsin"
START_S = 60


def binaries():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return found[-1] if found else pathlib.Path(shutil.which("postgres") or "/usr/bin/postgres").parent


def unprivileged():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise AssertionError("there is no user postgres or nobody that PostgreSQL could run as")


def free_port():
    """Below those that the kernel gives to connections: the server that is killed and started again finds it free."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def sweep():
    """What tests that were killed left behind: folders that no server has touched for ten minutes and none uses."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob("tocsin-pg-*"):
        try:
            old = time.time() - folder.stat().st_mtime > 600
        except OSError:
            continue
        if old and subprocess.run(["pgrep", "-f", str(folder)], capture_output=True).returncode:
            shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """hba: lines of pg_hba.conf before those that let everybody in. of: the primary whose standby this is. files: path by name, copied
    beside the data for the server alone to read (a key)."""

    def __init__(self, fsync=False, settings=(), hba=(), of=None, files=None):
        sweep()
        self.bin = binaries()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
        self.owner = unprivileged() if os.geteuid() == 0 else None
        if self.owner:
            os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)
        self.port, self.process, self.known = free_port(), None, set()
        self.settings = [f"fsync={'on' if fsync else 'off'}", f"listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
                         "max_connections=200", "shared_buffers=64MB", "log_min_messages=warning", "log_lock_waits=on",
                         "autovacuum_naptime=5s", *settings]
        initdb = ["initdb", "-D", self.folder / "data", "-U", USER, "--auth=trust", "-E", "UTF8", "--locale-provider=icu",
                  "--icu-locale=en", "--locale=C.UTF-8", "--no-sync"]
        copy = ["pg_basebackup", "-D", self.folder / "data", "-d", of.url("postgres") if of else "", "-R", "-X", "stream", "-c", "fast",
                "--no-sync"]
        command, *words = copy if of else initdb
        made = subprocess.run(self.as_owner(self.bin / command, *words), capture_output=True, text=True, cwd="/")
        assert made.returncode == 0, made.stderr
        if hba:
            path = self.folder / "data/pg_hba.conf"
            path.write_text("\n".join(hba) + "\n" + path.read_text())
        for name, source in (files or {}).items():
            path = self.folder / name
            path.write_bytes(pathlib.Path(source).read_bytes())
            path.chmod(0o600)
            if self.owner:
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        self.start()

    def as_owner(self, *words):
        words = [str(word) for word in words]
        if self.owner:
            words = ["setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups", "--pdeathsig=KILL",
                     "--", *words]
        return words

    def start(self):
        options = [part for setting in self.settings for part in ("-c", setting)]
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(self.as_owner(self.bin / "postgres", "-D", self.folder / "data", "-p", self.port, *options),
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/")
        end = time.monotonic() + START_S
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            assert self.process.poll() is None and time.monotonic() < end, self.log()[-3000:]
            time.sleep(0.02)
        return self

    def log(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def stop(self, how=signal.SIGINT):
        """SIGINT ends all sessions and writes everything; SIGKILL is a crash."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(60)
        self.process = None

    def kill(self):
        """As after a power cut, as far as the server can tell. Its children see that they are orphans and end; a server that starts
        while one of them holds its memory would refuse to."""
        self.process.send_signal(signal.SIGSTOP)  # no more children from here on
        children = self.children()
        self.stop(signal.SIGKILL)
        end = time.monotonic() + 30
        while any(pathlib.Path(f"/proc/{child}").exists() for child in children):
            assert time.monotonic() < end, "the server's children live on"
            time.sleep(0.02)

    def children(self):
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database, port=None, user=USER, host="127.0.0.1"):
        return f"postgresql://{user}@{host}:{port or self.port}/{database}"

    def create(self, name):
        """The URL of a database of this name, made when there is none."""
        if name not in self.known:
            if not self.psql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
                self.psql("postgres", f'CREATE DATABASE "{name}"')
            self.known.add(name)
        return self.url(name)

    def psql(self, database, text):
        done = subprocess.run([self.bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text, self.url(database)],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout.strip()


class Session:
    """A foreign session that stays open: an administrator's psql, somebody's report."""

    def __init__(self, cluster, database, user=USER):
        self.process = subprocess.Popen([cluster.bin / "psql", "-X", "-q", "-A", "-t", cluster.url(database, user=user)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.number = int(self.ask("SELECT pg_backend_pid()"))

    def send(self, text):
        self.process.stdin.write(text + ";\n")
        self.process.stdin.flush()

    def answer(self):
        """What was printed until now, once everything that was sent is done."""
        self.send("\\echo the-end\nSELECT 1 WHERE false")
        lines = []
        for line in self.process.stdout:
            if line.strip() == "the-end":
                return "\n".join(lines)
            lines.append(line.rstrip("\n"))
        raise AssertionError("\n".join(lines))

    def ask(self, text):
        self.send(text)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def quoted(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def query(cluster, url, text, values=()):
    """As sqlite3's execute(...).fetchall(): `?` stands for a value, rows are tuples."""
    parts = text.split("?")
    assert len(parts) == len(values) + 1, text
    text = parts[0] + "".join(quoted(value) + part for value, part in zip(values, parts[1:]))
    database = urllib.parse.urlsplit(url).path[1:]
    if not text.lstrip().upper().startswith("SELECT"):
        cluster.psql(database, text)
        return []
    rows = cluster.psql(database, f"SELECT coalesce(json_agg(row_to_json(t)), '[]') FROM ({text}) t")
    return [tuple(row.values()) for row in json.loads(rows)]


_shared = []


def the_cluster():
    """One for all tests of this process."""
    if not _shared:
        _shared.append(Cluster())
        atexit.register(_shared[0].remove)
    return _shared[0]
