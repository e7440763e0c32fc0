"""Every error that boxwatch raises on purpose, and the exit code that the command line gives it.

    BoxwatchError              1   something that was asked for could not be done
    ├── TopologyError          2   the input is wrong: every mistake in one go, each with its place
    ├── OutputError            1   a file could not be written, or is not ours to overwrite
    ├── PublishError           1   a live server refuses or is out of reach; what is in place is said
    └── ToolError              1   a program that we drive (promtool) is missing or failed in a way that is no finding

Messages are whole sentences that say what is wrong, where, and what to do. Errors of libraries do not leak: they are
wrapped where they occur (`raise … from`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class BoxwatchError(Exception):
    """Something that was asked for could not be done; the message is for the person who asked."""

    exit_code: ClassVar[int] = 1


class OutputError(BoxwatchError):
    """A file could not be written, or exists and was not written by boxwatch."""


class PublishError(BoxwatchError):
    """A live server refuses or cannot be reached, or a write would lose work; says what is in place, and what to do."""


class ToolError(BoxwatchError):
    """A program that boxwatch drives is missing, or failed without giving a verdict."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or odd, in a file that a person wrote.

    Attributes:
        file: the file as the user named it.
        line: line, from 1; 0 when the whole file is meant.
        column: column, from 1; 0 when the whole line or file is meant.
        path: where in the document, as people say it: `services.web.replicas`; empty for the whole document.
        message: what is wrong, one sentence without the place.
        hint: what to write instead; may be empty.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`file:line:column: path: message (hint)`, which editors and terminals make clickable."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {path}{self.message}{hint}"


class TopologyError(BoxwatchError):
    """A topology file that cannot be used, with every mistake that was found in it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems in the order of the file."""
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.path, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
