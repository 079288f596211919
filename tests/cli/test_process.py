"""The command as a process of its own: entry points, pipes, and a terminal."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scriptc

COMMAND = [sys.executable, "-m", "scriptc"]
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | environment,
    )


def run_on_terminal(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run the command on a terminal of 80 columns; return its status, and all that it showed."""
    main, terminal = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | settings | environment,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(main)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def test_version_and_help() -> None:
    ran = run("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"scriptc {scriptc.__version__}\n", "")
    ran = run()
    assert ran.returncode == 2
    for command in ("compile", "check", "run", "show", "cache", "doctor"):
        assert re.search(rf"^  {command} ", ran.stdout + ran.stderr, re.MULTILINE)


@pytest.mark.parametrize("command", ["compile", "check", "run", "show", "cache", "doctor"])
def test_every_help_shows_an_example(cli, command: str) -> None:
    ran = cli(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert re.search(rf"^  Examples?:\n    scriptc {command}\b", ran.out, re.MULTILINE)


def test_exit_statuses_of_the_process(model: Path) -> None:
    assert run("check", str(model)).returncode == 0
    assert run("check", "nowhere.py").returncode == 1
    assert run("check").returncode == 2


def test_a_pipe_gets_plain_whole_lines(write) -> None:
    parameters = ", ".join(f"a_rather_long_name_{i}: dict[str, list[int]]" for i in range(40))
    path = write(
        "wide.py", f"import scriptc\n@scriptc.script\ndef f({parameters}) -> int:\n    return 1\n"
    )
    ran = run("compile", str(path), COLUMNS="80", TERM="xterm-256color")
    assert (ran.returncode, ran.stderr) == (0, "")
    (row,) = [line for line in ran.stdout.splitlines() if line.startswith("f ")]
    assert f"f({parameters}) -> int" in row
    assert "\x1b" not in ran.stdout
    assert all(line == line.rstrip() for line in ran.stdout.splitlines())


def test_a_terminal_gets_colours(model: Path, write) -> None:
    write("bad.py", "import scriptc\n@scriptc.script\ndef f(x):\n    return missing\n")
    status, shown = run_on_terminal("check", "bad.py")
    assert status == 1
    assert "\x1b[1;31merror[undefined-name]\x1b[0m: " in shown
    status, plain = run_on_terminal("check", "bad.py", NO_COLOR="1")
    assert status == 1
    assert "error[undefined-name]: `missing` is not defined\n --> bad.py:4:12\n" in plain
    assert not ESCAPE.search(plain)
    for emit in ("graph", "code"):
        status, shown = run_on_terminal("compile", str(model), "--emit", emit)
        assert status == 0
        assert ESCAPE.search(shown)
        status, plain = run_on_terminal("compile", str(model), "--emit", emit, NO_COLOR="1")
        assert status == 0
        assert not ESCAPE.search(plain)
        assert plain.endswith(run("compile", str(model), "--emit", emit).stdout)


def test_a_table_fits_the_terminal(model: Path) -> None:
    status, shown = run_on_terminal("compile", str(model), NO_COLOR="1")
    assert status == 0
    table = shown.partition("\x1b[?25h")[2] or shown
    lines = [re.sub(r"\x1b\[[\d?;]*[a-zA-Z]", "", line) for line in table.splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "wrote 2 archives to ./"


def test_a_terminal_that_has_no_such_letters(write) -> None:
    path = write(
        "letters.py", "import scriptc\n@scriptc.script\ndef f(x):\n    return 'é' + missing\n"
    )
    ran = run("check", str(path), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.returncode == 1
    assert "return '\\xe9' + missing" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_reader_that_leaves(model: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "compile", str(model), "--emit", "code"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full(model: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*COMMAND, "compile", str(model), "--emit", "code"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    assert ran.returncode == 1
    assert ran.stderr == (
        "error[unwritable]: the standard output cannot be written: No space left on device\n"
    )


def test_an_interrupt_ends_the_command(write) -> None:
    # The file sends it itself: one from outside may come just before a sleep begins, and be lost.
    # The handler is set, since a process started in the background ignores interrupts.
    text = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.raise_signal(signal.SIGINT)\nprint('went on')\n"
    )
    ran = run("check", str(write("interrupted.py", text)))
    assert ran.returncode == 130
    assert "went on" not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_importing_scriptc_leaves_the_command_out() -> None:
    code = "import sys, scriptc; print([n for n in ('typer', 'rich', 'click') if n in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    )
    assert ran.stdout == "[]\n"
