"""The errors boxwatch raises deliberately, each with its exit code on the command line.

    BoxwatchError              1   a request could not be carried out
    ├── TopologyError          2   the input is invalid: all problems at once, each with its place
    ├── InputError             2   a file or stream is not what it should be; quotes nothing of it
    ├── OutputError            1   a file could not be written, or is not ours to overwrite
    ├── PublishError           1   a live server refused or is unreachable; says what is in place
    └── ToolError              1   an external program (promtool) is missing or gave no verdict

Messages are full sentences that say what is wrong, where, and what to do. Library errors do not leak: they are wrapped
where they occur (`raise … from`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class BoxwatchError(Exception):
    """A request could not be carried out; the message is addressed to the user."""

    exit_code: ClassVar[int] = 1


class InputError(BoxwatchError):
    """A file or stream other than a topology is not what it should be; the message quotes nothing of it."""

    exit_code: ClassVar[int] = 2


class OutputError(BoxwatchError):
    """A file could not be written, or exists and was not written by boxwatch."""


class PublishError(BoxwatchError):
    """A live server refused or is unreachable, or a write would lose work; says what is in place and what to do."""


class ToolError(BoxwatchError):
    """An external program is missing, or failed without giving a verdict."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning about a file written by the user.

    Attributes:
        file: the file as the user named it.
        line: line, counted from 1; 0 for the whole file.
        column: column, counted from 1; 0 for the whole line or file.
        path: location in the document, in dotted form: `services.web.replicas`; empty for the whole document.
        message: what is wrong, in one sentence without the location.
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
    """An invalid topology file, with every problem found in it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Sort the problems by their position in the file."""
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.path, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
