"""The result of a backtest: a table of alerts, each firing, other thresholds; or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from boxwatch.live.backtest.backtest import Outcome, Result, length
from boxwatch.live.backtest.machine import Firing
from boxwatch.live.samples import shown
from boxwatch.topology.wording import counted

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_HEADINGS = ("alert", "severity", "fired", "in all", "longest", "near a deploy", "not long enough")


def lines(result: Result, *, details: bool) -> Iterator[str]:
    """For people.

    Args:
        result: the result.
        details: also list each firing.
    """
    loud = [each for each in result.outcomes if each.firings or each.problem]
    loud.sort(key=lambda each: (-len(each.firings), each.rule.name))
    if loud:
        yield from _table(result, [each for each in loud if each.firings])
    for each in loud if details else ():
        if each.firings:
            yield ""
            yield _title(each)
            yield from (
                _firing(firing, result, near=near) for firing, near in zip(each.firings, each.near, strict=True)
            )
    for each in result.outcomes:
        if each.trials:
            yield ""
            yield from _trials(each)
    expanded = sorted({name for each in result.outcomes for name in each.expanded})
    if expanded:
        yield ""
        yield f"note: not in the history, expanded into their expressions: {', '.join(expanded)}"
    for each in result.failed:
        yield f"{click.style('error', fg='red', bold=True)}: {_title(each)}: {each.problem}"
    yield ""
    yield summary(result)


def summary(result: Result) -> str:
    """`158 alerts over 14 d: 3 would have fired, 12 times in all; 41 deployments; the history covers 100 %`."""
    fired = [each for each in result.outcomes if each.firings]
    times = sum(len(each.firings) for each in fired)
    deploys = "" if result.deploys is None else f"; {counted(result.deploys, 'deployment')}"
    return (
        f"{counted(len(result.outcomes), 'alert')} over {span(result.end - result.start)}:"
        f" {len(fired)} would have fired, {counted(times, 'time')} in all{deploys};"
        f" the history covers {100 * result.covered:.0f} %"
    )


def to_json(result: Result) -> dict[str, Any]:
    """For programs: times in seconds since 1970."""
    return {
        "start": result.start,
        "end": result.end,
        "covered": result.covered,
        "deployments": result.deploys,
        "alerts": [
            {
                "alert": each.rule.name,
                "labels": dict(each.rule.labels),
                "for": each.rule.wait,
                "keep_firing_for": each.rule.keep,
                "interval": each.rule.interval,
                "firings": [
                    {**asdict(firing), "near_deployment": near}
                    for firing, near in zip(each.firings, each.near, strict=True)
                ],
                "not_long_enough": each.pending,
                "longest_pending": each.longest,
                "expanded": list(each.expanded),
                "thresholds": [asdict(trial) for trial in each.trials],
                "problem": each.problem,
            }
            for each in result.outcomes
        ],
    }


def _table(result: Result, fired: list[Outcome]) -> Iterator[str]:
    rows = [_HEADINGS]
    for each in fired:
        lengths = [length(firing, result.end) for firing in each.firings]
        pending = f"{each.pending} (up to {span(each.longest)} of {span(each.rule.wait)})" if each.pending else "-"
        near = str(sum(each.near)) if result.deploys is not None else "?"
        severity = each.rule.labels.get("severity", "-")
        count = str(len(each.firings))
        rows.append((each.rule.name, severity, count, span(sum(lengths)), span(max(lengths)), near, pending))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    left = frozenset({0, 1})
    for row in rows if len(rows) > 1 else ():
        cells = (
            f"{cell:<{wide}}" if column in left else f"{cell:>{wide}}"
            for column, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _title(outcome: Outcome) -> str:
    severity = outcome.rule.labels.get("severity", "")
    return f"{outcome.rule.name}{f' ({severity})' if severity else ''}"


def _firing(firing: Firing, result: Result, *, near: bool) -> str:
    start = datetime.fromtimestamp(firing.start, UTC)
    lasted = span(length(firing, result.end))
    still = " and still fires" if firing.end is None else ""
    before = " since before" if firing.start < result.start else ""
    deploy = ", near a deployment" if near else ""
    low, high = firing.extreme
    values = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return f"  {start:%Y-%m-%d %H:%M:%S}{before} for {lasted}{still}{deploy}  {shown(firing.labels)} {values}"


def _trials(outcome: Outcome) -> Iterator[str]:
    comparison = ""
    for each in outcome.trials:
        if each.comparison != comparison:
            comparison = each.comparison
            yield f"{_title(outcome)}: {comparison}"
        own = "  ← the rule" if each.own else ""
        yield f"  {each.value:>14.6g}  fires {counted(each.fired, 'time'):>10}, {span(each.seconds):>10} in all{own}"


def span(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{round(whole / _MINUTE)} min"
    if whole < 2 * _DAY:
        hours, rest = divmod(round(whole / _MINUTE), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(whole / _HOUR), 24)
    return f"{days} d {rest} h" if rest else f"{days} d"
