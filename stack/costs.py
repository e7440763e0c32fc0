"""What the stack costs: memory of each part, series and samples, and the disk that the retention needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from boxwatch.rules.built import Built
from boxwatch.stack import compose, core_parts
from boxwatch.stack.predictions import dimensions, memory, series
from boxwatch.stack.predictions.series import JobSeries
from boxwatch.topology.model import Topology
from boxwatch.topology.units import MIB

# Resident memory of the other parts, as measured; the programs' names are those of their images.
_MEASURED: Final[Mapping[str, int]] = MappingProxyType(
    {
        core_parts.ALERTMANAGER: 38 * MIB,
        core_parts.GRAFANA: 300 * MIB,
        core_parts.NODE: 17 * MIB,
        core_parts.BLACKBOX: 27 * MIB,
        "postgres": 15 * MIB,
        "redis": 17 * MIB,
        "elasticsearch": 17 * MIB,
        "coolify": 40 * MIB,
    }
)
# In blocks of real exporters' samples (docs/costs.md).
BYTES_PER_SAMPLE: Final = 2.0
# The write-ahead log of three hours before it is cut, with every sample as it came.
_LOG_SECONDS: Final = 3 * 3600
_BYTES_IN_LOG: Final = 6
_DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class PartCost:
    """Memory of one part, bytes.

    Attributes:
        name: service of the compose file.
        memory: what it is expected to use.
        limit: what the plan gives it.
    """

    name: str
    memory: int
    limit: int


@dataclass(frozen=True, slots=True)
class Costs:
    """The prediction for one deployment.

    Attributes:
        deployment: its name.
        jobs: series by job, those of rules last.
        parts: memory by part; empty if the topology plans no stack.
        retention: days that samples are kept.
    """

    deployment: str
    jobs: tuple[JobSeries, ...]
    parts: tuple[PartCost, ...]
    retention: int

    @property
    def series(self) -> int:
        """Series in memory."""
        return sum(job.series for job in self.jobs)

    @property
    def samples_per_second(self) -> float:
        """Samples stored in a second."""
        return sum(job.samples_per_second for job in self.jobs)

    @property
    def memory(self) -> int:
        """Memory of all parts, bytes."""
        return sum(part.memory for part in self.parts)

    @property
    def limit(self) -> int:
        """Memory that the plan gives to all parts, bytes."""
        return sum(part.limit for part in self.parts)

    @property
    def disk(self) -> int:
        """Disk that the retention needs, bytes."""
        blocks = self.samples_per_second * self.retention * _DAY * BYTES_PER_SAMPLE
        return round(blocks + self.samples_per_second * _LOG_SECONDS * _BYTES_IN_LOG)

    def to_json(self) -> dict[str, object]:
        """The prediction as plain values: memory and disk in bytes."""
        return {
            "name": self.deployment,
            "series": self.series,
            "samples_per_second": round(self.samples_per_second, 1),
            "bytes_per_sample": BYTES_PER_SAMPLE,
            "retention_days": self.retention,
            "disk_bytes": self.disk,
            "memory_bytes": self.memory,
            "memory_limit_bytes": self.limit,
            "jobs": [{"name": job.name, "targets": job.targets, "series": job.series} for job in self.jobs],
            "parts": [
                {"name": part.name, "memory_bytes": part.memory, "limit_bytes": part.limit} for part in self.parts
            ],
        }


def predict(built: Built) -> Costs:
    """What the stack of a deployment costs."""
    jobs = series.predict(built)
    plan = compose.planned(built.topology)
    total = sum(job.series for job in jobs)
    parts = (
        ()
        if plan is None
        else tuple(
            PartCost(part.name, _memory(built.topology, part.name, total), plan[2].limits[part.name])
            for part in plan[1]
        )
    )
    return Costs(built.topology.name, jobs, parts, core_parts.RETENTION_DAYS)


def _memory(topology: Topology, part: str, total: int) -> int:
    if part == core_parts.PROMETHEUS:
        return memory.prometheus(total)
    if part == core_parts.CADVISOR:
        return memory.cadvisor(dimensions.containers(topology, topology.home.name))
    if part in _MEASURED:
        return _MEASURED[part]
    kinds = {f"{service.name}-exporter": service.kind for service in topology.services}
    return _MEASURED[kinds[part]]
