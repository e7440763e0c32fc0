"""Texts that read a label which the query dropped have a hole in them."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found

from boxwatch.checks.rules import alert_templates


@pytest.mark.parametrize(
    ("query", "has"),
    [
        ("sum by (job) (up) == 0", "job"),
        ("count(up) == 0", "no labels"),
        ("sum without (server) (up) == 0", "expected, instance, job, port, service"),
        ("label_replace(sum(up), 'job', 'x', '', '') == 0", "job"),
        ("absent(up{job='node'})", "job"),
        ("up / on (job) up == 0", "job"),
        ("up / ignoring (server) up == 0", "expected, instance, job, port, service"),
        ("count_values by (job) ('value', up) > 0", "job, value"),
    ],
)
def test_a_label_that_the_query_does_not_keep_is_an_error(query: str, has: str) -> None:
    """The description reads `server`."""
    assert found(alert_templates, alert(query)) == [
        f"error: description uses the label server, which the query does not keep (the result has {has})"
    ]


@pytest.mark.parametrize(
    "query",
    [
        "up == 0", "max by (server) (up) == 0", "topk(1, up) > 0", "up and on (job) sum by (job) (up) > 1",
        "up > on (server) group_left () sum by (server) (up)", "sum by (job) (up) * on (job) group_right () up > 0",
        "sum by (job) (up) * on (job) group_left (server) up > 0", "2 * up > 1", "(up) - 1 > 0", "unknown_metric > 0",
        "time() - max by (server) (node_boot_time_seconds) < 600", "sum(up) > 1 or up > 1", "-up < 0", "abs(up) > 0",
        "avg_over_time(up[5m]) > 0", "max_over_time(up[5m:1m]) > 0", "label_replace(up, 'x', 'y', '', '') > 0",
        "histogram_quantile(0.9, sum by (server, le) (rate(prometheus_http_request_duration_seconds_bucket[5m]))) > 1",
    ],
)  # fmt: skip
def test_a_label_that_the_query_keeps_is_fine(query: str) -> None:
    """Or one of which nothing can be said."""
    assert found(alert_templates, alert(query)) == []
