"""Proofs of the alerts on replica health: outages counted in samples."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, series
from boxwatch.rules.replicas import restarts_proofs
from boxwatch.topology.model import Topology

_MINUTE = 60
_START = "container_start_time_seconds"
_LOOP = "ServiceCrashLooping"


# With a long grace, not every scrape is counted: a window holds at most twice this many samples, at any interval.
_MOST_COUNTED = 120


def counted_every(grace: int, interval: int) -> int:
    """Seconds between counted samples: one scrape interval, or an odd number of them for a long grace.

    An odd number catches containers that come and go every second or fourth scrape.
    """
    return (math.ceil(grace / interval / _MOST_COUNTED) | 1) * interval


def runs(fixtures: Fixtures, *names_: str, **labels: str) -> tuple[Series, ...]:
    """Containers that run throughout, by name."""
    return tuple(fixtures.container(_START, flat(7, fixtures.count), name, **labels) for name in names_)


def _present(fixtures: Fixtures, *gaps: tuple[int, int]) -> str:
    """The start time of a container that is absent during some spans: (first second, first second after)."""
    there = [
        not any(begin <= step * fixtures.interval < end for begin, end in gaps) for step in range(fixtures.count + 1)
    ]
    words: list[str] = []
    for present, run in itertools.groupby(there):
        count = len(list(run))
        words += [f"7x{count - 1}"] if present else ["stale", *([f"_x{count - 1}"] if count > 1 else [])]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Outage:
    """An outage counted in samples: when it begins, and when it has lasted long enough.

    Attributes:
        fixtures: long enough for the outage, with a sample wherever one is counted.
        begin: second of its first sample, before which a window of twice the grace is full.
        due: second of the sample at which it has lasted for the grace.
        sample: seconds between the samples that are counted.
        never: later than any sample.
    """

    fixtures: Fixtures
    begin: int
    due: int
    sample: int
    never: int = 10**9

    @classmethod
    def of(cls, topology: Topology, grace: int) -> _Outage:
        """An outage for a topology and a grace in seconds."""
        sample = counted_every(grace, topology.scrape_interval)
        begin = math.ceil((2 * grace + 10 * _MINUTE) / (60 * sample)) * 60 * sample if 60 % sample else 0
        begin = begin or math.ceil((2 * grace + 10 * _MINUTE) / 60) * 60
        due = begin + math.ceil(grace / sample) * sample
        fixtures = Fixtures(
            length=due + grace, thresholds=topology.thresholds, interval=min(30, topology.scrape_interval)
        )
        return cls(fixtures, begin, due, sample)

    @property
    def enough(self) -> int:
        """Samples in the outage when the alert is due."""
        return (self.due - self.begin) // self.sample + 1

    def gone(self, since: int | None = None) -> str:
        """A container that stops for good: when the outage begins, or at `since`."""
        return _present(self.fixtures, (self.begin if since is None else since, self.never))

    def twice(self) -> str:
        """A container absent twice for just less than the grace, too far apart to count together."""
        length = (self.enough - 1) * self.sample
        first = self.due - 2 * (self.due - self.begin) - 2 * self.sample - length
        return _present(self.fixtures, (first, first + length), (self.due - length + self.sample, self.never))


def down(topology: Topology, grace: int, *, pages: bool) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire and those that stay silent, for paging or for non-paging services."""
    outage = _Outage.of(topology, grace)
    fixtures, begin, due = outage.fixtures, outage.begin, outage.due
    who = "" if pages else ", for a service that does not page"
    text = "No container of {} is running; planned: {}."
    web = fixtures.service(pages=pages)
    # A second service that runs, so that cAdvisor demonstrably works.
    other = (*fixtures.service("api", pages=pages), *runs(fixtures, "api-1", "api-2", service="api"))
    gone = (*web, *other, fixtures.container(_START, outage.gone()), fixtures.container(_START, outage.gone(), "web-2"))
    expected = Expected(of_service(), text.format("web on main", 2))
    fires = (
        fixtures.fires(
            f"fires for the service whose last replica stopped, not for the others{who}", gone, due, expected
        ),
        fixtures.fires(
            f"fires without flapping in a crash loop that shows a container now and then{who}",
            (*web, *other, fixtures.container(_START, " ".join(["7 stale _x6"] * (fixtures.count // 8 + 1)))),
            # Evaluated two samples after a glimpse of the container.
            due + (2 - due // fixtures.interval) % 8 * fixtures.interval,
            expected,
        ),
        fixtures.fires(
            f"fires for a service of one replica that never started{who}",
            (*fixtures.service("api", replicas=1, pages=pages), *runs(fixtures, "web-1")),
            due,
            Expected(of_service("api"), text.format("api on main", 1)),
        ),
        fixtures.fires(
            f"fires on the server where the service is down, not where it runs{who}",
            (
                *web,
                *fixtures.service(server="second", pages=pages),
                *runs(fixtures, "web-1"),
                *runs(fixtures, "api-1", service="api", server="second"),
            ),
            due,
            Expected({"server": "second", "service": "web"}, text.format("web on second", 2)),
        ),
        fixtures.fires(
            f"fires for the missing component{who}",
            (
                *fixtures.service("coolify", component="app", replicas=1, identified_by="name", pages=pages),
                *fixtures.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
                *runs(fixtures, "coolify", service="coolify", component="app", resource=""),
            ),
            due,
            Expected(of_service("coolify", component="database"), text.format("coolify/database on main", 1)),
        ),
        fixtures.fires(
            f"fires beside a crash loop that is pending, a ticket, or of something else{who}",
            (*gone, *restarts_proofs.other_outages(fixtures, _LOOP)),
            due,
            expected,
        ),
        fixtures.fires(
            f"keeps firing when a crash loop is seen later{who}",
            (*gone, *(restarts_proofs.pages(fixtures, name) for name in (_LOOP, "ServiceDown"))),
            due,
            expected,
        ),
    )
    silent = (
        fixtures.silent(
            f"stays silent where ServiceCrashLooping pages already{who}",
            (*gone, *restarts_proofs.already(fixtures, _LOOP, "ServiceDown")),
            due,
        ),
        fixtures.silent(f"stays silent while one replica is left{who}", (*web, *runs(fixtures, "web-1")), begin),
        fixtures.silent(f"stays silent one sample before the grace is over{who}", gone, due - outage.sample),
        fixtures.silent(
            f"stays silent for two outages shorter than the grace{who}",
            (*web, *other, fixtures.container(_START, outage.twice())),
            due,
        ),
        fixtures.silent(
            f"stays silent while cAdvisor is down{who}",
            (*web, fixtures.container(_START, outage.gone()), *_up(fixtures, 0)),
            due + grace,
        ),
        fixtures.silent(
            f"stays silent for a parked service, with 0 replicas{who}",
            (*fixtures.service(replicas=0, pages=pages), *other),
            begin,
        ),
        *((deploys.rolling(topology), deploys.stop_and_start(topology)) if pages else ()),
    )
    return fires, silent


def missing(topology: Topology, grace: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire, and those that stay silent."""
    outage = _Outage.of(topology, grace)
    fixtures, begin, due, sample = outage.fixtures, outage.begin, outage.due, outage.sample

    def text(gone: int, planned: int) -> str:
        return f"{gone} of the {planned} planned replicas of web on main {'is' if gone == 1 else 'are'} not running."

    def lives(*values: str) -> tuple[Series, ...]:
        """A service with one replica per value and another one that runs throughout."""
        return (
            *fixtures.service(replicas=len(values) + 1),
            *runs(fixtures, "web-1"),
            *(fixtures.container(_START, life, f"web-{number}") for number, life in enumerate(values, start=2)),
        )

    def briefly(**labels: str) -> tuple[Series, ...]:
        return (
            *runs(fixtures, "half-1", **labels),
            fixtures.container(_START, outage.gone(due - sample), "half-2", **labels),
        )

    one = lives(outage.gone())
    # It is there for one counted sample in four.
    steps = sample // fixtures.interval
    # One replica is missing from the beginning, a second one `half` or `later` samples later.
    half = math.ceil(outage.enough / 2)
    most = 2 * (outage.enough - 1) - 1
    later = most - (most // 2 - 1)
    fires = (
        fixtures.fires(
            "fires for one of two replicas, not for one that is briefly gone",
            (
                *one,
                *fixtures.service("half"),
                *briefly(service="half"),
                *fixtures.service(component="half")[-3:],
                *briefly(component="half"),
            ),
            due,
            Expected(of_service(), text(1, 2)),
        ),
        fixtures.fires(
            "fires for one of two replicas, not for complete or single-replica services",
            (
                *one,
                *fixtures.service("api"),
                *runs(fixtures, "api-1", "api-2", service="api"),
                *fixtures.service("single", replicas=1),
                *fixtures.service(component="single", replicas=1)[-3:],
            ),
            due,
            Expected(of_service(), text(1, 2)),
        ),
        fixtures.fires(
            "fires without flapping while a replica comes and goes",
            lives(" ".join([f"7 stale _x{4 * steps - 2}"] * (fixtures.count // (4 * steps) + 1))),
            due,
            Expected(of_service(), text(1, 2)),
        ),
        fixtures.fires(
            "fires and reports two when a second one is missing half of the time",
            lives(outage.gone(), outage.gone(begin + half * sample)),
            begin + (2 * half - 1) * sample,
            Expected(of_service(), text(2, 3)),
        ),
        fixtures.fires(
            "fires and reports one when a second one is missing less than half of the time",
            lives(outage.gone(), outage.gone(begin + later * sample)),
            begin + (most - 1) * sample,
            Expected(of_service(), text(1, 3)),
        ),
        fixtures.fires(
            "fires and reports how many are missing now, regardless of earlier outages",
            lives(outage.gone(), *(_present(fixtures, (sample, due - 2 * grace - 2 * sample)) for _ in range(2))),
            due,
            Expected(of_service(), text(1, 4)),
        ),
    )
    silent = (
        fixtures.silent("stays silent one sample before the deploy grace is over", one, due - sample),
        fixtures.silent(
            "stays silent when one is missing twice, each time for less than the deploy grace",
            lives(outage.twice()),
            due,
        ),
        fixtures.silent("stays silent when all run", (*fixtures.service(), *runs(fixtures, "web-1", "web-2")), due),
        fixtures.silent(
            "stays silent for a single replica, which has its own alert",
            (*fixtures.service(replicas=1), *runs(fixtures, "api-1", service="api")),
            due,
        ),
        fixtures.silent(
            "stays silent while cAdvisor is down",
            (
                *fixtures.service(),
                fixtures.container(_START, outage.gone()),
                fixtures.container(_START, outage.gone(), "web-2"),
                *_up(fixtures, 0),
            ),
            due + grace,
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return fires, silent


def _up(fixtures: Fixtures, value: int) -> tuple[Series, ...]:
    return (series("up", flat(value, fixtures.count), job=names.JOB_CADVISOR, instance="cadvisor:8080", server="main"),)
