"""Alerts that the person they wake could not use are warned of."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import alert_style


def test_an_alert_in_style_is_fine() -> None:
    """Name, severity, summary, description, runbook."""
    assert found(alert_style, alert("up == 0")) == []


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"summary": ""}, "there is no summary"),
        ({"summary": "{{ $labels.server }} is down."}, "the summary contains a template"),
        ({"summary": "it is down"}, "the summary is not a sentence"),
        ({"description": ""}, "there is no description"),
        ({"description": "Down."}, "the description names no instance"),
        ({"runbook_url": ""}, "there is no runbook"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_texts(annotations: dict[str, str], message: str) -> None:
    """Each omission has its own sentence."""
    (finding,) = found(alert_style, alert("up == 0", **annotations))

    assert finding.startswith(f"warning: {message}")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("- alert: service_down\n  labels: {severity: critical}", ["the name is not CamelCase"]),
        (f"- alert: {'Service' * 6}\n  labels: {{severity: critical}}", ["the name has 42 characters"]),
        ("- alert: ServiceDown", ["there is no severity"]),
        ("- alert: ServiceDown\n  labels: {severity: page}", ["severity page is unknown to routes"]),
    ],
    ids=["name", "length", "no severity", "severity"],
)
def test_names_and_severities(text: str, messages: list[str]) -> None:
    """As routes and pagers expect them."""
    texts = "summary: It is down., description: '{{ $value }}', runbook: down.md"
    findings = found(alert_style, rules(f"{text}\n  expr: up == 0\n  annotations: {{{texts}}}\n"))

    assert [finding.removeprefix("warning: ").partition(" (")[0] for finding in findings] == messages
