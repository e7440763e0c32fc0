"""Alerts on one recorded number of a server that goes beyond a threshold."""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.rules import crossing_proofs
from boxwatch.rules.model import Alert, Runbook, Severity
from boxwatch.rules.promql import number
from boxwatch.topology.model import Topology


def beyond(  # noqa: PLR0913 - what one number differs in from another
    topology: Topology,
    alert: str,
    record: str,
    *,
    wait: int,
    threshold: float,
    source: str,
    severity: Severity,
    summary: str,
    description: str,
    text: Callable[[float], str],
    runbook: Runbook,
    panel: str,
    dashboard: str = "host",
    below: bool = False,
    labels: dict[str, str] | None = None,
) -> Alert:
    """An alert on a recorded number that is above a threshold, or below it.

    Args:
        topology: whose waits and thresholds.
        alert: name.
        record: the recorded series, one for each server, or for each of a server's things that the labels name.
        wait: seconds, unless the topology says otherwise.
        threshold: unless the topology says otherwise.
        source: where that number comes from.
        severity: of the alert.
        summary: of the alert.
        description: of the alert.
        text: the description of the instance on server `main` that the cases expect, with a value.
        runbook: of the alert.
        panel: that shows it.
        dashboard: on which the panel is.
        below: it fires below the threshold, and not above it.
        labels: labels of that instance beside its server.
    """
    wait, threshold = topology.alerts.wait(alert, wait), topology.alerts.threshold(alert, threshold)
    fires, silent = crossing_proofs.crossing(
        topology.thresholds,
        crossing_proofs.recorded(record, **(labels or {})),
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
        severity=severity,
        summary=summary,
        description=description,
        runbook=runbook,
        fires=fires,
        silent=silent,
        threshold=threshold,
        threshold_source=source,
        dashboard=dashboard,
        panel=panel,
    )
