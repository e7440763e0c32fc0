"""`boxwatch check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options

if TYPE_CHECKING:
    from boxwatch.checks.catalogue import Report


@click.command(short_help="Check everything that would be built.")
@options.topology
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="How to print findings."
)
def check(topology: Path | None, ext_str: tuple[str, ...], style: str) -> None:
    """Check everything that would be built; exit 1 on findings.

    Queries parse, every metric and label exists, alerts keep the field's style, dashboards are valid, and promtool
    accepts the configuration and runs every proof, where it is on the PATH.

    \b
    Example:
      boxwatch check
      boxwatch check staging.yaml --format github
    """
    from boxwatch import assemble  # noqa: PLC0415
    from boxwatch.checks import catalogue, report  # noqa: PLC0415

    loaded = options.load(topology, ext_str)
    files = assemble.assemble(loaded.topology)
    found: Report = catalogue.run(files, loaded.topology.scrape_interval, _progress if sys.stderr.isatty() else None)
    for line in report.lines(found, style):
        click.echo(line)
    if found.findings:
        sys.exit(1)


def _progress(done: int, total: int) -> None:
    """A line that is written over, and gone at the end."""
    text = f"promtool: {done} of {total}"
    click.echo(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r", nl=False, err=True)
