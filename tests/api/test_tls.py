"""TLS on both sides: our own certificate and its renewal; webhooks by HTTPS and mail by STARTTLS and smtps, against an authority of the
test's own."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from tocsin import Tocsin
from world import World


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)


class Authority:
    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder, self.cert = folder, folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key", "-out", self.cert,
                "-days", "2", "-subj", "/CN=Test authority")

    def issue(self, name, host="localhost"):
        cert, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        (self.folder / "ext").write_text(f"subjectAltName=DNS:{host},IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-days", "1",
                "-extfile", self.folder / "ext", "-out", cert)
        return cert, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca") / "ca")


class TlsThing:
    """A tiny server on loopback, a thread a connection: HTTPS, or a relay that speaks STARTTLS or smtps."""

    def __init__(self, cert, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.seen, self.changed = [], threading.Condition()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guarded, args=(connection,), daemon=True).start()

    def guarded(self, connection):
        try:
            connection.settimeout(20)
            self.talk(connection)
        except (OSError, ssl.SSLError):
            pass
        finally:
            connection.close()

    def note(self, what):
        with self.changed:
            self.seen.append(what)
            self.changed.notify_all()

    def wait(self, timeout_s=20):
        with self.changed:
            assert self.changed.wait_for(lambda: self.seen, timeout_s), "nothing came"
            return self.seen[0]

    def close(self):
        self.listener.close()


class Https(TlsThing):
    def talk(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as secure:
            head = b""
            while b"\r\n\r\n" not in head:
                head += secure.recv(4096)
            self.note((head.split(b" ")[1].decode(), secure.version()))
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


class Relay(TlsThing):
    def __init__(self, cert, key, at_once):
        self.at_once = at_once
        super().__init__(cert, key)

    def talk(self, connection):
        secured = self.at_once
        if secured:
            connection = self.context.wrap_socket(connection, server_side=True)
        file = connection.makefile("rwb")

        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 relay.test")
        while True:
            line = file.readline().decode().strip()
            verb = line.split(" ")[0].upper()
            if not line or verb == "QUIT":
                return
            if verb == "EHLO":
                say("250-relay.test")
                say("250 SIZE 1000000" if secured else "250 STARTTLS")
            elif verb == "STARTTLS":
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                file, secured = connection.makefile("rwb"), True
            elif verb == "DATA":
                say("354 go on")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += file.readline()
                self.note((secured, data.decode()))
                say("250 taken")
            else:
                say("250 fine")


def page_owner(server):
    made = server.make("integrations", name="Source", template="generic", key="tls-source-0123456789")
    server.try_send(made["key"], {"title": "Disk full", "dedup_key": "d"})


def page_by_webhook(server, sink, url):
    world = World(server, sink)
    ann = server.make("users", name="Ann", email="ann@example.org", role="responder")
    method = world.method(ann, "webhook", url)
    world.steps(ann, [(0, [method])])
    world.source = world.integration(world.policy([ann]))
    server.try_send(world.source["key"], {"title": "Disk full", "dedup_key": "d"})
    return world


def failed_notification(server, timeout_s=20):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        for n in server.items("notifications"):
            if n["error"]:
                return n
        time.sleep(0.05)
    raise AssertionError("no notification failed")


def test_a_webhook_over_https_is_verified_against_the_authority(fresh, sink, authority):
    target = Https(*authority.issue("hook"))
    server = fresh(extra=["--outbound-ca", str(authority.cert)])
    page_by_webhook(server, sink, f"https://localhost:{target.port}/hook")
    assert target.wait()[0] == "/hook" and target.seen[0][1] in ("TLSv1.2", "TLSv1.3")
    target.close()


@pytest.mark.parametrize("host, options", [("localhost", False), ("wrong.example.org", True)])
def test_a_webhook_with_a_certificate_that_does_not_fit_is_not_sent(fresh, sink, authority, host, options):
    """Of an authority that is not known, or for another name: nothing is said to it, and the reason is kept."""
    target = Https(*authority.issue("bad-" + host, host))
    server = fresh(extra=["--outbound-ca", str(authority.cert)] if options else [])
    page_by_webhook(server, sink, f"https://localhost:{target.port}/hook")
    assert "certificate" in failed_notification(server)["error"].lower()
    assert target.seen == []
    target.close()


def test_mail_by_starttls_and_by_smtps(fresh, authority):
    for number, (scheme, at_once) in enumerate((("smtp", False), ("smtps", True))):
        relay = Relay(*authority.issue(f"relay{number}"), at_once)
        server = fresh(name=f"data{number}", smtp=f"{scheme}://localhost:{relay.port}", extra=["--outbound-ca", str(authority.cert)])
        page_owner(server)
        secured, data = relay.wait()
        assert secured and "Disk full" in data, scheme
        relay.close()


def test_smtps_with_an_unknown_certificate_sends_nothing(fresh, authority):
    relay = Relay(*authority.issue("stranger"), True)
    server = fresh(smtp=f"smtps://localhost:{relay.port}")
    page_owner(server)
    assert "certificate" in failed_notification(server)["error"].lower()
    assert relay.seen == []
    relay.close()


def over_tls(server, authority, path="/healthz"):
    """(body, common name of the certificate)"""
    context = ssl.create_default_context(cafile=authority.cert)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        body = b""
        while part := secure.recv(4096):
            body += part
        name = dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]
    return body, name


@pytest.fixture
def served(tmp_path, authority):
    cert, key = authority.issue("first")
    for source, name in ((cert, "cert.pem"), (key, "key.pem")):
        shutil.copy(source, tmp_path / name)
    server = Tocsin(tmp_path / "data", extra=["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")])
    server.init()
    server.start_tls = lambda: subprocess.Popen(server.command(), stdout=subprocess.PIPE, stderr=open(server.log_path, "ab"))
    server.process = server.start_tls()
    server._rest = b""
    line = server._line(20)
    assert line.startswith("ready on https://"), line
    server.port = int(line.rsplit(":", 1)[1])
    yield server
    server.kill()


def test_a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_is_not(served, authority, tmp_path):
    body, name = over_tls(served, authority)
    assert b"200 OK" in body and name == "first"
    cert, key = authority.issue("second")
    # Half of a pair, as a renewal that is under way leaves it: the old one is served on.
    shutil.copy(cert, tmp_path / "cert.pem.new")
    os.replace(tmp_path / "cert.pem.new", tmp_path / "cert.pem")
    until(lambda: "does not belong to the certificate" in served.log())
    assert over_tls(served, authority)[1] == "first"
    shutil.copy(key, tmp_path / "key.pem.new")
    os.replace(tmp_path / "key.pem.new", tmp_path / "key.pem")
    until(lambda: over_tls(served, authority)[1] == "second")


def until(condition, timeout_s=20):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def test_the_watchdog_is_called_and_its_silence_is_told(fresh, sink):
    server = fresh(extra=["--watchdog-url", sink.url + "/watchdog"])
    until(lambda: [r for r in sink.requests if r.path == "/watchdog"])
    server.stop()
    server = fresh(name="other", extra=["--watchdog-url", "http://127.0.0.1:1/"])
    until(lambda: "the watchdog did not answer" in server.log())
    assert server.http("GET", "/readyz").status == 200


def test_an_authority_that_is_none_is_told(tmp_path):
    from tocsin import run
    (tmp_path / "junk").write_text("junk")
    for name, word in (("junk", "no certificate"), ("none", "No such file")):
        done = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--outbound-ca", tmp_path / name, timeout_s=10)
        assert done.returncode == 1 and word in done.stderr.splitlines()[-1], done
