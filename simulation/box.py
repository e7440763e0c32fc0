"""One model of a box in motion: a pure function of seed, time and scenario to everything that its exporters report."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Final

from boxwatch.simulation import lives
from boxwatch.simulation.chance import between, chance
from boxwatch.simulation.faults import Fault, Kind
from boxwatch.simulation.flow import DAY, Change, Flow, Wave, daily
from boxwatch.simulation.lives import Deploy, Life
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.slots import Slot, slots
from boxwatch.topology.model import Server, Service, Topology
from boxwatch.topology.units import GIB, MIB

# How far back the box remembers, and how far ahead it has deploys.
PAST: Final = 2 * DAY
_AHEAD: Final = 7 * DAY
# No deploys of an ordinary day this long before an incident.
_QUIET: Final = 900.0
# Use of RAM as a share of the budget, page cache beside it, and cores, by kind.
_USE: Final = {
    "postgres": (0.42, 0.45, 0.35), "redis": (0.38, 0.01, 0.06), "elasticsearch": (0.62, 0.3, 0.25),
    "minio": (0.36, 0.5, 0.08), "monitoring": (0.5, 0.2, 0.05), "traefik": (0.22, 0.02, 0.1),
    "coolify": (0.45, 0.05, 0.05), "rabbitmq": (0.4, 0.02, 0.08), "worker": (0.55, 0.01, 0.4),
}  # fmt: skip
_USUAL: Final = (0.52, 0.01, 0.22)
# Requests of one replica in a second.
REQUESTS: Final = 4.0
_SYSTEM_CORES: Final = 0.12
_BUILD_CORES: Final = 1.6
_STARVING_BUILD: Final = 0.985
# What the kernel reports of the RAM that was sold, and what it and the daemons use beside the containers.
_REPORTED: Final = 0.976
_OVERHEAD: Final = 1.3 * GIB
_BUILD_MEMORY: Final = 500 * MIB
_WARM_UP: Final = 400.0
_DISK_USED: Final = 0.41
_SECOND_DISK: Final = 200 * 10**9


@dataclass(frozen=True, eq=False)
class Box:
    """All servers of a topology.

    Attributes:
        topology: what is planned.
        start: when its scenario starts, seconds since 1970.
        scenario: what goes wrong.
        seed: another seed is another box.
    """

    topology: Topology
    start: float
    scenario: Scenario
    seed: int = 1

    @functools.cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Every place of the plan."""
        return slots(self.topology)

    @functools.cached_property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong, on the box's clock."""
        return tuple(fault.at(self.start) for fault in self.scenario.faults)

    def fault(self, kind: Kind, now: float, subject: str | None = None) -> Fault | None:
        """The fault of a kind that is active at a moment, for any or for one subject."""
        for fault in self.faults:
            if fault.kind == kind and fault.active(now) and subject in (None, fault.subject):
                return fault
        return None

    @functools.cached_property
    def deploys(self) -> tuple[Deploy, ...]:
        """Every deploy, by the time of its request."""
        since, until = self.start - PAST, self.start + _AHEAD
        quiet = (self.start - _QUIET, self.start + self.scenario.ends) if self.scenario.name else (0.0, 0.0)
        # What leaks is not deployed meanwhile, or it would never get far.
        leaking = {fault.subject for fault in self.faults if fault.kind == "leaking"}
        found = [
            deploy
            for slot in self.slots
            for deploy in (
                *(() if slot.key in leaking else lives.everyday(slot, self.seed, since, until, quiet)),
                *lives.deploys(slot, self.faults, self.seed),
            )
        ]
        return tuple(sorted(found, key=lambda one: one.requested))

    @functools.cached_property
    def _lives(self) -> dict[Slot, tuple[Life, ...]]:
        return {
            slot: lives.lives(slot, (one for one in self.deploys if one.slot == slot), self.faults, self.start - PAST)
            for slot in self.slots
        }

    def lives(self, slot: Slot) -> tuple[Life, ...]:
        """The containers of a place, oldest first."""
        return self._lives[slot]

    def running(self, now: float, server: str) -> Iterator[Life]:
        """The containers that run on a server."""
        for slot, found in self._lives.items():
            if slot.server == server:
                yield from (life for life in found if life.runs(now))

    def up(self, now: float, service: Service, server: str = "") -> bool:
        """Whether any container of a service runs."""
        return any(
            life.runs(now)
            for slot, found in self._lives.items()
            if slot.service is service and server in ("", slot.server)
            for life in found
        )

    def since(self, now: float, service: Service, server: str) -> float:
        """When the youngest running container of a service was started: its counters begin there."""
        started = [life.started for life in self.running(now, server) if life.slot.service is service]
        return max(started, default=now)

    # Traffic.

    @functools.cached_property
    def _traffic(self) -> dict[Slot, Flow]:
        found = {}
        for slot in self.slots:
            if slot.service.faces_users and slot.resource:
                base = REQUESTS * between(0.7, 1.4, self.seed, slot.service.name)
                flow = daily(base, chance(self.seed, slot.service.name))
                found[slot] = flow.changed(*self._changes(slot))
        return found

    def _changes(self, slot: Slot) -> Iterator[Change]:
        for fault in self.faults:
            if fault.kind == "traffic" and fault.subject in ("", slot.service.name):
                yield Change(fault.begins, fault.ends, fault.amount)
            replicas = slot.service.replicas
            if fault.kind in ("stopped", "crashing"):
                # The others take its requests; without others nobody does.
                if fault.subject == slot.key:
                    yield Change(fault.begins, fault.ends, 0.0)
                elif replicas > 1 and fault.subject in {one.key for one in self.slots if one.service is slot.service}:
                    yield Change(fault.begins, fault.ends, replicas / (replicas - 1))

    def requests(self) -> dict[Slot, Flow]:
        """Requests per second that reach each place."""
        return self._traffic

    def failing(self, service: Service) -> tuple[Change, ...]:
        """When and how much more of a service's requests fail, as a factor of the usual share."""
        return tuple(
            Change(fault.begins, fault.ends, fault.amount)
            for fault in self.faults
            if fault.kind == "failing" and fault.subject == service.name
        )

    def load(self, now: float, service: Service) -> float:
        """How busy a service's users are, 1 on average."""
        flows = [flow for slot, flow in self._traffic.items() if slot.service is service]
        if not flows:
            return daily(1.0, chance(self.seed, service.name), 0.6).rate(now)
        return sum(flow.rate(now) / flow.base for flow in flows) / len(flows)

    # Containers.

    def cores(self, slot: Slot) -> Flow:
        """Cores in use."""
        share = _USE.get(slot.service.kind, _USUAL)[2] / max(1, len(slot.service.components))
        flow = daily(share * between(0.8, 1.2, self.seed, slot.id), chance(self.seed, slot.id), 0.7)
        bursts = (fault for fault in self.faults if fault.kind == "traffic" and fault.subject == slot.service.name)
        return flow.changed(*(Change(fault.begins, fault.ends, min(fault.amount, 3.0)) for fault in bursts))

    def memory(self, life: Life, now: float) -> tuple[int, int]:
        """RAM that the kernel cannot reclaim, and page cache that it would, bytes."""
        slot = life.slot
        used, cached, _ = _USE.get(slot.service.kind, _USUAL)
        warm = 0.72 + 0.28 * (1 - exp(-(now - life.started) / _WARM_UP))
        level = used * between(0.92, 1.05, self.seed, slot.id) * warm
        level *= 1 + 0.02 * (self.load(now, slot.service) - 1) + Wave(0.006, 1900, chance(slot.id) * 1900).value(now)
        own = level * slot.budget
        leak = next((one for one in self.faults if one.kind == "leaking" and one.subject == slot.key), None)
        if leak is not None and leak.begins <= now < leak.ends:
            since = max(leak.begins, life.started)
            own += (slot.limit - own) * min(1.0, (now - since) / (leak.amount - 1))
        return int(own), int(cached * slot.budget * min(1.0, 0.6 + (now - life.started) / DAY))

    # Servers.

    def server(self, name: str) -> Server:
        """A server of the plan."""
        return next(server for server in self.topology.servers if server.name == name)

    def builds(self, server: str) -> Iterator[Deploy]:
        """The builds of a server."""
        return (one for one in self.deploys if one.slot.server == server)

    def building(self, now: float, server: str) -> Iterator[Deploy]:
        """The builds that run on a server."""
        return (one for one in self.builds(server) if one.builds[0] <= now < one.builds[1])

    @functools.cache  # noqa: B019 - a box lives as long as the process
    def host_cores(self, server: str) -> Flow:
        """Cores in use on a server, of containers, system and builds."""
        flow = daily(_SYSTEM_CORES, chance(self.seed, server), 0.3)
        cpus = self.server(server).cpus
        base = sum(self.cores(slot).base for slot in self.slots if slot.server == server)
        whole = daily(flow.base + base, chance(self.seed, server), 0.6)
        changes = [Change(*build.builds, extra=min(_BUILD_CORES, 0.4 * cpus)) for build in self.builds(server)]
        changes += [
            Change(fault.begins, fault.ends, 0.0, _STARVING_BUILD * cpus)
            for fault in self.faults
            if fault.kind == "starving"
        ]
        return whole.changed(*changes)

    def host_memory(self, now: float, server: str) -> tuple[int, int]:
        """RAM of a server as its kernel reports it, and what is available, bytes."""
        whole = int(self.server(server).memory * _REPORTED)
        used = _OVERHEAD + sum(self.memory(life, now)[0] for life in self.running(now, server))
        used += sum(_BUILD_MEMORY for _ in self.building(now, server))
        if self.fault("starving", now):
            used = max(used, 0.93 * whole)
        return whole, int(whole - used)

    def disk(self, now: float, server: str) -> tuple[int, int]:
        """Size of a server's disk and what is free, bytes: images pile up by day and are cleaned at night."""
        size = int(self.server(server).disk * 0.96)
        used = _DISK_USED + 0.03 * (now % DAY) / DAY + 0.002 * chance(self.seed, now // 300)
        for fault in self.faults:
            if fault.kind == "disk filling" and fault.active(now):
                used += (fault.amount - used) * min(1.0, (now - fault.begins) / 600)
        return size, int(size * (1 - used))

    def second_disk(self) -> tuple[int, int]:
        """Size of the disk for backups and what is free, bytes."""
        return _SECOND_DISK, int(0.64 * _SECOND_DISK)
