"""Alerts on event rates: more events in ten minutes than a threshold."""

from __future__ import annotations

from typing import Unpack

from boxwatch.rules.model import Alert, AlertTexts, Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

_MINUTE = 60
_WINDOW = 10 * _MINUTE


def event_rate_alert(  # noqa: PLR0913 - all that differs between counters
    topology: Topology,
    alert: str,
    selector: str,
    *,
    by: str,
    wait: int,
    threshold: float,
    source: str,
    text: str,
    labels: dict[str, str],
    hidden: str = "",
    wrong: dict[str, str] | None = None,
    dashboard: str = "monitoring",
    **texts: Unpack[AlertTexts],
) -> Alert:
    """An alert on events that occur too often.

    Args:
        topology: overrides of wait and threshold.
        alert: name.
        selector: the counter, with its matchers.
        by: labels of the alert.
        wait: seconds, unless the topology overrides them.
        threshold: events in ten minutes, unless the topology overrides them.
        source: origin of the threshold.
        text: the description of the instance that the cases expect.
        labels: the job, and the labels of that instance.
        hidden: a label that is summed over.
        wrong: labels and values of events that do not count.
        dashboard: dashboard of the panel.
        texts: the remaining fields of the alert.
    """
    wait = topology.alerts.wait(alert, wait)
    threshold = topology.alerts.threshold(alert, threshold)
    fires, silent = _cases(
        topology,
        wait,
        threshold,
        selector.partition("{")[0],
        labels=labels,
        text=text,
        by=tuple(by.split(", ")),
        hidden=hidden,
        wrong=wrong,
    )
    return Alert(
        alert=alert,
        expr=f"sum by ({by}) (increase({selector}[{format_duration(_WINDOW)}])) > {threshold:.10g}",
        wait=wait,
        threshold=threshold,
        threshold_source=source,
        dashboard=dashboard,
        fires=fires,
        silent=silent,
        **texts,
    )


def _cases(  # noqa: PLR0913 - all that differs between counters
    topology: Topology,
    wait: int,
    threshold: float,
    metric: str,
    *,
    labels: dict[str, str],
    text: str,
    by: tuple[str, ...],
    hidden: str = "",
    wrong: dict[str, str] | None = None,
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Events that occur more often than the threshold, and less often.

    Args:
        topology: the topology whose thresholds apply.
        wait: seconds for which the alert waits.
        threshold: events in ten minutes.
        metric: the counter.
        labels: the job, and the labels of the alert.
        text: the description.
        by: the labels of the alert; a different value of any of them is another instance.
        hidden: a label that is summed over.
        wrong: labels and values of events that do not count.
    """
    fixtures = Fixtures(length=wait + 120 * _MINUTE, thresholds=topology.thresholds)
    steps = _WINDOW // fixtures.interval

    def rising(events: float, **more: str) -> Series:
        """A counter with a number of events per ten minutes."""
        return fixtures.scraped(metric, f"0+{events / steps:.10g}x{fixtures.count}", **{**labels, **more})

    # The margin covers extrapolation to the window's edges, which adds up to 5 % in some versions.
    above, below = threshold * 1.13, threshold * 0.87
    about = {key: value for key, value in {"server": "main", **labels}.items() if key in by}
    expected = Expected(about, text)
    # By then the window is full, and the alert has waited.
    full = _WINDOW + wait + _MINUTE
    halves: tuple[Series, ...]
    if hidden:
        halves = (rising(above / 2, **{hidden: "one"}), rising(above / 2, **{hidden: "two"}))
    else:
        halves = (rising(above / 2), rising(above / 2, instance="second"))
    others = tuple(rising(below, **{label: "other"}) for label in by)
    uncounted = (rising(99 * above, **wrong),) if wrong else ()
    restart = fixtures.steps_of(full - _WINDOW // 2)
    each = above / steps
    return (
        fixtures.fires(
            "fires for events summed over series, not for other instances",
            (*halves, *others, *uncounted),
            full,
            expected,
        ),
        fixtures.fires(
            "fires across a counter reset",
            (
                fixtures.scraped(
                    metric, f"900+{1.2 * each:.10g}x{restart - 1} 0+{1.2 * each:.10g}x{fixtures.count}", **labels
                ),
            ),
            full,
            expected,
        ),
    ), (
        fixtures.silent("stays silent for fewer events", (rising(below), *uncounted), full + _WINDOW),
        fixtures.silent("stays silent until it has lasted", (rising(above),), _WINDOW + wait - 2 * _MINUTE),
        fixtures.silent(
            "stays silent when the counter is reset and does not increase",
            (fixtures.scraped(metric, f"900x{restart - 1} 0x{fixtures.count}", **labels),),
            full,
        ),
    )
