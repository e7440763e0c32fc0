"""The metrics that every exporter written in Go has of its own process."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.simulation.exposition import Sample
from boxwatch.topology.units import MIB


def samples(started: float, now: float, memory: float = 18 * MIB, files: float = 11.0) -> Iterator[Sample]:
    """Start, memory and open files of a process."""
    yield Sample("process_start_time_seconds", started)
    yield Sample("process_cpu_seconds_total", 0.004 * (now - started))
    yield Sample("process_resident_memory_bytes", float(int(memory + 64 * 1024 * (now % 977) / 977)))
    yield Sample("process_open_fds", files)
    yield Sample("process_max_fds", 1048576.0)
