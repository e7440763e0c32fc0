"""Constraints on measurement: scrape targets, latency objectives, tuning of alerts."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.wording import counted, did_you_mean, listed


def metrics_are_apart(context: ValidationContext) -> Iterator[Issue]:
    """Each service has its own scrape target: otherwise the same metrics would describe two services."""
    taken: dict[str, str] = {}
    for service in context.certain_services("metrics", "server", "kind"):
        path: Path = ("services", service.name, "metrics")
        if service.metrics and len(service.metrics) != len(service.server):
            message = f"lists {counted(len(service.metrics), 'target')} for {counted(len(service.server), 'server')}"
            yield Issue(path, message, "write one host:port per server, in the order of `server`")
            continue
        for _, target in context.topology.metrics_of(service):
            owner = taken.setdefault(target, service.name)
            if owner != service.name:
                message = f"would be scraped at {target}, like `{owner}` in {context.line(('services', owner))}"
                said = path if service.metrics else path[:-1]
                yield Issue(said, message, "set `metrics` to the host:port of its exporter", at_key=True)
                break


def objectives_can_be_measured(context: ValidationContext) -> Iterator[Issue]:
    """A latency objective is a bucket bound of the histogram, which has no resolution in between."""
    topology = context.topology
    bounds = topology.latency_buckets
    hint = f"write one of {listed([f'{bound:g}s' for bound in bounds])}, or add it to `latency_buckets`"
    doubtful = context.doubtful & {("objectives",), ("objectives", "latency_within"), ("latency_buckets",)}
    if topology.objectives.latency_within not in bounds and not doubtful:
        message = f"{topology.objectives.latency_within:g}s is not one of `latency_buckets`"
        yield Issue(("objectives", "latency_within"), message, hint)
    for service in context.certain_services("objectives"):
        within = service.objectives.latency_within
        if within is not None and within not in bounds:
            path: Path = ("services", service.name, "objectives", "latency_within")
            yield Issue(path, f"{within:g}s is not one of `latency_buckets`", hint)


def tunings_name_services(context: ValidationContext) -> Iterator[Issue]:
    """Every service in the tuning of an alert is defined in the file."""
    known = [service.name for service in context.topology.services]
    for alert, tuning in context.topology.alerts.rules.items() if not context.doubtful else ():
        for service in tuning.services:
            if service not in known:
                path: Path = ("alerts", "rules", alert, "services", service)
                hint = did_you_mean(service, known) or f"defined here: {listed(known)}"
                yield Issue(path, "is not a service of this file", hint, at_key=True)
