"""Two rules of the same name and labels overwrite each other."""

from __future__ import annotations

from support.rule_text import found, rules

from boxwatch.checks.rules import rule_duplicates


def test_the_same_series_twice_is_an_error() -> None:
    """With the line of the first."""
    assert found(rule_duplicates, rules("- record: a:b\n  expr: up\n- record: a:b\n  expr: up\n")) == [
        "error: line 4 has the same name and labels (remove one, or distinguish them by a label)"
    ]


def test_the_same_name_with_other_labels_is_fine() -> None:
    """Constants of two services; an alert in two severities."""
    text = """
    - {record: 'a:b', expr: up, labels: {service: web}}
    - {record: 'a:b', expr: up, labels: {service: api}}
    - {alert: A, expr: up > 0, labels: {severity: warning}}
    - {alert: A, expr: up > 1, labels: {severity: critical}}
    """

    assert found(rule_duplicates, rules(text)) == []
