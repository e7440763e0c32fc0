"""Prometheus' template functions for numbers in descriptions."""

from __future__ import annotations

from boxwatch.rules.template_functions import duration, percentage, short, size
from boxwatch.topology.units import GIB, KIB


def test_numbers_read_as_prometheus_writes_them() -> None:
    """Numbers are formatted like Prometheus' template functions, because promtool compares the texts."""
    assert (percentage(0.9), percentage(1.125), percentage(0.80127)) == ("90%", "112.5%", "80.13%")
    assert (size(512), size(KIB), size(1.5 * GIB), size(5 * GIB)) == ("512B", "1kiB", "1.5GiB", "5GiB")
    assert (short(12), short(1_125_000_000), short(999)) == ("12", "1.125G", "999")


def test_times_read_as_prometheus_writes_them() -> None:
    """Durations are formatted from days to fractions of a second, negative ones included."""
    assert [duration(seconds) for seconds in (90061, 3600, 338, 60)] == ["1d 1h 1m 1s", "1h 0m 0s", "5m 38s", "1m 0s"]
    assert [duration(seconds) for seconds in (42, 2.5, 0.0125, 0.00002, 0)] == ["42s", "2.5s", "12.5ms", "20us", "0s"]
    assert [duration(-seconds) for seconds in (3600, 42, 0.5)] == ["-1h 0m 0s", "-42s", "-500ms"]
