"""A mail relay for tests: keeps what it is sent, and can be told to refuse, to delay or to hang.

Pure standard library, on a free loopback port, in a thread of its own:

    with SmtpSink() as relay:
        relay.answer("RCPT", "450 4.2.0 greylisted", times=1)
        ... start the server with --smtp-url {relay.url} ...
        mail = relay.wait(1)[0]
        assert mail.recipients == ["ann@example.org"]
        assert "Disk full" in mail.parsed["Subject"]

As a pytest fixture: `from smtp_sink import smtp_sink`.
"""

import asyncio
import base64
import collections
import email
import email.policy
import threading
import time
from dataclasses import dataclass, field

LINE_BYTES_MAX = 64 * 1024
MESSAGE_BYTES_MAX = 16 * 1024 * 1024

HANG = "{hang}"  # say nothing more
CLOSE = "{close}"  # end the connection without a word


@dataclass
class Mail:
    sender: str
    recipients: list
    data: bytes  # as sent, dots unstuffed, without the final one
    user: str | None = None
    password: str | None = None
    received: float = field(default_factory=time.time)

    @property
    def parsed(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)

    @property
    def text(self):
        body = self.parsed.get_body(preferencelist=("plain", "html"))
        return body.get_content() if body else ""


class _Ended(Exception):
    """The session shall end."""


class _Session:
    def __init__(self, sink, reader, writer):
        self.sink, self.reader, self.writer = sink, reader, writer
        self.user = self.password = None
        self.sender, self.recipients = None, []

    async def run(self):
        await self.reply("GREETING", "220 sink.test ESMTP")
        while True:
            line = await self.line()
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            self.sink._note(line)
            await getattr(self, "on_" + verb.lower(), self.on_unknown)(rest)

    async def line(self):
        raw = await self.reader.readline()
        if not raw.endswith(b"\n"):
            raise _Ended
        return raw.rstrip(b"\r\n").decode("utf-8", "replace")

    async def say(self, text):
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def reply(self, step, usual):
        """Says the usual, or what the test has asked for at this step. True when it was positive."""
        text = self.sink._scripted(step) or usual
        if text == HANG:
            await self.sink._released.wait()
            raise _Ended
        if text == CLOSE:
            raise _Ended
        await self.say(text)
        return text[0] in "23"

    async def on_ehlo(self, _):
        for line in self.sink.offers:
            await self.say("250-" + line)
        await self.reply("EHLO", "250 SIZE %d" % MESSAGE_BYTES_MAX)

    async def on_helo(self, _):
        await self.reply("EHLO", "250 sink.test")

    async def on_auth(self, rest):
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            _, user, password = (await self.ask(initial, "")).split("\0")
        elif mechanism.upper() == "LOGIN":
            user, password = await self.ask(initial, "Username:"), await self.ask("", "Password:")
        else:
            return await self.say("504 5.5.4 unknown mechanism")
        expected = self.sink.accept_login
        right = expected is None or expected == (user, password)
        usual = "235 2.7.0 welcome" if right else "535 5.7.8 wrong user or password"
        if await self.reply("AUTH", usual):
            self.user, self.password = user, password

    async def ask(self, given, prompt):
        if not given:
            await self.say("334 " + base64.b64encode(prompt.encode()).decode())
            given = await self.line()
        return base64.b64decode(given).decode()

    async def on_mail(self, rest):
        if self.sink.accept_login is not None and self.user is None:
            return await self.say("530 5.7.0 log in first")
        if await self.reply("MAIL", "250 2.1.0 ok"):
            self.sender, self.recipients = _address(rest), []

    async def on_rcpt(self, rest):
        if self.sender is None:
            return await self.say("503 5.5.1 MAIL first")
        if await self.reply("RCPT", "250 2.1.5 ok"):
            self.recipients.append(_address(rest))

    async def on_data(self, _):
        if not self.recipients:
            return await self.say("503 5.5.1 RCPT first")
        if not await self.reply("DATA", "354 go on"):
            return
        mail = Mail(self.sender, self.recipients, await self.message(), self.user, self.password)
        self.sender, self.recipients = None, []
        # Kept before the answer: whoever has seen it may look. A refused mail is not kept; one left hanging is.
        text = self.sink._scripted("FINAL") or "250 2.0.0 queued"
        if text[0] == "2" or text in (HANG, CLOSE):
            self.sink._keep(mail)
        if text == HANG:
            await self.sink._released.wait()
        if text in (HANG, CLOSE):
            raise _Ended
        await self.say(text)

    async def message(self):
        lines, count = [], 0
        while True:
            raw = await self.reader.readline()
            if not raw.endswith(b"\n"):
                raise _Ended
            if raw == b".\r\n":
                return b"".join(lines)
            count += len(raw)
            if count > MESSAGE_BYTES_MAX:
                raise _Ended
            lines.append(raw[1:] if raw.startswith(b".") else raw)

    async def on_rset(self, _):
        self.sender, self.recipients = None, []
        await self.say("250 2.0.0 ok")

    async def on_noop(self, _):
        await self.say("250 2.0.0 ok")

    async def on_quit(self, _):
        await self.reply("QUIT", "221 2.0.0 bye")
        raise _Ended

    async def on_unknown(self, _):
        await self.say("500 5.5.2 what")


