"""The plan as a terminal table: one block per server, followed by its sum in words.

Colours only repeat what the words say. Output fits the width of the terminal (80 columns if it is not one, as rich
assumes) and respects NO_COLOR. Words stay whole: a narrow terminal gets fewer columns, and a very narrow one wraps the
lines itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from boxwatch.topology import units
from boxwatch.topology.plan import Plan, Row, ServerPlan
from boxwatch.topology.wording import counted

_WIDEST_NAME = 28
_NAME = re.compile(r"[^-_]*[-_]?")
# Headings of the columns, from the last that one would miss to the first.
_HEADS = ("Service", "Total", "Replicas", "Per replica", "Memory is", "Kind")


def show(plan: Plan, console: Console) -> None:
    """Print the plan."""
    for number, server in enumerate(plan.servers):
        if number:
            console.print()
        for part in _block(server, console):
            console.print(part, soft_wrap=False, crop=False)


def summary(server: ServerPlan) -> str:
    """The sum in words: `26 of 32 GB, 24 stated and 2 assumed, 6 GB headroom`."""
    unit = _common_unit(server)
    planned, whole = _in_unit(server.planned, unit), units.human_memory(server.memory)
    parts = [f"{planned} of {whole}"]
    if server.services_assumed:
        parts.append(f"{_in_unit(server.stated, unit)} stated and {_in_unit(server.services_assumed, unit)} assumed")
    left = units.human_memory(abs(server.headroom))
    parts.append(f"{left} headroom" if server.headroom >= 0 else f"{left} too much")
    return ", ".join(parts)


def _block(server: ServerPlan, console: Console) -> Iterator[RenderableType]:
    yield Text.assemble(
        (server.server, "bold"),
        f"  {counted(server.cpus, 'vCPU')}, {units.human_memory(server.memory)} RAM, {_disk(server.disk)} disk",
    )
    yield _widest(server, console)
    style = "green" if server.headroom > 0 else "red"
    yield Text.assemble(("Planned: ", "bold"), (summary(server), style))
    if server.stated_total is not None and server.stated_total != server.planned:
        stated = units.human_memory(server.stated_total)
        yield Text(
            f"The stated total is {stated}, but the lines add up to {units.human_memory(server.planned)}.", "yellow"
        )


def _widest(server: ServerPlan, console: Console) -> Table:
    """The table with as many columns as the terminal has room for."""
    for number in range(len(_HEADS), 1, -1):
        table = _table(server, _HEADS[:number])
        if _least(table, console) <= console.width:
            return table
    # Wider than the terminal, which can break lines and no words.
    table.width = _least(table, console)
    return table


def _least(table: Table, console: Console) -> int:
    """The width at which no word of the table is broken, whatever the terminal's is."""
    return console.measure(table, options=console.options.update_width(1000)).minimum


def _table(server: ServerPlan, heads: Collection[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False, header_style="bold", footer_style="bold")
    cells = [_cells(row) for row in server.rows]
    if server.reserved:
        cells.append(
            {
                "Service": "reserved",
                "Kind": "system",
                "Replicas": "",
                "Per replica": "",
                "Total": units.human_memory(server.reserved),
                "Memory is": "stated",
            }
        )
    footers = {"Service": "Sum", "Total": units.human_memory(server.planned)}
    shown = [head for head in ("Service", "Kind", "Replicas", "Per replica", "Total", "Memory is") if head in heads]
    for head in shown:
        words = [*head.split(), footers.get(head, ""), *(line for row in cells for line in str(row[head]).split("\n"))]
        right = head in ("Replicas", "Per replica", "Total")
        table.add_column(
            head, footer=footers.get(head, ""), justify="right" if right else "left", min_width=max(map(len, words))
        )
    parked = {row.service for row in server.rows if row.replicas == 0}
    for row, made in itertools.zip_longest(server.rows, cells):
        style = "dim" if row is not None and row.service in parked else None
        table.add_row(*(made[head] for head in shown), style=style)
    return table


def _cells(row: Row) -> dict[str, str | Text]:
    origin: str | Text = Text("assumed", "yellow") if row.assumed else "stated"
    replicas, total = (str(row.replicas), units.human_memory(row.total)) if row.replicas else ("parked", "-")
    if not row.per_replica:
        total, origin = "-", "elsewhere"
    return {
        "Service": _folded(row.service),
        "Kind": row.kind,
        "Replicas": replicas,
        "Per replica": units.human_memory(row.per_replica) if row.per_replica else "-",
        "Total": total,
        "Memory is": origin,
    }


def _folded(name: str) -> str:
    """A long name on several lines, each of which ends with a dash of it; a word that is too long stays whole."""
    lines = [""]
    for word in _NAME.findall(name):
        if lines[-1] and len(lines[-1]) + len(word) > _WIDEST_NAME:
            lines.append("")
        lines[-1] += word
    return "\n".join(lines)


def _common_unit(server: ServerPlan) -> int:
    """The unit of the server's RAM, so that the whole sum uses one unit."""
    return next(factor for factor in (units.TIB, units.GIB, units.MIB, 1) if server.memory >= factor)


def _in_unit(size: int, unit: int) -> str:
    return f"{size / unit:.2f}".rstrip("0").rstrip(".")


def _disk(size: int) -> str:
    """A disk size in decimal units, as disks are sold."""
    for name, factor in (("TB", 10**12), ("GB", 10**9)):
        if size >= factor:
            return f"{_in_unit(size, factor)} {name}"
    return f"{_in_unit(size, 10**6)} MB"
