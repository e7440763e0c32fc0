"""The Docker daemon's own metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.pages import process
from boxwatch.topology.units import MIB

EXPORTER: Final = "docker-engine"


def samples(box: Box, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment."""
    begun = box.start - PAST
    starts = sum(begun < life.started <= now for slot in box.slots if slot.server == server for life in box.lives(slot))
    starts += sum(begun < build.builds[0] <= now for build in box.builds(server))
    for action in ("changes", "commit", "create", "delete", "start"):
        count = starts if action in ("create", "delete", "start") else 0
        yield Sample("engine_daemon_container_actions_seconds_count", float(count + 1), {"action": action})
    running = sum(1 for _ in box.running(now, server)) + sum(1 for _ in box.building(now, server))
    for state, count in (("paused", 0), ("running", running), ("stopped", 0)):
        yield Sample("engine_daemon_container_states_containers", float(count), {"state": state})
    yield from process.samples(begun, now, 80 * MIB, 120)
