"""Proofs of what has worked, remembered through gaps and outages of days."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.fixtures import Fixtures, sample, series, steps
from boxwatch.topology.model import Topology

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Samples that are as far apart as they can be: Prometheus looks back five minutes.
_INTERVAL = 300
_LENGTH = 4.5 * _DAY
# When it is looked at: longer after the outage than the rule reads back, and within an hour.
_AT = 4 * _DAY + 9 * _HOUR + 7 * _INTERVAL
# The first sample after Prometheus was off.
_BACK = 4 * _DAY
_URL = "https://db.example.com"
_MATCHER = re.compile(r'(\w+)="([^"]*)"')

# A life: values and for how many samples; None is no sample.
Life = tuple[tuple[float | None, int], ...]
# Makes the series of something with these labels from its life: 1 while it works, and there while it is 1 or 0.
Make = Callable[[Fixtures, Life, dict[str, str]], tuple[Series, ...]]


def _days(number: float) -> int:
    return int(number * _DAY // _INTERVAL)


# Server → its life; the last run lasts until the end.
_WORKED: dict[str, Life] = {
    "works": ((1, 0),),
    # Twenty minutes between two full hours, and an outage until now.
    "briefly": ((None, 1), (1, 4), (0, 0)),
    # Prometheus was off for a night after days of outage, and for a weekend of one.
    "gap": ((1, _days(0.25)), (0, _days(3.5)), (None, _days(0.25)), (0, 0)),
    "weekend": ((1, _days(0.25)), (None, _days(2.5)), (0, 0)),
}
_NOT: dict[str, Life] = {
    # Longer ago than it reads back.
    "forgotten": ((1, _days(0.25)), (None, _days(3.5)), (0, 0)),
    "never": ((0, 0),),
    # It is scraped no more.
    "removed": ((1, _days(1.2)), (None, 0)),
}


def remembered(topology: Topology, systems: tuple[System, ...]) -> tuple[Measured, ...]:
    """The records are 1 for what has worked and is still scraped, and for nothing else: all on one input."""
    target = {"job": names.JOB_NODE, names.SERVICE: "db"}
    proofs = (
        _Proof(
            names.TARGET_WORKED,
            answered,
            target,
            others=({**target, names.SERVICE: "other"}, {**target, "job": "other"}, {"job": names.JOB_NODE}),
        ),
        # What is remembered of one is remembered of all.
        *(_reached(system, (*_WORKED, *_NOT)) for system in systems[:1]),
        *(_reached(system, ("works", "never")) for system in systems[1:]),
        _Proof(
            names.SERVER_CONTAINERS_SEEN,
            containers,
            {},
            strangers=({"job": "stranger"}, {names.NAME: ""}),
            prefix=names.JOB_CADVISOR,
        ),
        *(
            [
                _Proof(
                    names.PROBE_WORKED,
                    probed,
                    {names.SERVICE: "db", "instance": _URL},
                    others=(
                        {names.SERVICE: "other", "instance": _URL},
                        {names.SERVICE: "db", "instance": "https://www.example.com"},
                    ),
                    prefix=names.JOB_PROBE,
                )
            ]
            if any(service.url for service in topology.services)
            else []
        ),
    )
    fixtures = Fixtures(length=int(_LENGTH), thresholds=topology.thresholds, interval=_INTERVAL)
    series_ = tuple({one.series: one for proof in proofs for one in proof.series(fixtures)}.values())
    return tuple(
        Measured(
            title=f"{proof.record} says what has worked, however long ago, while it is scraped",
            expr=proof.query,
            at=at,
            samples=proof.samples,
            series=series_,
            interval=_INTERVAL,
        )
        for at in (_BACK, _AT)
        for proof in proofs
    )


@dataclass(frozen=True, slots=True)
class _Proof:
    """What one record must remember.

    Attributes:
        record: its name.
        make: makes what the rule reads.
        labels: what it is proven with, `server` aside.
        others: what else it must remember, beside what never worked and what is gone.
        strangers: what it must not take for that; it works. The first has another job.
        lives: which it is proven with.
        prefix: of its servers, where `job` is no label of the record.
    """

    record: str
    make: Make
    labels: dict[str, str]
    others: tuple[dict[str, str], ...] = ()
    strangers: tuple[dict[str, str], ...] = ()
    lives: tuple[str, ...] = (*_WORKED, *_NOT)
    prefix: str = ""

    @property
    def query(self) -> str:
        """The record on the servers of this proof."""
        return f'{self.record}{{{names.SERVER}=~"{self._server("")}.*"}}'

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What it must say."""
        return (
            *(
                sample(self.record, 1, **self.labels, server=self._server(name))
                for name in _WORKED
                if name in self.lives
            ),
            *(sample(self.record, 1, **other, server=self._server("never")) for other in self.others),
        )

    def series(self, fixtures: Fixtures) -> tuple[Series, ...]:
        """What it reads."""

        def make(life: Life, labels: dict[str, str], server: str) -> tuple[Series, ...]:
            last, _ = life[-1]
            rest = fixtures.count + 1 - sum(count for _, count in life[:-1])
            return self.make(fixtures, (*life[:-1], (last, rest)), {**labels, "server": self._server(server)})

        works, fails = ((1.0, 0),), ((0.0, 0),)
        return (
            *(one for name in self.lives for one in make((_WORKED | _NOT)[name], self.labels, name)),
            *make(works, {**self.labels, "instance": "second:1"}, "works"),
            *(one for other in self.others for one in make(fails, other, "removed")),
            *(one for other in self.strangers[:1] if self.labels for one in make(fails, other, "removed")),
            *(one for other in (*self.others, *self.strangers) for one in make(works, other, "never")),
        )

    def _server(self, name: str) -> str:
        return f"{self.prefix or self.labels['job']}-{name}"


