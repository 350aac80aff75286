"""Starting, stopping, and what is told when the configuration is wrong: one clear line, exit code 1 (failed) or 2 (wrong usage)."""

import os
import signal
import socket
import stat

import pytest

from tocsin import Tocsin, run


def clear_line(done):
    """Standard error says it in one line that people can read."""
    lines = [line for line in done.stderr.splitlines() if line.strip() and " INFO " not in line]
    assert len(lines) == 1, done
    assert "Traceback" not in lines[0] and "ASSERT" not in lines[0], done
    return lines[0]


def serve(folder, *arguments):
    return run("serve", "--data", folder, "--listen", "127.0.0.1:0", *arguments)


def test_init_writes_the_owners_key_for_the_owner_alone(fresh):
    server = fresh(start=False)
    path = server.folder / "admin.key"
    assert server.key.startswith("tk_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_makes_organization_owner_and_a_policy_that_pages_the_owner(fresh):
    server = fresh()
    (owner,) = server.items("users")
    assert (owner["name"], owner["email"], owner["role"]) == ("Olga Owner", "owner@example.org", "owner")
    (policy,) = server.items("escalation-policies")
    assert policy["levels"][0]["targets"] == [{"kind": "user", "id": owner["id"]}]
    organization = server.items("organizations")[0]
    assert organization["name"] == "Example"
    assert organization["time_zone"] == "Europe/Berlin"
    assert organization["policy_id"] == policy["id"]
    (method,) = server.items("contact-methods")
    assert (method["kind"], method["address"], method["verified"]) == ("email", "owner@example.org", True)
    assert {rule["urgency"] for rule in server.items("notification-rules")} == {"high", "low"}


def test_init_of_the_same_organization_is_refused(fresh):
    server = fresh(start=False)
    key = server.key
    done = run("init", "--data", server.folder, "--organization", "Example", "--time-zone", "UTC", "--email", "b@example.org", "--name", "B")
    assert done.returncode in (1, 4)
    clear_line(done)
    assert (server.folder / "admin.key").read_text().strip() == key


@pytest.mark.parametrize("change, word", [
    ({"--time-zone": "Europe/Atlantis"}, "Europe/Atlantis"),
    ({"--email": "nobody"}, "nobody"),
    ({"--organization": ""}, "name"),
])
def test_init_names_the_wrong_value(tmp_path, change, word):
    options = {"--organization": "A", "--time-zone": "UTC", "--email": "a@example.org", "--name": "A", **change}
    done = run("init", "--data", tmp_path / "data", *[part for pair in options.items() for part in pair])
    assert done.returncode in (1, 2)
    assert word in clear_line(done)


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["--listen"], ["--io-threads", "many"], ["--listen", "nowhere"]])
def test_wrong_options_are_told_in_one_line(tmp_path, arguments):
    done = serve(tmp_path / "data", *arguments)
    assert done.returncode in (1, 2)
    clear_line(done)


def test_unknown_command_is_wrong_usage():
    done = run("ring")
    assert done.returncode == 2
    assert "ring" in done.stderr


def test_help_is_no_error():
    for arguments in (["--help"], ["serve", "--help"], ["init", "--help"]):
        done = run(*arguments)
        assert done.returncode == 0
        assert "--data" in done.stdout or "serve" in done.stdout


def test_port_in_use_is_told(fresh):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = fresh(start=False)
        done = run("serve", "--data", server.folder, "--listen", f"127.0.0.1:{port}")
        assert done.returncode == 1
        assert str(port) in done.stderr.splitlines()[-1]
        assert "ready" not in done.stdout


def test_port_of_another_tocsin_is_in_use(fresh):
    first, second = fresh(name="first"), fresh(start=False, name="second")
    done = run("serve", "--data", second.folder, "--listen", f"127.0.0.1:{first.port}")
    assert done.returncode == 1
    assert str(first.port) in done.stderr


def test_folder_in_use_is_told(fresh):
    server = fresh()
    done = serve(server.folder)
    assert done.returncode == 1
    assert str(server.folder) in done.stderr.splitlines()[-1]
    assert server.http("GET", "/healthz").status == 200


