"""Keys that some Prometheus refuses take the whole file with them."""

from __future__ import annotations

from support.rule_text import found, rules

from boxwatch.checks.rules import rule_portability
from boxwatch.checks.rules.rule_file import read


def test_keys_of_newer_versions_are_errors() -> None:
    """With the version that knows them."""
    file = read("r.yaml", b"groups:\n- name: a\n  labels: {a: b}\n  query_offset: 1m\n  rules: []\n")

    assert found(rule_portability, file) == [
        "error: the group has labels (Prometheus supports it from 3.0; put the labels on the rules)",
        "error: the group has query_offset (Prometheus supports it from 2.53, vmalert not at all)",
    ]


def test_unknown_keys_are_errors() -> None:
    """Whoever invented them."""
    assert found(rule_portability, rules("- alert: A\n  expr: up\n  severity: page\n")) == [
        "error: the rule has severity (no Prometheus supports it; remove it)"
    ]


def test_keys_that_all_know_are_fine() -> None:
    """keep_firing_for is known since 2.42."""
    assert found(rule_portability, rules("- {alert: A, expr: up, for: 1m, keep_firing_for: 5m}\n")) == []