def _address(rest):
    return rest.partition("<")[2].partition(">")[0]


class SmtpSink:
    """`login`: ("user", "password") to offer AUTH for and to insist on."""

    STEPS = ("GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "FINAL", "QUIT")

    def __init__(self, login=None, port=0):
        self.accept_login = login
        self.offers = ["sink.test"] + (["AUTH PLAIN LOGIN"] if login else [])
        self.port = port
        self._changed = threading.Condition()  # guards mails, lines, scripts
        self._mails, self._lines = [], []
        self._scripts = collections.defaultdict(collections.deque)
        self._ready = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._main, name="smtp-sink", daemon=True)

    # The test's side.

    @property
    def url(self):
        user = self.accept_login[0] + "@" if self.accept_login else ""
        return f"smtp://{user}127.0.0.1:{self.port}"

    def answer(self, step, text, times=None):
        """From now on answers `text` (or HANG, CLOSE) at `step`; `times`: so often, then as before (None: for ever)."""
        assert step in self.STEPS, f"step must be one of {self.STEPS}"
        with self._changed:
            self._scripts[step].append([text, times])

    def usual(self):
        """Forgets all scripted answers."""
        with self._changed:
            self._scripts.clear()

    @property
    def mails(self):
        with self._changed:
            return list(self._mails)

    @property
    def lines(self):
        """Commands seen, of all sessions, in order."""
        with self._changed:
            return list(self._lines)

    def clear(self):
        with self._changed:
            self._mails.clear()
            self._lines.clear()

    def wait(self, count=1, timeout_s=20, to=None):
        """The mails (to `to`), once there are `count`."""

        def found():
            return [m for m in self._mails if to is None or to in m.recipients]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, timeout_s):
                raise AssertionError(f"{len(found())} of {count} mails in {timeout_s} s")
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

    def _scripted(self, step):
        with self._changed:
            script = self._scripts[step]
            if not script:
                return None
            text, times = script[0]
            if times is not None:
                script[0][1] -= 1
                if script[0][1] <= 0:
                    script.popleft()
            return text

    def _keep(self, mail):
        with self._changed:
            self._mails.append(mail)
            self._changed.notify_all()

    def _note(self, line):
        with self._changed:
            self._lines.append(line)

    def _main(self):
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._error = error
            self._ready.set()

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        self._stopping, self._released, self._tasks = asyncio.Event(), asyncio.Event(), set()
        server = await asyncio.start_server(self._session, "127.0.0.1", self.port, limit=LINE_BYTES_MAX)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        self._released.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _session(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await _Session(self, reader, writer).run()
        except (_Ended, OSError, ValueError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


try:
    import pytest

    @pytest.fixture
    def smtp_sink():
        with SmtpSink() as sink:
            yield sink

except ImportError:
    pass
