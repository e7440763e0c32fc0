"""The command line, as typed and as answered.

A transcript is a text file: the first line says what it shows; `$ ` begins a command, the lines below are its output,
those that begin with `! ` what it says on standard error, and `[2]` its exit code where that is not 0. `>>> NAME` up to
`<<<` is a file that is there before the first command. `cat`, `rm` and `edit` are the only other commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from boxwatch.cli import main

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))


@dataclass
class _Transcript:
    title: str
    files: dict[str, str]
    commands: list[str]


def _read(text: str) -> _Transcript:
    lines = text.splitlines()
    files: dict[str, str] = {}
    commands: list[str] = []
    rest = iter(lines[1:])
    for line in rest:
        if line.startswith(">>> "):
            content = []
            for inner in rest:
                if inner == "<<<":
                    break
                content.append(inner)
            files[line.removeprefix(">>> ")] = "".join(f"{inner}\n" for inner in content)
        elif line.startswith("$ "):
            commands.append(line.removeprefix("$ "))
    return _Transcript(lines[0], files, commands)


def _play(transcript: _Transcript) -> Iterator[str]:
    """The transcript as it comes out now."""
    yield transcript.title
    for name, content in transcript.files.items():
        yield ""
        yield f">>> {name}"
        yield from content.splitlines()
        yield "<<<"
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, encoding="utf-8")
    for command in transcript.commands:
        yield ""
        yield f"$ {command}"
        yield from _run(shlex.split(command))


def _run(words: list[str]) -> Iterator[str]:
    match words:
        case ["cat", name]:
            yield from Path(name).read_text(encoding="utf-8").splitlines()
        case ["rm", name]:
            Path(name).unlink()
        case ["edit", name, old, new]:
            text = Path(name).read_text(encoding="utf-8")
            assert old in text, f"{name} has no {old}"
            Path(name).write_text(text.replace(old, new), encoding="utf-8")
        case ["boxwatch", *arguments]:
            result = CliRunner().invoke(main, arguments, prog_name="boxwatch")
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            yield from (line.rstrip() for line in result.stdout.splitlines())
            yield from (f"! {line}".rstrip() for line in result.stderr.splitlines())
            if result.exit_code:
                yield f"[{result.exit_code}]"
        case _:
            pytest.fail(f"a transcript cannot run {words}")


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_command_line_answers_as_written(
    path: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rewritten by --update-golden, which still fails where it differed."""
    stored = path.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # promtool has tests of its own; what is on the PATH must not change what is answered here.
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("COLUMNS", "80")

    played = "\n".join(_play(_read(stored))) + "\n"

    if played != stored and request.config.getoption("--update-golden"):
        path.write_text(played, encoding="utf-8")
        pytest.fail(f"{path.name} was rewritten; review the diff and run the tests again")
    assert played == stored, f"{path.name}: review, then make golden ARGS='tests/test_transcripts.py -k {path.stem}'"


def test_transcripts_are_numbered_without_gaps() -> None:
    """0001_init.txt, 0002_…: in the order in which one would learn the commands."""
    assert [path.name[:4] for path in TRANSCRIPTS] == [f"{number:04}" for number in range(1, len(TRANSCRIPTS) + 1)]


def test_every_command_is_shown_in_a_transcript() -> None:
    """With success, or with an error that people meet."""
    shown = {
        match
        for path in TRANSCRIPTS
        for match in re.findall(r"^\$ boxwatch ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert shown >= set(main.commands)