def test_init_refuses_a_folder_in_use(fresh):
    server = fresh()
    done = run("init", "--data", server.folder, "--organization", "B", "--time-zone", "UTC", "--email", "b@example.org", "--name", "B")
    assert done.returncode in (1, 4)


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = serve(tmp_path / "file" / "data")
    assert done.returncode == 1
    assert "file" in done.stderr.splitlines()[-1]


def test_database_of_a_newer_program_is_left_alone(fresh):
    server = fresh(start=False)
    server.sql("INSERT INTO schema (version, name, applied_at, min_reader) VALUES (9999, 'future', 0, 9999)")
    done = serve(server.folder)
    assert done.returncode == 1
    assert "9999" in done.stderr.splitlines()[-1]
    assert "newer" in done.stderr.splitlines()[-1]


def test_newer_database_that_old_programs_can_live_with_is_used(fresh):
    server = fresh(start=False)
    server.sql("INSERT INTO schema (version, name, applied_at, min_reader) VALUES (9999, 'future', 0, 1)")
    server.start()
    assert server.items("users")


def test_file_that_is_no_database_is_told(fresh, tmp_path):
    file = f"sqlite:{tmp_path}/data/tocsin.db"
    server = fresh(start=False, db=file)
    for name in ("tocsin.db-wal", "tocsin.db-shm"):
        (server.folder / name).unlink(missing_ok=True)
    (server.folder / "tocsin.db").write_bytes(b"this is no database, but long enough to be taken for one. " * 100)
    done = serve(server.folder, "--db", file)
    assert done.returncode == 1
    assert "tocsin.db" in done.stderr.splitlines()[-1]


def test_unknown_database_engine_is_told(tmp_path):
    done = serve(tmp_path / "data", "--db", "oracle://x")
    assert done.returncode in (1, 2)
    assert "oracle" in done.stderr.splitlines()[-1]


def test_control_needs_a_test_folder(tmp_path):
    server = Tocsin(tmp_path / "data")
    server.init()
    (server.folder / "test-mode").unlink()
    done = run(*server.command()[1:])
    assert done.returncode in (1, 2)
    assert "test-mode" in done.stderr.splitlines()[-1]


def test_options_come_from_the_environment(fresh):
    server = fresh(start=False)
    done = run("serve", env={"TOCSIN_DATA": str(server.folder), "TOCSIN_LISTEN": "nowhere"})
    assert done.returncode in (1, 2)
    assert "nowhere" in done.stderr.splitlines()[-1]


def test_sigterm_drains_and_exits_0(fresh):
    server = fresh()
    server.make("teams", name="Kept")
    assert server.stop() == 0
    server.start()
    assert [team["name"] for team in server.items("teams")] == ["Kept"]


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_ends_at_once(fresh, which):
    server = fresh()
    os.kill(server.process.pid, which)
    os.kill(server.process.pid, which)
    server.died(timeout_s=5)


def test_alive_and_ready(server):
    assert server.http("GET", "/healthz").status == 200
    assert server.http("GET", "/readyz").status == 200
    assert server.http("HEAD", "/healthz").status == 200


def test_log_holds_no_secrets(fresh, relay):
    server = fresh(smtp=relay.url)
    made = server.make("integrations", name="Secret", template="generic", key="a-very-secret-key-of-mine", secret="hush-hush-hush")
    server.try_send(made["key"], {"title": "x"})
    server.try_api("GET", "users", key="tk_wrong")
    server.stop()
    log = server.log()
    for secret in (server.key, "a-very-secret-key-of-mine", "hush-hush-hush", "tk_wrong"):
        assert secret not in log


def test_whom_it_did_not_understand_is_known_after_a_restart(fresh):
    server = fresh()
    source = server.make("integrations", name="Stutters", template="generic", key="stutters-0123456789")
    other = server.make("integrations", name="Fine", template="generic", key="fine-0123456789")
    assert server.try_send(source["key"], b"{").status == 400
    server.settle()
    (alert,) = server.items("alerts")
    server.stop()
    server.start()
    server.send(other["key"], {"title": "Of another", "dedup_key": "b"})
    server.settle()
    assert server.get(f"alerts/{alert['id']}")["status"] == "triggered"
    server.send(source["key"], {"title": "Good", "dedup_key": "a"})
    server.settle()
    assert server.get(f"alerts/{alert['id']}")["status"] == "resolved"
