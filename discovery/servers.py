"""Servers of a topology: their size as sold, from what the kernel reports, and what remains to be filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from boxwatch.discovery.draft import ServerDraft
from boxwatch.discovery.model import Host
from boxwatch.discovery.naming import unique, valid
from boxwatch.topology import fields
from boxwatch.topology.forms import SMALLEST_DISK
from boxwatch.topology.units import GIB, MIB, human_memory
from boxwatch.topology.wording import Unfit

# Marks what the user has to replace; `boxwatch init` repeats it at its end.
TO_FILL_IN: Final = "TO FILL IN"
# Sizes that are for sale, in GiB.
_SOLD: Final = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
# The kernel reports this share of what was sold, or more. Rules allow for nine tenths.
_REPORTED: Final = 0.92
_SMALLEST: Final = 256 * MIB
_MOST_CPUS: Final = 4096
_GUESSED_CPUS: Final = 4
_GUESSED_DISK: Final = 100 * 10**9
_RESERVED_SHARE: Final = 8
_LEAST_RESERVED: Final = 512 * MIB
_MOST_RESERVED: Final = 8 * GIB
# Of a guessed server, its services take no more than this.
_GUESSED_USE: Final = 0.65


def sold(memory: int) -> int:
    """RAM as it is sold, from what the kernel reports.

    >>> sold(33534234624) // 2**30, sold(8129015808) // 2**30
    (32, 8)
    """
    for size in _SOLD:
        if _REPORTED * size * GIB <= memory <= size * GIB:
            return size * GIB
    whole = -(-memory // GIB) * GIB
    return whole if memory >= _REPORTED * whole else memory // MIB * MIB


def drafted(hosts: Sequence[Host]) -> list[ServerDraft]:
    """The servers, with names; RAM that is unknown is 0 for now."""
    names = unique(valid(host.name, "server") for host in hosts)
    return [_server(host, name, home=number == 0) for number, (host, name) in enumerate(zip(hosts, names, strict=True))]


def _server(host: Host, name: str, *, home: bool) -> ServerDraft:
    notes: dict[str, str] = {}
    cpus = host.cpus or 0
    if not 1 <= cpus <= _MOST_CPUS:
        cpus = _GUESSED_CPUS
        notes["cpus"] = f"{TO_FILL_IN}: the number of vCPUs is unknown."
    disk = host.disk or 0
    if SMALLEST_DISK <= disk <= fields.LARGEST_DISK:
        notes["disk"] = "Size of the file system with Docker's data."
    else:
        disk = _GUESSED_DISK
        notes["disk"] = f"{TO_FILL_IN}: the size of the disk is unknown."
    address = "" if home else _address(host.address)
    if not home and not address:
        address = name
        notes["address"] = f"{TO_FILL_IN}: the address at which Prometheus reaches this server is unknown."
    memory = host.memory or 0
    memory = sold(memory) if _SMALLEST <= memory <= fields.LARGEST_MEMORY else 0
    made = ServerDraft(
        name=name, cpus=cpus, memory=memory, disk=disk, reserved=_reserved(memory), address=address, notes=notes
    )
    if memory:
        notes["memory"] = f"As sold; the kernel reports {human_memory(host.memory or 0)}."
    return made


def _address(text: str) -> str:
    try:
        return fields.host(text)
    except Unfit:
        return ""


def _reserved(memory: int) -> int:
    share = memory // _RESERVED_SHARE
    return min(max(share, min(_LEAST_RESERVED, memory // 4)), _MOST_RESERVED) // MIB * MIB


def sized(servers: Sequence[ServerDraft], wanted: dict[str, int]) -> Iterator[ServerDraft]:
    """The servers, those of unknown RAM with as much as their services need with headroom: bytes by server."""
    for server in servers:
        if server.memory:
            yield server
            continue
        least = wanted.get(server.name, 0) / _GUESSED_USE
        memory = next((size * GIB for size in _SOLD if size * GIB >= least), _SOLD[-1] * GIB)
        note = f"{TO_FILL_IN}: the RAM is unknown, and this much would hold the services below."
        yield replace(server, memory=memory, reserved=_reserved(memory), notes={**server.notes, "memory": note})
