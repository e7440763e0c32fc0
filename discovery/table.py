"""What was discovered, and how it drifted, as terminal tables."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boxwatch.discovery.classify import OTHER
from boxwatch.discovery.draft import DraftTopology
from boxwatch.discovery.drift import Report
from boxwatch.topology.wording import counted

_COLOURS = {"new": "yellow", "gone": "red", "replicas": "red"}


def show_drift(report: Report, console: Console) -> None:
    """Print the differences, then what they amount to."""
    if report.differences:
        table = _table("What", "Server", "Difference")
        for one in report.differences:
            table.add_row(Text(one.what, _COLOURS.get(one.what, "")), one.server, Text(one.message))
        console.print(table)
    for note in report.notes:
        console.print(Text(f"Note: {note}."))
    console.print(Text(summary(report), "yellow" if report.differences else "green"))


def summary(report: Report) -> str:
    """The result in one sentence."""
    seen = f"{counted(report.containers, 'container')} compared, {report.left_out} left out"
    if not report.differences:
        return f"No drift: {seen}."
    return f"{counted(len(report.differences), 'difference')}: {seen}."


def show_found(topology: DraftTopology, console: Console) -> None:
    """Print every container with its service and kind, what could not be classified, and what is left out."""
    table = _table("Service", "Kind", "Container")
    for container, service, kind, _ in _rows(topology):
        table.add_row(Text(service), Text(kind, "yellow" if kind == OTHER else ""), Text(container))
    console.print(table)
    for title, rows in (
        ("Kind other", [(draft.name, " ".join(draft.notes)) for draft in topology.services if draft.kind == OTHER]),
        ("Left out", [(one.name, one.why) for one in topology.left_out]),
    ):
        if rows:
            more = _table(title, "Why")
            for row in rows:
                more.add_row(*map(Text, row))
            console.print(more)


def found_json(topology: DraftTopology) -> dict[str, object]:
    """Every container with its service and kind, and what is left out, as plain values."""
    keys = ("container", "service", "kind", "why")
    return {
        "containers": [dict(zip(keys, row, strict=True)) for row in _rows(topology)],
        "left_out": [{"name": one.name, "why": one.why} for one in topology.left_out],
    }


def _rows(topology: DraftTopology) -> Iterator[tuple[str, str, str, str]]:
    for draft in topology.services:
        for part in draft.parts:
            service = f"{draft.name}/{part.name}" if part.name else draft.name
            for container in part.containers:
                yield container.name, service, draft.kind, " ".join(draft.notes)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
