"""Ctrl-C and a closed pipe end the program at once: 130 and 141, as shells say of signals, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support import rotation, small

from boxwatch import cli
from boxwatch.commands import endings

# Sends SIGINT when so many modules were looked for, from the moment at which the program begins.
_AT_IMPORT = """
import os, signal, sys
class Interrupt:
    left = {number}
    def find_spec(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
from boxwatch.commands import launch
sys.meta_path.insert(0, Interrupt())
sys.argv = ["boxwatch", "topology", "topology.yaml"]
launch.main()
"""
_MOST_IMPORTS = 600


def _run(code: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", rotation.sample(range(1, _MOST_IMPORTS), 12, "interrupted imports"))
def test_ctrl_c_while_modules_are_loaded(number: int, tmp_path: Path) -> None:
    """At whichever of them; when there are not as many, the command has ended as usual."""
    small.write(tmp_path)
    done = _run(_AT_IMPORT.format(number=number), tmp_path)

    assert done.returncode in (endings.INTERRUPTED, 0)
    assert (done.returncode == 0) == ("Planned:" in done.stdout and "Traceback" not in done.stderr)
    assert "Traceback" not in done.stderr


def test_ctrl_c_at_the_first_import(tmp_path: Path) -> None:
    """Before there is a command line."""
    done = _run(_AT_IMPORT.format(number=1), tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (endings.INTERRUPTED, "", "")


@pytest.mark.parametrize("command", [("check",), ("build", "--out", "made"), ("test",)])
def test_ctrl_c_while_a_command_runs(command: tuple[str, ...], tmp_path: Path) -> None:
    """From a terminal all programs of a command get it; nothing is left of what it was writing."""
    small.write(tmp_path)
    program = Path(sys.executable).with_name("boxwatch")
    with subprocess.Popen(
        [program, *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        # It says which topology it takes when everything is loaded.
        assert running.stderr is not None
        assert running.stderr.readline().startswith("Topology: ")
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)

    assert running.returncode == endings.INTERRUPTED
    assert "Traceback" not in said
    assert not list(tmp_path.glob("made/**/*.tmp"))


def test_where_ctrl_c_is_ignored_it_stays_so(tmp_path: Path) -> None:
    """As in the background of a script, or under nohup."""
    small.write(tmp_path)
    code = f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{_AT_IMPORT.format(number=1)}"

    assert _run(code, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("raised", "code"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (click.Abort(), 1)],
    ids=repr,
)
def test_what_ends_a_command_has_a_code(
    raised: BaseException, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that is answered with the end of the input is no Ctrl-C."""

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(endings, "read_by_nobody", lambda: None)
    monkeypatch.setattr("boxwatch.topology.default.load", fail)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.main, ["topology"])

    assert done.exit_code == code
    assert "Traceback" not in done.output


def test_ctrl_c_at_a_question_is_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Click makes the same of it as of the end of the input."""

    def answer() -> None:
        raise KeyboardInterrupt

    def ask() -> None:
        # As click.confirm does.
        try:
            answer()
        except (KeyboardInterrupt, EOFError):
            raise click.Abort from None

    monkeypatch.setattr("boxwatch.topology.default.load", ask)
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli.main, ["topology"]).exit_code == endings.INTERRUPTED


@pytest.mark.parametrize("command", ["topology", "schema", "explain", "check --help", "build --out made", "--help"])
def test_nobody_reads_the_output(command: str, tmp_path: Path) -> None:
    """`boxwatch … | head`: no complaint, and what shells say of a closed pipe."""
    small.write(tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [Path(sys.executable).with_name("boxwatch"), *command.split()],
            cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)

    assert done.returncode == endings.PIPE_CLOSED, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_somebody_reads_the_first_line(tmp_path: Path) -> None:
    """The pipe takes what is written before it is closed."""
    small.write(tmp_path)
    with subprocess.Popen(
        [Path(sys.executable).with_name("boxwatch"), "schema"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == b"{\n"
        running.stdout.close()
        assert running.stderr.read() == b""

    assert running.returncode in (0, endings.PIPE_CLOSED)
