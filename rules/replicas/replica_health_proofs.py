"""Proofs of the alerts on replica health: outages counted in samples."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import World, flat, of_service, series
from boxwatch.topology.model import Topology

_MINUTE = 60
_START = "container_start_time_seconds"


# With a long grace, not every scrape is counted: a window holds at most twice this many samples, at any interval.
_MOST_COUNTED = 120


def counted_every(grace: int, interval: int) -> int:
    """Seconds between counted samples: one scrape interval, or an odd number of them for a long grace.

    An odd number catches containers that come and go every second or fourth scrape.
    """
    return (math.ceil(grace / interval / _MOST_COUNTED) | 1) * interval


def runs(world: World, *names_: str, **labels: str) -> tuple[Series, ...]:
    """Containers that run throughout, by name."""
    return tuple(world.container(_START, flat(7, world.count), name, **labels) for name in names_)


def _present(world: World, *gaps: tuple[int, int]) -> str:
    """The start time of a container that is absent during some spans: (first second, first second after)."""
    there = [not any(begin <= step * world.interval < end for begin, end in gaps) for step in range(world.count + 1)]
    words: list[str] = []
    for present, run in itertools.groupby(there):
        count = len(list(run))
        words += [f"7x{count - 1}"] if present else ["stale", *([f"_x{count - 1}"] if count > 1 else [])]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Spell:
    """An outage counted in samples: when it begins, and when it has lasted long enough.

    Attributes:
        world: long enough for the outage, with a sample wherever one is counted.
        begin: second of its first sample, before which a window of twice the grace is full.
        due: second of the sample at which it has lasted for the grace.
        sample: seconds between the samples that are counted.
        never: later than any sample.
    """

    world: World
    begin: int
    due: int
    sample: int
    never: int = 10**9

    @classmethod
    def of(cls, topology: Topology, grace: int) -> _Spell:
        """An outage for a topology and a grace in seconds."""
        sample = counted_every(grace, topology.scrape_interval)
        begin = math.ceil((2 * grace + 10 * _MINUTE) / (60 * sample)) * 60 * sample if 60 % sample else 0
        begin = begin or math.ceil((2 * grace + 10 * _MINUTE) / 60) * 60
        due = begin + math.ceil(grace / sample) * sample
        world = World(length=due + grace, thresholds=topology.thresholds, interval=min(30, topology.scrape_interval))
        return cls(world, begin, due, sample)

    @property
    def enough(self) -> int:
        """Samples in the outage when the alert is due."""
        return (self.due - self.begin) // self.sample + 1

    def gone(self, since: int | None = None) -> str:
        """A container that stops for good: when the outage begins, or at `since`."""
        return _present(self.world, (self.begin if since is None else since, self.never))

    def twice(self) -> str:
        """A container absent twice for just less than the grace, too far apart to count together."""
        length = (self.enough - 1) * self.sample
        first = self.due - 2 * (self.due - self.begin) - 2 * self.sample - length
        return _present(self.world, (first, first + length), (self.due - length + self.sample, self.never))


def down(topology: Topology, grace: int, *, pages: bool) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire and those that stay silent, for paging or for non-paging services."""
    spell = _Spell.of(topology, grace)
    world, begin, due = spell.world, spell.begin, spell.due
    who = "" if pages else ", for a service that does not page"
    text = "No container of {} is running."
    web = world.service(pages=pages)
    # A second service that runs, so that cAdvisor demonstrably works.
    other = (*world.service("api", pages=pages), *runs(world, "api-1", "api-2", service="api"))
    gone = (*web, *other, world.container(_START, spell.gone()), world.container(_START, spell.gone(), "web-2"))
    expected = Expected(of_service(), text.format("web on main"))
    fires = (
        world.fires(f"fires for the service whose last replica stopped, not for the others{who}", gone, due, expected),
        world.fires(
            f"fires without flapping in a crash loop that shows a container now and then{who}",
            (*web, *other, world.container(_START, " ".join(["7 stale _x6"] * (world.count // 8 + 1)))),
            # Evaluated two samples after a glimpse of the container.
            due + (2 - due // world.interval) % 8 * world.interval,
            expected,
        ),
        world.fires(
            f"fires for a service of one replica that never started{who}",
            (*world.service("api", replicas=1, pages=pages), *runs(world, "web-1")),
            due,
            Expected(of_service("api"), text.format("api on main")),
        ),
        world.fires(
            f"fires on the server where the service is down, not where it runs{who}",
            (
                *web,
                *world.service(server="second", pages=pages),
                *runs(world, "web-1"),
                *runs(world, "api-1", service="api", server="second"),
            ),
            due,
            Expected({"server": "second", "service": "web"}, text.format("web on second")),
        ),
        world.fires(
            f"fires for the missing component{who}",
            (
                *world.service("coolify", component="app", replicas=1, identified_by="name", pages=pages),
                *world.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
                *runs(world, "coolify", service="coolify", component="app", resource=""),
            ),
            due,
            Expected(of_service("coolify", component="database"), text.format("coolify/database on main")),
        ),
    )
    silent = (
        world.silent(f"stays silent while one replica is left{who}", (*web, *runs(world, "web-1")), begin),
        world.silent(f"stays silent one sample before the grace is over{who}", gone, due - spell.sample),
        world.silent(
            f"stays silent for two outages shorter than the grace{who}",
            (*web, *other, world.container(_START, spell.twice())),
            due,
        ),
        world.silent(
            f"stays silent while cAdvisor is down{who}",
            (*web, world.container(_START, spell.gone()), *_up(world, 0)),
            due + grace,
        ),
        world.silent(
            f"stays silent for a parked service, with 0 replicas{who}",
            (*world.service(replicas=0, pages=pages), *other),
            begin,
        ),
        *((deploys.rolling(topology), deploys.stop_and_start(topology)) if pages else ()),
    )
    return fires, silent


def missing(topology: Topology, grace: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire, and those that stay silent."""
    spell = _Spell.of(topology, grace)
    world, begin, due, sample = spell.world, spell.begin, spell.due, spell.sample
    text = "{} of the planned replicas of web on main are not running."

    def lives(*values: str) -> tuple[Series, ...]:
        """A service with one replica per value and another one that runs throughout."""
        return (
            *world.service(replicas=len(values) + 1),
            *runs(world, "web-1"),
            *(world.container(_START, life, f"web-{number}") for number, life in enumerate(values, start=2)),
        )

    def briefly(**labels: str) -> tuple[Series, ...]:
        return (
            *runs(world, "half-1", **labels),
            world.container(_START, spell.gone(due - sample), "half-2", **labels),
        )

    one = lives(spell.gone())
    # One replica is missing from the beginning, a second one `half` or `later` samples later.
    half = math.ceil(spell.enough / 2)
    most = 2 * (spell.enough - 1) - 1
    later = most - (most // 2 - 1)
    fires = (
        world.fires(
            "fires for one of two replicas, not for one that is briefly gone",
            (
                *one,
                *world.service("half"),
                *briefly(service="half"),
                *world.service(component="half")[-3:],
                *briefly(component="half"),
            ),
            due,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires for one of two replicas, not for complete or single-replica services",
            (
                *one,
                *world.service("api"),
                *runs(world, "api-1", "api-2", service="api"),
                *world.service("single", replicas=1),
                *world.service(component="single", replicas=1)[-3:],
            ),
            due,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires without flapping while a replica comes and goes",
            lives(" ".join(["7 stale _x2"] * (world.count // 4 + 1))),
            due,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires and reports two when a second one is missing half of the time",
            lives(spell.gone(), spell.gone(begin + half * sample)),
            begin + (2 * half - 1) * sample,
            Expected(of_service(), text.format(2)),
        ),
        world.fires(
            "fires and reports one when a second one is missing less than half of the time",
            lives(spell.gone(), spell.gone(begin + later * sample)),
            begin + (most - 1) * sample,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires and reports how many are missing now, regardless of earlier outages",
            lives(spell.gone(), *(_present(world, (sample, due - 2 * grace - 2 * sample)) for _ in range(2))),
            due,
            Expected(of_service(), text.format(1)),
        ),
    )
    silent = (
        world.silent("stays silent one sample before the deploy grace is over", one, due - sample),
        world.silent(
            "stays silent when one is missing twice, each time for less than the deploy grace",
            lives(spell.twice()),
            due,
        ),
        world.silent("stays silent when all run", (*world.service(), *runs(world, "web-1", "web-2")), due),
        world.silent(
            "stays silent for a single replica, which has its own alert",
            (*world.service(replicas=1), *runs(world, "api-1", service="api")),
            due,
        ),
        world.silent(
            "stays silent while cAdvisor is down",
            (
                *world.service(),
                world.container(_START, spell.gone()),
                world.container(_START, spell.gone(), "web-2"),
                *_up(world, 0),
            ),
            due + grace,
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return fires, silent


def _up(world: World, value: int) -> tuple[Series, ...]:
    return (series("up", flat(value, world.count), job=names.JOB_CADVISOR, instance="cadvisor:8080", server="main"),)
