"""Windows hold at least four scrapes."""

from __future__ import annotations

from support.rule_text import alert, found

from boxwatch.checks.rules import range_window


def test_a_window_of_fewer_than_four_scrapes_is_an_error() -> None:
    """One lost scrape, or Prometheus 3's open left edge, would empty it."""
    assert found(range_window, alert("rate(container_oom_events_total[1m]) > 0")) == [
        "error: container_oom_events_total[1m] covers fewer than 4 scrapes of 30s (use at least [2m])"
    ]


def test_four_scrapes_are_enough() -> None:
    """And more for slower scraping."""
    assert found(range_window, alert("rate(container_oom_events_total[2m]) > 0")) == []
    assert len(found(range_window, alert("rate(container_oom_events_total[2m]) > 0"), scrape_interval=60)) == 1
