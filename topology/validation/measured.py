"""Constraints on what is measured: where it is scraped, what objectives are held against, what alerts differ by."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.validation.context import Facts
from boxwatch.topology.wording import counted, did_you_mean, listed


def metrics_are_apart(facts: Facts) -> Iterator[Mistake]:
    """Each service is scraped at a place of its own: the same numbers twice would be told of two services."""
    taken: dict[str, str] = {}
    for service in facts.certain_services("metrics", "server", "kind"):
        path: Path = ("services", service.name, "metrics")
        if service.metrics and len(service.metrics) != len(service.server):
            message = f"names {counted(len(service.metrics), 'place')} for {counted(len(service.server), 'server')}"
            yield Mistake(path, message, "write one host:port for each server, in the order of `server`")
            continue
        for _, target in facts.topology.metrics_of(service):
            owner = taken.setdefault(target, service.name)
            if owner != service.name:
                message = f"would be scraped at {target}, like `{owner}` in {facts.line(('services', owner))}"
                said = path if service.metrics else path[:-1]
                yield Mistake(said, message, "say in `metrics` where its exporter answers", at_key=True)
                break


def objectives_can_be_measured(facts: Facts) -> Iterator[Mistake]:
    """A latency objective lies on a bound of the histogram; in between nobody knows how many requests were faster."""
    topology = facts.topology
    bounds = topology.latency_buckets
    hint = f"write one of {listed([f'{bound:g}s' for bound in bounds])}, or add it to `latency_buckets`"
    doubtful = facts.doubtful & {("objectives",), ("objectives", "latency_within"), ("latency_buckets",)}
    if topology.objectives.latency_within not in bounds and not doubtful:
        message = f"{topology.objectives.latency_within:g}s is no bound of `latency_buckets`"
        yield Mistake(("objectives", "latency_within"), message, hint)
    for service in facts.certain_services("objectives"):
        within = service.objectives.latency_within
        if within is not None and within not in bounds:
            path: Path = ("services", service.name, "objectives", "latency_within")
            yield Mistake(path, f"{within:g}s is no bound of `latency_buckets`", hint)


def tunings_name_services(facts: Facts) -> Iterator[Mistake]:
    """An alert differs for services that there are."""
    known = [service.name for service in facts.topology.services]
    for alert, tuning in facts.topology.alerts.rules.items() if not facts.doubtful else ():
        for service in tuning.services:
            if service not in known:
                path: Path = ("alerts", "rules", alert, "services", service)
                hint = did_you_mean(service, known) or f"known here: {listed(known)}"
                yield Mistake(path, "is not a service of this file", hint, at_key=True)
