"""Every metric comes from an exporter that this deployment scrapes, under the job that the query names.

Needs a prometheus.yml next to the rules. A rule on an exporter that is not scraped never fires, and a panel stays
empty; `pg_up{job="redis"}` matches nothing even where both are scraped. An exporter may have several pages: a metric
found only on a page that is not scraped is a finding, unless the query uses `or` with its name on the scraped page.
Jobs not created by boxwatch are not judged. Add the exporter to the topology, correct the job, or remove the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.checks.rules.scraped import EXPORTERS, Scraped, Source
from boxwatch.exporters.catalogue import metrics
from boxwatch.promql import nodes, required
from boxwatch.promql.selectors import Selector, selectors

ID = "metric_sources"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Rules on metrics that are not scraped."""
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
        if selector.name in known.applications and selector.name not in known.recorded:
            problem = _of_application(selector, known)
        else:
            exporters = _exporters(selector, known)
            problem = _problem(selector, exporters, known.scraped) if exporters else None
        if problem:
            found[problem] = None
    scraped = known.scraped
    for selector in required.without(tree, lambda one: _is_on_no_page(one, known, scraped)):
        found[_page_problem(selector, scraped)] = None
    yield from found


def _exporters(selector: Selector, known: Known) -> frozenset[str]:
    """The exporters of the metric; empty for recorded series, and for those that Prometheus adds to every target."""
    exporters = frozenset(metric.exporter for metric in metrics.exposed_by(selector.name))
    return frozenset() if selector.name in known.recorded or metrics.SCRAPE in exporters else exporters


def _problem(selector: Selector, exporters: frozenset[str], scraped: Scraped) -> tuple[str, str] | None:
    who = " or ".join(sorted(exporters))
    jobs = sorted(job for job, own in EXPORTERS.items() if not exporters.isdisjoint(own))
    if selector.job in scraped:
        own = scraped[selector.job]
        if own is None or _have(own, exporters):
            return None
        message = f'{selector.name} is exposed by {who}, but job="{selector.job}" is another exporter'
        return message, _meant(exporters, scraped)
    if selector.job and selector.job not in jobs:
        return f'{selector.name}: this deployment has no job="{selector.job}"', _meant(exporters, scraped)
    if not selector.job and any(own is not None and _have(own, exporters) for own in scraped.values()):
        return None
    return (
        f"{selector.name} is exposed by {who}, which this deployment does not scrape",
        f"it would be job {' or '.join(jobs)} of prometheus.yml" if jobs else "",
    )


def _of_application(selector: Selector, known: Known) -> tuple[str, str] | None:
    """A job that does not scrape the application. An exporter may expose the same name, as `process_…` is by many."""
    own = known.applications[selector.name]
    jobs = sorted({metric.job for metric in own})
    if selector.job in ("", *jobs):
        return None
    exporters = _exporters(selector, known)
    if exporters:
        return _problem(selector, exporters, known.scraped or {})
    where = " and ".join(f'job="{job}"' for job in jobs)
    return f'{selector.name} was recorded for {where}, but the query names job="{selector.job}"', (
        f'did you mean job="{jobs[0]}"?' if len(jobs) == 1 else ""
    )


def _have(sources: frozenset[Source], exporters: frozenset[str]) -> bool:
    return any(source.exporter in exporters for source in sources)


def _meant(exporters: frozenset[str], scraped: Scraped) -> str:
    jobs = sorted(job for job, own in scraped.items() if own is not None and _have(own, exporters))
    return f'did you mean job="{jobs[0]}"?' if len(jobs) == 1 else ""


def _is_on_no_page(selector: Selector, known: Known, scraped: Scraped) -> bool:
    """Whether the exporter is scraped, but none of its scraped pages has the metric."""
    exporters = _exporters(selector, known)
    own = frozenset(_of_job(selector, scraped))
    shown = any(source.shows(metric) for metric in metrics.exposed_by(selector.name) for source in own)
    return _have(own, exporters) and not shown


def _of_job(selector: Selector, scraped: Scraped) -> Iterator[Source]:
    for job, own in scraped.items():
        if selector.job in ("", job):
            yield from own or ()


def _page_problem(selector: Selector, scraped: Scraped) -> tuple[str, str]:
    own = sorted({source.exporter for source in _of_job(selector, scraped)})
    known = [metric for metric in metrics.exposed_by(selector.name) if metric.exporter in own]
    seen = sorted({target for metric in known for target in metric.on})
    return (
        f"{selector.name} is on no page of {known[0].exporter} that this deployment scrapes",
        f"it was recorded on {', '.join(seen)}: scrape that page too, or use `or` with its name on this one",
    )
