"""What people see: colours, the width, the bar of long work. Run on a terminal of their own."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

from tocsin import BINARY, clean_environment


def on_terminal(*words, columns=80, env=None, stdin=None):
    """Runs it with a terminal as standard output and standard error; (exit code, what it showed)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([BINARY, *map(str, words)], stdout=theirs, stderr=theirs, stdin=subprocess.PIPE, env={**clean_environment(), "COLUMNS": "", **(env or {})}) as process:
        os.close(theirs)
        if stdin is not None:
            process.stdin.write(stdin.encode())
        process.stdin.close()
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            if not part:
                break
            shown += part
        code = process.wait(20)
    os.close(ours)
    return code, shown.decode()


def test_colours_follow_priority_and_status_and_no_color(world):
    world.usual()
    world.fire("key", priority="p1", title="Disk full")
    words = ["alert", "list", "--filter", f"integration_id={world.source['id']}", "--data", world.server.folder]
    code, shown = on_terminal(*words)
    assert code == 0 and "\033[1;31mp1\033[0m" in shown and "\033[31mtriggered\033[0m" in shown
    code, shown = on_terminal(*words, env={"NO_COLOR": "1"})
    assert code == 0 and "\033" not in shown and "triggered" in shown


def test_a_table_fits_the_terminal(world):
    world.usual()
    world.fire("key", title="w" * 300)
    code, shown = on_terminal("alert", "list", "--filter", f"integration_id={world.source['id']}", "--data", world.server.folder, columns=60, env={"NO_COLOR": "1"})
    lines = shown.splitlines()
    assert code == 0 and max(map(len, lines)) <= 60 and "…" in shown


def test_long_work_shows_a_bar_that_goes_and_never_with_quiet(world):
    many = json.dumps([{"name": f"Bar {world.name} {n}"} for n in range(400)])
    words = ["create", "teams", "-f", "-", "--data", world.server.folder]
    code, shown = on_terminal(*words, "-o", "name", stdin=many)
    assert code == 0
    if "[" in shown:  # a machine may be too quick for it
        assert "/400 created" in shown and shown.rstrip().endswith("\033[K")
    code, shown = on_terminal(*words, "--quiet", stdin=many)
    assert code == 0 and "\r\033" not in shown and "[" not in shown
