"""Keys that some Prometheus refuses take the whole file with them."""

from __future__ import annotations

import pytest
from support.rule_text import found, found_in_others, rules

from boxwatch.checks.rules import rule_portability
from boxwatch.checks.rules.rule_file import read


def test_keys_of_newer_versions_are_errors() -> None:
    """With the version that knows them."""
    file = read("r.yaml", b"groups:\n- name: a\n  labels: {a: b}\n  query_offset: 1m\n  rules: []\n")

    assert found(rule_portability, file) == [
        "error: the group has labels (Prometheus supports it from 3.0; put the labels on the rules)",
        "error: the group has query_offset (Prometheus supports it from 2.53, vmalert not at all)",
    ]


@pytest.mark.parametrize("expr", ["up > 5m", "rate(up[5m] offset 1m) * 1h30m", "5m"])
def test_durations_as_numbers_are_errors(expr: str) -> None:
    """Prometheus before 2.54 refuses them; ranges, offsets, texts and names that look like one are none."""
    (finding,) = found(rule_portability, rules(f"- alert: A\n  expr: {expr}\n"))

    assert finding.endswith("as a number from 2.54 on (write it in seconds)")
    assert found_in_others(rule_portability, rules(f"- alert: A\n  expr: {expr}\n"), "2.54..") == []


@pytest.mark.parametrize(
    "expr", ["rate(up[5m])", "up offset -5m", "up{a='5m'} # 5m", "max_over_time(up[1h:5m])", "x_5m + a:5m:b", "5"]
)
def test_durations_where_they_belong_are_fine(expr: str) -> None:
    """In every version."""
    assert found(rule_portability, rules(f'- alert: A\n  expr: "{expr}"\n')) == []


def test_newer_keys_are_fine_for_whom_they_are_meant() -> None:
    """Who states a version is judged by it."""
    file = read("r.yaml", b"groups:\n- name: a\n  labels: {a: b}\n  query_offset: 1m\n  rules: []\n")

    assert found_in_others(rule_portability, file, "3.0..3.5") == []
    assert len(found_in_others(rule_portability, file, "2.53..3.5")) == 1


def test_keys_that_all_know_are_fine() -> None:
    """keep_firing_for is known since 2.42."""
    assert found(rule_portability, rules("- {alert: A, expr: up, for: 1m, keep_firing_for: 5m}\n")) == []
