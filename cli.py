"""The command line: options, printing and exit codes. No logic."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Monitoring as code for a server that Coolify runs."""
