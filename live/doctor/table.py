"""A diagnosis on a terminal: problems first to last in the order of their causes, then one line of what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

import click

from boxwatch.live.doctor.line import Entry, Line, Report, State
from boxwatch.topology.wording import counted, listed

_COLOURS: Final[dict[State, str]] = {"ok": "green", "warning": "yellow", "problem": "red"}
_INDENT: Final = " " * 9
_SHOWN: Final = 8


def lines(report: Report, width: int, *, everything: bool) -> Iterator[str]:
    """The report, line by line.

    Args:
        report: the diagnosis.
        width: columns of the terminal.
        everything: show what is ok, too, and all consequences.
    """
    for entry in report.entries:
        if entry.line.state != "ok" or everything:
            yield from _entry(entry, width, everything=everything)
    yield from _wrapped(summary(report), width, "")
    yield from _wrapped(_next(report), width, "")


def summary(report: Report) -> str:
    """`2 problems, 1 warning, 31 ok, 18 consequences of the problems`."""
    below = sum(len(entry.consequences) for entry in report.entries)
    parts = [
        counted(report.count("problem"), "problem"),
        counted(report.count("warning"), "warning"),
        f"{report.count('ok')} ok",
        *([f"{counted(below, 'check')} waiting for the problems above"] if below else []),
    ]
    return f"{', '.join(parts)}."


def _next(report: Report) -> str:
    first = report.next
    if first is None:
        return "Nothing to do."
    return f"Next: {first.where}: {first.action or first.what}"


def _entry(entry: Entry, width: int, *, everything: bool) -> Iterator[str]:
    line = entry.line
    text = list(_wrapped(f"{line.where}: {line.what}", width, _INDENT))
    yield (
        click.style(f"{line.state:<8}", fg=_COLOURS[line.state], bold=line.state == "problem") + f" {text[0].lstrip()}"
    )
    yield from text[1:]
    if line.action:
        yield from _wrapped(f"→ {line.action}", width, _INDENT, "  ")
    shown = line.details if everything else line.details[:_SHOWN]
    yield from (f"{_INDENT}  {detail}" for detail in shown)
    if len(line.details) > len(shown):
        yield f"{_INDENT}  … {counted(len(line.details) - len(shown), 'more line')}: --all shows them"
    if entry.consequences:
        yield from _wrapped(_consequences(entry.consequences, everything=everything), width, _INDENT, "  ")


def _consequences(found: tuple[Line, ...], *, everything: bool) -> str:
    places = list(dict.fromkeys(line.where for line in found))
    return f"Cannot be judged until then: {listed(places, len(places) if everything else _SHOWN)}"


def _wrapped(text: str, width: int, indent: str, hanging: str = "") -> list[str]:
    """A text in lines that fit; words, such as commands' options, are never broken."""
    return textwrap.wrap(
        text, max(width, 40), initial_indent=indent, subsequent_indent=indent + hanging, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
