"""Proofs of the request alerts, made of the recorded series that these read."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, series, steps
from boxwatch.rules.proofs.traffic import due
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

_WINDOW = 300
# Shares of it are exact.
_MANY = 1024


@dataclass(frozen=True, slots=True)
class Proofs:
    """Cases of an alert for services that wake someone."""

    fires: tuple[Case, ...]
    silent: tuple[Case, ...]


def failing(topology: Topology, wait: int, share: float, at_least: int) -> Proofs:
    """Cases of requests that fail."""
    text = "{} of the requests to {} on {} fail with a 5xx."
    return _too_large(topology, wait, share, at_least, names.SERVICE_REQUEST_ERRORS, text)


def slow(topology: Topology, wait: int, share: float, at_least: int) -> Proofs:
    """Cases of requests that are slow."""
    text = "{} of the requests to {} on {} take longer than its objective allows."
    return _too_large(topology, wait, share, at_least, names.SERVICE_REQUESTS_SLOW, text)


def _too_large(  # noqa: PLR0913, PLR0917 - what the two alerts differ by
    topology: Topology, wait: int, share: float, at_least: int, part: str, text: str
) -> Proofs:
    interval, at = due(wait)
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=interval)

    def rates(service: str, of_all: float, *, requests: float = _MANY, server: str = "main") -> tuple[Series, ...]:
        of = {"server": server, "service": service}
        return (
            series(names.SERVICE_REQUESTS, flat(requests, fixtures.count), **of),
            series(part, flat(requests * of_all, fixtures.count), **of),
        )

    def expected(service: str, of_all: float, server: str = "main") -> Expected:
        labels = {"server": server, "service": service}
        return Expected(labels, text.format(percentage(of_all), service, server))

    above = share * 1.01
    floor = at_least / _WINDOW

    def all_of(count: float) -> float:
        """Requests a second, of which twice the share are so many in five minutes."""
        return count / _WINDOW / (2 * share)

    def few(count: float) -> tuple[Series, ...]:
        # Exact numbers, right at the limit.
        of = {"server": "main", "service": "web"}
        return (
            series(names.SERVICE_REQUESTS, flat(all_of(count), fixtures.count), **of),
            series(part, flat(count / _WINDOW, fixtures.count), **of),
        )

    plan = tuple(
        fixtures.constant(names.SERVICE_PAGES, 1, server=server, service=service)
        for server, service in (("main", "web"), ("main", "api"), ("second", "web"), ("main", "admin"))
    )

    many = (
        *rates("web", above),
        *rates("api", share),
        *rates("web", share, server="second"),
        # A few requests of another, all of which fail.
        *rates("admin", 1, requests=floor / 2),
    )
    return Proofs(
        fires=(
            fixtures.fires(
                "fires for the service above the share, not for those at it",
                (*plan, *many),
                at,
                expected("web", above),
            ),
            fixtures.fires(
                "fires just above the minimum number",
                (*plan, *few(at_least + 0.5)),
                at,
                expected("web", (at_least + 0.5) / _WINDOW / all_of(at_least + 0.5)),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at just the share",
                (*plan, *rates("web", share), *rates("web", 2 * share, server="second")[1:]),
                at,
            ),
            fixtures.silent("stays silent at the minimum number", (*plan, *few(at_least)), at),
            fixtures.silent("stays silent for three requests at night", (*plan, *few(3)), at),
            fixtures.silent("stays silent without requests", (*plan, *rates("web", 0, requests=0)), at),
        ),
    )


def gone(topology: Topology, wait: int, share: float) -> Proofs:
    """Cases of requests that have stopped."""
    interval, at = due(wait)
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=interval)

    def plan(service: str = "web", server: str = "main", expected: float = 2) -> tuple[Series, ...]:
        """A service that wakes someone, and of which requests are expected."""
        return (
            fixtures.constant(names.SERVICE_PAGES, 1, server=server, service=service),
            fixtures.constant(names.SERVICE_REQUESTS_EXPECTED, expected, server=server, service=service),
        )

    def gets(values: str, service: str = "web", server: str = "main") -> Series:
        return series(names.SERVICE_REQUESTS, values, server=server, service=service)

    def missed(least: int) -> Expected:
        text = (
            "Requests to web on main have nearly or entirely stopped; at this time yesterday there were at least {} a"
            " second."
        )
        return Expected(of_service(), text.format(least))

    enough = flat(share * 2, fixtures.count)
    # What goes on beside it.
    others = (*plan("api"), gets(enough, "api"), *plan(server="second"), gets(enough, server="second"))
    back = f"{steps((None, fixtures.steps_of(wait)))} {enough}".strip()
    return Proofs(
        fires=(
            fixtures.fires("fires when the series is absent", (*plan(), *others), at, missed(2)),
            fixtures.fires(
                "fires when no requests arrive", (*plan(), gets(flat(0, fixtures.count)), *others), at, missed(2)
            ),
            fixtures.fires(
                "fires just below the share",
                (*plan(), gets(flat(share * 2 * 0.9, fixtures.count)), *others),
                at,
                missed(2),
            ),
            fixtures.fires(
                "fires for a rate that would do for another service",
                (*plan(expected=4), gets(enough), *others),
                at,
                missed(4),
            ),
        ),
        silent=(
            fixtures.silent("stays silent at the share", (*plan(), gets(enough)), at),
            fixtures.silent("stays silent when requests return in time", (*plan(), gets(back)), at),
            fixtures.silent("stays silent where none are expected", (*plan()[:1], gets(flat(0, fixtures.count))), at),
        ),
    )
