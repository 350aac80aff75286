"""How long from a webhook to its notification at the provider? An open load of single webhooks against a sink in a process of its own;
a latency counts from the moment a webhook was due to be sent, so that a slow server cannot hide behind a waiting sender."""

import asyncio
import json
import multiprocessing
import time

STORM_PAGES = 20  # of one policy in a minute; one more, and they would become a storm page


class Provider(asyncio.Protocol):
    """Answers every POST 200 and notes when which serial came."""

    def __init__(self, seen):
        self.seen, self.buffer = seen, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            at = self.buffer[:end].lower().find(b"content-length:")
            size = int(self.buffer[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            body, self.buffer = self.buffer[end + 4:end + 4 + size], self.buffer[end + 4 + size:]
            at = body.find(b"serial=")
            if at >= 0:
                self.seen.setdefault(int(body[at + 7:at + 14]), time.monotonic())
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def provider_main(channel):
    async def serve():
        seen = {}
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Provider(seen), "127.0.0.1", 0, backlog=1024)
        channel.send(server.sockets[0].getsockname()[1])
        while True:
            command = await loop.run_in_executor(None, channel.recv)
            if command == "count":
                channel.send(len(seen))
            else:
                channel.send(seen)
                return

    asyncio.run(serve())


class Sender(asyncio.Protocol):
    """One request in flight; idle ones wait in a list."""

    def __init__(self, load):
        self.load = load

    def connection_made(self, transport):
        self.transport = transport
        self.load.idle.append(self)

    def data_received(self, data):
        if b"HTTP/1.1 " in data:
            self.load.answers[data[9:12]] = self.load.answers.get(data[9:12], 0) + 1
            self.load.idle.append(self)


class Load:
    def __init__(self, port, keys, rate, seconds):
        self.port, self.keys, self.rate, self.total = port, keys, rate, int(rate * seconds)
        self.idle, self.answers, self.due = [], {}, {}

    def post(self, serial):
        key = self.keys[serial % len(self.keys)]
        body = json.dumps({"dedup_key": f"handoff-{serial}", "title": f"serial={serial:07}", "priority": "p1"}).encode()
        return f"POST /in/{key} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    async def run(self):
        loop = asyncio.get_running_loop()
        for _ in range(64):
            await loop.create_connection(lambda: Sender(self), "127.0.0.1", self.port)
        begin, serial = time.monotonic() + 0.05, 0
        while serial < self.total and time.monotonic() < begin + 60:
            now = time.monotonic()
            while serial < self.total and begin + serial / self.rate <= now and self.idle:
                self.due[serial] = begin + serial / self.rate
                self.idle.pop().transport.write(self.post(serial))
                serial += 1
            await asyncio.sleep(0.0005)
        for _ in range(200):
            if sum(self.answers.values()) >= serial:
                break
            await asyncio.sleep(0.05)


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


def prepare(server, port, alerts):
    """Enough policies that no storm page begins; every one pages the same person by webhook."""
    user = server.make("users", name="Handoff", email="handoff@example.org", role="responder")
    hook = server.make("contact-methods", user_id=user["id"], kind="webhook", address=f"http://127.0.0.1:{port}/handoff", verified=True)
    for rule in server.items("notification-rules", user_id=user["id"]):
        server.change("notification-rules", rule["id"], steps=[{"delay_s": 0, "contact_method_ids": [hook["id"]]}])
    keys = []
    for number in range((alerts + STORM_PAGES - 1) // STORM_PAGES):
        level = {"targets": [{"kind": "user", "id": user["id"]}], "wait_s": 3600}
        policy = server.make("escalation-policies", name=f"Handoff {number}", levels=[level])
        keys.append(f"handoff-{number}-0123456789")
        server.make("integrations", name=f"Handoff {number}", template="generic", key=keys[-1], policy_id=policy["id"])
    return keys


def measure(server, rate=1000, seconds=5):
    """{sent, accepted, received, p50_ms, p99_ms, max_ms}"""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=provider_main, args=(theirs,), daemon=True)
    process.start()
    try:
        keys = prepare(server, ours.recv(), int(rate * seconds))
        load = Load(server.port, keys, rate, seconds)
        asyncio.run(load.run())
        for _ in range(200):  # ten seconds at most for what is on its way
            ours.send("count")
            if ours.recv() >= load.total:
                break
            time.sleep(0.05)
        ours.send("end")
        seen = ours.recv()
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()
    waits = sorted((seen[serial] - due) * 1000 for serial, due in load.due.items() if serial in seen)
    return {"sent": len(load.due), "accepted": load.answers.get(b"202", 0), "received": len(waits), "p50_ms": percentile(waits, 0.5),
            "p99_ms": percentile(waits, 0.99), "max_ms": waits[-1] if waits else float("nan")}
