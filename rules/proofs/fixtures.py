"""Fixtures: a small simulated server on which the proofs are based.

The proofs do not use the user's services. Their input is a server `main` with a service `web` (two replicas of 1 GiB),
whatever a case adds, and the constants that a plan would record for these. So every alert is proven the same way for
every topology, with the topology's thresholds and waits; the constants of the real plan have a proof of their own
(boxwatch.rules.plan.plan). In promtool's notation, samples are `interval` seconds apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Sample, Series
from boxwatch.topology.settings import Thresholds
from boxwatch.topology.units import GIB

INTERVAL = 30


def series(metric: str, values: str, /, **labels: str) -> Series:
    """One series; empty labels are left out, as in Prometheus."""
    return Series(series=notation(metric, **labels), values=values)


def notation(metric: str, /, **labels: str) -> str:
    """A metric with its labels, without empty ones."""
    inside = ",".join([f'{key}="{labels[key]}"' for key in sorted(labels) if labels[key]])
    return f"{metric}{{{inside}}}" if inside else metric


def flat(value: float, steps: int) -> str:
    """The same value at every step of a case."""
    return f"{value if value != int(value) else int(value)}x{steps}"


def binary(value: float) -> float:
    """The value rounded down to twenty binary digits: sums and means of such numbers are exact.

    A threshold that a user chose need not be: six times 2.025 divided by six is not 2.025.
    """
    part, power = math.frexp(value)
    return math.ldexp(math.floor(part * 2**20), power - 20)


def steps(*runs: tuple[float | None, int]) -> str:
    """A series of values from (value, count) pairs; None means no sample."""
    words = [f"_x{count}" if value is None else f"{int(value)}x{count - 1}" if count > 1 else f"{int(value)}"
             for value, count in runs if count]  # fmt: skip
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The length and sample interval of a case, with builders of series that span it and of the case itself.

    Attributes:
        length: seconds from the first sample to the last.
        interval: seconds between samples.
        thresholds: thresholds of the topology whose rules are proven.
    """

    length: int
    thresholds: Thresholds
    interval: int = INTERVAL

    @property
    def count(self) -> int:
        """Number of steps after the first sample."""
        return self.length // self.interval

    def steps_of(self, seconds: int) -> int:
        """Number of steps in a duration."""
        return seconds // self.interval

    def late(self, wait: int) -> int:
        """Time at which a condition that holds from the first sample on has lasted longer than an alert's wait."""
        return (math.ceil(wait / self.interval) + 1) * self.interval

    def early(self, wait: int, begin: int = 0) -> int:
        """Time at which a condition that holds from `begin` on has not quite lasted for an alert's wait.

        There is no such time for an alert that does not wait; the result is then before `begin`.
        """
        return begin + (math.ceil(wait / self.interval) - 1) * self.interval

    def constant(self, name: str, value: float, /, **labels: str) -> Series:
        """A recorded constant of the plan."""
        return series(name, flat(value, self.count), **labels)

    def service(  # noqa: PLR0913 - each is a line of a plan
        self,
        service: str = "web",
        *,
        server: str = "main",
        component: str = "",
        replicas: int = 2,
        memory: int = GIB,
        page_cache_reclaimable: bool = False,
        pages: bool = True,
        limit: int | None = GIB,
        identified_by: str = "label",
    ) -> tuple[Series, ...]:
        """The constants of one planned service with one component."""
        of_service = {"server": server, "service": service}
        of_component = {**of_service, "component": component}
        thresholds = self.thresholds
        return (
            self.constant(names.SERVICE_REPLICAS_DESIRED, replicas, **of_service),
            self.constant(names.SERVICE_MEMORY_BUDGET, replicas * memory, **of_service),
            self.constant(names.SERVICE_PAGES, int(pages), **of_service),
            self.constant(names.SERVICE_PAGE_CACHE_RECLAIMABLE, int(page_cache_reclaimable), **of_service),
            self.constant(names.SERVICE_NEAR_BUDGET, thresholds.memory_near_budget, **of_service),
            self.constant(names.SERVICE_NEAR_LIMIT, thresholds.memory_near_limit, **of_service),
            self.constant(names.SERVICE_EXHAUSTED_WITHIN, thresholds.memory_exhausted_within, **of_service),
            self.constant(names.SERVICE_RESTARTS_THRESHOLD, thresholds.restarts, **of_service),
            self.constant(names.SERVICE_REPLACEMENTS_THRESHOLD, thresholds.replacements, **of_service),
            self.constant(names.COMPONENT_REPLICAS_DESIRED, replicas, **of_component, identified_by=identified_by),
            self.constant(names.COMPONENT_MEMORY_BUDGET, memory, **of_component),
            *([self.constant(names.COMPONENT_MEMORY_LIMIT, limit, **of_component)] if limit is not None else []),
        )

    def server(self, server: str = "main", *, memory: int, reserved: int, budget: int) -> tuple[Series, ...]:
        """The constants of one planned server, sizes in bytes."""
        return (
            self.constant(names.SERVER_MEMORY_PLAN, memory, server=server),
            self.constant(names.SERVER_MEMORY_RESERVED, reserved, server=server),
            self.constant(names.SERVER_MEMORY_BUDGET, budget, server=server),
            self.constant(names.SERVER_MEMORY_PLANNED, budget + reserved, server=server),
        )

    def container(self, metric: str, values: str, name: str = "web-1", /, **labels: str) -> Series:
        """A metric of one container as stored after relabelling, by default of `web` on `main`.

        `service=""` is a container outside the plan. The resource defaults to the name.
        """
        return series(
            metric,
            values,
            **{
                "job": names.JOB_CADVISOR,
                "instance": "cadvisor:8080",
                "image": "app:1",
                "server": "main",
                "service": "web",
                "resource": name,
                "name": name,
                **labels,
            },
        )

    def node(self, metric: str, values: str, server: str = "main") -> Series:
        """A metric of node_exporter."""
        return series(metric, values, job=names.JOB_NODE, instance="node-exporter:9100", server=server)

    def scraped(self, metric: str, values: str, /, *, job: str, **labels: str) -> Series:
        """A metric of any other target as stored: on server `main`, with the given labels.

        The instance is derived from the job; rules do not join on it. For the jobs of a kind of service, pass
        `service`, which is a target label there.
        """
        return series(metric, values, **{"job": job, "instance": f"{job}-exporter:1", "server": "main", **labels})

    def fires(self, title: str, parts: tuple[Series, ...], at: int, *expects: Expected) -> Case:
        """A case in which alerts fire."""
        return Case(title=title, series=parts, at=at, expects=expects, interval=self.interval)

    def silent(self, title: str, parts: tuple[Series, ...], at: int) -> Case:
        """A case in which the alert stays silent."""
        return Case(title=title, series=parts, at=at, interval=self.interval)

    def not_yet(self, title: str, parts: tuple[Series, ...], wait: int, begin: int = 0) -> tuple[Case, ...]:
        """A case evaluated when a condition that holds from `begin` on has not quite lasted for the alert's wait.

        None for an alert that does not wait.
        """
        return (self.silent(title, parts, self.early(wait, begin)),) if wait else ()

    def never(self, title: str, parts: tuple[Series, ...]) -> Case:
        """A case in which the alert stays silent from the first sample to the last."""
        return Case(title=title, series=parts, at=self.length, interval=self.interval, throughout=True)


def of_container(name: str = "web-1", service: str = "web", **labels: str) -> dict[str, str]:
    """The labels of an alert about one container."""
    found = {"server": "main", "service": service, "resource": name, "name": name, **labels}
    return {key: value for key, value in found.items() if value}


def of_service(service: str = "web", **labels: str) -> dict[str, str]:
    """The labels of an alert about a service."""
    found = {"server": "main", "service": service, **labels}
    return {key: value for key, value in found.items() if value}


def sample(name: str, value: float, /, **labels: str) -> Sample:
    """A sample of a recorded series."""
    return Sample(labels={"__name__": name, **{key: text for key, text in labels.items() if text}}, value=value)
