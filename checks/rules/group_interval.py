"""A group runs often enough for its series not to go stale, and no more often than new samples arrive.

Prometheus forgets a series five minutes after its last sample, so a series recorded every ten minutes is missing half
of the time. Running more often than the scrape interval computes the same values again.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.topology.units import format_duration, parse_duration

ID = "group_interval"

# Prometheus' --query.lookback-delta.
_FORGOTTEN = 300


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Groups that run too rarely or too often."""
    for group in file.groups:
        try:
            interval = parse_duration(group.interval) if group.interval else known.scrape_interval
        except ValueError:
            continue  # Prometheus refuses the file, and promtool reports it
        if interval >= _FORGOTTEN and any(rule.kind == "record" for rule in group.rules):
            message = f"series recorded every {format_duration(interval)} go stale in between"
            yield group.finding(ID, "warning", message, f"run it more often than every {format_duration(_FORGOTTEN)}")
        elif interval < known.scrape_interval and not known.foreign:
            message = f"it runs every {format_duration(interval)}, more often than new samples arrive"
            yield group.finding(ID, "warning", message, f"scrapes are {format_duration(known.scrape_interval)} apart")
