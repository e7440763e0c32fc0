"""The model rejects alerts without proof and names that break conventions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from boxwatch.rules.model import Alert, Case, Expected, Record, Runbook

_FIRES = Case("fires", (), 60, (Expected({"server": "main"}, "It is wrong."),))
_SILENT = Case("is silent", (), 60)
_ALERT = Alert(
    alert="ServiceDown",
    expr="up == 0",
    wait=90,
    severity="critical",
    summary="It is down.",
    description="{{ $labels.server }} is down.",
    runbook=Runbook("It is down.", ("Look.",), ("Start it.",), "None known."),
    fires=(_FIRES,),
    silent=(_SILENT,),
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fires": ()}, "no case that proves it fires"),
        ({"fires": (_SILENT,)}, "no case that proves it fires"),
        ({"silent": ()}, "no case that proves it stays silent"),
        ({"silent": (_FIRES,)}, "no case that proves it stays silent"),
        ({"alert": "service_down"}, "not CamelCase"),
        ({"alert": "Service" * 6}, "at most 40 characters"),
        ({"summary": "{{ $labels.server }} is down."}, "not one static sentence"),
        ({"summary": "it is down"}, "not one static sentence"),
        ({"description": "It is down."}, "names no instance"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_an_incomplete_alert_is_rejected(change: dict[str, object], message: str) -> None:
    """Each omission has a message of its own."""
    with pytest.raises(ValueError, match=message):
        replace(_ALERT, **change)  # type: ignore[arg-type]


def test_waiting_time_is_written_as_prometheus_writes_it() -> None:
    """`for` is a duration in Prometheus' notation."""
    assert _ALERT.for_ == "1m30s"


@pytest.mark.parametrize("name", ["errors", "Service:Errors:rate5m", "a:b:c:d", "service:errors rate"])
def test_a_recorded_name_that_is_not_level_metric_operations_is_rejected(name: str) -> None:
    """Record names follow Prometheus' convention."""
    with pytest.raises(ValueError, match="level:metric:operations"):
        Record(record=name, expr="1", doc="One.")
