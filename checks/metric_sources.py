"""Every metric comes from an exporter that this deployment scrapes, under the job that the query names.

Needs a prometheus.yml beside the rules. A rule on an exporter that nobody scrapes never fires, and a panel stays empty;
`pg_up{job="redis"}` matches nothing even where both are scraped. Jobs that boxwatch does not make are not judged. Add
the exporter to the topology, correct the job, or leave the rule out.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.known import Known
from boxwatch.checks.rule_file import RuleFile
from boxwatch.checks.scraped import EXPORTERS, Scraped
from boxwatch.exporters import metrics
from boxwatch.promql import nodes
from boxwatch.promql.selectors import Selector, selectors

ID = "metric_sources"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Rules on what is not scraped."""
    for rule in file.rules:
        tree = rule.tree
        for message, hint in problems(tree, known) if tree is not None else ():
            yield rule.finding(ID, "warning", message, hint, at="expr")


def problems(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    """(message, hint) for each selector of a query that finds nothing here. Each once."""
    if known.scraped is None:
        return
    found: dict[tuple[str, str], None] = {}
    for selector in selectors(tree):
        exporters = frozenset(metric.exporter for metric in metrics.exposed_by(selector.name))
        # What Prometheus itself says of every target has no exporter.
        if exporters and selector.name not in known.recorded and metrics.SCRAPE not in exporters:
            problem = _problem(selector, exporters, known.scraped)
            if problem:
                found[problem] = None
    yield from found


def _problem(selector: Selector, exporters: frozenset[str], scraped: Scraped) -> tuple[str, str] | None:
    who = " or ".join(sorted(exporters))
    jobs = sorted(job for job, own in EXPORTERS.items() if not exporters.isdisjoint(own))
    if selector.job in scraped:
        own = scraped[selector.job]
        if own is None or not own.isdisjoint(exporters):
            return None
        message = f'{selector.name} is exposed by {who}, and job="{selector.job}" is another exporter'
        return message, _meant(exporters, scraped)
    if selector.job and selector.job not in jobs:
        return f'{selector.name}: this deployment has no job="{selector.job}"', _meant(exporters, scraped)
    if not selector.job and any(own is not None and not own.isdisjoint(exporters) for own in scraped.values()):
        return None
    return (
        f"{selector.name} is exposed by {who}, which this deployment does not scrape",
        f"it would be job {' or '.join(jobs)} of prometheus.yml" if jobs else "",
    )


def _meant(exporters: frozenset[str], scraped: Scraped) -> str:
    jobs = sorted(job for job, own in scraped.items() if own is not None and not own.isdisjoint(exporters))
    return f'did you mean job="{jobs[0]}"?' if len(jobs) == 1 else ""
