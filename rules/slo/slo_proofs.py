"""Proofs of the recorded ratios, counts and budgets."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, of_service, series
from boxwatch.topology.model import Topology

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Spacings of samples of which none is on the edge of a window: of minutes and hours, of days, of one hour.
_MINUTES, _DAYS, _HOURLY = 11 * _MINUTE, 7 * _HOUR, 70
_SHORT = {"30m": 30 * _MINUTE, "1h": _HOUR, "2h": 2 * _HOUR, "6h": 6 * _HOUR}
_LONG = {"1d": _DAY, "3d": 3 * _DAY, "30d": 30 * _DAY}
_OBJECTIVES = {"web": 0.9, "api": 0.5}

_PARTS = (
    (names.SERVICE_ERRORS_RATIO, names.SERVICE_ERRORS_COUNT, names.SERVICE_REQUEST_ERRORS, names.SERVICE_ERRORS_HOURLY),
    (names.SERVICE_SLOW_RATIO, names.SERVICE_SLOW_COUNT, names.SERVICE_REQUESTS_SLOW, names.SERVICE_SLOW_HOURLY),
)
_Values = dict[str, list[float]]


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded ratios, counts and budgets."""
    return (*_hourly(topology), *_windows(topology), *_budgets(topology))


def _values(count: int, *ages: tuple[int, float]) -> list[float]:
    """Oldest first: a value up to each age in samples, and the last one beyond."""
    found = [next((value for age, value in ages if index <= age), ages[-1][1]) for index in range(count + 1)]
    return found[::-1]


def _stored(metric: str, values: _Values, server: str = "main") -> tuple[Series, ...]:
    return tuple(
        series(metric, " ".join(f"{value:g}" for value in row), server=server, service=service)
        for service, row in values.items()
    )


def _window(row: list[float], seconds: int, spacing: int) -> float:
    """The sum of the samples that a window holds."""
    return sum(row[-(seconds // spacing) - 1 :])


def _rows(  # noqa: PLR0913, PLR0917 - a proof has these parts
    fixtures: Fixtures, title: str, name: str, found: dict[str, float], parts: tuple[Series, ...], at: int
) -> Measured:
    return Measured(
        title=f"{name} {title}",
        expr=f"round({name}, 0.0001)",
        at=at,
        samples=tuple(Sample(labels=of_service(service), value=value) for service, value in found.items()),
        series=parts,
        interval=fixtures.interval,
    )


def _hourly(topology: Topology) -> Iterator[Measured]:
    """Two hours of requests, evaluated in the first and in the second minute of an hour."""
    at = 2 * _HOUR + 10
    fixtures = Fixtures(length=at + _MINUTE, thresholds=topology.thresholds, interval=_HOURLY)
    held = _HOUR // _HOURLY + 1
    found = (
        (names.SERVICE_REQUESTS, names.SERVICE_REQUESTS_HOURLY),
        *((rate, hourly) for _, _, rate, hourly in _PARTS),
    )
    rows = {
        rate: {
            "web": _values(at // _HOURLY, (held // 2, 3 + index), (held - 1, 5), (held + 99, 64)),
            "api": _values(at // _HOURLY, (held - 1, 1), (held + 99, 32)),
        }
        for index, (rate, _) in enumerate(found)
    }
    # The next sample is in the second minute.
    parts = tuple(
        one for rate, of in rows.items() for one in _stored(rate, {service: [*row, 64] for service, row in of.items()})
    )
    for rate, name in found:
        sums = {service: _window(row, _HOUR, _HOURLY) * topology.scrape_interval for service, row in rows[rate].items()}
        yield _rows(fixtures, "sums the hour before, in the first minute", name, sums, parts, at)
        yield _rows(fixtures, "is absent in the second minute", name, {}, parts, at + _HOURLY)


def _windows(topology: Topology) -> Iterator[Measured]:
    """Requests whose rate and failures change within each window, away from its edges."""
    for spacing, windows, ages in (
        (_MINUTES, _SHORT, (0, 1, 2, 4, 5, 8, 10, 20, 32, 60)),
        (_DAYS, _LONG, (0, 2, 3, 6, 10, 50, 102, 104)),
    ):
        count = max(windows.values()) // spacing + 2
        fixtures = Fixtures(length=count * spacing, thresholds=topology.thresholds, interval=spacing)
        hourly = windows is _LONG
        all_ = {
            "web": _values(count, *((age, 16 + index % 3) for index, age in enumerate(ages)), (count, 99)),
            "api": _values(count, (count, 32)),
            "rare": _values(count, (count, 0.001)),
            # No requests, so no share.
            "admin": _values(count, (count, 0)),
        }
        some = {
            ratio: {
                "web": _values(count, *((age, index + 1 + more) for index, age in enumerate(ages)), (count, 64)),
                "api": _values(count, (ages[2], 4), (count, 8)),
                "rare": _values(count, (count, 0.0005)),
                "admin": _values(count, (count, 0)),
            }
            for more, (ratio, *_) in enumerate(_PARTS)
        }
        parts = (
            *_stored(names.SERVICE_REQUESTS_HOURLY if hourly else names.SERVICE_REQUESTS, all_),
            *(one for ratio, _, rate, of_hour in _PARTS for one in _stored(of_hour if hourly else rate, some[ratio])),
        )
        for ratio, number, _, _ in _PARTS:
            shares = {} if hourly else {"5m": spacing - 1}
            for window, seconds in {**shares, **windows}.items():
                found = {
                    service: round(_window(row, seconds, spacing) / _window(all_[service], seconds, spacing), 4)
                    for service, row in some[ratio].items()
                    if service != "admin"
                }
                yield _rows(fixtures, "is the share of the window", f"{ratio}{window}", found, parts, fixtures.length)
            for window in ("1d", "3d") if hourly else ("1h", "6h"):
                factor = topology.scrape_interval / (60 if hourly else 1)
                sums = {
                    service: round(_window(row, windows[window], spacing) * factor, 4)
                    for service, row in some[ratio].items()
                }
                yield _rows(fixtures, "is the number in the window", f"{number}{window}", sums, parts, fixtures.length)


def _budgets(topology: Topology) -> Iterator[Measured]:
    """A month at constant rates: web has half its budget left, api has overdrawn its own."""
    spacing = _DAYS
    fixtures = Fixtures(length=5 * _DAY, thresholds=topology.thresholds, interval=spacing)
    count = fixtures.length // spacing
    for (_, _, _, hourly), objective, left in zip(
        _PARTS,
        (names.SERVICE_AVAILABILITY, names.SERVICE_LATENCY),
        (names.SERVICE_AVAILABILITY_LEFT, names.SERVICE_LATENCY_LEFT),
        strict=True,
    ):
        parts = (
            *_stored(
                names.SERVICE_REQUESTS_HOURLY, {"web": [100.0] * count, "api": [100.0] * count, "other": [1.0] * count}
            ),
            *_stored(hourly, {"web": [5.0] * count, "api": [75.0] * count, "other": [1.0] * count}),
            *(
                fixtures.constant(objective, value, server="main", service=service)
                for service, value in _OBJECTIVES.items()
            ),
            # A decoy: another objective of the same service on another server.
            fixtures.constant(objective, 0.25, server="second", service="web"),
        )
        at = (count - 1) * spacing
        yield _rows(fixtures, "is the share of the month's budget left", left, {"web": 0.5, "api": -0.5}, parts, at)
