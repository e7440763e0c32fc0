"""The rendered text equals prometheus_client's byte for byte, for any registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client import Enum as StateSet
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Timestamp
from prometheus_client.core import Metric as Family
from prometheus_client.openmetrics import exposition as openmetrics
from support.tiny import tiny

from boxwatch.exporters.coolify.exposition import EOF, texts
from boxwatch.exporters.coolify.fields import clean

# ruff: noqa: D103 - the names of the tests are sentences


class _Fixed:
    def __init__(self, *families: Family) -> None:
        self._families = families

    def collect(self) -> tuple[Family, ...]:
        return self._families


def _check(*families: Family) -> None:
    pairs = list(texts(families))
    other = openmetrics.generate_latest(_Fixed(*families)).decode()  # type: ignore[no-untyped-call]  # untyped there

    assert "".join(text for text, _ in pairs) == generate_latest(_Fixed(*families)).decode()
    assert "".join(text for _, text in pairs) + EOF == other


def test_our_own_page() -> None:
    _check(*tiny().registry.collect())


@given(label=st.text(), value=st.floats() | st.integers(-(10**18), 10**18), text=st.text(st.characters(codec="ascii")))
def test_any_label_value_and_help(label: str, value: float, text: str) -> None:
    gauge = GaugeMetricFamily("coolify_x", clean(text) + '"\\', labels=["name", "a"])
    gauge.add_metric([clean(label) + '"\\\n', ""], value)
    counter = CounterMetricFamily("coolify_y", "Help.", labels=["name"])
    counter.add_metric([clean(label)], abs(value))

    _check(gauge, counter)


def test_kinds_that_are_left_to_prometheus_client() -> None:
    registry = CollectorRegistry()
    Histogram("coolify_h", "Help.", registry=registry).observe(1, {"trace": "x"})
    Summary("coolify_s", "Help.", registry=registry).observe(1)
    Info("coolify_i", "Help.", registry=registry).info({"a": "b"})
    StateSet("coolify_e", "Help.", states=["a", "b"], registry=registry)
    Gauge("other", "Help.", registry=registry, unit="seconds").set(5)
    Counter("coolify_c", "Help.", registry=registry).inc(1, {"trace": "x"})

    _check(*registry.collect())


@pytest.mark.parametrize("unit", ["", "seconds"])
def test_samples_with_a_time_or_a_unit_are_left_to_prometheus_client(unit: str) -> None:
    gauge = GaugeMetricFamily(f"coolify_x{'_' if unit else ''}{unit}", "Help.", labels=["a"], unit=unit)
    gauge.add_metric(["b"], 1, timestamp=Timestamp(1787400000, 0))

    _check(gauge)


def test_samples_without_labels() -> None:
    _check(GaugeMetricFamily("coolify_x", "Help.", value=1))
