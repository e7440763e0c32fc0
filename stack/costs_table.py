"""The prediction as terminal tables: memory by part, series by job, and the sums in words."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boxwatch.stack.costs import BYTES_PER_SAMPLE, Costs
from boxwatch.topology.units import GIB, MIB

_PREDICTED = "Predicted from the recorded metrics of each exporter; docs/costs.md says how exact that is."


def show(costs: Costs, console: Console) -> None:
    """Print the prediction."""
    if costs.parts:
        table = _table("Part", "Memory", "Limit")
        for part in costs.parts:
            table.add_row(part.name, _mib(part.memory), _mib(part.limit))
        table.add_section()
        table.add_row("Sum", _mib(costs.memory), _mib(costs.limit))
        console.print(table)
    table = _table("Job", "Targets", "Series", "Samples/s")
    for job in costs.jobs:
        table.add_row(job.name, str(job.targets or ""), f"{job.series:,}", f"{job.samples_per_second:.1f}")
    table.add_section()
    table.add_row("Sum", "", f"{costs.series:,}", f"{costs.samples_per_second:.1f}")
    console.print(table)
    console.print(Text(summary(costs), "bold"))
    console.print(Text(_PREDICTED))


def summary(costs: Costs) -> str:
    """The sums in words."""
    disk = f"{costs.disk / GIB:.1f} GiB of disk for {costs.retention} days ({BYTES_PER_SAMPLE:g} bytes per sample)"
    memory = f"{_mib(costs.memory)} of RAM, " if costs.parts else ""
    return f"{memory}{costs.series:,} series, {disk}"


def _mib(size: int) -> str:
    return f"{size / MIB:,.0f} MiB"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table
