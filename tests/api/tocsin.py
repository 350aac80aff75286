"""One running server for the tests, and a client for all that it offers. Pure standard library.

    server = Tocsin(folder, smtp=relay.url)
    server.init()
    server.start()
    user = server.make("users", name="Ann", email="ann@example.org", role="responder")
    server.send("my-key", {"title": "Disk full", "dedup_key": "disk"})
    server.turn("5m")
    server.stop()

With TOCSIN_TEST_DB=postgres in the environment each folder gets a database of its own in one private PostgreSQL (postgres.py).

The clock is turned over the test-control socket, and `settle` waits until nothing is queued, due or outside: no test sleeps.
"""

import hashlib
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

import postgres

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TOCSIN_BIN", str(CHECKOUT / "build" / "tocsin"))
READY_S = float(os.environ.get("TOCSIN_READY_S", "20"))
ON_POSTGRES = os.environ.get("TOCSIN_TEST_DB") == "postgres"
SETTLE_S = float(os.environ.get("TOCSIN_SETTLE_S", "20"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return f"<{self.status} {self.text[:600]}>"


class Refused(AssertionError):
    """The API did not answer 2xx."""

    def __init__(self, method, path, answer):
        super().__init__(f"{method} {path}: {answer!r}")
        self.answer = answer


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}


def database_of(folder):
    """None: SQLite, in the folder."""
    if not ON_POSTGRES:
        return None
    return postgres.the_cluster().create("t" + hashlib.sha256(str(pathlib.Path(folder)).encode()).hexdigest()[:24])


def serve_environment(folder):
    """For a command that opens the folder's database and is started by hand."""
    database = database_of(folder)
    return {**clean_environment(), **({"TOCSIN_DB": database} if database else {})}


OPENS_A_DATABASE = ("init", "serve", "demo", "doctor", "export-all", "import", "backup", "restore")


def run(*arguments, timeout_s=20, env=None, stdin=""):
    """Runs a command of the program to its end."""
    words, env = [str(word) for word in arguments], dict(env or {})
    folder = words[words.index("--data") + 1] if "--data" in words else env.get("TOCSIN_DATA")
    if ON_POSTGRES and folder and words[0] in OPENS_A_DATABASE and "--db" not in words:
        env.setdefault("TOCSIN_DB", database_of(folder))
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=timeout_s, env={**clean_environment(), **env},
                          input=stdin)


