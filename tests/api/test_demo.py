"""tocsin demo: from nothing to a phone that rings, on one machine."""

import http.client
import os
import select
import signal
import subprocess
import time
import urllib.parse

import pytest

from tocsin import BINARY, serve_environment, run

READ_S = 20


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen([BINARY, "demo", "--data", str(folder), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=serve_environment(folder))
        self.seen = b""

    def until(self, *words):
        """What was printed, once all of these words are in it."""
        end = time.monotonic() + READ_S
        while not all(word.encode() in self.seen for word in words):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert part, (words, self.seen)
            self.seen += part
        return self.seen.decode()

    def address(self):
        line = next(line for line in self.until("ready on", "Three things").splitlines() if line.startswith("ready on"))
        return urllib.parse.urlsplit(line.split()[2]).netloc

    def http(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address(), timeout=READ_S)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(READ_S)


@pytest.fixture
def demo(tmp_path):
    made = []

    def start(name="demo"):
        made.append(Demo(tmp_path / name))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()


def test_a_page_rings_on_the_terminal_and_its_link_answers(demo):
    one = demo()
    one.address()
    body = '{"title": "Nothing works any more", "priority": "p1", "dedup_key": "mine"}'
    assert one.http("POST", "/in/demo-generic", body)[0] == 202
    shown = one.until("'s phone", "Nothing works any more", "/ack/")
    link = urllib.parse.urlsplit(shown[shown.index("answer: ") + 8:].split()[0]).path
    assert "Acknowledge" in one.http("GET", link)[1]
    assert one.http("POST", link, "action=acknowledge", {"Accept": "application/json"})[0] == 200
    alerts = run("get", "alerts", "--data", one.folder, "--filter", "dedup_key=mine")
    assert alerts.returncode == 0 and "acknowledged" in alerts.stdout
    assert one.stop() == 0


def test_it_prints_the_key_and_the_world_is_there(demo):
    one = demo()
    key = (one.address(), (one.folder / "admin.key").read_text().strip())[1]
    assert key in one.until("API key")
    for kind, count in (("users", 7), ("teams", 3), ("services", 8), ("schedules", 2), ("integrations", 6), ("alert-rules", 4)):
        rows = run("get", kind, "--data", one.folder)
        assert len(rows.stdout.splitlines()) == count + 1, rows
    assert "nobody" not in run("oncall", "payments-primary", "--data", one.folder).stdout


def test_a_second_start_goes_on_where_the_first_ended(demo):
    one = demo()
    one.address()
    assert run("create", "team", "name=Mine", "--data", one.folder).returncode == 0
    assert one.stop() == 0
    two = demo()
    two.address()
    assert run("get", "team", "mine", "--data", two.folder).returncode == 0


def test_a_folder_that_is_not_a_demo_is_refused(tmp_path):
    (tmp_path / "precious").write_text("x")
    done = run("demo", "--data", tmp_path, "--listen", "127.0.0.1:0")
    assert done.returncode == 4 and "not a demo" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["precious"]


def test_a_second_demo_on_the_same_folder_says_that_it_runs_already(demo, tmp_path):
    demo().address()
    done = run("demo", "--data", tmp_path / "demo")
    assert done.returncode == 4 and "is running already at http://127.0.0.1:" in done.stderr


def test_the_commands_to_try_are_those_of_this_program(demo):
    assert f"{BINARY} alert list --data" in demo().until("Three things", "ack ALERT-N")
