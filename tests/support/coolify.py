"""An exporter without network or waiting: a fake Coolify, a manually advanced clock, and the exposition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Metric as Family
from prometheus_client.openmetrics import parser

from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake.coolify import TOKEN, FakeCoolify
from boxwatch.exporters.coolify.names import Metric
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import FixedToken, Token
from boxwatch.exporters.coolify.state_file import StateFile
from boxwatch.exporters.coolify.transport import Reply

NOON = 1787400000.0  # 2026-08-22 12:00:00 UTC
CHUNK = 4096


@dataclass(slots=True)
class HandClock:
    """A clock that the test advances; `chance` is always the middle, so there is no jitter."""

    now: float = NOON
    ahead: float = 0.0  # of the wall clock, which can be set; the steady one cannot

    def clock(self) -> Clock:
        """The clock to inject into the exporter."""
        return Clock(wall=lambda: self.now + self.ahead, steady=lambda: self.now - NOON + 1000, chance=lambda: 0.5)


@dataclass(slots=True)
class Wire:
    """A transport to a fake; raises the failure in `broken` for every path that contains its key."""

    fake: FakeCoolify
    broken: dict[str, Failure] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Reply]:
        """Send one GET."""
        return self._open(path, headers)

    @contextmanager
    def _open(self, path: str, headers: Mapping[str, str]) -> Iterator[Reply]:
        for part, failure in self.broken.items():
            if part in path:
                raise failure
        answer = self.fake.get(path, headers)
        body, status = answer.body, answer.status
        for part, other in self.bodies.items():
            if part in path:
                body, status = other, 200
        pieces = (body[start : start + CHUNK] for start in range(0, len(body), CHUNK))
        yield Reply(status, {name.lower(): value for name, value in answer.headers.items()}, pieces)


def parse(page: str) -> Iterator[Family]:
    """Families of an OpenMetrics exposition, read by prometheus_client's strict parser."""
    yield from parser.text_string_to_metric_families(page)  # type: ignore[no-untyped-call]  # untyped there


class Rig:
    """An exporter with one account, driven by the test."""

    def __init__(  # noqa: PLR0913 - what tests vary
        self,
        fake: FakeCoolify,
        hand: HandClock,
        *,
        name: str = "main",
        token: Token | None = None,
        per_minute: float = 600,
        state_file: StateFile | None = None,
        disabled: frozenset[str] = frozenset(),
    ) -> None:
        """Connect all parts; no request is made yet."""
        self.fake, self.hand = fake, hand
        self.wire = Wire(fake)
        clock = hand.clock()
        self.counts = Counts()
        api = Api(self.wire, token or FixedToken(TOKEN), RateLimiter(per_minute, clock), clock, self.counts)
        self.account = Account(name, api, clock, disabled=disabled)
        self.registry = CollectorRegistry()
        watch = Watch(self.account, "http://coolify:8080", turn_limit=60)
        self.exporter = Exporter([watch], self.registry, "1.2.3", state_file=state_file)

    def settle(self) -> Rig:
        """Poll everything that is due, however long the rate limiter takes, and publish."""
        for _ in range(100_000):
            wait = self.account.turn()
            if wait > 0 and self.account.api.rate_limiter.wait() == 0:
                break
            self.hand.now += wait
        self.exporter.publish(self.account, "http://coolify:8080")
        self.exporter.snapshots.own.rendered = 0.25  # so that the page is the same on every host
        return self

    def wait(self, seconds: float, *, step: float = 5.0) -> Rig:
        """Advance the clock, polling whatever becomes due, and publish."""
        until = self.hand.now + seconds
        while self.hand.now < until:
            self.hand.now += min(step, until - self.hand.now)
            while self.account.turn() == 0:
                pass
        self.exporter.publish(self.account, "http://coolify:8080")
        self.exporter.snapshots.own.rendered = 0.25  # so that the page is the same on every host
        return self

    def value(self, metric: Metric, **labels: str) -> float | None:
        """Value of the only sample with these labels; None if there is none."""
        found = self.values(metric, **labels)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def values(self, metric: Metric, **labels: str) -> list[tuple[dict[str, str], float]]:
        """All samples of a metric with these labels."""
        return [
            (sample.labels, sample.value)
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        ]

    def present(self, metric: Metric, label: str, **labels: str) -> str | None:
        """The label value of a state set whose sample is 1."""
        found = [found[label] for found, value in self.values(metric, **labels) if value == 1]
        assert len(found) <= 1, found
        return found[0] if found else None

    def page(self) -> str:
        """The exposition as text."""
        return generate_latest(self.registry).decode()
