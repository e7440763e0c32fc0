"""`boxwatch grafana`: the commands that talk to a live Grafana."""

from __future__ import annotations

import click

from boxwatch.commands import grafana_diff, grafana_publish, grafana_pull, grafana_rollback


@click.group(short_help="Compare with a live Grafana, publish, and bring back.")
def grafana() -> None:
    """Compare the dashboards with a live Grafana, publish them, and bring back what was there.

    Only real differences are shown and written. What somebody changed by hand is not overwritten, only what carries
    boxwatch's mark is deleted, and what is replaced is kept as files before.

    \b
    Example:
      boxwatch grafana diff --url https://grafana.example.com --token-file token
      boxwatch grafana publish --url https://grafana.example.com --token-file token
      boxwatch grafana rollback --url https://grafana.example.com --token-file token
    """


COMMANDS = (
    grafana_diff.diff,
    grafana_publish.publish,
    grafana_rollback.backup,
    grafana_rollback.rollback,
    grafana_pull.pull,
)

for _command in COMMANDS:
    grafana.add_command(_command)
