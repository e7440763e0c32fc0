"""The plan as a terminal table: one block per server, followed by its sum in words.

Colours only repeat what the words say. Output fits the width of the terminal (80 columns if it is not one, as rich
assumes) and respects NO_COLOR.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from boxwatch.topology import units
from boxwatch.topology.plan import Plan, Row, ServerPlan
from boxwatch.topology.wording import counted

_WIDEST_NAME = 28


def show(plan: Plan, console: Console) -> None:
    """Print the plan."""
    for number, server in enumerate(plan.servers):
        if number:
            console.print()
        for part in _block(server):
            console.print(part, soft_wrap=False)


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


def _block(server: ServerPlan) -> Iterator[RenderableType]:
    yield Text.assemble(
        (server.server, "bold"),
        f"  {counted(server.cpus, 'vCPU')}, {units.human_memory(server.memory)} RAM, {_disk(server.disk)} disk",
    )
    yield _table(server)
    style = "green" if server.headroom > 0 else "red"
    yield Text.assemble(("Planned: ", "bold"), (summary(server), style))
    if server.stated_total is not None and server.stated_total != server.planned:
        stated = units.human_memory(server.stated_total)
        yield Text(
            f"The stated total is {stated}, but the lines add up to {units.human_memory(server.planned)}.", "yellow"
        )


def _table(server: ServerPlan) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False, header_style="bold", footer_style="bold")
    table.add_column("Service", footer="Sum", max_width=_WIDEST_NAME, overflow="fold")
    table.add_column("Kind")
    table.add_column("Replicas", justify="right")
    table.add_column("Per replica", justify="right")
    table.add_column("Total", justify="right", footer=units.human_memory(server.planned))
    table.add_column("Memory is")
    for row in server.rows:
        table.add_row(*_cells(row), style="dim" if row.replicas == 0 else None)
    if server.reserved:
        table.add_row("reserved", "system", "", "", units.human_memory(server.reserved), "stated")
    return table


def _cells(row: Row) -> tuple[str | Text, ...]:
    origin: str | Text = Text("assumed", "yellow") if row.assumed else "stated"
    replicas, total = (str(row.replicas), units.human_memory(row.total)) if row.replicas else ("parked", "-")
    return (row.service, row.kind, replicas, units.human_memory(row.per_replica), total, origin)


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
