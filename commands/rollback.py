"""`boxwatch rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import connection
from boxwatch.commands.execute import MANNER_OPTIONS, Manner, Side, carry_out
from boxwatch.commands.grafana_rollback import GrafanaBack
from boxwatch.commands.prometheus import PrometheusSide
from boxwatch.commands.ruler import RulerSide
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
@connection.collected("manner", Manner, MANNER_OPTIONS)
def rollback(  # noqa: PLR0913 - each is an option of the command
    *,
    servers: Servers,
    backups: Path,
    folder: Path | None,
    deployment: str | None,
    overwrite: bool,
    manner: Manner,
) -> None:
    """Roll back the last publish byte for byte, with the same safeguards. Needs no topology.

    Dashboards: changed and deleted ones are restored, created ones deleted; the next rollback reverts the publish
    before. Rules: a second rollback restores the newer rules; a killed publish is undone.

    \b
    Example:
      boxwatch rollback --grafana https://grafana.example.com --grafana-token-file token
      boxwatch rollback --rules-dir /etc/prometheus/rules --prometheus http://localhost:9090
      boxwatch rollback --rules-dir rules --pid /run/prometheus.pid --yes
    """
    from boxwatch.publish.prometheus import prometheus_rules as publishing
    from boxwatch.publish.ruler import ruler_rules as ruling

    servers.need()
    live, ruler, target = servers.grafana(), servers.ruler(backups), servers.prometheus()
    # The reverse order of publishing: dashboards read what rules record.
    sides: list[Side] = []
    if live:
        sides.append(GrafanaBack.of(live, folder, backups, deployment, overwrite=overwrite))
    if ruler:
        sides.append(RulerSide(ruler, ruling.rollback(ruler, overwrite=overwrite)))
    if target:
        sides.append(PrometheusSide(target, publishing.rollback(target, overwrite=overwrite)))
    carry_out(sides, manner)
