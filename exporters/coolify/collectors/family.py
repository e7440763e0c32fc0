"""Builds metric families from names.Metric."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from boxwatch.exporters.coolify.names import Metric

Sample = tuple[Sequence[str], float]


def family(metric: Metric, samples: Iterable[Sample]) -> Family:
    """A family with its samples, each a tuple of label values and a number."""
    if metric.kind == "counter":
        counter = CounterMetricFamily(str(metric), metric.help, labels=metric.labels)
        for labels, value in samples:
            counter.add_metric(labels, value)
        return counter
    gauge = GaugeMetricFamily(str(metric), metric.help, labels=metric.labels)
    for labels, value in samples:
        gauge.add_metric(labels, value)
    return gauge


def one(labels: Sequence[str], value: float | None) -> Iterator[Sample]:
    """A sample, or none if Coolify does not send the value: missing is not 0."""
    if value is not None:
        yield labels, float(value)


def one_of(labels: Sequence[str], values: Sequence[str], present: str) -> Iterator[Sample]:
    """A state set: one sample for each value of a closed list, 1 for the current one."""
    for value in values:
        yield (*labels, value), float(value == present)
