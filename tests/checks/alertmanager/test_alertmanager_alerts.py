"""Routes and inhibition name alerts that there are."""

from __future__ import annotations

from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_alerts

_TEXT = """route:
  routes:
  - {receiver: b, matchers: ['alertname="ServiceDwon"']}
inhibit_rules:
- {source_matchers: ['alertname=~"ServiceDown|Nothing"'], target_matchers: ['alertname=~".*Slow"']}
"""


def test_a_name_that_no_rule_fires_is_told_with_its_line() -> None:
    """A pattern may match something; a list of names is looked at one by one."""
    assert said(alertmanager_alerts, _TEXT, {"ServiceDown"}) == [
        (3, "no rule has an alert called ServiceDwon"),
        (5, "no rule has an alert called Nothing"),
    ]


def test_names_of_alerts_that_there_are() -> None:
    """Nothing to say."""
    assert said(alertmanager_alerts, _TEXT, {"ServiceDown", "ServiceDwon", "Nothing"}) == []


def test_without_rules_nothing_is_known() -> None:
    """So nothing is said."""
    assert said(alertmanager_alerts, _TEXT) == []
