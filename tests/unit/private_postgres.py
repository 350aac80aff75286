"""A private PostgreSQL for a unit test: prints the URL of an empty database, and ends it when standard input does."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from postgres import Cluster  # noqa: E402

cluster = Cluster()
try:
    print(cluster.create("unit"), flush=True)
    sys.stdin.read()
finally:
    cluster.remove()
