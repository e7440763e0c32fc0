"""Differences are described rule by rule."""

from __future__ import annotations

import json

import pytest

from boxwatch.publish import rule_set
from boxwatch.publish.rule_changes import changes

_ALERT = {
    "alert": "ContainerMemoryNearBudget",
    "expr": "a > 1",
    "for": "10m",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "A container uses nearly all of its budget."},
}
_PLAN = {"record": "level:plan:sum", "expr": "vector(1)", "labels": {"service": "web"}}
_OTHER = {"record": "level:plan:sum", "expr": "vector(9)", "labels": {"service": "api"}}
_THIRD = {"record": "level:third:sum", "expr": "c"}


def _bytes(size: int) -> dict[str, object]:
    return {"record": "service:memory_budget_bytes:plan", "expr": f"vector({size})"}


def _seconds(seconds: int) -> dict[str, object]:
    return {"record": "service:x_seconds:threshold", "expr": f"vector({seconds})"}


def _set(*rules: object, **more: object) -> rule_set.RuleSet:
    return rule_set.merge({"a.yaml": json.dumps({"groups": [{"name": "budget", "rules": rules, **more}]}).encode()})


def _said(old: rule_set.RuleSet | None, new: rule_set.RuleSet | None) -> list[str]:
    return [f"{change.kind} {change}" for change in changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (_ALERT, _ALERT, []),
        (
            _ALERT,
            _ALERT | {"for": "15m", "expr": "a > 1\nand b > 0"},
            ["changed budget / ContainerMemoryNearBudget: expression changed, for 10m → 15m"],
        ),
        (_ALERT, _ALERT | {"expr": "a > 2"}, ["changed budget / ContainerMemoryNearBudget: expression a > 1 → a > 2"]),
        (
            _ALERT,
            _ALERT | {"labels": {"severity": "critical"}, "annotations": {"summary": "Another sentence that is long."}},
            ["changed budget / ContainerMemoryNearBudget: label severity warning → critical, summary changed"],
        ),
        (
            _ALERT,
            {key: value for key, value in _ALERT.items() if key not in {"for", "labels"}} | {"keep_firing_for": "5m"},
            ["changed budget / ContainerMemoryNearBudget: for removed, label severity removed, keep_firing_for added"],
        ),
        (_PLAN, _OTHER, ["changed budget / level:plan:sum: expression vector(1) → vector(9), label service web → api"]),
        (_bytes(4 * 2**30), _bytes(5 * 2**30), ["changed budget / service:memory_budget_bytes:plan: 4 GB → 5 GB"]),
        (
            _bytes(2**40),
            _bytes(2**40 + 1),
            [
                (
                    "changed budget / service:memory_budget_bytes:plan:"
                    " expression vector(1099511627776) → vector(1099511627777)"
                ),
            ],
        ),
        (_seconds(3600), _seconds(5400), ["changed budget / service:x_seconds:threshold: 1h → 1h30m"]),
        (_ALERT, _PLAN, ["added budget / level:plan:sum", "removed budget / ContainerMemoryNearBudget"]),
    ],
    ids=[
        "same",
        "wait and expression",
        "short expression",
        "severity",
        "gone and new",
        "labels",
        "budget",
        "rounded",
        "time",
        "another rule",
    ],
)
def test_a_changed_rule_is_described(old: object, new: object, said: list[str]) -> None:
    """Short values are shown."""
    assert _said(_set(old), _set(new)) == said


def test_rules_of_one_name_are_distinguished_by_their_labels() -> None:
    """As for constants recorded per service."""
    changed = _OTHER | {"expr": "vector(8)"}

    assert _said(_set(_PLAN, _OTHER), _set(_PLAN, changed)) == [
        'changed budget / level:plan:sum{service="api"}: expression vector(9) → vector(8)'
    ]
    assert _said(_set(_PLAN, _OTHER), _set(_OTHER)) == ['removed budget / level:plan:sum{service="web"}']


def test_another_order_is_a_change() -> None:
    """Rules of a group are evaluated in order."""
    assert _said(_set(_PLAN, _THIRD), _set(_THIRD, _PLAN)) == ["changed budget: order of its rules changed"]


def test_a_group_is_added_changed_or_removed() -> None:
    """The number of its rules is shown."""
    assert _said(None, _set(_PLAN)) == ["added budget: 1 rule"]
    assert _said(_set(_PLAN, _OTHER), None) == ["removed budget: 2 rules"]
    assert _said(_set(_PLAN), _set(_PLAN, interval="1m")) == ["changed budget: interval added"]
