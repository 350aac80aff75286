"""Mistakes of configuration: each is one clear line within a second, with exit code 1 (failed) or 2 (wrong usage)."""

import subprocess
import time

import pytest

from tocsin import run


def told(done, code, *words):
    """One line, with the words; without the log's."""
    lines = [line for line in done.stderr.splitlines() if " INFO " not in line]
    assert done.returncode == code, done
    assert len(lines) == 1 and done.stdout == "", done
    for word in words:
        assert str(word) in lines[0], lines[0]
    return lines[0]


def serve(tmp_path, *arguments, env=None):
    return run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *arguments, env=env, timeout_s=10)


@pytest.mark.parametrize("arguments, code, words", [
    (["--pubic-url", "http://x"], 2, ["--pubic-url", "did you mean --public-url?"]),
    (["--public-url", "ftp://x"], 2, ["ftp://x", "http:// or https://"]),
    (["--smtp-url", "http://x"], 2, ["smtp://"]),
    (["--smtp-password-file", "none"], 1, ["none", "No such file"]),
    (["--watchdog-url", "nonsense"], 2, ["nonsense", "http://"]),
    (["--io-threads", "-3"], 2, ["--io-threads"]),
    (["--io-threads", "5000"], 2, ["5000", "64"]),
    (["--outbound-allow", "10.0.0.0/99"], 1, ["10.0.0.0/99"]),
    (["--trusted-proxies", "foo"], 1, ["foo", "--trusted-proxies"]),
    (["--log-format", "xml"], 2, ["xml"]),
    (["--listen", "127.0.0.1:99999"], 2, ["99999"]),
    (["--listen", "192.0.2.1:8080"], 1, ["192.0.2.1", "does not have that address"]),
    (["--db", "mysql://x"], 1, ["mysql", "postgresql://"]),
    (["--db", "postgresql://127.0.0.1:1/x"], 1, ["PostgreSQL", "Connection refused"]),
    (["--tls-cert", "c.pem"], 2, ["--tls-key", "both"]),
    (["--config", "none.yaml"], 2, ["none.yaml", "No such file"]),
])
def test_a_wrong_option_is_told(tmp_path, arguments, code, words):
    told(serve(tmp_path, *arguments), code, *words)


@pytest.mark.parametrize("text, words", [
    ("listen: 127.0.0.1:0\n\npublic_ulr: https://x\n", ["line 3", "public_ulr", 'did you mean "public_url"?']),
    ("listen: 127.0.0.1:0\nio_threads: many\n", ["line 2", "io_threads", "many"]),
    ("listen: [1,\n  2\nfoo: {\n", ["line 3"]),
    ("- a\n", ["map of options"]),
    ("listen: 127.0.0.1:0\nlisten: 127.0.0.1:1\n", ["line 2", "twice"]),
    ("log_format: text\nlisten: {a: 1}\n", ["line 2", "listen", "one value"]),
    ("outbound_allow: [10.0.0.0/8]\n", ["line 1", "outbound_allow"]),
])
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path, text, words):
    config = tmp_path / "tocsin.yaml"
    config.write_text(text)
    told(serve(tmp_path, "--config", config), 2, config, *words)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    for name in ("a", "b"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "1", "-subj", "/CN=localhost"],
                       check=True, capture_output=True)
    subprocess.run(["openssl", "ec", "-aes256", "-passout", "pass:secret", "-in", folder / "a.key", "-out", folder / "locked.key"],
                   check=True, capture_output=True)
    (folder / "junk").write_text("junk")
    return folder


@pytest.mark.parametrize("cert, key, words", [
    ("none", "a.key", ["--tls-cert", "none", "No such file"]),
    ("junk", "a.key", ["--tls-cert", "junk", "not a PEM file"]),
    ("a.pem", "junk", ["--tls-key", "junk", "not a PEM file"]),
    ("a.pem", "none", ["--tls-key", "none", "No such file"]),
    ("a.pem", "b.key", ["--tls-key", "b.key", "does not belong to the certificate"]),
    ("a.pem", "locked.key", ["--tls-key", "locked.key", "pass phrase"]),
])
def test_a_wrong_certificate_is_told(tmp_path, pair, cert, key, words):
    told(serve(tmp_path, "--tls-cert", pair / cert, "--tls-key", pair / key), 1, *words)


def test_all_is_told_within_a_second_or_so(tmp_path):
    """No timing is asserted but that nothing waits for a network's time-out."""
    before = time.monotonic()
    serve(tmp_path, "--pubic-url", "x")
    assert time.monotonic() - before < 5
