"""10,000 pages fall due in the same second. How long until the last is at the provider, and how near to what the provider allows?

The provider takes 50 ms a message and 100 connections at once, so the ideal is 10,000 / 100 * 50 ms = 5 s. Each page is an alert of its
own whose level is due: the level runs, the notification is written, sent, and its result is written. Counted at the provider: each page
once, none twice.
"""

import argparse
import asyncio
import collections
import json
import multiprocessing
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from handoff import Load, STORM_PAGES  # noqa: E402
from tocsin import Tocsin  # noqa: E402


class Slow(asyncio.Protocol):
    """50 ms a message; more connections than it allows wait for one that ends, as at a real provider."""

    def __init__(self, seen, takes_s, gate):
        self.seen, self.takes_s, self.gate, self.buffer = seen, takes_s, gate, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self.buffer[:end].lower().find(b"content-length:")
        size = int(self.buffer[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + size:
            return
        body, self.buffer = self.buffer[end + 4:end + 4 + size], self.buffer[end + 4 + size:]
        asyncio.ensure_future(self.answer(body))

    async def answer(self, body):
        async with self.gate:
            await asyncio.sleep(self.takes_s)
        at = body.find(b"serial=")
        if at >= 0:
            self.seen[int(body[at + 7:at + 14])].append(time.monotonic())
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def provider_main(channel, takes_s, connections):
    async def serve():
        seen, gate = collections.defaultdict(list), asyncio.Semaphore(connections)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Slow(seen, takes_s, gate), "127.0.0.1", 0, backlog=1024)
        channel.send(server.sockets[0].getsockname()[1])
        while await loop.run_in_executor(None, channel.recv) == "count":
            channel.send(len(seen))
        channel.send(dict(seen))

    asyncio.run(serve())


def prepare(server, port, pages):
    """Level 1 is somebody whom nothing reaches for a day; level 2, an hour later, is who is told. A policy for each 20: no storm begins."""
    users = []
    for name, delay_s in (("first", 86400), ("second", 0)):
        user = server.make("users", name=name, email=f"{name}@example.org", role="responder")
        hook = server.make("contact-methods", user_id=user["id"], kind="webhook", address=f"http://127.0.0.1:{port}/{name}", verified=True)
        for rule in server.items("notification-rules", user_id=user["id"]):
            server.change("notification-rules", rule["id"], steps=[{"delay_s": delay_s, "contact_method_ids": [hook["id"]]}])
        users.append({"targets": [{"kind": "user", "id": user["id"]}], "wait_s": 3600})
    keys = []
    for number in range((pages + STORM_PAGES - 1) // STORM_PAGES):
        policy = server.make("escalation-policies", name=f"Paging {number}", levels=users)
        keys.append(f"paging-{number}-0123456789")
        server.make("integrations", name=f"Paging {number}", template="generic", key=keys[-1], policy_id=policy["id"])
    return keys


def measure(server, pages, takes_s, connections):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=provider_main, args=(theirs, takes_s, connections), daemon=True)
    process.start()
    load = Load(server.port, prepare(server, ours.recv(), pages), 2000, pages / 2000)
    asyncio.run(load.run())
    server.settle()
    begin = time.monotonic()
    assert server.control("clock +3601s") == "ok"
    count = 0
    while count < pages and time.monotonic() < begin + 120:
        time.sleep(0.05)
        ours.send("count")
        count = ours.recv()
    ours.send("end")
    seen = ours.recv()
    process.join(5)
    ideal_s = pages / connections * takes_s
    last_s = max((times[0] for times in seen.values()), default=begin) - begin
    return {"pages": pages, "accepted": load.answers.get(b"202", 0), "arrived": len(seen), "twice": sum(len(times) > 1 for times in seen.values()),
            "last_s": round(last_s, 2), "ideal_s": ideal_s, "ratio": round(last_s / ideal_s, 2)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=int, default=10000)
    options.add_argument("--takes-ms", type=float, default=50)
    options.add_argument("--connections", type=int, default=100)
    wanted = options.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-paging."))
    server = Tocsin(folder / "data")
    try:
        server.init()
        server.start()
        result = measure(server, wanted.pages, wanted.takes_ms / 1000, wanted.connections)
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))
    print(f"the last of {result['arrived']} pages was at the provider after {result['last_s']} s; ideal {result['ideal_s']} s, ratio {result['ratio']}; "
          f"{result['twice']} came twice, {result['pages'] - result['arrived']} never")


if __name__ == "__main__":
    main()
