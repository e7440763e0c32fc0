"""`boxwatch rollback`."""

from __future__ import annotations

import click

from boxwatch.commands import options
from boxwatch.commands.prometheus import PrometheusOptions, carry_out, prometheus


@click.command(short_help="Bring back what the last publish changed.")
@prometheus
@options.plan
@options.as_json
def rollback(*, prometheus: PrometheusOptions, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Bring back what the last publish changed, byte by byte, with the same care.

    Needs no topology. A second rollback brings the newer rules again; a publish that was killed is undone.

    \b
    Example:
      boxwatch rollback --rules-dir /etc/prometheus/rules --prometheus http://localhost:9090
      boxwatch rollback --rules-dir rules --pid /run/prometheus.pid --yes
    """
    target = prometheus.target()

    from boxwatch.publish import prometheus as publishing  # noqa: PLC0415

    plan = publishing.rollback(target, overwrite=prometheus.overwrite)
    carry_out(target, plan, dry_run=dry_run, yes=yes, as_json=as_json)
