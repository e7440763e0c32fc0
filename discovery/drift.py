"""How a server has drifted from its topology: what is new, gone, or other than planned, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from boxwatch.discovery import classify
from boxwatch.discovery.matching import Matcher, Place
from boxwatch.discovery.model import DEPLOYED, Container, Host
from boxwatch.discovery.naming import valid
from boxwatch.errors import InputError
from boxwatch.topology import kinds
from boxwatch.topology.fields import LARGEST_MEMORY, SMALLEST_MEMORY
from boxwatch.topology.model import Selector, Server, Service, Topology
from boxwatch.topology.units import KIB, MIB, human_memory
from boxwatch.topology.wording import counted, listed

# What differs.
NEW: Final = "new"
GONE: Final = "gone"
REPLICAS: Final = "replicas"
LIMIT: Final = "limit"
PORTS: Final = "ports"
SERVER: Final = "server"
# The kernel rounds a limit down to whole pages, of 64 KiB on some ARM servers.
_TOLERANCE: Final = 64 * KIB
# The kernel reports this share of the RAM that was sold, or more.
_REPORTED: Final = 0.9

_Placed = Mapping[Place, Sequence[Container]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between a topology and a server.

    Attributes:
        what: one of the words above.
        server: name of the server.
        service: the service, with its component after a slash; a container's name if it is new.
        message: the difference as a sentence.
        planned: what the topology says, as a value for scripts; None if it says nothing.
        found: what was found.
    """

    what: str
    server: str
    service: str
    message: str
    planned: int | str | list[int] | None = None
    found: int | str | list[int] | None = None

    def to_json(self) -> dict[str, object]:
        """The difference as plain values."""
        return {
            "what": self.what,
            "server": self.server,
            "service": self.service,
            "planned": self.planned,
            "found": self.found,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a comparison found.

    Attributes:
        differences: the differences, in the order of the file, new containers last.
        notes: what is no difference, but worth knowing.
        containers: how many containers are as planned or not.
        left_out: how many containers have no place in a plan, such as previews.
    """

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    containers: int
    left_out: int

    def to_json(self) -> dict[str, object]:
        """The report as plain values."""
        return {
            "differences": [one.to_json() for one in self.differences],
            "notes": list(self.notes),
            "containers": self.containers,
            "left_out": self.left_out,
        }


def pairs(topology: Topology, hosts: Sequence[Host], named: str = "") -> list[tuple[Server, Host]]:
    """Each server of the topology that was looked at, with what was found on it.

    Args:
        topology: the plan.
        hosts: what was found.
        named: name of the server, where the user says which one it is.

    Raises:
        InputError: it is unclear which server of the topology was looked at.
    """
    servers = {server.name: server for server in topology.servers}
    if named and named not in servers:
        raise InputError(f"--server: {named} is not a server of the topology, which has {listed(list(servers))}")
    if len(hosts) == 1 and (named or len(servers) == 1):
        return [(servers[named] if named else topology.servers[0], hosts[0])]
    found = [(servers[name], host) for host in hosts if (name := valid(host.name, "server")) in servers]
    if not found:
        raise InputError(
            f"the topology has the servers {listed(list(servers))}, and none of them is called "
            f"{listed([host.name or 'without a name' for host in hosts])}: name it with --server"
        )
    return [pair for pair in found if not named or pair[0].name == named]


def compare(topology: Topology, found: Sequence[tuple[Server, Host]]) -> Report:
    """The differences on all servers that were looked at."""
    differences: list[Difference] = []
    notes: list[str] = []
    containers = left_out = 0
    for server, host in found:
        running = [one for one in host.containers if not classify.omitted(one)]
        containers += len(running)
        left_out += len(host.containers) - len(running)
        services = tuple(one for one in topology.services_on(server.name) if one.containers is not None)
        placed, strangers = _placed(services, running)
        differences += _server(server, host)
        for service in services:
            if _waits(service, placed):
                notes.append(f"{service.name} is planned on {server.name} but not deployed yet")
                continue
            differences += _service(server.name, service, placed)
        differences += _ports(server.name, services, placed)
        differences += (_new(server.name, one) for one in strangers)
    return Report(tuple(differences), tuple(notes), containers, left_out)


def _placed(services: Sequence[Service], running: Sequence[Container]) -> tuple[_Placed, list[Container]]:
    matcher = Matcher(services)
    placed: defaultdict[Place, list[Container]] = defaultdict(list)
    strangers = []
    for container in running:
        place = matcher.place(container)
        if place is None:
            strangers.append(container)
        else:
            placed[place].append(container)
    return placed, sorted(strangers, key=lambda one: one.name)


def _of(service: Service, component: Selector, placed: _Placed) -> Sequence[Container]:
    return placed.get(Place(service.name, component.component or ""), ())


def _waits(service: Service, placed: _Placed) -> bool:
    """Whether it is the monitoring stack, which is planned before it is deployed."""
    return service.kind == "monitoring" and not any(_of(service, part, placed) for part in service.components)


def _server(server: Server, host: Host) -> Iterator[Difference]:
    if host.cpus is not None and host.cpus != server.cpus:
        yield Difference(
            what=SERVER,
            server=server.name,
            service="",
            message=f"{server.name} has {counted(host.cpus, 'vCPU')}; the topology says {server.cpus}.",
            planned=server.cpus,
            found=host.cpus,
        )
    if host.memory is not None and not _REPORTED * server.memory <= host.memory < server.memory + MIB:
        yield Difference(
            what=SERVER,
            server=server.name,
            service="",
            message=f"{server.name} has {human_memory(host.memory)} of RAM; the topology says "
            f"{human_memory(server.memory)}.",
            planned=server.memory,
            found=host.memory,
        )


def _service(server: str, service: Service, placed: _Placed) -> Iterator[Difference]:
    running = [one for part in service.components for one in _of(service, part, placed)]
    if not running and service.replicas:
        yield Difference(
            what=GONE,
            server=server,
            service=service.name,
            message=f"{service.name} is planned, but none of its containers is running.",
            planned=service.replicas,
            found=0,
        )
        return
    for part in service.components:
        found = _of(service, part, placed)
        yield from _replicas(server, service, part, found)
        yield from _limits(server, service, part, found)


def _named(service: Service, part: Selector) -> str:
    return f"{service.name}/{part.component}" if part.component and len(service.components) > 1 else service.name


def _replicas(server: str, service: Service, part: Selector, found: Sequence[Container]) -> Iterator[Difference]:
    # During a deployment the old and the new container of a resource run side by side.
    number = len({match["stable"] if (match := DEPLOYED.fullmatch(one.name)) else one.name for one in found})
    if number == service.replicas or (part.optional and not found):
        return
    name = _named(service, part)
    if service.replicas == 0:
        message = f"{name} is parked, but has {counted(number, 'running replica')}."
    elif number == 0:
        message = f"{name} is not running; the topology plans {counted(service.replicas, 'replica')}."
    else:
        message = f"{name} has {counted(number, 'running replica')}; the topology plans {service.replicas}."
    yield Difference(
        what=REPLICAS, server=server, service=name, message=message, planned=service.replicas, found=number
    )


def _planned_limit(service: Service, part: Selector) -> int | None:
    """The limit of one container of a component; 0 for none, None if the topology does not say."""
    several = len(service.components) > 1
    budget = part.memory if several else service.memory
    if budget is None:
        return None
    if service.limit == "none":
        # Of several components some may have a limit: the topology cannot say which.
        return None if several else 0
    return budget if several or service.limit is None else service.limit


def _limits(server: str, service: Service, part: Selector, found: Sequence[Container]) -> Iterator[Difference]:
    planned = _planned_limit(service, part)
    limits = [one.limit for one in found if one.limit is not None]
    if planned is None or not limits:
        return
    if planned == 0:
        # Replicas with different limits have none that a topology could state, nor has one below Docker's minimum.
        same = limits[0] if len(set(limits)) == 1 and SMALLEST_MEMORY <= limits[0] <= LARGEST_MEMORY else 0
        others = [same] if same else []
    else:
        others = [limit for limit in limits if abs(limit - planned) > _TOLERANCE]
    if not others:
        return
    name, first = _named(service, part), others[0]
    some = "" if len(found) == 1 else f" in {len(others)} of {len(found)} containers"
    has = f"has a limit of {human_memory(first)}" if first else "has no memory limit"
    says = f"the topology plans {human_memory(planned) if planned else 'none'}"
    yield Difference(
        what=LIMIT,
        server=server,
        service=name,
        message=f"{name} {has}{some}; {says}.",
        planned=planned,
        found=first,
    )


def _ports(server: str, services: Sequence[Service], placed: _Placed) -> Iterator[Difference]:
    known = {port for service in services for port in service.ports}
    for service in services:
        found = [one for part in service.components for one in _of(service, part, placed)]
        published = {port.port for one in found for port in one.published}
        listens = published | {port for one in found for port in one.listens}
        more = sorted(published - known - _usual(service))
        # Ports that nobody declares are unknown: a container without any may still listen.
        less = sorted(set(service.ports) - listens) if listens else []
        if more:
            yield Difference(
                what=PORTS,
                server=server,
                service=service.name,
                message=f"{service.name} publishes {_listed(more)} on the server, which the topology does not list.",
                planned=list(service.ports),
                found=sorted(published),
            )
        if less:
            yield Difference(
                what=PORTS,
                server=server,
                service=service.name,
                message=f"{service.name} lists {_listed(less)} in the topology, but its containers listen on "
                f"{_listed(sorted(listens))}.",
                planned=list(service.ports),
                found=sorted(listens),
            )


def _usual(service: Service) -> frozenset[int]:
    """Ports that its usual installation publishes, which the probes know."""
    return frozenset(kinds.of(service.kind).published)


def _listed(ports: Sequence[int]) -> str:
    return listed([str(port) for port in ports])


def _new(server: str, container: Container) -> Difference:
    labels = container.labels
    place = f" in {labels.project}, {labels.environment}" if labels.project and labels.environment else ""
    resource = f" of the resource {labels.resource}{place}" if labels.resource else ""
    image = f", image {container.image}," if container.image else ""
    return Difference(
        what=NEW,
        server=server,
        service=container.name,
        message=f"Container {container.name}{resource}{image} is running, but no service in the topology selects it.",
        found=labels.resource or container.name,
    )
