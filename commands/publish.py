"""`boxwatch publish`."""

from __future__ import annotations

import click

from boxwatch.commands import connection
from boxwatch.commands.desired import WANTED_OPTIONS, WRITING_OPTIONS, Wanted, Writing
from boxwatch.commands.execute import MANNER_OPTIONS, Manner, carry_out
from boxwatch.commands.servers import Servers, servers


@click.command(short_help="Bring dashboards into a live Grafana, rules into a running Prometheus.")
@connection.collected("wanted", Wanted, WANTED_OPTIONS)
@servers
@connection.collected("writing", Writing, WRITING_OPTIONS)
@connection.collected("manner", Manner, MANNER_OPTIONS)
def publish(*, wanted: Wanted, servers: Servers, writing: Writing, manner: Manner) -> None:
    """Bring dashboards into Grafana and rules into Prometheus, vmalert or a ruler, after a question.

    Dashboards: only those that differ are written, each over what was read, and what is replaced is kept as files. One
    that somebody changed by hand is refused with both sides shown; the others are written, and the command exits 1.

    Rules: all of them or none. The new set is checked, switched with the old one in one rename, loaded and read back:
    Prometheus must have every group and must be able to evaluate every rule. Otherwise the old set is put back and
    loaded, and the reason is shown. A publish that was killed is finished or undone by the next. Into a ruler, only
    groups that differ are written, one by one, and read back just so.

    Everything is planned before anything is written. Rules come first; when they fail, no dashboard is touched.

    \b
    Example:
      boxwatch publish --grafana https://grafana.example.com --grafana-token-file token
      boxwatch publish --prometheus http://localhost:9090 --rules-dir /etc/prometheus/rules --dry-run
      boxwatch publish --rules-dir rules --pid /run/prometheus.pid --yes
      boxwatch publish --ruler http://localhost:9009/prometheus --tenant team
    """
    carry_out(wanted.plans(servers, manner, writing), manner)