class Tocsin:
    def __init__(self, folder, smtp=None, extra=(), db=None, public_url="https://tocsin.example.org"):
        self.folder = pathlib.Path(folder)
        self.smtp, self.extra, self.db, self.public_url = smtp, list(extra), db or database_of(self.folder), public_url
        self.process = None
        self.port = 0
        # A socket's path holds 107 bytes: pytest's folders are longer.
        self.control_folder = tempfile.TemporaryDirectory(prefix="tocsin-")  # goes with this object
        self.control_path = self.control_folder.name + "/control"
        self.key = None
        self.turned_s = 0
        self.busy = False  # the last settle did not end
        self.log_path = self.folder / "server.log"

    # Life.

    def init(self, zone="Europe/Berlin", email="owner@example.org", name="Olga Owner", organization="Example", extra=()):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "test-mode").touch()
        database = ["--db", self.db] if self.db else []
        done = run("init", "--data", self.folder, *database, "--organization", organization, "--time-zone", zone, "--email", email,
                   "--name", name, *extra)
        assert done.returncode == 0, done
        self.read_key()
        return done

    def read_key(self):
        self.key = (self.folder / "admin.key").read_text().strip()

    def command(self, port=0):
        command = [BINARY, "serve", "--data", str(self.folder), "--listen", f"127.0.0.1:{port}", "--test-control", self.control_path,
                   "--outbound-allow", "127.0.0.0/8"]
        if self.public_url:
            command += ["--public-url", self.public_url]
        if self.smtp:
            command += ["--smtp-url", self.smtp, "--smtp-from", "Tocsin <tocsin@example.org>"]
        if self.db:
            command += ["--db", self.db]
        return command + self.extra

    def start(self, port=0):
        pathlib.Path(self.control_path).unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(port), stdout=subprocess.PIPE, stderr=log, env=clean_environment())
        self._rest = b""
        line = self._line(READY_S)
        assert line.startswith("ready on http://"), f"{line!r}\n{self.log()[-4000:]}"
        self.port = urllib.parse.urlsplit(line.split()[2]).port
        if self.key is None and (self.folder / "admin.key").exists():
            self.read_key()
        if self.turned_s and not (self.db or "").startswith("postgresql:"):  # there it is a row; on SQLite the turned clock lives as long as the process; time never goes back
            assert self.control(f"clock +{self.turned_s}s") == "ok"
        return self

    def _line(self, timeout_s):
        """The next line of standard output; what came with it waits for the next call."""
        end, text = time.monotonic() + timeout_s, self._rest
        while b"\n" not in text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                break
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                break
            text += part
        line, newline, self._rest = text.partition(b"\n")
        return (line + newline).decode()

    def second_line(self):
        """What a server without an organization prints after the ready line."""
        return self._line(READY_S)

    def stop(self, timeout_s=25):
        """SIGTERM: drains. The exit code."""
        if self.process is None:
            return None
        self.check_picture()
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self._forget()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._forget()

    def died(self, timeout_s=20):
        """Waits until the process has ended by itself. Its code."""
        code = self.process.wait(timeout_s)
        self._forget()
        return code

    def _forget(self):
        if self.process is not None and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def memory_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])

    def sql(self, text, *values):
        """A look into the database of a stopped server."""
        if self.db and self.db.startswith("postgresql:"):
            return postgres.query(postgres.the_cluster(), self.db, text, values)
        with sqlite3.connect(self.folder / "tocsin.db") as database:
            return database.execute(text, values).fetchall()

    # The test-control socket.

    def check_picture(self):
        """What the server keeps in memory of the configuration, patched row by row, is what the rows say."""
        try:
            answer = self.control("picture", 10)
        except OSError:
            return  # it has ended, or a fault holds it
        assert not answer.startswith("error the picture"), answer

    def control(self, command, timeout_s=60):
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(timeout_s)
            channel.connect(self.control_path)
            channel.sendall(command.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = channel.recv(4096)
                if not part:
                    break
                answer += part
        return answer.decode().strip()

    def settle(self):
        self.busy = True
        answer = self.control("until-idle", SETTLE_S)
        assert answer == "ok", answer
        self.busy = False

    def turn(self, by):
        """Turns the clock forward ("5m", "90s", "2h") and lets everything that became due happen."""
        answer = self.control(f"clock +{by}")
        assert answer == "ok", answer
        self.turned_s += int(by[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[by[-1]]
        self.settle()

    # HTTP.

    def http(self, method, path, body=None, headers=None, timeout_s=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def try_api(self, method, path, body=None, headers=None, key=None):
        """As api, but gives refusals back, too."""
        head = {"Authorization": f"Bearer {self.key if key is None else key}", **(headers or {})}
        if body is not None:
            head.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.http(method, path if path.startswith("/") else "/api/v1/" + path, body, head)

    def api(self, method, path, body=None, headers=None):
        answer = self.try_api(method, path, body, headers)
        if not 200 <= answer.status < 300:
            raise Refused(method, path, answer)
        return answer.json if answer.body else None

    def get(self, path, /, **query):
        query = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
        return self.api("GET", path + ("?" + query if query else ""))

    def items(self, path, /, **query):
        """All items of a list, over its pages."""
        query.setdefault("limit", 1000)
        found = []
        for _ in range(1000):
            answer = self.get(path, **query)
            found += answer["items"]
            if not answer.get("next_cursor"):
                return found
            query["cursor"] = answer["next_cursor"]
        raise AssertionError(f"the list {path} does not end")

    def make(self, kind, /, **fields):
        return self.api("POST", kind, fields)

    def change(self, kind, id, /, **fields):
        return self.api("PATCH", f"{kind}/{id}", fields)

    def verb(self, kind, id, verb, /, **fields):
        return self.api("POST", f"{kind}/{id}/{verb}", fields)

    def try_send(self, key, body, headers=None, path="/in/"):
        raw = body if isinstance(body, (bytes, str)) else json.dumps(body)
        raw = raw.encode() if isinstance(raw, str) else raw
        return self.http("POST", path + key, raw, {"Content-Type": "application/json", **(headers or {})})

    def send(self, key, body, headers=None):
        """A webhook; settled."""
        answer = self.try_send(key, body, headers)
        if answer.status != 202:
            raise Refused("POST", "/in/" + key, answer)
        self.settle()
        return answer.json


class Stream:
    """GET /api/v1/stream, read event by event."""

    def __init__(self, server, last_id=None, timeout_s=10, path="/api/v1/stream"):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout_s)
        headers = {"Authorization": f"Bearer {server.key}", "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self):
        """The next event: {"id", "event", "data"}; comments are skipped. None at the end."""
        event = {}
        while True:
            line = self.answer.readline()
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if not line:
                if event:
                    return event
                continue
            if line.startswith(":"):
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            event[name] = event[name] + "\n" + value if name == "data" and name in event else value

    def until(self, wanted, events_max=200):
        """Reads until wanted(event) is true; that event."""
        for _ in range(events_max):
            event = self.next()
            assert event is not None, "the stream ended"
            if wanted(event):
                return event
        raise AssertionError(f"not within {events_max} events")

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
