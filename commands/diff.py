"""`boxwatch diff`."""

from __future__ import annotations

import click

from boxwatch.commands import options
from boxwatch.commands.connection import collected, quiet
from boxwatch.commands.desired import DESIRED_OPTIONS, Desired
from boxwatch.commands.execute import Output, compare
from boxwatch.commands.servers import Servers, servers


@click.command(short_help="Show what publishing would change.")
@collected("desired", Desired, DESIRED_OPTIONS)
@servers
@options.as_json
@quiet
def diff(*, desired: Desired, servers: Servers, as_json: bool, quiet: bool) -> None:
    """Show what publishing would change, panel by panel, job by job and rule by rule; exit 3 on differences, else 0.

    Shows real differences only: dashboards are compared in Grafana's canonical form. Drift is shown from both sides:
    the manual change and ours.

    \b
    Example:
      boxwatch diff --grafana https://grafana.example.com --grafana-token-file token
      boxwatch diff --prometheus http://localhost:9090 --prometheus-dir /etc/prometheus
      boxwatch diff --alertmanager http://localhost:9093 --alertmanager-dir /etc/alertmanager
      boxwatch diff staging.yaml --grafana https://grafana.example.com --json
    """
    output = Output(as_json=as_json, quiet=quiet)
    compare(desired.plans(servers, output), output)
