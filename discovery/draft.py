"""A topology in the making: what each service of it consists of, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from boxwatch.discovery.model import Container, LeftOut

NO_LIMIT: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component of a service: containers that are replicas of each other.

    Attributes:
        name: name of the component; empty if the service has only one.
        containers: its containers, sorted by name.
        replicas: how many of them should run.
        optional: whether it may be absent.
        memory: RAM of one container, bytes; 0 until budgets are made.
    """

    name: str = ""
    containers: tuple[Container, ...] = ()
    replicas: int = 1
    optional: bool = False
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One service.

    Attributes:
        name: its name in the topology; empty until names are given.
        kind: name of its kind.
        servers: names of its servers.
        replicas: replicas on each.
        parts: its components, or the one part that it consists of.
        base: the name that it should have: of the resource, the compose service or the container.
        project: project in Coolify, or of Docker Compose; empty if unknown.
        environment: environment in Coolify; empty if unknown.
        notes: comments on the whole, one sentence or more each.
        remarks: comments on single keys, as (key, sentence).
        memory: RAM of one replica, bytes.
        assumed: whether that is an estimate.
        limit: limit that Docker enforces on a replica, bytes; `none`, or None for the same as memory.
        ports: ports it listens on.
        exposed: whether its ports may answer on the public address.
        url: public URL; empty if unknown.
        metrics: scrape target, `none`, or empty for the kind's usual one.
        selectors: keys and patterns that select its containers, each with the position of its part.
    """

    kind: str
    servers: tuple[str, ...]
    parts: tuple[Part, ...]
    base: str
    name: str = ""
    project: str = ""
    environment: str = ""
    replicas: int = 1
    notes: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    memory: int = 0
    assumed: bool = False
    limit: int | str | None = None
    ports: tuple[int, ...] = ()
    exposed: bool = False
    url: str = ""
    metrics: str = ""
    selectors: tuple[tuple[int, dict[str, str]], ...] = ()

    @property
    def containers(self) -> tuple[Container, ...]:
        """All its containers."""
        return tuple(container for part in self.parts for container in part.containers)

    def remarked(self, key: str, *sentences: str) -> Draft:
        """The service with further comments on one of its keys."""
        return replace(self, remarks=(*self.remarks, *((key, sentence) for sentence in sentences)))

    def joined(self, other: Draft) -> Draft:
        """The same service on its servers and on those of the other."""
        parts = tuple(
            replace(part, containers=(*part.containers, *more.containers))
            for part, more in zip(self.parts, other.parts, strict=True)
        )
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        return replace(self, servers=(*self.servers, *other.servers), parts=parts, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDraft:
    """One server.

    Attributes:
        name: its name in the topology.
        cpus: number of vCPUs.
        memory: RAM as sold, bytes.
        disk: disk as sold, bytes.
        reserved: RAM for the operating system, Docker and builds, bytes.
        address: address at which Prometheus reaches it; empty for its own server.
        notes: comments on each field, by its key; `""` for the server as a whole.
    """

    name: str
    cpus: int
    memory: int
    disk: int
    reserved: int
    address: str
    notes: dict[str, str]

    def with_note(self, key: str, note: str) -> ServerDraft:
        """The server with another comment, unless it is empty."""
        return replace(self, notes={**self.notes, key: note}) if note else self


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTopology:
    """A whole topology.

    Attributes:
        name: name of the deployment.
        servers: its servers.
        services: its services.
        left_out: what is in no service, with the reason.
        sources: where all this is from.
        stores: services with a Prometheus, or one like it, that runs already.
    """

    name: str
    servers: tuple[ServerDraft, ...]
    services: tuple[Draft, ...]
    left_out: tuple[LeftOut, ...]
    sources: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
