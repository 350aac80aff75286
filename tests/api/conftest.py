"""Fixtures: one server for the session where state allows, a fresh one where the test ends or breaks it."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from contract import Contract  # noqa: E402
from http_sink import HttpSink  # noqa: E402
from smtp_sink import SmtpSink  # noqa: E402
from tocsin import BINARY, ON_POSTGRES, Tocsin  # noqa: E402
from world import World  # noqa: E402


# What is about the file of SQLite and nothing else.
SQLITE_ONLY = {"test_sqlite_file"}


def pytest_collection_modifyitems(config, items):
    """Without the program nothing here may look as if it had passed."""
    if ON_POSTGRES:
        left_out = [item for item in items if item.module.__name__ in SQLITE_ONLY]
        items[:] = [item for item in items if item.module.__name__ not in SQLITE_ONLY]
        config.hook.pytest_deselected(items=left_out)
    needs_it = any(item.module.__name__ != "test_sinks" for item in items)
    if needs_it and not os.access(BINARY, os.X_OK):
        pytest.exit(f"{BINARY} is not built", returncode=1)


@pytest.fixture(scope="session", autouse=True)
def contract():
    """Holds every answer under /api/v1 to the OpenAPI document of the server that gave it."""
    plain, documents = Tocsin.http, []

    def http(self, method, path, body=None, headers=None, timeout_s=30):
        answer = plain(self, method, path, body, headers, timeout_s)
        if path.startswith("/api/v1/"):
            if not documents:
                documents.append(Contract(plain(self, "GET", "/api/openapi.json").json))
            documents[0].check(method, path, answer)
        return answer

    Tocsin.http = http
    yield
    Tocsin.http = plain


@pytest.fixture(scope="session")
def relay():
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="session")
def sink():
    with HttpSink() as made:
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory, relay):
    made = Tocsin(tmp_path_factory.mktemp("server") / "data", smtp=relay.url)
    made.init()
    made.start()
    yield made
    made.kill() if made.busy else made.stop()


@pytest.fixture
def world(server, sink, relay):
    if server.busy:  # a test before failed so; the next ones shall not fail for its reason
        server.kill()
        server.start()
    made = World(server, sink, relay)
    relay.usual()
    yield made
    relay.usual()
    made.close()


@pytest.fixture
def fresh(tmp_path):
    """Makes servers of one test's own: fresh(smtp=...) is initialised and running."""
    made = []

    def build(start=True, init=True, name="data", **options):
        one = Tocsin(tmp_path / name, **options)
        made.append(one)
        if init:
            one.init()
        if start:
            one.start()
        return one

    yield build
    for one in made:
        one.kill()
