"""Texts of receivers that Alertmanager could not fill in when it matters."""

from __future__ import annotations

import pytest
from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_templates

_FILE = """receivers:
- name: desk
  slack_configs:
  - title: '%s'
    fields: [{title: x, value: '{{ .Status | toUpper }}'}]
  webhook_configs: [{url: http://a}]
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ .CommonLabels.alertname", "an action is not closed: }} is missing"),
        ("{{ .Status | upper }}", "there is no function upper"),
        ("{{ range .Alerts }}x", "{{end}} is missing"),
        ("{{ $labels.a }}", "the variable $labels is undefined"),
    ],
)
def test_a_template_that_does_not_compile_is_an_error(text: str, problem: str) -> None:
    """With its place; Alertmanager itself finds out when it notifies."""
    ((line, message),) = said(alertmanager_templates, _FILE % text)

    assert line == 4
    assert message == f"the template title in slack_configs of desk does not compile: {problem}"


@pytest.mark.parametrize("text", ['{{ template "slack.default.title" . }}', "plain", "{{ len .Alerts.Firing }} firing"])
def test_templates_of_alertmanager_are_fine(text: str) -> None:
    """With its functions, and templates that stand elsewhere."""
    assert said(alertmanager_templates, _FILE % text) == []
