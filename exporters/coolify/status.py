"""Parser for Coolify's status strings: `state:health`, `state:health:excluded`, and their variants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify import names

# Standalone databases and previews have Docker's own states. They are mapped as Coolify's aggregator maps them for
# applications (Coolify 4.3.11, app/Services/ContainerStatusAggregator.php), so that one list of states fits all.
_DOCKER: Final = {"created": "starting", "dead": "degraded", "removing": "degraded"}
_WORDS: Final = re.compile(r"[:\s()]+")
_EXCLUDED: Final = "excluded"


@dataclass(frozen=True, slots=True)
class Status:
    """A status with values of names.STATES and names.HEALTHS; `understood` is false if a word was unknown."""

    state: str = "unknown"
    health: str = "unknown"
    excluded: bool = False
    understood: bool = True

    @property
    def runs(self) -> bool:
        """Whether Coolify takes it for running."""
        return self.state == "running"


def parse(text: str) -> Status:
    """Parse any status string; unknown words become `unknown`.

    >>> parse("running:healthy")
    Status(state='running', health='healthy', excluded=False, understood=True)
    >>> parse("degraded:excluded")
    Status(state='degraded', health='unknown', excluded=True, understood=True)

    A missing health is `unknown`, which is also Coolify's word for "no health check": neither is a fault. Before 4.0
    the spelling was `running (healthy)`.
    """
    words = [word for word in _WORDS.split(text.lower()) if word]
    excluded = _EXCLUDED in words[1:]
    state, health, *rest = [*(word for word in words if word != _EXCLUDED), "", ""][:3]
    state = _DOCKER.get(state, state)
    health = health or "unknown"
    understood = state in names.STATES and health in names.HEALTHS and not any(rest)
    return Status(
        state=state if state in names.STATES else "unknown",
        health=health if health in names.HEALTHS else "unknown",
        excluded=excluded,
        understood=understood,
    )
