"""A range covers at least four samples, so that one lost scrape or a left-open window of Prometheus 3 leaves enough."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.selectors import selectors
from boxwatch.topology.units import format_duration

ID = "range_window"

# Rules of others are judged by a scrape every 15 s, the interval of Prometheus' own example configuration.
SHORTEST_INTERVAL = 15

# Prometheus 3 leaves the left edge of a window out: one scrape interval then holds one sample, and rate() needs two.
SCRAPES = 4


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Windows too short for the scrape interval."""
    # How often others scrape is unknown: a window without two samples of the usual 15 s is too short for most.
    interval = SHORTEST_INTERVAL if known.foreign else known.scrape_interval
    shortest = (2 if known.foreign else SCRAPES) * interval
    for rule in file.rules:
        tree = rule.tree
        for selector in selectors(tree) if tree is not None else ():
            if 0 < selector.window < shortest:
                yield rule.finding(
                    ID,
                    "error",
                    f"{selector.name}[{format_duration(int(selector.window))}] covers fewer than "
                    f"{shortest // interval} scrapes of "
                    f"{format_duration(interval)}",
                    f"use at least [{format_duration(shortest)}]",
                    at="expr",
                )
