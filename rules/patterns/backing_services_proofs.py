"""Cases that alerts of several engines share: it does not answer, tells nothing, a counter rises, a value is high.

Each stands beside an `other` service of the same kind on the same server, which is well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from boxwatch.rules import names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.patterns.backing_services import MINUTE, Bench
from boxwatch.rules.proofs.fixtures import INTERVAL
from boxwatch.topology.units import format_duration

_SECOND, _THIRD = "second:1", "third:1"
# Ends of titles: for services that wake someone, and for those that do not.
_LOUD, _QUIET = "", " for a service that wakes nobody"


@dataclass(frozen=True, slots=True)
class Proven:
    """The cases of an alert, and of its warning for services that wake nobody."""

    fires: tuple[Case, ...]
    silent: tuple[Case, ...]
    warning_fires: tuple[Case, ...] = ()
    warning_silent: tuple[Case, ...] = ()


def _both(bad: Callable[[str], Case], good: Callable[[str], tuple[Case, ...]]) -> Proven:
    return Proven((bad(_LOUD),), good(_LOUD), (bad(_QUIET),), good(_QUIET))


def _with(proven: Proven, also: Callable[[str], Case]) -> Proven:
    return replace(proven, fires=(*proven.fires, also(_LOUD)), warning_fires=(*proven.warning_fires, also(_QUIET)))


def _wakes(bench: Bench, whom: str) -> tuple[Series, ...]:
    return tuple(bench.pages(service, wakes=whom == _LOUD) for service in ("db", "other"))


def _elsewhere(bench: Bench, metric: str, service: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """0 where the labels differ; nothing where there are none."""
    return (bench.flat(metric, 0, service, **dict.fromkeys(labels, "another")),) if labels else ()


def unanswered(bench: Bench, metric: str, text: str, **labels: str) -> Proven:
    """The exporter reached its service once, and reports that it does not now.

    `metric` is 1 while it does: `up` where the service exposes its metrics itself.
    """
    record = names.TARGET_WORKED if metric == "up" else names.SERVICE_REACHED

    def told(first: Series, whom: str, *own: Series) -> tuple[Series, ...]:
        return (
            first,
            *(own or _running(bench, 1)),
            # Nothing of others runs: of its server, and of its name elsewhere.
            *_running(bench, 0, "other"),
            *_running(bench, 0, server="second"),
            *_well(bench, metric, labels),
            *((bench.foreign("up", 0),) if metric == "up" else (bench.flat("up", 1), bench.flat("up", 1, "other"))),
            *_wakes(bench, whom),
        )

    stopped = f"1 0x{bench.world.count}"
    restarted = f"1x4 {'0 ' * (bench.wait // INTERVAL)}1x{bench.world.count}"
    second = bench.flat(metric, 1, instance=_SECOND, **labels)

    def bad(whom: str) -> Case:
        title = f"fires for the one that does not answer, and not for the other{whom}"
        parts = told(bench.series(metric, stopped, **labels), whom)
        return bench.fires(title, (*parts, second), text, after=INTERVAL)

    def parked(whom: str) -> Case:
        # No container is planned but for a part of it, which runs.
        own = (*_running(bench, 0, planned=0), *_running(bench, 1, component="side"))
        title = f"fires for a service without planned containers{whom}"
        return bench.fires(title, told(bench.series(metric, stopped, **labels), whom, *own), text, after=INTERVAL)

    def good(whom: str) -> tuple[Case, ...]:
        gone = (bench.silent(f"is silent when the exporter is gone{whom}", (bench.flat("up", 0), bench.pages())),)
        return (
            bench.silent(f"is silent while it answers{whom}", told(bench.flat(metric, 1, **labels), whom)),
            *gone[: metric != "up"],
            bench.silent(
                f"is silent after a restart that was shorter than the wait{whom}",
                (*told(bench.series(metric, restarted, **labels), whom), second),
                bench.wait // INTERVAL * INTERVAL,
            ),
            bench.silent(
                f"stays silent while no container of it runs, which has its own alert{whom}",
                told(bench.series(metric, stopped, **labels), whom, *_running(bench, 0)),
                INTERVAL,
            ),
            bench.silent(
                f"stays silent for one that has never answered, which is a ticket{whom}",
                (
                    *told(bench.flat(metric, 0, **labels), whom),
                    bench.foreign(record, 1),
                    bench.flat(metric, 1, server="second", **labels),
                    *([bench.flat("up", 1, server="second")] if metric != "up" else []),
                ),
                INTERVAL,
            ),
        )

    return _with(_both(bad, good), parked)


def _running(
    bench: Bench, count: int, service: str = "db", *, planned: int = 1, server: str = "main", component: str = ""
) -> tuple[Series, ...]:
    """How many containers of a service run, and are planned."""
    of = {"server": server, "service": service, "component": component}
    return (
        bench.world.constant(names.COMPONENT_REPLICAS_RUNNING, count, **of),
        bench.world.constant(names.COMPONENT_REPLICAS_DESIRED, planned, identified_by="label", **of),
    )


def _well(bench: Bench, metric: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """Another service of the kind, which answers."""
    return (bench.flat(metric, 1, "other", **labels), *_elsewhere(bench, metric, "other", labels))


def _down_elsewhere(bench: Bench, reached: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """Of others it is said that they are down, and of this one by others."""
    return (
        bench.flat(reached, 0, "third", **labels),
        bench.flat(reached, 0, server="second", **labels),
        bench.foreign(reached, 0, **labels),
        *_elsewhere(bench, reached, "db", labels),
    )


def untold(bench: Bench, metric: str, text: str, *, reached: str = "", **labels: str) -> Proven:
    """The target answers and does not tell of its engine.

    `reached` is the metric by which it says that the engine is down, if it does; the labels are that one's.
    """
    other = (bench.flat("up", 1, "other"), bench.flat(metric, 1, "other", **labels))
    up, down = bench.flat("up", 1), bench.flat(reached, 0, **labels)
    return Proven(
        fires=(
            bench.fires(
                "fires for the target without metrics of its service, and not for the other",
                (
                    up,
                    bench.flat("up", 1, instance=_SECOND),
                    bench.flat("up", 0, instance=_THIRD),
                    bench.foreign(metric, 1, **labels),
                    bench.flat(metric, 1, server="second", **labels),
                    *(_down_elsewhere(bench, reached, labels) if reached not in ("", metric) else ()),
                    *other,
                ),
                text,
            ),
        ),
        silent=(
            bench.silent(
                "is silent when the target does not answer", (bench.flat("up", 0), bench.foreign("up", 1), *other)
            ),
            *([bench.silent("is silent while the engine is down", (up, down, *other))] if reached else []),
        ),
    )


def rises(bench: Bench, metric: str, text: str, *, beside: tuple[Series, ...] = (), **labels: str) -> Proven:
    """A counter rises at all; labels are those that the rule looks for, and what is beside must not matter.

    The rule's window is `bench.heard`, and its bench's half a minute: the counter's first rise.
    """

    def told(values: Series, whom: str) -> tuple[Series, ...]:
        return (
            values,
            bench.flat(metric, 7, instance=_SECOND, **labels),
            bench.flat(metric, 7, "other", **labels),
            *beside,
            *_wakes(bench, whom),
        )

    def bad(whom: str) -> Case:
        # Less than one at a time: more than none is enough. There was a restart, too.
        series = bench.bursts(metric, 0.5, before="15 15.5", **labels)
        title = f"fires for the one whose counter rises, and not for the other{whom}"
        return bench.fires(title, told(series, whom), text)

    def good(whom: str) -> tuple[Case, ...]:
        over, back = f"0+1x4 4x{bench.world.count}", f"15x3 0x{bench.world.count}"
        return (
            bench.silent(
                f"is silent once it is over{whom}",
                told(bench.series(metric, over, **labels), whom),
                bench.later(bench.heard + 4 * MINUTE),
            ),
            bench.silent(
                f"is silent when a restart sets the counter back{whom}",
                told(bench.series(metric, back, **labels), whom),
            ),
        )

    def lately(whom: str) -> Case:
        title = f"fires {format_duration(bench.lately)} after the last time{whom}"
        return bench.fires(
            title,
            told(bench.series(metric, f"15 16x{bench.world.count}", **labels), whom),
            text,
            after=bench.later(bench.lately),
        )

    return _with(_both(bad, good), lately)


def exceeds(
    bench: Bench,
    use: Callable[[float, str], tuple[Series, ...]],
    threshold: float,
    text: Callable[[float], str],
    *,
    exact: bool = True,
) -> Proven:
    """A value is above a threshold.

    Args:
        bench: where.
        use: makes the series of a service with a value.
        threshold: the rule's.
        text: the description for a value.
        exact: whether the rule makes exactly the value of it: averages and rates are a rounding off.
    """
    edge = threshold if exact else threshold * 0.96875
    return _beyond(bench, use, (threshold * 1.125, edge, threshold / 2), text)


def falls(
    bench: Bench, use: Callable[[float, str], tuple[Series, ...]], threshold: float, text: Callable[[float], str]
) -> Proven:
    """A value is below a threshold; as `exceeds`."""
    return _beyond(bench, use, (threshold * 0.875, threshold, threshold * 1.5), text)


def _beyond(
    bench: Bench,
    use: Callable[[float, str], tuple[Series, ...]],
    values: tuple[float, float, float],
    text: Callable[[float], str],
) -> Proven:
    """Values: one that fires, the last that does not, and that of the other service."""
    bad_, edge, well = values

    def told(value: float, whom: str) -> tuple[Series, ...]:
        return (*use(value, "db"), *use(well, "other"), *_wakes(bench, whom))

    def bad(whom: str) -> Case:
        title = f"fires for the one that is beyond, and not for the other{whom}"
        return bench.fires(title, told(bad_, whom), text(bad_))

    def good(whom: str) -> tuple[Case, ...]:
        return (bench.silent(f"is silent at the threshold{whom}", told(edge, whom)),)

    return _both(bad, good)
