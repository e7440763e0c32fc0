"""A range covers at least four samples, so that one lost scrape or a left-open window of Prometheus 3 leaves enough."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.selectors import selectors
from boxwatch.topology.units import format_duration

ID = "range_window"

# Prometheus 3 leaves the left edge of a window out: one scrape interval then holds one sample, and rate() needs two.
SCRAPES = 4


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Windows too short for the scrape interval."""
    shortest = SCRAPES * known.scrape_interval
    for rule in file.rules:
        tree = rule.tree
        for selector in selectors(tree) if tree is not None else ():
            if 0 < selector.window < shortest:
                yield rule.finding(
                    ID,
                    "error",
                    f"{selector.name}[{format_duration(int(selector.window))}] covers fewer than {SCRAPES} scrapes of "
                    f"{format_duration(known.scrape_interval)}",
                    f"use at least [{format_duration(shortest)}]",
                    at="expr",
                )
