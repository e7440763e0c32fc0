"""Alerts on events that are counted: more often than a threshold in ten minutes."""

from __future__ import annotations

from typing import Unpack

from boxwatch.rules.model import Alert, Case, Expected, Series, Told
from boxwatch.rules.proofs.fixtures import World
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

_MINUTE = 60
_WINDOW = 10 * _MINUTE


def often(  # noqa: PLR0913 - what one counter differs in from another
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
    **told: Unpack[Told],
) -> Alert:
    """An alert on events that come too often.

    Args:
        topology: whose waits and thresholds.
        alert: name.
        selector: the counter, with its matchers.
        by: labels of the alert.
        wait: seconds, unless the topology says otherwise.
        threshold: events in ten minutes, unless the topology says otherwise.
        source: where that number comes from.
        text: the description of the instance that the cases expect.
        labels: the job, and the labels of that instance.
        hidden: a label that is summed over.
        wrong: labels and values of what is not counted.
        dashboard: on which the panel is.
        told: the rest of the alert.
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
        **told,
    )


def _cases(  # noqa: PLR0913 - what one counter differs in from another
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
    """Events that come more often than the threshold in ten minutes, and as often as it.

    Args:
        topology: whose thresholds.
        wait: seconds for which they must.
        threshold: events in ten minutes.
        metric: the counter.
        labels: the job, and the labels of the alert.
        text: the description.
        by: the labels of the alert; one label with another value is another place.
        hidden: a label that is summed over.
        wrong: labels and values of what is not counted.
    """
    world = World(length=wait + 120 * _MINUTE, thresholds=topology.thresholds)
    steps = _WINDOW // world.interval

    def rising(events: float, **more: str) -> Series:
        """So many events in ten minutes."""
        return world.scraped(metric, f"0+{events / steps:.10g}x{world.count}", **{**labels, **more})

    # Extrapolation to the window's edges adds up to one in twenty, in some versions: there is room for that.
    above, below = threshold * 1.13, threshold * 0.87
    about = {key: value for key, value in {"server": "main", **labels}.items() if key in by}
    expected = Expected(about, text)
    # The window is full then, and the alert has waited.
    full = _WINDOW + wait + _MINUTE
    halves: tuple[Series, ...]
    if hidden:
        halves = (rising(above / 2, **{hidden: "one"}), rising(above / 2, **{hidden: "two"}))
    else:
        halves = (rising(above / 2), rising(above / 2, instance="second"))
    others = tuple(rising(below, **{label: "other"}) for label in by)
    uncounted = (rising(99 * above, **wrong),) if wrong else ()
    restart = world.steps_of(full - _WINDOW // 2)
    each = above / steps
    return (
        world.fires(
            "fires for what is counted together, and not for the others", (*halves, *others, *uncounted), full, expected
        ),
        world.fires(
            "fires when it is restarted in between",
            (
                world.scraped(
                    metric, f"900+{1.2 * each:.10g}x{restart - 1} 0+{1.2 * each:.10g}x{world.count}", **labels
                ),
            ),
            full,
            expected,
        ),
    ), (
        world.silent("is silent for fewer events than that", (rising(below), *uncounted), full + _WINDOW),
        world.silent("is silent while it has not lasted", (rising(above),), _WINDOW + wait - 2 * _MINUTE),
        world.silent(
            "is silent when it was restarted and counts nothing",
            (world.scraped(metric, f"900x{restart - 1} 0x{world.count}", **labels),),
            full,
        ),
    )
