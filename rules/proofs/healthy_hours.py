"""The time in which nothing is wrong, though much happens: what the ordinary days of single systems are made with.

Whatever comes close to an alert stays on the quiet side of what the topology says of that alert, so that the proof
holds however its alerts are tuned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Series
from boxwatch.rules.proofs.fixtures import World, steps

# At these samples a service is deployed, and its exporter or the way to it is gone for a scrape or two.
DEPLOYED, UNSCRAPED = 18, 42


@dataclass(frozen=True, slots=True)
class Hours:
    """An hour or so, a sample a minute.

    Attributes:
        world: how long and how dense.
        alerts: the alerts of the topology, by name; those that it does not have forbid nothing.
        by_uuid: Coolify is scraped, so that a router of Traefik's belongs to a service by the uuid in its name. Else
            only by what the topology says of routers.
    """

    world: World
    alerts: Mapping[str, Alert]
    by_uuid: bool = True

    def most(self, alert: str, usual: float) -> float:
        """As much as usual, and well below the threshold of an alert that fires above it."""
        threshold = self._threshold(alert)
        return usual if threshold is None else min(usual, 0.75 * threshold)

    def least(self, alert: str, usual: float) -> float:
        """As much as usual, and well above the threshold of an alert that fires below it."""
        threshold = self._threshold(alert)
        return usual if threshold is None else max(usual, 1.25 * threshold)

    def _threshold(self, alert: str) -> float | None:
        return self.alerts[alert].threshold if alert in self.alerts else None

    def brief(self, samples: int, *alerts: str) -> int:
        """So many samples, or as few as none of these alerts fires for."""
        return min(samples, *(math.ceil(self.patience(alert) / self.world.interval) for alert in alerts))

    def patience(self, alert: str) -> int:
        """Seconds for which an alert bears its condition; all the time where there is no such alert."""
        return self.alerts[alert].patience if alert in self.alerts else self.world.length

    def but(self, usual: float, other: float | None, samples: int, at: int = DEPLOYED) -> str:
        """The same all the time, and something else for some samples."""
        return steps((usual, at), (other, samples), (usual, self.world.count + 1 - at - samples))

    def level(self, value: float, down: int, gap: int) -> str:
        """The same all the time; nothing while the service is down, and while it is not scraped."""
        return self._lived(lambda _, length: f"{value:.10g}x{length - 1}", down, gap)

    def wave(self, low: float, high: float, down: int, gap: int) -> str:
        """Up from low to high, again and again."""
        return self._lived(lambda _, length: f"{low:.10g}+{(high - low) / length:.10g}x{length - 1}", down, gap)

    def counter(self, each: float, down: int, gap: int) -> str:
        """A counter that rises by so much each minute, and begins anew with the deployment."""

        def life(begin: int, length: int) -> str:
            first = 1000 + each * begin if begin < DEPLOYED else each * (begin - DEPLOYED - down)
            return f"{first:.10g}+{each:.10g}x{length - 1}"

        return self._lived(life, down, gap)

    def _lived(self, life: Callable[[int, int], str], down: int, gap: int) -> str:
        spans = ((0, DEPLOYED), (DEPLOYED + down, UNSCRAPED), (UNSCRAPED + gap, self.world.count + 1))
        first, second, third = (life(begin, end - begin) for begin, end in spans)
        missing = [f"_x{count}" if count else "" for count in (down, gap)]
        return " ".join(part for part in (first, missing[0], second, missing[1], third) if part)


def exporter_restarts(hours: Hours, job: str, service: str) -> tuple[int, tuple[Series, ...]]:
    """(scrapes that fail because the exporter is restarted, what is known of any target)."""
    gap, world = hours.brief(2, "TargetDown"), hours.world
    of = {"job": job, "service": service}
    return gap, (
        world.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        world.scraped("up", hours.but(1, 0, gap, UNSCRAPED), **of),
        world.scraped("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 0.3), 0, gap), **of),
    )
