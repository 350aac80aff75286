"""A web server for tests of outbound calls: records requests, answers as it is told.

Pure standard library, on a free loopback port, in a thread of its own:

    with HttpSink() as sink:
        sink.script("/hook", fail(503, times=2, retry_after=1), reply(200, {"ok": True}))
        ... point a webhook at sink.url + "/hook", --outbound-allow 127.0.0.0/8 ...
        first, second, third = sink.wait(3, path="/hook")
        assert third.json["alert"]["title"] == "Disk full"

Paths without a script are answered 200 with "{}". As a pytest fixture: `from http_sink import http_sink`.
"""

import asyncio
import collections
import json as json_module
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 16 * 1024 * 1024


@dataclass
class Request:
    method: str
    target: str  # as sent
    headers: dict  # names in lower case; of a repeated one the last
    body: bytes
    connection: int  # which one it came on, from 1
    received: float = field(default_factory=time.time)

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self):
        return json_module.loads(self.body)

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict = field(default_factory=dict)
    times: int | None = 1  # None: for ever
    delay_s: float = 0
    hang: bool = False  # read the request, never answer
    drop: bool = False  # read the request, close without an answer
    gate: threading.Event | None = None  # answer when it is set


def reply(status=200, body=b"{}", headers=None, times=1, delay_s=0):
    if not isinstance(body, (bytes, str)):
        body = json_module.dumps(body)
    return Answer(status, body.encode() if isinstance(body, str) else body, headers or {}, times, delay_s)


def fail(status=500, times=1, retry_after=None):
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status, b"no", headers, times)


def hang(times=1):
    return Answer(times=times, hang=True)


def drop(times=1):
    return Answer(times=times, drop=True)


class HttpSink:
    def __init__(self, port=0):
        self.port = port
        self._changed = threading.Condition()  # guards requests, scripts, handlers
        self._requests = []
        self._scripts = collections.defaultdict(collections.deque)
        self._handlers = {}
        self._connections = 0
        self._ready = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._main, name="http-sink", daemon=True)

    # The test's side.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def script(self, path, *answers):
        """The next answers for this path, in order; then what was before."""
        with self._changed:
            self._scripts[path].extend(answers)

    def handle(self, path, function):
        """function(Request) -> Answer, on the sink's thread, for a path without a script left; "/a/*" is all below /a."""
        with self._changed:
            self._handlers[path] = function

    def forget(self, path):
        """What was scripted for this path."""
        with self._changed:
            self._scripts.pop(path, None)

    def usual(self):
        """Forgets scripts and handlers."""
        with self._changed:
            self._scripts.clear()
            self._handlers.clear()

    @property
    def requests(self):
        with self._changed:
            return list(self._requests)

    @property
    def connections(self):
        with self._changed:
            return self._connections

    def clear(self):
        with self._changed:
            self._requests.clear()

    def wait(self, count=1, timeout_s=20, path=None):
        """The requests (to `path`), once there are `count`."""

        def found():
            return [r for r in self._requests if path is None or r.path == path]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, timeout_s):
                raise AssertionError(f"{len(found())} of {count} requests in {timeout_s} s")
            return found()

    def start(self):
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise self._error
        return self

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    # The thread's side.

    def _choose(self, request):
        with self._changed:
            script, handler = self._scripts[request.path], self._handlers.get(request.path)
            below = [f for path, f in self._handlers.items() if path.endswith("/*") and request.path.startswith(path[:-1])]
            handler = handler or next(iter(below), None)
            if script:
                answer = script[0]
                if answer.times is not None:
                    answer.times -= 1
                    if answer.times <= 0:
                        script.popleft()
                return answer
        return handler(request) if handler else Answer()

    def _record(self, request):
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def _main(self):
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._error = error
            self._ready.set()

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        self._stopping, self._tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, limit=HEAD_BYTES_MAX)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        with self._changed:
            self._connections += 1
            number = self._connections
        try:
            while await self._exchange(reader, writer, number):
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader, writer, number):
        """One request and its answer; False when the connection shall close."""
        request = await _read(reader, number)
        answer = self._choose(request)
        self._record(request)
        if answer.hang:
            await self._stopping.wait()
        if answer.hang or answer.drop:
            return False
        while answer.gate and not answer.gate.is_set():
            await asyncio.sleep(0.01)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        await _write(writer, request, answer)
        return request.headers.get("connection", "").lower() != "close"


async def _read(reader, number):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise ValueError(f"not a header: {line!r}")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers, await _read_body(reader, headers), number)


async def _read_body(reader, headers):
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= BODY_BYTES_MAX:
        raise ValueError("body too large")
    return await reader.readexactly(length)


async def _read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if len(body) + size > BODY_BYTES_MAX:
            raise ValueError("body too large")
        body += await reader.readexactly(size)
        await reader.readline()
        if size == 0:
            return body


async def _write(writer, request, answer):
    body = b"" if answer.status in (204, 304) else answer.body
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
    head = f"HTTP/1.1 {answer.status} Scripted\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n"
    writer.write(head.encode("latin-1") + (b"" if request.method == "HEAD" else body))
    await writer.drain()


try:
    import pytest

    @pytest.fixture
    def http_sink():
        with HttpSink() as sink:
            yield sink

except ImportError:
    pass
