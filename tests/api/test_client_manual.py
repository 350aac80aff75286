"""The manual, the docs' generated parts and completion: all from the tables of commands and options."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tocsin import BINARY, CHECKOUT, clean_environment, run

NO_SERVER = {"XDG_CONFIG_HOME": "/nonexistent"}


def complete(*words, env=None):
    """What may come next: {word: what it means}."""
    done = run("complete", "--", *words, env=env or NO_SERVER)
    assert done.returncode == 0 and not done.stderr, done
    return dict(line.partition("\t")[::2] for line in done.stdout.splitlines())


def test_the_docs_say_what_the_program_says():
    done = subprocess.run([sys.executable, CHECKOUT / "scripts" / "generate-docs", "--check"], capture_output=True, text=True,
                          env={**clean_environment(), "TOCSIN_BIN": BINARY})
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_stands_in_the_manual_with_its_options():
    text = run("manual", "commands").stdout
    commands = [line.split()[0] for line in run("--help").stdout.splitlines() if line.startswith("  ")]
    assert len(commands) > 15 and "complete" not in commands and "manual" not in commands
    for command in commands:
        assert f"\n## {command}\n" in text
        for option in re.findall(r"^  (--[a-z-]+)", run(command, "--help").stdout, re.MULTILINE):
            assert option == "--help" or command in ("serve", "demo") or f"`{option}" in text, (command, option)
    options = run("manual", "options").stdout
    for option in re.findall(r"^  (--[a-z-]+)", run("serve", "--help").stdout, re.MULTILINE):
        assert option == "--help" or f"`{option}" in options


def test_the_man_page_is_well_formed():
    page = CHECKOUT / "docs" / "tocsin.1"
    requests = set(re.findall(r"^[.'](\S+)", page.read_text(), re.MULTILINE))
    assert requests <= {"TH", "SH", "SS", "TP", "PP", "B", "I", "br"} and ".SS incident" in page.read_text()
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", "-ww", page], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr and "incident declare" in done.stdout, done


# Completion.


def test_commands_verbs_options_values_and_kinds():
    assert {"serve", "get", "alert", "oncall"} <= set(complete("")) and "complete" not in complete("")
    assert set(complete("al")) == {"alert"}
    assert {"ack", "assign"} == set(complete("alert", "a"))
    assert {"--filter", "--file"} & set(complete("get", "alerts", "--fi")) == {"--filter"}
    assert {"--data", "--output"} <= set(complete("alert", "ack", "--"))
    assert list(complete("get", "alerts", "-o", "")) == ["table", "wide", "json", "yaml", "name"]
    assert list(complete("page", "ann", "--urgency", "h")) == ["high"]
    assert "alert-rules" in complete("get", "alert") and "teams" in complete("export", "users", "te")
    assert complete("apply", "-f", "") == {"@files": ""} and complete("backup", "") == {"@files": ""}
    assert "--listen" in complete("serve", "--l")
    assert complete("nonsense", "") == {} and complete("get", "nonsense", "") == {}


def test_names_come_from_the_server_when_one_is_known(world):
    world.usual()
    world.fire("key", title="Disk: full\x1b[31m")
    number = world.alert("key")["number"]
    where = ["--data", str(world.server.folder)]
    offered = complete("alert", "ack", *where, "ALERT")
    assert offered[number].startswith("Disk: full") and "\x1b" not in offered[number]
    assert world.ann["email"] in complete("get", "users", *where, "ann")
    assert world.chain["slug"] in complete("get", "escalation-policies", *where, "")
    # The word that is free text offers nothing, and neither does a server that is not there.
    assert complete("incident", "declare", *where, "") == {}
    assert complete("alert", "ack", "", env={"TOCSIN_URL": "http://127.0.0.1:1", "TOCSIN_KEY": "tk_x", **NO_SERVER}) == {}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_well_formed(shell, tmp_path):
    script = run("completion", shell)
    assert script.returncode == 0 and "complete --" in script.stdout
    if shutil.which(shell):
        (tmp_path / "script").write_text(script.stdout)
        checked = subprocess.run([shell, "--no-execute" if shell == "fish" else "-n", tmp_path / "script"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr


def bash(words):
    """What bash would offer for these words."""
    script = (f'source <("{BINARY}" completion bash); COMP_WORDS=("{BINARY}" {" ".join(map(repr, words))}); COMP_CWORD={len(words)}; '
              '_tocsin; printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=CHECKOUT,
                          env={**clean_environment(), **NO_SERVER}).stdout.split()


def test_bash_offers_what_the_program_says():
    assert bash(["incid"]) == ["incident"]
    assert bash(["alert", "sn"]) == ["snooze"]
    assert bash(["apply", "-f", "READ"]) == ["README.md"]
    assert bash(["alert", "qqq"]) == []


def test_an_unknown_shell_is_said():
    done = run("completion", "tcsh")
    assert done.returncode == 2 and "bash, zsh and fish" in done.stderr
