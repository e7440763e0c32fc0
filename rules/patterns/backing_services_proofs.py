"""Cases that alerts on several backing services share: down, metrics missing, counter increases, value out of range.

Each case includes an `other`, healthy service of the same kind on the same server.
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
# Ends of titles: for services that page someone, and for those that do not.
_PAGING, _NON_PAGING = "", ", for a service that does not page"


@dataclass(frozen=True, slots=True)
class Proven:
    """The cases of an alert, and of its warning for services that do not page."""

    fires: tuple[Case, ...]
    silent: tuple[Case, ...]
    warning_fires: tuple[Case, ...] = ()
    warning_silent: tuple[Case, ...] = ()


def _both(bad: Callable[[str], Case], good: Callable[[str], tuple[Case, ...]]) -> Proven:
    return Proven((bad(_PAGING),), good(_PAGING), (bad(_NON_PAGING),), good(_NON_PAGING))


def _with(proven: Proven, also: Callable[[str], Case]) -> Proven:
    return replace(
        proven, fires=(*proven.fires, also(_PAGING)), warning_fires=(*proven.warning_fires, also(_NON_PAGING))
    )


def _pages(bench: Bench, ending: str) -> tuple[Series, ...]:
    return tuple(bench.pages(service, wakes=ending == _PAGING) for service in ("db", "other"))


def _elsewhere(bench: Bench, metric: str, service: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """The metric at 0 with other values of the labels; nothing if there are no labels."""
    return (bench.flat(metric, 0, service, **dict.fromkeys(labels, "another")),) if labels else ()


def unanswered(bench: Bench, metric: str, text: str, **labels: str) -> Proven:
    """The service is down: its target reports 0 in a metric that was 1 while it was up.

    `metric` is `up` where the service exposes its metrics itself.
    """
    record = names.TARGET_WORKED if metric == "up" else names.SERVICE_REACHED

    def parts(first: Series, ending: str, *running: Series) -> tuple[Series, ...]:
        return (
            first,
            *(running or _running(bench, 1)),
            # Decoys: a service on the same server and one of the same name elsewhere, both without containers.
            *_running(bench, 0, "other"),
            *_running(bench, 0, server="second"),
            bench.flat(metric, 1, "other", **labels),
            *_elsewhere(bench, metric, "other", labels),
            *_elsewhere(bench, metric, "db", labels),
            *((bench.foreign("up", 0),) if metric == "up" else (bench.flat("up", 1), bench.flat("up", 1, "other"))),
            *_pages(bench, ending),
        )

    stopped = f"1 0x{bench.fixtures.count}"
    restarted = f"1x4 {'0 ' * (bench.wait // INTERVAL)}1x{bench.fixtures.count}"
    second = bench.flat(metric, 1, instance=_SECOND, **labels)

    def bad(ending: str) -> Case:
        title = f"fires for the service that is down, not for the other{ending}"
        return bench.fires(
            title, (*parts(bench.series(metric, stopped, **labels), ending), second), text, after=INTERVAL
        )

    def parked(ending: str) -> Case:
        # No container is planned except for one component, which runs.
        running = (*_running(bench, 0, planned=0), *_running(bench, 1, component="side"))
        title = f"fires for a service without planned containers{ending}"
        return bench.fires(
            title, parts(bench.series(metric, stopped, **labels), ending, *running), text, after=INTERVAL
        )

    def good(ending: str) -> tuple[Case, ...]:
        gone = (
            bench.silent(
                f"stays silent when the exporter itself is down{ending}", (bench.flat("up", 0), bench.pages())
            ),
        )
        return (
            bench.silent(
                f"stays silent while the service is up{ending}", parts(bench.flat(metric, 1, **labels), ending)
            ),
            *gone[: metric != "up"],
            bench.silent(
                f"stays silent after a restart shorter than the wait{ending}",
                (*parts(bench.series(metric, restarted, **labels), ending), second),
                bench.wait // INTERVAL * INTERVAL,
            ),
            bench.silent(
                f"stays silent while no container of the service runs, which has its own alert{ending}",
                parts(bench.series(metric, stopped, **labels), ending, *_running(bench, 0)),
                INTERVAL,
            ),
            bench.silent(
                f"stays silent for a service that was never up, which has its own alert{ending}",
                (
                    *parts(bench.flat(metric, 0, **labels), ending),
                    bench.foreign(record, 1),
                    bench.flat(metric, 1, server="second", **labels),
                    *([bench.flat("up", 1, server="second")] if metric != "up" else []),
                ),
                INTERVAL,
            ),
        )

    return _with(_both(bad, good), parked)


def _running(  # noqa: PLR0913 - each is a label or a value
    bench: Bench, count: int, service: str = "db", *, planned: int = 1, server: str = "main", component: str = ""
) -> tuple[Series, ...]:
    """The number of a service's containers, running and planned."""
    labels = {"server": server, "service": service, "component": component}
    return (
        bench.fixtures.constant(names.COMPONENT_REPLICAS_RUNNING, count, **labels),
        bench.fixtures.constant(names.COMPONENT_REPLICAS_DESIRED, planned, identified_by="label", **labels),
    )


