"""`boxwatch publish`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options
from boxwatch.commands.prometheus import PrometheusOptions, carry_out, prometheus


@click.command(short_help="Bring the rules into a running Prometheus.")
@options.topology
@prometheus
@options.plan
@options.as_json
def publish(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    *,
    prometheus: PrometheusOptions,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring the rules into a running Prometheus, all of them or none.

    The new set is checked, switched with the old one in one rename, loaded and read back: Prometheus must have every
    group and must be able to evaluate every rule. Otherwise the old set is put back and loaded, and the reason is
    shown. A publish that was killed is finished or undone by the next.

    \b
    Example:
      boxwatch publish --prometheus http://localhost:9090 --rules-dir /etc/prometheus/rules
      boxwatch publish --prometheus http://localhost:9090 --rules-dir rules --dry-run
      boxwatch publish --rules-dir rules --pid /run/prometheus.pid --yes
    """
    target = prometheus.target()

    from boxwatch.publish import prometheus as publishing  # noqa: PLC0415
    from boxwatch.rules import catalogue  # noqa: PLC0415

    rules = publishing.rules_of(catalogue.files(options.load(topology, ext_str).topology))
    plan = publishing.plan(target, rules, overwrite=prometheus.overwrite)
    carry_out(target, plan, dry_run=dry_run, yes=yes, as_json=as_json)
