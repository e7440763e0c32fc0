"""Activity in a fake, for the demo: deployments that are queued, run and end."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify

# One deployment in this many fails.
_FAILS: Final = 8


@dataclass(slots=True)
class Life:
    """Advances a fake: every `every` seconds a deployment is requested, which takes about `takes` seconds."""

    fake: FakeCoolify
    every: float = 240.0
    takes: float = 90.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a demo's dice
    _next: float = 0.0
    _ends: dict[int, float] = field(default_factory=dict)

    def tick(self) -> None:
        """Apply all changes due by now; called before each answer."""
        now = self.fake.now()
        for server in self.fake.servers:
            server["sentinel_updated_at"] = payloads.naive(now - now % 60)
        for row in self.fake.deployments:
            if row["status"] == "queued" and now - self._ends.get(row["id"], now) > -self.takes:
                row["status"] = "in_progress"
            if row["status"] == "in_progress":
                row["updated_at"] = payloads.iso(now)
                if now >= self._ends.get(row["id"], now):
                    self.fake.end(row, "failed" if self.chance.randrange(_FAILS) == 0 else "finished")
                    self._ends.pop(row["id"], None)
        if self.fake.applications and now >= self._next:
            first = self._next == 0
            self._next = now + self.every * self.chance.uniform(0.5, 1.5)
            if not first:
                row = self.fake.deploy(self.chance.choice(self.fake.applications))
                self._ends[row["id"]] = now + self.takes * self.chance.uniform(1.1, 1.6)