def _down_elsewhere(bench: Bench, reached: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """Decoys: other services that are down, and this one down according to other targets."""
    return (
        bench.flat(reached, 0, "third", **labels),
        bench.flat(reached, 0, server="second", **labels),
        bench.foreign(reached, 0, **labels),
        *_elsewhere(bench, reached, "db", labels),
    )


def unexposed(bench: Bench, metric: str, text: str, *, reached: str = "", **labels: str) -> Proven:
    """The target is up but exposes no metrics of its service.

    `reached` is the metric, if any, by which the exporter reports that the service is down; `labels` are its labels.
    """
    other = (bench.flat("up", 1, "other"), bench.flat(metric, 1, "other", **labels))
    up, down = bench.flat("up", 1), bench.flat(reached, 0, **labels)
    return Proven(
        fires=(
            bench.fires(
                "fires for the target without metrics of its service, not for the other",
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
                "stays silent while the target is down", (bench.flat("up", 0), bench.foreign("up", 1), *other)
            ),
            *(
                [bench.silent("stays silent while the exporter reports the service down", (up, down, *other))]
                if reached
                else []
            ),
        ),
    )


def rises(bench: Bench, metric: str, text: str, *, decoys: tuple[Series, ...] = (), **labels: str) -> Proven:
    """A counter increases at all.

    The rule's window must be `bench.heard`, and that of its bench half a minute: the counter's first increase. `labels`
    are those that the rule selects; the series in `decoys` must not matter.
    """

    def parts(values: Series, ending: str) -> tuple[Series, ...]:
        return (
            values,
            bench.flat(metric, 7, instance=_SECOND, **labels),
            bench.flat(metric, 7, "other", **labels),
            *decoys,
            *_pages(bench, ending),
        )

    def bad(ending: str) -> Case:
        # By less than one: any increase is enough. The counter was reset before.
        series = bench.bursts(metric, 0.5, before="15 15.5", **labels)
        title = f"fires for the service whose counter increases, not for the other{ending}"
        return bench.fires(title, parts(series, ending), text)

    def good(ending: str) -> tuple[Case, ...]:
        over, back = f"0+1x4 4x{bench.fixtures.count}", f"15x3 0x{bench.fixtures.count}"
        return (
            bench.silent(
                f"stays silent once the counter has stopped{ending}",
                parts(bench.series(metric, over, **labels), ending),
                bench.later(bench.heard + 4 * MINUTE),
            ),
            bench.silent(
                f"stays silent when a restart resets the counter{ending}",
                parts(bench.series(metric, back, **labels), ending),
            ),
        )

    def lately(ending: str) -> Case:
        title = f"fires {format_duration(bench.lately)} after the last increase{ending}"
        return bench.fires(
            title,
            parts(bench.series(metric, f"15 16x{bench.fixtures.count}", **labels), ending),
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
        bench: builder of the cases.
        use: makes the series that give a service a value.
        threshold: the threshold of the rule.
        text: the description for a value.
        exact: whether the rule yields exactly that value; averages and rates carry rounding errors.
    """
    edge = threshold if exact else threshold * 0.96875
    return _beyond(bench, use, (threshold * 1.125, edge, threshold / 2), text)


def falls(
    bench: Bench, use: Callable[[float, str], tuple[Series, ...]], threshold: float, text: Callable[[float], str]
) -> Proven:
    """A value is below a threshold; arguments as for `exceeds`."""
    return _beyond(bench, use, (threshold * 0.875, threshold, threshold * 1.5), text)


def _beyond(
    bench: Bench,
    use: Callable[[float, str], tuple[Series, ...]],
    values: tuple[float, float, float],
    text: Callable[[float], str],
) -> Proven:
    """The cases for three values: one that fires, the last that does not, and that of the other service."""
    bad_, edge, well = values

    def parts(value: float, ending: str) -> tuple[Series, ...]:
        return (*use(value, "db"), *use(well, "other"), *_pages(bench, ending))

    def bad(ending: str) -> Case:
        title = f"fires for the service beyond the threshold, not for the other{ending}"
        return bench.fires(title, parts(bad_, ending), text(bad_))

    def good(ending: str) -> tuple[Case, ...]:
        return (bench.silent(f"stays silent at the threshold{ending}", parts(edge, ending)),)

    return _both(bad, good)
