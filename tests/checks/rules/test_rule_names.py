"""Names that hide what a rule is."""

from __future__ import annotations

from support.rule_text import found, rules

from boxwatch.checks.rules import rule_names
from boxwatch.checks.rules.rule_file import read


def test_a_recorded_name_is_level_metric_operations() -> None:
    """As Prometheus' own guide wants it."""
    assert found(rule_names, rules("- record: errors\n  expr: up\n")) == [
        "warning: the name is not level:metric:operations (write service:errors:rate5m)"
    ]
    assert found(rule_names, rules("- record: service:errors:rate5m\n  expr: up\n")) == []


def test_groups_have_short_different_names() -> None:
    """And not more alerts than people can survey."""
    alerts = "".join(f"  - {{alert: A{number}, expr: up}}\n" for number in range(21))
    file = read("r.yaml", f"groups:\n- name: a\n  rules:\n{alerts}- name: a\n- name: {'x' * 41}\n".encode())

    assert found(rule_names, file) == [
        "warning: it has 21 alerts (split it: more than 20 are hard to survey)",
        "warning: the name has 41 characters (use 1 to 40)",
    ]


def test_the_name_of_the_deployment_does_not_count() -> None:
    """In a shared Prometheus it comes first. Any other prefix is part of the name."""
    group = f"- name: {'d' * 30}/{'x' * 20}\n  rules: [{{alert: A, expr: up, labels: {{deployment: LABEL}}}}]\n"

    ours = read("r.yaml", f"groups:\n{group.replace('LABEL', 'd' * 30)}".encode())
    theirs = read("r.yaml", f"groups:\n{group.replace('LABEL', 'other')}".encode())

    assert found(rule_names, ours) == []
    assert found(rule_names, theirs) == ["warning: the name has 51 characters (use 1 to 40)"]
