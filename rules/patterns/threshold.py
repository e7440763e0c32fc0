"""Alerts on a recorded number of a server that crosses a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from boxwatch.rules.model import Alert, AlertTexts
from boxwatch.rules.patterns import threshold_proofs
from boxwatch.rules.patterns.fragments import number
from boxwatch.topology.model import Topology


def threshold_alert(  # noqa: PLR0913 - all that differs between numbers
    topology: Topology,
    alert: str,
    record: str,
    *,
    wait: int,
    threshold: float,
    source: str,
    text: Callable[[float], str],
    below: bool = False,
    labels: dict[str, str] | None = None,
    dashboard: str = "host",
    **texts: Unpack[AlertTexts],
) -> Alert:
    """An alert on a recorded number above, or below, a threshold.

    Args:
        topology: overrides of wait and threshold.
        alert: name.
        record: the recorded series, one per server, or per combination of the labels on a server.
        wait: seconds, unless the topology overrides them.
        threshold: the threshold, unless the topology overrides it.
        source: origin of the threshold.
        text: the description, for a value, of the instance on server `main` that the cases expect.
        below: fires below the threshold rather than above it.
        labels: labels of that instance besides its server.
        dashboard: dashboard of the panel.
        texts: the remaining fields of the alert.
    """
    wait, threshold = topology.alerts.wait(alert, wait), topology.alerts.threshold(alert, threshold)
    fires, silent = threshold_proofs.cases(
        topology.thresholds,
        threshold_proofs.recorded(record, **(labels or {})),
        wait=wait,
        threshold=threshold,
        text=text,
        below=below,
        labels=labels,
    )
    return Alert(
        alert=alert,
        expr=f"{record} {'<' if below else '>'} {number(threshold)}",
        wait=wait,
        fires=fires,
        silent=silent,
        threshold=threshold,
        threshold_source=source,
        dashboard=dashboard,
        **texts,
    )
