"""Senders that number what they send. Each owns its keys and sends one request at a time, so that the order of a key is known; what
was answered 2xx is promised, what was not answered may have been taken or not."""

import json
import random
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Key:
    """What is known of one dedup key: firing events promised and possible, and whether the last words are certain."""

    sure: int = 0
    maybe: int = 0
    certain: bool = True  # false: some request of this key was never answered
    status: str = "triggered"


@dataclass
class Ledger:
    keys: dict = field(default_factory=dict)  # (integration key, dedup key) -> Key
    promised: dict = field(default_factory=dict)  # integration key -> [request ids]
    owed: set = field(default_factory=set)  # titles that must reach the sink
    requests: int = 0
    refused: dict = field(default_factory=dict)  # status -> count

    def merge(self, other):
        self.keys.update(other.keys)
        for key, ids in other.promised.items():
            self.promised.setdefault(key, []).extend(ids)
        self.owed |= other.owed
        self.requests += other.requests
        for status, count in other.refused.items():
            self.refused[status] = self.refused.get(status, 0) + count


class Connection:
    """A keep-alive connection without a library's overhead."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def post(self, path, body, headers=""):
        """(status, body), or OSError when it was cut."""
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        return self.read()

    def read(self):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        status, size = int(head[9:12]), 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        while len(self.rest) < size:
            self.more()
        body, self.rest = self.rest[:size], self.rest[size:]
        return status, body

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("cut")
        self.rest += part

    def close(self):
        self.socket.close()


class Sender(threading.Thread):
    """Mixed new, repeat and resolve to the bulk integration; now and then a new alert that owes a page."""

    def __init__(self, number, port, bulk_key, paging_keys, stop, seed, pages_max=20):
        super().__init__(daemon=True)
        self.number, self.port, self.bulk_key, self.stop_event = number, port, bulk_key, stop
        self.random = random.Random(seed)
        self.paging_keys = {key: pages_max for key in paging_keys}
        self.ledger, self.serial, self.open = Ledger(), 0, []

    def run(self):
        try:
            connection = Connection(self.port)
        except OSError:
            return
        while not self.stop_event.is_set():
            try:
                self.one(connection)
            except OSError:
                break
        connection.close()

    def one(self, connection):
        self.serial += 1
        dice = self.random.random()
        if dice < 0.08 and self.paging_keys:
            self.paging(connection)
        elif dice < 0.55 or not self.open:
            name = f"s{self.number}-{self.serial}"
            self.open.append(name)
            self.send(connection, self.bulk_key, name, "triggered")
        elif dice < 0.85:
            self.send(connection, self.bulk_key, self.random.choice(self.open), "triggered")
        else:
            name = self.open.pop(self.random.randrange(len(self.open)))
            self.send(connection, self.bulk_key, name, "resolved")

    def paging(self, connection):
        key = self.random.choice(list(self.paging_keys))
        self.paging_keys[key] -= 1
        if self.paging_keys[key] == 0:
            del self.paging_keys[key]
        title = f"owed {self.number} {self.serial} {key}"
        if self.send(connection, key, title, "triggered", title):
            self.ledger.owed.add(title)

    def send(self, connection, integration, name, status, title=None):
        body = json.dumps({"dedup_key": name, "title": title or name, "status": status, "priority": "p3",
                           "labels": {"serial": str(self.serial)}}).encode()
        key = self.ledger.keys.setdefault((integration, name), Key())
        fires = status == "triggered"
        key.certain, certain = False, key.certain
        key.maybe += fires
        self.ledger.requests += 1
        code, answer = connection.post(f"/in/{integration}", body)  # an error here leaves it uncertain
        key.maybe -= fires
        key.certain = certain
        if code != 202:
            self.ledger.refused[code] = self.ledger.refused.get(code, 0) + 1
            return False
        key.sure += fires
        key.status = status
        self.ledger.promised.setdefault(integration, []).append(json.loads(answer)["request_id"])
        return True


def run_load(ports, bulk_key, paging_keys, seconds, senders=12, seed=0, then=None):
    """Sends for so many seconds to one port, or to several in turns; calls `then` (which may kill a server) in the middle of it, and
    gives the ledger and the rate."""
    stop, begin = threading.Event(), time.monotonic()
    shares = [paging_keys[n::senders] for n in range(senders)]
    ports = ports if isinstance(ports, list) else [ports]
    threads = [Sender(n, ports[n % len(ports)], bulk_key, shares[n], stop, seed * 1000 + n) for n in range(senders)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    if then:
        then()
    elapsed = time.monotonic() - begin
    stop.set()
    ledger = Ledger()
    for thread in threads:
        thread.join(30)
        ledger.merge(thread.ledger)
    return ledger, ledger.requests / elapsed
