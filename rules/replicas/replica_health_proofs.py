"""What the alerts on replica health fire on, and what they are silent on: outages counted in samples."""

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


# Of a long grace not every scrape is counted: a window holds at most twice as many samples, whatever the interval.
_MOST_COUNTED = 120


def counted_every(grace: int, interval: int) -> int:
    """Seconds between the samples that are counted: a scrape interval, or several where the grace is long.

    An odd number of them, which sees all of what comes and goes every second or fourth time.
    """
    return (math.ceil(grace / interval / _MOST_COUNTED) | 1) * interval


def runs(world: World, *names_: str, **labels: str) -> tuple[Series, ...]:
    """Containers that run all the time, by name."""
    return tuple(world.container(_START, flat(7, world.count), name, **labels) for name in names_)


def _present(world: World, *gaps: tuple[int, int]) -> str:
    """The start time of a container that is gone for some spans: (first second, first second after)."""
    there = [not any(begin <= step * world.interval < end for begin, end in gaps) for step in range(world.count + 1)]
    words: list[str] = []
    for present, run in itertools.groupby(there):
        count = len(list(run))
        words += [f"7x{count - 1}"] if present else ["stale", *([f"_x{count - 1}"] if count > 1 else [])]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Spell:
    """A time that is counted in samples: when it begins, and when it has lasted long enough.

    Attributes:
        world: long enough for it, with samples at each that is counted.
        begin: the first sample of it, before which a window of twice the grace is full.
        due: the sample at which it has lasted for the grace.
        sample: seconds between the samples that are counted.
        never: later than anything.
    """

    world: World
    begin: int
    due: int
    sample: int
    never: int = 10**9

    @classmethod
    def of(cls, topology: Topology, grace: int) -> _Spell:
        """For a grace of a topology."""
        sample = counted_every(grace, topology.scrape_interval)
        begin = math.ceil((2 * grace + 10 * _MINUTE) / (60 * sample)) * 60 * sample if 60 % sample else 0
        begin = begin or math.ceil((2 * grace + 10 * _MINUTE) / 60) * 60
        due = begin + math.ceil(grace / sample) * sample
        world = World(length=due + grace, thresholds=topology.thresholds, interval=min(30, topology.scrape_interval))
        return cls(world, begin, due, sample)

    @property
    def enough(self) -> int:
        """Samples in it when it is due."""
        return (self.due - self.begin) // self.sample + 1

    def gone(self, since: int | None = None) -> str:
        """A container that stops for good, when the spell begins if not said otherwise."""
        return _present(self.world, (self.begin if since is None else since, self.never))

    def twice(self) -> str:
        """A container that is gone for just less than the grace, and was before: too long ago to count together."""
        length = (self.enough - 1) * self.sample
        first = self.due - 2 * (self.due - self.begin) - 2 * self.sample - length
        return _present(self.world, (first, first + length), (self.due - length + self.sample, self.never))


def down(topology: Topology, grace: int, *, pages: bool) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire and those that do not, for services that wake someone or for those that do not."""
    spell = _Spell.of(topology, grace)
    world, begin, due = spell.world, spell.begin, spell.due
    who = "" if pages else ", for a service that wakes nobody"
    text = "No container of {} is running."
    web = world.service(pages=pages)
    # Beside it a service that runs, so that cAdvisor is seen to work.
    other = (*world.service("api", pages=pages), *runs(world, "api-1", "api-2", service="api"))
    gone = (*web, *other, world.container(_START, spell.gone()), world.container(_START, spell.gone(), "web-2"))
    expected = Expected(of_service(), text.format("web on main"))
    fires = (
        world.fires(
            f"fires for the service whose last replica stopped, and not for the others{who}", gone, due, expected
        ),
        world.fires(
            f"fires steadily in a crash loop that shows a container now and then{who}",
            (*web, *other, world.container(_START, " ".join(["7 stale _x6"] * (world.count // 8 + 1)))),
            # A moment at which it is seen in half of the window, and would not count if that were all.
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
            f"fires on the server where it is down, and not where it runs{who}",
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
        world.silent(f"is silent while one replica is left{who}", (*web, *runs(world, "web-1")), begin),
        world.silent(f"is silent while it has lasted for a sample less than the grace{who}", gone, due - spell.sample),
        world.silent(
            f"is silent for two outages of less than the grace{who}",
            (*web, *other, world.container(_START, spell.twice())),
            due,
        ),
        world.silent(
            f"is silent when cAdvisor is gone{who}",
            (*web, world.container(_START, spell.gone()), *_up(world, 0)),
            due + grace,
        ),
        world.silent(
            f"is silent for a service that is parked with no replicas{who}",
            (*world.service(replicas=0, pages=pages), *other),
            begin,
        ),
        *((deploys.rolling(topology), deploys.stop_and_start(topology)) if pages else ()),
    )
    return fires, silent


def missing(topology: Topology, grace: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that fire, and those that do not."""
    spell = _Spell.of(topology, grace)
    world, begin, due, sample = spell.world, spell.begin, spell.due, spell.sample
    text = "{} of the planned replicas of web on main are not running."

    def lives(*values: str) -> tuple[Series, ...]:
        """A service of as many replicas, the first of which runs all the time."""
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
    # One is missing from the begin, a second one from so many samples later, looked at after so many in all.
    half = math.ceil(spell.enough / 2)
    most = 2 * (spell.enough - 1) - 1
    later = most - (most // 2 - 1)
    fires = (
        world.fires(
            "fires for one of two replicas, and not for what is gone for a moment",
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
            "fires for one of two replicas, and not for what is complete or planned once",
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
            "fires steadily while a replica comes and goes",
            lives(" ".join(["7 stale _x2"] * (world.count // 4 + 1))),
            due,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires and says two when a second one is missing for half of the time",
            lives(spell.gone(), spell.gone(begin + half * sample)),
            begin + (2 * half - 1) * sample,
            Expected(of_service(), text.format(2)),
        ),
        world.fires(
            "fires and says one when a second one is missing for less than half of the time",
            lives(spell.gone(), spell.gone(begin + later * sample)),
            begin + (most - 1) * sample,
            Expected(of_service(), text.format(1)),
        ),
        world.fires(
            "fires and says how many are missing now, whatever was before",
            lives(spell.gone(), *(_present(world, (sample, due - 2 * grace - 2 * sample)) for _ in range(2))),
            due,
            Expected(of_service(), text.format(1)),
        ),
    )
    silent = (
        world.silent("is silent while it has lasted for a sample less than a deploy may take", one, due - sample),
        world.silent("is silent when one is missing twice for less than a deploy may take", lives(spell.twice()), due),
        world.silent("is silent when all run", (*world.service(), *runs(world, "web-1", "web-2")), due),
        world.silent(
            "is silent for the only replica, which has an alert of its own",
            (*world.service(replicas=1), *runs(world, "api-1", service="api")),
            due,
        ),
        world.silent(
            "is silent when cAdvisor is gone",
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
