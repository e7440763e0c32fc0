"""`boxwatch rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import configuration, connection, prometheus
from boxwatch.commands.execute import OUTPUT_OPTIONS, Operation, Output, carry_out
from boxwatch.commands.grafana_rollback import GrafanaRollback
from boxwatch.commands.ruler import RulerOperation
from boxwatch.commands.servers import Servers, servers


@click.command(short_help="Roll back the last publish.")
@servers
@connection.backups
@click.option(
    "--backup",
    "folder",
    type=click.Path(path_type=Path),
    help="Dashboard backup to restore (that of the last publish).",
)
@click.option("--deployment", metavar="NAME", help="Deployment to roll back, if several have backups here.")
@connection.overwrite
@connection.collected("output", Output, OUTPUT_OPTIONS)
def rollback(  # noqa: PLR0913 - each is an option of the command
    *,
    servers: Servers,
    backups: Path,
    folder: Path | None,
    deployment: str | None,
    overwrite: bool,
    output: Output,
) -> None:
    """Roll back the last publish byte for byte, with the same safeguards. Needs no topology.

    Dashboards: changed and deleted ones are restored, created ones deleted; the next rollback reverts the publish
    before. Configuration and rules: a second rollback restores the newer ones; a killed publish is undone.

    \b
    Example:
      boxwatch rollback --grafana https://grafana.example.com --grafana-token-file token
      boxwatch rollback --prometheus-dir /etc/prometheus --prometheus http://localhost:9090
      boxwatch rollback --rules-dir rules --pid /run/prometheus.pid --yes
    """
    from boxwatch.publish.ruler import ruler_rules as ruling

    servers.need()
    live, ruler, target = servers.grafana(), servers.ruler(backups), servers.prometheus()
    # In reverse order of publishing.
    operations: list[Operation] = []
    if live:
        operations.append(GrafanaRollback.of(live, folder, backups, deployment, overwrite=overwrite))
    if ruler:
        operations.append(RulerOperation(ruler, ruling.rollback(ruler, overwrite=overwrite)))
    if target:
        operations.append(prometheus.rollback(servers.prometheus_options, target, overwrite=overwrite))
    operations += [configuration.rollback(each, overwrite=overwrite) for each in reversed(servers.configured())]
    carry_out(operations, output)
