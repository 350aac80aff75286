"""Two nodes on one private PostgreSQL."""

import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from commit_proxy import CommitProxy  # noqa: E402
from http_sink import HttpSink  # noqa: E402
from postgres import Cluster  # noqa: E402
from tocsin import Tocsin  # noqa: E402
from world import NUMBERS, World  # noqa: E402


@pytest.fixture(scope="session")
def cluster():
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture
def sink():
    with HttpSink() as made:
        yield made


class Pair:
    def __init__(self, folder, cluster, sink, proxy=None):
        """proxy: what node a speaks through."""
        self.url = cluster.create(f"pair{next(NUMBERS)}_{folder.name[-12:]}".lower().replace("-", "_"))
        self.cluster, self.database = cluster, self.url.rsplit("/", 1)[1]
        self.a = Tocsin(folder / "a", db=cluster.url(self.database, proxy.port) if proxy else self.url)
        self.b = Tocsin(folder / "b", db=self.url)
        self.a.init()
        self.b.folder.mkdir()
        (self.b.folder / "test-mode").touch()
        self.b.key = self.a.key
        if (self.a.folder / "secret.key").exists():  # nodes seal with one key
            shutil.copy2(self.a.folder / "secret.key", self.b.folder / "secret.key")
        self.a.start()
        self.b.start()
        self.world = World(self.a, sink)

    def sql(self, text):
        return self.cluster.psql(self.database, text)

    def end(self):
        for node in (self.a, self.b):
            node.kill()


@pytest.fixture
def held(tmp_path, cluster, sink):
    """Two nodes; what the first one writes can be kept uncommitted by its proxy."""
    proxy = CommitProxy(cluster.port)
    made = Pair(tmp_path, cluster, sink, proxy)
    made.proxy = proxy
    yield made
    made.end()
    proxy.close()


@pytest.fixture
def pair(tmp_path, cluster, sink):
    made = Pair(tmp_path, cluster, sink)
    yield made
    made.end()