def _reached(system: System, lives: tuple[str, ...]) -> _Proof:
    of = {"job": system.kind.job, names.SERVICE: "db"}
    return _Proof(
        names.SERVICE_REACHED,
        reached(system.reached),
        of,
        others=({**of, names.SERVICE: "other"},),
        strangers=({**of, "job": "stranger"}, *({**of, label: "another"} for label in labels_of(system.reached))),
        lives=lives,
    )


def answered(fixtures: Fixtures, life: Life, of: dict[str, str]) -> tuple[Series, ...]:
    """`up` of a target."""
    return (fixtures.scraped("up", steps(*life), job=of["job"], **_but_job(of)),)


def reached(selector: str) -> Make:
    """What an exporter says of whether it reaches its service, beside `up` of the exporter."""
    metric, matched = selector.partition("{")[0], labels_of(selector)

    def make(fixtures: Fixtures, life: Life, of: dict[str, str]) -> tuple[Series, ...]:
        up = tuple((None if value is None else 1.0, count) for value, count in life)
        target = {key: value for key, value in of.items() if key not in matched}
        return (
            fixtures.scraped(metric, steps(*life), job=of["job"], **{**matched, **_but_job(of)}),
            *answered(fixtures, up, target),
        )

    return make


def containers(_: Fixtures, life: Life, of: dict[str, str]) -> tuple[Series, ...]:
    """A container that cAdvisor names, on a server that is planned while it does or does not."""
    start = tuple((value or None, count) for value, count in life)
    planned = tuple((None if value is None else 1.0, count) for value, count in life)
    labels = {"job": names.JOB_CADVISOR, names.NAME: "web-1", "instance": "cadvisor:8080", **of}
    return (
        series("container_start_time_seconds", steps(*start), **labels),
        series(names.SERVER_CONTAINERS_PLAN, steps(*planned), server=of["server"]),
    )


def probed(fixtures: Fixtures, life: Life, of: dict[str, str]) -> tuple[Series, ...]:
    """Results of probes of a URL."""
    # The second scrape is another prober's of the same URL.
    second = {"instance": _URL, "prober": "second"} if of["instance"] == "second:1" else {}
    return (fixtures.scraped("probe_success", steps(*life), **{"job": names.JOB_PROBE, **of, **second}),)


def labels_of(selector: str) -> dict[str, str]:
    """Labels that a selector asks for, the job aside."""
    return _but_job(dict(_MATCHER.findall(selector)))


def _but_job(labels: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != "job"}
