"""`boxwatch backtest`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options, progress
from boxwatch.commands.live_options import LiveOptions, live

if TYPE_CHECKING:
    from boxwatch.live.backtest.rules import AlertRule, Rules
    from boxwatch.live.source import Prometheus

_DAY = 86_400.0


@click.command(short_help="Show when alerts would have fired on Prometheus' history.")
@click.argument("alerts", nargs=-1, metavar="[ALERT]...")
@live
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True, max=3650),
    default=14.0,
    show_default=True,
    help="Length of the history.",
)
@click.option(
    "--rules",
    "rule_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A rule file, or a directory of them, instead of the topology's rules. Repeatable.",
)
@click.option("--loaded", is_flag=True, help="The rules that Prometheus has loaded, instead of the topology's.")
@click.option("--topology", type=click.Path(path_type=Path), metavar="FILE", help="The topology (./topology.yaml).")
@options.ext_str
@click.option("--thresholds", is_flag=True, help="Also try other thresholds of the named alerts.")
@click.option("--details", is_flag=True, help="List each time an alert would have fired.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep what is done in this file; the same command continues it after an interruption.",
)
@options.as_json
def backtest(  # noqa: PLR0913 - one for each option
    *,
    alerts: tuple[str, ...],
    live: LiveOptions,
    days: float,
    rule_files: tuple[Path, ...],
    loaded: bool,
    topology: Path | None,
    ext_str: tuple[str, ...],
    thresholds: bool,
    details: bool,
    state_file: Path | None,
    as_json: bool,
) -> None:
    """Show when alerts would have fired on the history that Prometheus holds, how often and for how long.

    Every evaluation of every rule is repeated, at the times at which Prometheus evaluates it, with `for` and
    `keep_firing_for`. Recorded series that the history lacks are expanded into their expressions. Firings that follow a
    deployment are marked. With --thresholds, shows for each threshold of the named alerts what other values would have
    meant. Exits with 1 if an alert cannot be evaluated.

    \b
    Example:
      boxwatch backtest --prometheus http://localhost:9090
      boxwatch backtest HostDiskLow --thresholds --days 30 --prometheus http://localhost:9090
      boxwatch backtest --rules rules/ --details --state backtest.json --prometheus http://localhost:9090
    """
    from boxwatch.live.backtest import report
    from boxwatch.live.backtest.backtest import Backtest
    from boxwatch.live.backtest.state_file import StateFile

    if thresholds and not alerts:
        raise click.UsageError("--thresholds needs the names of alerts: each value takes a whole evaluation.")
    if loaded and rule_files:
        raise click.UsageError("--loaded and --rules exclude each other: pass one")
    source = live.server()
    rules = _rules(source, rule_files, topology, ext_str, loaded=loaded)
    chosen = _chosen(rules, alerts)
    now = source.now()
    title = f"{source.url} {days:g} {thresholds}"
    test = Backtest(source, rules, StateFile(state_file, title), now - days * _DAY, now)
    with progress.shown("evaluations, percent", hidden=as_json) as watch:
        result = test.run(chosen, watch, trials=thresholds)
    if as_json:
        options.print_json(report.to_json(result))
    else:
        for line in report.lines(result, details=details):
            click.echo(line)
    if result.failed:
        sys.exit(1)


def _rules(
    source: Prometheus, paths: tuple[Path, ...], topology: Path | None, ext_str: tuple[str, ...], *, loaded: bool
) -> Rules:
    from boxwatch.checks.rules import rule_file
    from boxwatch.errors import BoxwatchError
    from boxwatch.live.backtest import rules

    groups = source.groups() or ()
    phases = rules.phases(source, groups, source.now())
    if loaded:
        if not groups:
            raise BoxwatchError(f"{source.url} has loaded no rules")
        return rules.of_server(groups, phases)
    found = _files(paths) if paths else _planned(topology, ext_str)
    read = [rule_file.read(path, content) for path, content in found.items()]
    default = source.evaluation_interval() or rules.DEFAULT_INTERVAL
    return rules.of_files(read, groups, phases, default)


def _files(paths: tuple[Path, ...]) -> dict[str, bytes]:
    from boxwatch.commands import files

    _, found = files.sort(paths)
    return {path: content for path, content in found.items() if not path.endswith(".json")}


def _planned(topology: Path | None, ext_str: tuple[str, ...]) -> dict[str, bytes]:
    from boxwatch.rules import catalogue

    loaded = options.load(topology, ext_str)
    built = catalogue.build(loaded.topology)
    return {**catalogue.rule_files(built), **options.extra_rules(loaded, built=built).rules}


def _chosen(rules: Rules, names: tuple[str, ...]) -> list[AlertRule]:
    """The alerts with these names; all if there are none."""
    from boxwatch.topology.wording import did_you_mean

    known = {rule.name for rule in rules.alerts}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise click.BadParameter(f"no alert is named {name}{f' ({hint})' if hint else ''}", param_hint="ALERT")
    return [rule for rule in rules.alerts if not names or rule.name in names]
