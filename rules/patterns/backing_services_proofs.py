"""Cases that alerts on several backing services share: down, metrics missing, counter increases, value out of range.

Each case includes an `other`, healthy service of the same kind on the same server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from boxwatch.rules.model import Case, Series
from boxwatch.rules.patterns.backing_services import MINUTE, Bench
from boxwatch.rules.proofs.fixtures import INTERVAL

_LATELY = 8 * MINUTE
_SECOND, _THIRD = "second:1", "third:1"
# Ends of titles: for services that page someone, and for those that do not.
_LOUD, _QUIET = "", ", for a service that does not page"


@dataclass(frozen=True, slots=True)
class Proven:
    """The cases of an alert, and of its warning for services that do not page."""

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
    """The metric at 0 with other values of the labels; nothing if there are no labels."""
    return (bench.flat(metric, 0, service, **dict.fromkeys(labels, "another")),) if labels else ()


def unanswered(bench: Bench, metric: str, text: str, **labels: str) -> Proven:
    """The service is down: its target reports 0 in a metric that is 1 while it is up."""

    def told(first: Series, whom: str) -> tuple[Series, ...]:
        return (
            first,
            bench.flat(metric, 1, instance=_SECOND, **labels),
            bench.flat(metric, 1, "other", **labels),
            *_elsewhere(bench, metric, "other", labels),
            *((bench.foreign("up", 0),) if metric == "up" else (bench.flat("up", 1), bench.flat("up", 1, "other"))),
            *_wakes(bench, whom),
        )

    restarted = f"1x4 {'0 ' * (bench.wait // INTERVAL)}1x{bench.world.count}"

    def bad(whom: str) -> Case:
        title = f"fires for the service that is down, not for the other{whom}"
        return bench.fires(title, told(bench.flat(metric, 0, **labels), whom), text)

    def good(whom: str) -> tuple[Case, ...]:
        gone = (
            bench.silent(f"stays silent when the exporter itself is down{whom}", (bench.flat("up", 0), bench.pages())),
        )
        return (
            bench.silent(f"stays silent while the service is up{whom}", told(bench.flat(metric, 1, **labels), whom)),
            *gone[: metric != "up"],
            bench.silent(
                f"stays silent after a restart shorter than the wait{whom}",
                told(bench.series(metric, restarted, **labels), whom),
                bench.wait // INTERVAL * INTERVAL,
            ),
        )

    return _both(bad, good)


def _down_elsewhere(bench: Bench, reached: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """Decoys: other services that are down, and this one down according to other targets."""
    return (
        bench.flat(reached, 0, "third", **labels),
        bench.flat(reached, 0, server="second", **labels),
        bench.foreign(reached, 0, **labels),
        *_elsewhere(bench, reached, "db", labels),
    )


def untold(bench: Bench, metric: str, text: str, *, reached: str = "", **labels: str) -> Proven:
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


def rises(bench: Bench, metric: str, text: str, *, beside: tuple[Series, ...] = (), **labels: str) -> Proven:
    """A counter increases at all.

    The rule's window must be ten minutes, and that of its bench half a minute: the counter's first increase. `labels`
    are those that the rule selects; the series in `beside` must not matter.
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
        # By less than one: any increase is enough. The counter was reset before.
        series = bench.bursts(metric, 0.5, before="15 15.5", **labels)
        title = f"fires for the service whose counter increases, not for the other{whom}"
        return bench.fires(title, told(series, whom), text)

    def good(whom: str) -> tuple[Case, ...]:
        over, back = f"0+1x4 4x{bench.world.count}", f"15x3 0x{bench.world.count}"
        return (
            bench.silent(
                f"stays silent once the counter has stopped{whom}",
                told(bench.series(metric, over, **labels), whom),
                bench.later(14 * MINUTE),
            ),
            bench.silent(
                f"stays silent when a restart resets the counter{whom}",
                told(bench.series(metric, back, **labels), whom),
            ),
        )

    def lately(whom: str) -> Case:
        title = f"fires eight minutes after the last increase{whom}"
        return bench.fires(
            title,
            told(bench.series(metric, f"15 16x{bench.world.count}", **labels), whom),
            text,
            after=bench.later(_LATELY),
        )

    proven = _both(bad, good)
    # With a longer wait, a single increase is never enough.
    return _with(proven, lately) if bench.due <= _LATELY else proven


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

    def told(value: float, whom: str) -> tuple[Series, ...]:
        return (*use(value, "db"), *use(well, "other"), *_wakes(bench, whom))

    def bad(whom: str) -> Case:
        title = f"fires for the service beyond the threshold, not for the other{whom}"
        return bench.fires(title, told(bad_, whom), text(bad_))

    def good(whom: str) -> tuple[Case, ...]:
        return (bench.silent(f"stays silent at the threshold{whom}", told(edge, whom)),)

    return _both(bad, good)
