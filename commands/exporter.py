"""`boxwatch exporter coolify`."""

from __future__ import annotations

import sys

import click


@click.group(short_help="Run an exporter.")
def exporter() -> None:
    """Run an exporter for Prometheus to scrape.

    \b
    Example:
      boxwatch exporter coolify --token-file /run/secrets/coolify
    """


@exporter.command(
    short_help="Export metrics of Coolify's deployments.",
    # The exporter also has its own command, which needs none of our libraries; it parses its options itself.
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def coolify(arguments: tuple[str, ...]) -> None:
    """Poll Coolify's API in the background and serve metrics; the same program as `boxwatch-coolify-exporter`.

    \b
    Example:
      boxwatch exporter coolify --help
      boxwatch exporter coolify --url https://coolify.example.com --token-file token
    """
    from boxwatch.exporters.coolify import command

    sys.exit(command.main(arguments))
