"""Stored secrets are sealed: with a key of the folder, of a file or of the environment; changed, lost, given up."""

import hashlib
import hmac
import json
import os
import re
import signal
import stat

import pytest

from tocsin import Tocsin, clean_environment, run

SECRET = "hush-hush-hush"
KEY_A, KEY_B = "00112233445566778899aabbccddeeff" * 2, "ffeeddccbbaa99887766554433221100" * 2


def folder_bytes(server):
    return b"".join(path.read_bytes() for path in server.folder.glob("tocsin.db*"))


def place(server):
    return ["--data", server.folder, *(["--db", server.db] if server.db else [])]


def stored(server):
    return server.sql("SELECT secret FROM integration WHERE secret IS NOT NULL")


@pytest.fixture
def sealed(fresh):
    """A server with one secret, stopped."""
    server = fresh()
    make_secret(server)
    server.stop()
    return server


def make_secret(server):
    return server.make("integrations", name="Signed", template="github", key="signed-key-0123456789", secret=SECRET)


def signed(server, secret=SECRET):
    """GitHub's signature over a body: proves that the server can still read what it sealed."""
    body = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1})
    mac = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return server.try_send("signed-key-0123456789", body, {"X-Hub-Signature-256": "sha256=" + mac, "X-GitHub-Event": "ping"}).status


def test_it_is_nowhere_in_the_files_and_still_works(fresh):
    server = fresh()
    make_secret(server)
    assert signed(server) == 202 and signed(server, "wrong") == 401
    answer = server.get("integrations/signed")
    assert SECRET not in str(answer) and "secret" not in answer
    server.stop()
    assert SECRET.encode() not in folder_bytes(server)
    assert stored(server)[0][0].startswith("sealed:1:")
    server.start()
    assert signed(server) == 202


def test_a_change_of_something_else_keeps_it(fresh):
    server = fresh()
    make_secret(server)
    server.change("integrations", "signed", name="Renamed")
    assert signed(server) == 202
    server.change("integrations", "signed", secret="another one")
    assert signed(server) == 401 and signed(server, "another one") == 202
    server.change("integrations", "signed", secret=None)
    server.stop()
    assert stored(server) == []


def test_the_key_is_made_once_and_for_the_owner_only(sealed):
    path = sealed.folder / "secret.key"
    key = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(key.strip()) == 64
    sealed.start()
    sealed.stop()
    assert path.read_text() == key


def test_a_repeated_answer_with_a_key_in_it_is_sealed_too(fresh):
    server = fresh()
    head = {"Idempotency-Key": "once"}
    first, second = (server.try_api("POST", "api-keys", {"name": "robot"}, head) for _ in range(2))
    assert first.status == second.status == 201 and first.json == second.json and first.json["key"].startswith("tk_")
    server.stop()
    assert first.json["key"].encode() not in folder_bytes(server)


def test_secrets_of_an_older_version_are_sealed_at_start(sealed):
    sealed.sql("UPDATE integration SET secret = ?", SECRET)
    sealed.sql("DELETE FROM meta WHERE name = 'secret_key_id'")
    sealed.start()
    assert signed(sealed) == 202
    sealed.stop()
    assert stored(sealed)[0][0].startswith("sealed:1:")


# Changing the key.

def test_rotation(sealed):
    old_key, old_row = (sealed.folder / "secret.key").read_text(), stored(sealed)
    done = run("doctor", *place(sealed), "--rotate-key")
    assert done.returncode == 0 and "1, sealed" in done.stdout and "new" in done.stdout, done
    new_key = (sealed.folder / "secret.key").read_text()
    assert new_key != old_key and len(new_key.strip().splitlines()) == 1 and stored(sealed) != old_row
    assert stat.S_IMODE((sealed.folder / "secret.key").stat().st_mode) == 0o600
    sealed.start()
    assert signed(sealed) == 202


def test_rotation_that_was_cut_short_goes_on_at_the_next_start(sealed):
    path = sealed.folder / "secret.key"
    path.write_text(KEY_B + "\n" + path.read_text())  # as after the first step
    sealed.start()
    assert signed(sealed) == 202
    sealed.stop()
    path.write_text(KEY_B + "\n")
    sealed.start()
    assert signed(sealed) == 202


def test_rotation_of_a_running_server_is_refused(fresh):
    server = fresh()
    make_secret(server)
    key = (server.folder / "secret.key").read_text()
    done = run("doctor", *place(server), "--rotate-key")
    assert done.returncode in (1, 4) and "in use" in done.stderr, done
    assert (server.folder / "secret.key").read_text() == key


# Other places for it.

def with_environment(server, **variables):
    """Starts it with these variables; the test's own way, since start() cleans the environment."""
    import subprocess
    before = dict(os.environ)
    try:
        process = subprocess.Popen(server.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**clean_environment(), **variables}, text=True)
        line = process.stdout.readline()
        if line.startswith("ready"):
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=25)
        return line, errors
    finally:
        os.environ.update(before)


def test_the_key_of_the_environment(fresh):
    server = fresh(start=False)
    (server.folder / "secret.key").unlink()
    line, errors = with_environment(server, TOCSIN_SECRET_KEY=KEY_A)
    assert line.startswith("ready"), errors
    assert not (server.folder / "secret.key").exists()
    line, errors = with_environment(server, TOCSIN_SECRET_KEY="short")
    assert not line and "TOCSIN_SECRET_KEY" in errors and "short" not in errors, errors


def test_the_key_of_a_file(fresh, tmp_path):
    (tmp_path / "the.key").write_text(KEY_A + "\n")
    server = fresh(extra=["--secret-key-file", str(tmp_path / "the.key")])
    make_secret(server)
    assert signed(server) == 202
    server.stop()
    server.extra = []
    (server.folder / "secret.key").unlink(missing_ok=True)
    with pytest.raises(AssertionError):
        server.start()
    assert "doctor --forget-secrets" in server.log(), server.log()
    server.kill()


def test_a_file_that_is_not_there_is_said(tmp_path):
    done = run("serve", "--data", tmp_path / "d", "--listen", "127.0.0.1:0", "--secret-key-file", tmp_path / "no.key")
    assert done.returncode == 1 and "no.key" in done.stderr.splitlines()[-1] and "ready" not in done.stdout, done


# Lost.

def test_a_lost_key_is_said_and_nothing_is_overwritten(sealed):
    (sealed.folder / "secret.key").unlink()
    row = stored(sealed)
    done = run("serve", *place(sealed), "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and "secret.key" in done.stderr and "1 stored secret" in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert not (sealed.folder / "secret.key").exists() and stored(sealed) == row


def test_secrets_can_be_given_up(sealed):
    (sealed.folder / "secret.key").unlink()
    done = run("doctor", *place(sealed), "--forget-secrets")
    assert done.returncode == 0, done
    assert stored(sealed) == []
    sealed.start()
    assert sealed.get("integrations/signed")["name"] == "Signed"


def test_without_secrets_a_lost_key_does_not_matter(fresh):
    """On PostgreSQL it is surely the other nodes' key that is missing here: said, and begun anew on request."""
    server = fresh(start=False)
    (server.folder / "secret.key").unlink()
    if server.db:
        done = run("serve", *place(server), "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and "another node" in done.stderr, done
        assert run("doctor", *place(server), "--forget-secrets").returncode in (0, 1)
    server.start()
    assert (server.folder / "secret.key").exists()


def test_doctor_counts(sealed):
    done = run("doctor", *place(sealed))
    assert re.search(r"ok +secrets +1, sealed with the key", done.stdout), done
    assert SECRET not in done.stdout
