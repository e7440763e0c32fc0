"""`boxwatch publish`."""

from __future__ import annotations

import click

from boxwatch.commands import connection
from boxwatch.commands.desired import DESIRED_OPTIONS, WRITING_OPTIONS, Desired, Writing
from boxwatch.commands.execute import OUTPUT_OPTIONS, Output, carry_out
from boxwatch.commands.servers import Servers, servers


@click.command(short_help="Publish dashboards, configuration and rules to running servers.")
@connection.collected("desired", Desired, DESIRED_OPTIONS)
@servers
@connection.collected("writing", Writing, WRITING_OPTIONS)
@connection.collected("output", Output, OUTPUT_OPTIONS)
def publish(*, desired: Desired, servers: Servers, writing: Writing, output: Output) -> None:
    """Publish to Grafana, Prometheus, Alertmanager, the blackbox exporter or a ruler, after confirmation.

    Prometheus (--prometheus-dir): configuration and rules are one release, switched in one rename, loaded and read
    back: Prometheus must run with that configuration, have every group and evaluate every rule. Otherwise the previous
    release is restored and loaded, and the reason shown. If a publish is killed, the next one completes or undoes it.
    Alertmanager (--alertmanager-dir) and the blackbox exporter (--blackbox-dir): the same for their configuration.

    Rules only (--rules-dir): the same for one rule file, for a Prometheus with a configuration of your own and for
    vmalert. Refused if the running configuration lacks what the rules need. In a ruler, only groups that differ are
    written, one by one, and read back.

    Dashboards: only those that differ are written, each only if its version is still the one read; replaced versions
    are backed up to files. Manually changed dashboards are refused and both sides shown; the others are written, and
    the command exits 1.

    Everything is planned before anything is written. Dashboards come last; if rules fail, none is touched.

    \b
    Example:
      boxwatch publish --grafana https://grafana.example.com --grafana-token-file token
      boxwatch publish --prometheus http://localhost:9090 --prometheus-dir /etc/prometheus --dry-run
      boxwatch publish --alertmanager http://localhost:9093 --alertmanager-dir /etc/alertmanager
      boxwatch publish --prometheus http://localhost:9090 --rules-dir /etc/prometheus/rules
      boxwatch publish --rules-dir rules --pid /run/prometheus.pid --yes
      boxwatch publish --ruler http://localhost:9009/prometheus --tenant team
    """
    carry_out(desired.plans(servers, output, writing), output)
