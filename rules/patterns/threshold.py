"""Alerts on one recorded number of a server that goes beyond a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from boxwatch.rules.model import Alert, Told
from boxwatch.rules.patterns import threshold_proofs
from boxwatch.rules.patterns.fragments import number
from boxwatch.topology.model import Topology


def beyond(  # noqa: PLR0913 - what one number differs in from another
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
    **told: Unpack[Told],
) -> Alert:
    """An alert on a recorded number that is above a threshold, or below it.

    Args:
        topology: whose waits and thresholds.
        alert: name.
        record: the recorded series, one for each server, or for each of a server's things that the labels name.
        wait: seconds, unless the topology says otherwise.
        threshold: unless the topology says otherwise.
        source: where that number comes from.
        text: the description of the instance on server `main` that the cases expect, with a value.
        below: it fires below the threshold, and not above it.
        labels: labels of that instance beside its server.
        dashboard: on which the panel is.
        told: the rest of the alert.
    """
    wait, threshold = topology.alerts.wait(alert, wait), topology.alerts.threshold(alert, threshold)
    fires, silent = threshold_proofs.crossing(
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
        **told,
    )
