"""`boxwatch why`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options
from boxwatch.commands.live_options import LiveOptions, live

if TYPE_CHECKING:
    from boxwatch.live.samples import LiveRule


# Seconds within which the targets' present health counts.
_RECENT = 60


@click.command(short_help="Show which part of an alert's expression is false, with its values.")
@click.argument("alert")
@click.argument("labels", nargs=-1, metavar="[LABEL=VALUE]...")
@live
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="2026-11-28T09:30:00Z, seconds since 1970, or how long ago: 2h. Default: now.",
)
@click.option("--expand", is_flag=True, help="Follow recorded series into the rules that record them.")
@click.option(
    "--rules",
    "rule_files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A rule file with the alert, if Prometheus has not loaded it. Repeatable.",
)
@click.option("--alertmanager", "alertmanager_url", metavar="URL", help="Also show silences and inhibitions there.")
@options.as_json
def why(  # noqa: PLR0913 - one for each option
    *,
    alert: str,
    labels: tuple[str, ...],
    live: LiveOptions,
    moment: str | None,
    expand: bool,
    rule_files: tuple[Path, ...],
    alertmanager_url: str | None,
    as_json: bool,
) -> None:
    """Show why ALERT does not fire, or did not at some time: its expression part by part, with values.

    Every part of the expression is evaluated at that time. The output says where series get lost: a comparison that is
    false and by how much, a side of `and`, `unless` or an operation without partner and the label that differs, a
    metric that does not exist and why, or `for` that is not over. LABEL=VALUE restricts it to these instances.

    \b
    Example:
      boxwatch why HostDiskLow --prometheus http://localhost:9090
      boxwatch why ServiceDown service=web --at 2h --prometheus http://localhost:9090
      boxwatch why RedisMemoryNearMax --expand --prometheus http://localhost:9090 --alertmanager http://localhost:9093
    """
    from boxwatch.live.absence import World
    from boxwatch.live.why import alertmanager, report
    from boxwatch.live.why.why import rules_named
    from boxwatch.live.why.why import why as explain

    wanted = dict(_pair(each) for each in labels)
    source = live.server()
    now = source.now()
    at = _moment(moment, now)
    if at > now + 1:
        raise click.BadParameter(f"{moment} has not come yet: name a time that Prometheus has seen", param_hint="--at")
    # What a target's health was is unknown.
    targets = source.targets() if now - at < _RECENT else None
    world = World(source, at, targets, source.groups(), scrape=source.scrape_interval())
    rules = rules_named(world, alert, tuple(_of_files(rule_files)))
    own = [each for each in rules if all(each[0].labels.get(name, value) == value for name, value in wanted.items())]
    answers = [explain(world, each, wanted, expand=expand) for each in own or rules]
    delivered = None
    if alertmanager_url:
        from boxwatch.publish.http import Client

        delivered = alertmanager.deliveries(Client(alertmanager_url, None, live.ca), alert, live.timeout)
    if as_json:
        options.print_json(report.to_json(answers, delivered))
    else:
        for line in report.lines(answers, delivered):
            click.echo(line)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not LABEL=VALUE", param_hint="LABEL=VALUE")
    return name, value.strip('"')


def _moment(text: str | None, now: float) -> float:
    """A time in seconds since 1970."""
    from boxwatch.live.source import seconds

    if text is None:
        return now
    ago = seconds(text.removeprefix("-"))
    if 0 < ago <= now:
        return now - ago
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        if 0 <= number <= now + 1:
            return number
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        message = f"{text!r} is neither a time such as 2026-11-28T09:30:00Z nor a duration such as 2h"
        raise click.BadParameter(message, param_hint="--at") from None


def _of_files(paths: tuple[Path, ...]) -> list[LiveRule]:
    from boxwatch.checks.rules import rule_file
    from boxwatch.commands import files
    from boxwatch.live.samples import LiveRule
    from boxwatch.live.source import seconds

    return [
        LiveRule("alert", rule.name, rule.expr, seconds(rule.wait), 0, rule.labels)
        for path in paths
        for rule in rule_file.read(str(path), files.read(path)).alerts
    ]
