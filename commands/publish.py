"""`boxwatch publish`."""

from __future__ import annotations

import click

from boxwatch.commands import connection
from boxwatch.commands.desired import DESIRED_OPTIONS, WRITING_OPTIONS, Desired, Writing
from boxwatch.commands.execute import OUTPUT_OPTIONS, Output, carry_out
from boxwatch.commands.servers import Servers, servers


@click.command(short_help="Publish dashboards to Grafana and rules to Prometheus.")
@connection.collected("desired", Desired, DESIRED_OPTIONS)
@servers
@connection.collected("writing", Writing, WRITING_OPTIONS)
@connection.collected("output", Output, OUTPUT_OPTIONS)
def publish(*, desired: Desired, servers: Servers, writing: Writing, output: Output) -> None:
    """Publish dashboards to Grafana and rules to Prometheus, vmalert or a ruler, after confirmation.

    Dashboards: only those that differ are written, each only if its version is still the one read; replaced versions
    are backed up to files. Manually changed dashboards are refused and both sides shown; the others are written, and
    the command exits 1.

    Rules are published atomically. The new set is checked, swapped with the old one in one rename, loaded and read
    back: Prometheus must have every group and evaluate every rule. Otherwise the old set is restored and loaded, and
    the reason shown. If a publish is killed, the next one completes or undoes it. In a ruler, only groups that differ
    are written, one by one, and read back in the same way.

    Everything is planned before anything is written. Rules come first; if they fail, no dashboard is touched.

    \b
    Example:
      boxwatch publish --grafana https://grafana.example.com --grafana-token-file token
      boxwatch publish --prometheus http://localhost:9090 --rules-dir /etc/prometheus/rules --dry-run
      boxwatch publish --rules-dir rules --pid /run/prometheus.pid --yes
      boxwatch publish --ruler http://localhost:9009/prometheus --tenant team
    """
    carry_out(desired.plans(servers, output, writing), output)
