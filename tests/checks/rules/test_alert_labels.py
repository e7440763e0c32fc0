"""Labels that change make another alert at every evaluation."""

from __future__ import annotations

import pytest
from support.rule_text import found, rules

from boxwatch.checks.rules import alert_labels

_ANOTHER = "every evaluation makes another alert (move it to an annotation)"


def _found(label: str) -> list[str]:
    return found(alert_labels, rules(f"- alert: A\n  expr: up == 0\n  labels:\n    current: '{label}'\n"))


@pytest.mark.parametrize(
    "label",
    [
        "{{ $value }}",
        "{{ .Value | humanize }}",
        '{{ printf "%.0f" $value }}',
        "{{ $v := $value }}{{ $v }}",
        "{{ with $value }}{{ . }}{{ end }}",
        "{{ if true }}{{ $value }}{{ end }}",
        "{{- ($value) -}}",
    ],
)
def test_the_value_in_a_label_is_an_error(label: str) -> None:
    """However it gets there."""
    assert _found(label) == [f"error: the label current contains the value: {_ANOTHER}"]


def test_the_result_of_a_query_in_a_label_is_an_error() -> None:
    """It changes as the value does."""
    assert _found('{{ query "up" | first | value }}') == [
        f"error: the label current contains the result of query(): {_ANOTHER}"
    ]


def test_a_label_that_only_depends_on_the_value_is_a_warning() -> None:
    """It is the same alert as long as it stays on one side."""
    assert _found("{{ if gt $value 90.0 }}critical{{ else }}warning{{ end }}") == [
        (
            "warning: the label current depends on the value: the alert becomes another one when it changes"
            " (write an alert for each, with thresholds of their own)"
        )
    ]


@pytest.mark.parametrize("label", ["fixed", "{{ $labels.job }}", "{{ $externalLabels.value }}", "{{ $value", "$value"])
def test_labels_that_stay_are_fine(label: str) -> None:
    """Those that do not compile are reported as that."""
    assert _found(label) == []
