"""`boxwatch exporter coolify`."""

from __future__ import annotations

import sys

import click


@click.group(short_help="Run an exporter.")
def exporter() -> None:
    """Run an exporter, which Prometheus scrapes.

    \b
    Example:
      boxwatch exporter coolify --token-file /run/secrets/coolify
    """


@exporter.command(
    short_help="Make Coolify's deployments visible.",
    # The exporter has a command of its own, which needs none of our libraries; its options are its own as well.
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def coolify(arguments: tuple[str, ...]) -> None:
    """Ask Coolify's API in the background and serve metrics: `boxwatch-coolify-exporter` under another name.

    \b
    Example:
      boxwatch exporter coolify --help
      boxwatch exporter coolify --url https://coolify.example.com --token-file token
    """
    from boxwatch.exporters.coolify import command

    sys.exit(command.main(arguments))
