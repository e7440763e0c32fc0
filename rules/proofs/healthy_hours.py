"""Busy hours in which nothing is wrong, from which the healthy days of single systems are built.

Values stay on the quiet side of the topology's thresholds and waits, so that the proof holds however alerts are tuned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Series
from boxwatch.rules.proofs.fixtures import Fixtures, steps

# At these samples, a service is deployed, and its exporter cannot be reached for a scrape or two.
DEPLOYED, UNSCRAPED = 18, 42


@dataclass(frozen=True, slots=True)
class Hours:
    """About an hour, with a sample every minute.

    Attributes:
        fixtures: its length and sample interval.
        alerts: the topology's alerts by name; an alert that is missing sets no limit.
        by_uuid: Coolify is scraped, so that the uuid in the name of a Traefik router identifies its service. Otherwise
            only the routers in the topology do.
    """

    fixtures: Fixtures
    alerts: Mapping[str, Alert]
    by_uuid: bool = True

    def most(self, alert: str, usual: float) -> float:
        """The usual value, or less to stay well below the threshold of an alert that fires above it."""
        threshold = self._threshold(alert)
        return usual if threshold is None else min(usual, 0.75 * threshold)

    def least(self, alert: str, usual: float) -> float:
        """The usual value, or more to stay well above the threshold of an alert that fires below it."""
        threshold = self._threshold(alert)
        return usual if threshold is None else max(usual, 1.25 * threshold)

    def _threshold(self, alert: str) -> float | None:
        return self.alerts[alert].threshold if alert in self.alerts else None

    def brief(self, samples: int, *alerts: str) -> int:
        """This many samples, or fewer so that none of these alerts fires."""
        return min(samples, *(math.ceil(self.tolerance(alert) / self.fixtures.interval) for alert in alerts))

    def tolerance(self, alert: str) -> int:
        """Seconds for which an alert tolerates its condition; the whole length if there is no such alert."""
        return self.alerts[alert].effective_wait if alert in self.alerts else self.fixtures.length

    def but(self, usual: float, other: float | None, samples: int, at: int = DEPLOYED) -> str:
        """A constant value, except for some samples."""
        return steps((usual, at), (other, samples), (usual, self.fixtures.count + 1 - at - samples))

    def level(self, value: float, down: int, gap: int) -> str:
        """A constant value; no samples while the service is down or not scraped."""
        return self._lived(lambda _, length: f"{value:.10g}x{length - 1}", down, gap)

    def wave(self, low: float, high: float, down: int, gap: int) -> str:
        """A value that rises from low to high in each span between gaps."""
        return self._lived(lambda _, length: f"{low:.10g}+{(high - low) / length:.10g}x{length - 1}", down, gap)

    def counter(self, each: float, down: int, gap: int) -> str:
        """A counter that increases by `each` every minute and is reset by the deployment."""

        def life(begin: int, length: int) -> str:
            first = 1000 + each * begin if begin < DEPLOYED else each * (begin - DEPLOYED - down)
            return f"{first:.10g}+{each:.10g}x{length - 1}"

        return self._lived(life, down, gap)

    def _lived(self, life: Callable[[int, int], str], down: int, gap: int) -> str:
        spans = ((0, DEPLOYED), (DEPLOYED + down, UNSCRAPED), (UNSCRAPED + gap, self.fixtures.count + 1))
        first, second, third = (life(begin, end - begin) for begin, end in spans)
        missing = [f"_x{count}" if count else "" for count in (down, gap)]
        return " ".join(part for part in (first, missing[0], second, missing[1], third) if part)


def exporter_restarts(hours: Hours, job: str, service: str) -> tuple[int, tuple[Series, ...]]:
    """Number of scrapes that fail because the exporter restarts, and the series that every target has."""
    gap, fixtures = hours.brief(2, "TargetDown"), hours.fixtures
    of = {"job": job, "service": service}
    return gap, (
        fixtures.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        fixtures.scraped("up", hours.but(1, 0, gap, UNSCRAPED), **of),
        fixtures.scraped("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 0.3), 0, gap), **of),
    )
