"""Matchers and `equal` name labels and values that alerts can have."""

from __future__ import annotations

import pytest
from support.rule_text import rules

from boxwatch.checks.alertmanager import alertmanager_file, alertmanager_labels
from boxwatch.checks.alertmanager.fired import Alerts, fired
from boxwatch.checks.rules.known import known

_RULES = """
- alert: ServiceDown
  expr: up{job="a"} == 0
  labels: {severity: critical, team: "{{ $labels.team }}"}
- alert: ReplicasMissing
  expr: sum by (server, service) (up) < 2
  labels: {severity: warning}
"""


def _alerts(*, foreign: bool) -> Alerts:
    file = rules(_RULES)
    names = known((file,))
    return fired(file.alerts, type(names)(names.recorded, foreign=foreign))


def _said(text: str, *, foreign: bool = True, alone: bool = False) -> list[str]:
    file = alertmanager_file.read("alertmanager.yml", text.encode())
    found = alertmanager_labels.check(file, None if alone else _alerts(foreign=foreign))
    return [f"{one.severity}: {one.message} ({one.hint})" for one in found]


def _route(matcher: str) -> str:
    return f"route:\n  receiver: a\n  routes:\n  - matchers: ['{matcher}']\n"


def _inhibition(equal: str, source: str = "alertname=ServiceDown", target: str = 'severity="warning"') -> str:
    return f"inhibit_rules:\n- source_matchers: ['{source}']\n  target_matchers: ['{target}']\n  equal: [{equal}]\n"


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("matcher", "hint"),
    [("alert=ServiceDown", "alertname"), ("serverity=critical", "severity"), ("name=x", "alertname")],
)
def test_a_misspelt_label_is_a_warning(matcher: str, hint: str, *, alone: bool) -> None:
    """With or without the rules beside it."""
    (found,) = _said(_route(matcher), alone=alone)
    label = matcher.partition("=")[0]

    assert found == f"warning: no alert has a label {label}: the route never matches (did you mean {hint}?)"


@pytest.mark.parametrize("foreign", [True, False])
def test_a_label_that_only_others_may_have_is_fine(*, foreign: bool) -> None:
    """Rules that were not given may set it."""
    assert _said(_route("zone=b"), foreign=foreign) == []


@pytest.mark.parametrize(
    ("matcher", "severity", "hint"),
    [
        ('alertname="*"', "error", 'alertname=~".*"'),
        ('alertname=".*"', "error", 'alertname=~".*"'),
        ('severity="warning|critical"', "error", 'severity=~"warning|critical"'),
        ('team="ops-*"', "warning", 'team=~"ops-.*"'),
    ],
)
def test_a_pattern_after_an_equals_sign(matcher: str, severity: str, hint: str) -> None:
    """It is compared as it stands."""
    (found,) = _said(_route(matcher))

    assert found == (
        f"{severity}: {matcher} compares with the text as it stands: the route never matches (write {hint})"
    )


@pytest.mark.parametrize(
    "matcher",
    ['severity=~"warning|critical"', "alertname=ServiceDown", "team=ops", 'zone=""', "zone!=b", "server=a.b"],
)
def test_matchers_that_can_match_are_fine(matcher: str) -> None:
    """Whatever the scrape configuration adds; asking for absence as well."""
    assert _said(_route(matcher)) == []


def test_equal_on_a_label_of_neither_side_is_a_warning() -> None:
    """Both sides lack it, and so are equal in it."""
    assert _said(_inhibition("cluster")) == [
        (
            "warning: no alert of the given rules has cluster, so all are equal in it: one alert silences every other"
            " (name labels that both alerts have, such as [server])"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        _inhibition("server"),
        _inhibition("cluster, server"),
        _inhibition("team"),
        _inhibition("cluster", source="alertname=OfOthers"),
        _inhibition("cluster", target="severity=none"),
        _inhibition("cluster", target='severity!~"warning|critical"'),
        "inhibit_rules: [{source_matchers: [alertname=ServiceDown]}]",
    ],
    ids=["one has it", "one of two", "set by a rule", "other source", "other target", "no target", "no equal"],
)
def test_inhibition_by_labels_of_one_side_is_fine(text: str) -> None:
    """Alerts of rules that were not given have labels of their own."""
    assert _said(text) == []


def test_a_pattern_that_does_not_parse_is_left_to_the_routes() -> None:
    """It may match anything here."""
    assert len(_said(_inhibition("cluster", target='severity=~"("'))) == 1


def test_alerts_of_one_name_are_taken_together() -> None:
    """Two thresholds with a severity each."""
    text = "".join(f"- alert: A\n  expr: up == 0\n  labels: {{severity: {one}}}\n" for one in ("warning", "critical"))
    file = rules(text)

    assert fired(file.alerts, known((file,)))["A"].values["severity"] == {"warning", "critical"}
