"""Builds metric families from names.Metric."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

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


def histogram(
    metric: Metric, buckets: Sequence[float], series: Iterable[tuple[Sequence[str], Sequence[int], float]]
) -> Family:
    """A classic histogram: each series with its numbers by bucket, the last of them unbounded, and its sum.

    The text formats have no native histograms, which prometheus_client therefore does not make.
    """
    found = HistogramMetricFamily(str(metric), metric.help, labels=metric.labels)
    bounds = [*map(floatToGoString, buckets), "+Inf"]
    for labels, counts, total in series:
        found.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
    return found


def one(labels: Sequence[str], value: float | None) -> Iterator[Sample]:
    """A sample, or none if Coolify does not send the value: missing is not 0."""
    if value is not None:
        yield labels, float(value)


def one_of(labels: Sequence[str], values: Sequence[str], present: str) -> Iterator[Sample]:
    """A state set: one sample for each value of a closed list, 1 for the current one."""
    for value in values:
        yield (*labels, value), float(value == present)
