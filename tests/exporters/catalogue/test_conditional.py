"""Metrics that exist without having been recorded."""

from __future__ import annotations

import pytest

from boxwatch.exporters.catalogue import conditional, metrics


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("node_bonding_active", "node_exporter"),
        ("node_systemd_unit_state", "node_exporter"),
        ("prometheus_remote_storage_samples_failed_total", "prometheus"),
        ("prometheus_remote_storage_sent_batch_duration_seconds_bucket", "prometheus"),
        ("go_goroutines", "client library"),
        ("jvm_memory_bytes_used", "client library"),
    ],
)
def test_the_sources_name_them(name: str, who: str) -> None:
    """By name, and as part of a histogram."""
    assert who in conditional.condition_of(name)


def test_names_that_are_put_together_are_known_by_their_beginning() -> None:
    """Kernel counters, for one."""
    assert conditional.family_of("node_vmstat_anything").startswith("node_exporter ")
    assert conditional.family_of("shop_orders_total") == ""


@pytest.mark.parametrize("name", ["node_bondig_active", "nobody_knows_me", "prometheus_remote_storage"])
def test_what_no_source_names_is_unknown(name: str) -> None:
    """A misspelt name included."""
    assert conditional.condition_of(name) == ""


def test_most_of_what_was_recorded_is_named_by_the_source() -> None:
    """The extraction would be worth nothing otherwise."""
    for exporter in ("node_exporter", "prometheus", "cadvisor"):
        own = [name for name, entries in metrics.load().items() if any(one.exporter == exporter for one in entries)]
        named = [name for name in own if conditional.condition_of(name) or conditional.family_of(name)]
        assert len(named) > 0.85 * len(own), f"{exporter}: run tools/conditional_metrics.py for a newer version"


def test_a_family_belongs_to_the_exporter_whose_names_begin_like_it() -> None:
    """Names that many programs have belong to none."""
    assert conditional.recorded_like("node_new_metric") == ("node_exporter",)
    assert conditional.recorded_like("go_new_metric") == ()
    assert conditional.recorded_like("shop_orders_total") == ()
