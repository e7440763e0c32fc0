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


@click.command(short_help="Bring back what the last publish changed.")
@servers
@connection.backups
@click.option(
    "--backup", "folder", type=click.Path(path_type=Path), help="A backup of dashboards; without it the last publish."
)
@click.option("--deployment", metavar="NAME", help="Whose dashboards, where several deployments keep backups here.")
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
    """Bring back what the last publish changed, byte by byte, with the same care. Needs no topology.

    Dashboards: what was changed or deleted comes back, what was created goes; the next rollback takes the publish
    before. Rules: a second rollback brings the newer rules again; a publish that was killed is undone.

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
    # The other way round than publishing: dashboards read what rules record.
    sides: list[Side] = []
    if live:
        sides.append(GrafanaBack.of(live, folder, backups, deployment, overwrite=overwrite))
    if ruler:
        sides.append(RulerSide(ruler, ruling.rollback(ruler, overwrite=overwrite)))
    if target:
        sides.append(PrometheusSide(target, publishing.rollback(target, overwrite=overwrite)))
    carry_out(sides, manner)
