"""A diagnosis on a terminal: problems first to last in the order of their causes, then one line of what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
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
    shown = [entry for entry in report.entries if entry.line.state != "ok" or everything]
    for entries in _alike(shown):
        yield from _entry(entries, width, everything=everything)
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
    return f"Next: {first.where}: {first.hint or first.action or first.what}"


def _alike(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    """Entries of one topic together, where the first of them stands."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        line = entry.line
        groups.setdefault(f"{line.state} {line.topic}" if line.topic else line.key, []).append(entry)
    yield from map(tuple, groups.values())


def _entry(entries: tuple[Entry, ...], width: int, *, everything: bool) -> Iterator[str]:
    first = entries[0].line
    several = len(entries) > 1
    head = f"{len(entries)} {first.topic}" if several else f"{first.where}: {first.what}"
    text = list(_wrapped(head, width, _INDENT))
    state = click.style(f"{first.state:<8}", fg=_COLOURS[first.state], bold=first.state == "problem")
    yield f"{state} {text[0].lstrip()}"
    yield from text[1:]
    if first.action:
        yield from _wrapped(f"→ {first.action}", width, _INDENT, "  ")
    for line in (entry.line for entry in entries):
        if several:
            yield from _wrapped(f"- {line.where}{f': {line.hint}' if line.hint else ''}", width, _INDENT, "  ")
        elif line.hint:
            yield from _wrapped(f"→ {line.hint}", width, _INDENT, "  ")
        # The errors of one topic say the same in other words.
        if everything or not several:
            yield from _details(line, width, everything=everything)
    below = tuple(one for entry in entries for one in entry.consequences)
    if below:
        yield from _wrapped(_consequences(below, everything=everything), width, _INDENT, "  ")


def _details(line: Line, width: int, *, everything: bool) -> Iterator[str]:
    shown = line.details if everything else line.details[:_SHOWN]
    for detail in shown:
        yield from _wrapped(detail, width, f"{_INDENT}  ", "  ")
    if len(line.details) > len(shown):
        yield f"{_INDENT}  … {counted(len(line.details) - len(shown), 'more line')}: --all shows them"


def _consequences(found: tuple[Line, ...], *, everything: bool) -> str:
    places = list(dict.fromkeys(line.where for line in found))
    return f"Cannot be judged until then: {listed(places, len(places) if everything else _SHOWN)}"


def _wrapped(text: str, width: int, indent: str, hanging: str = "") -> list[str]:
    """A text in lines that fit; words, such as commands' options, are never broken."""
    return textwrap.wrap(
        text, max(width, 40), initial_indent=indent, subsequent_indent=indent + hanging, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
