"""What was found on a server: containers, and the server itself.

Only the fields below are ever read. Environment variables, command lines but for a few flags of exporters, health
checks, mounts and all other labels stay behind in the input, so that no secret in them can reach a topology, a report
or an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

# Docker's names for states of a container that exists to run.
RUNNING: Final = frozenset({"running", "restarting", "paused"})
# A uuid of Coolify's resources (4.3: 24 letters and digits).
_UUID: Final = "[a-z0-9]{24}"
UUID: Final = re.compile(_UUID)
# Names that Coolify gives: the uuid, or a prefix, and the time of the deployment (4.4: YYYYMMDDTHHMMSS).
DEPLOYED: Final = re.compile(r"(?P<stable>.+)-(?:[0-9]{12}|[0-9]{8}T[0-9]{6})")
_IN_NAME: Final = re.compile(rf"(?:.+-)?(?P<uuid>{_UUID})(?:-(?:[0-9]{{12}}|[0-9]{{8}}T[0-9]{{6}}|pr-[0-9]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Docker labels that say whose container it is; empty where the container has none.

    Attributes:
        resource: coolify.resourceName.
        project: coolify.projectName.
        environment: coolify.environmentName.
        type: coolify.type: application, service or database.
        database_type: coolify.database.subType.
        pull_request: coolify.pullRequestId; 0 is no preview.
        managed: whether Coolify started it.
        compose_project: com.docker.compose.project, which is the resource's uuid where Coolify started it.
        compose_service: com.docker.compose.service.
        one_off: started by `docker compose run`.
        swarm_service: com.docker.swarm.service.name.
    """

    resource: str = ""
    project: str = ""
    environment: str = ""
    type: str = ""
    database_type: str = ""
    pull_request: int = 0
    managed: bool = False
    compose_project: str = ""
    compose_service: str = ""
    one_off: bool = False
    swarm_service: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Published:
    """A port of the server that leads to a container.

    Attributes:
        port: port on the server.
        public: whether it is published on an address that others can reach, not only on the loopback.
        inner: port of the container; 0 if unknown.
    """

    port: int
    public: bool
    inner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container.

    Attributes:
        name: Docker name, without the slash in front.
        image: image as it was asked for: `postgres:16-alpine`.
        state: state in Docker's terms: running, exited, …
        exit_code: exit code of a container that stopped; None if unknown.
        labels: whose it is.
        listens: ports that the image or Coolify exposes, of the container itself.
        published: ports on the server.
        limit: memory limit in bytes; 0 for none, None if unknown.
        used: memory in use, bytes; None if unknown.
        urls: public addresses that the proxy routes to it.
        metrics_on: whether its command line turns on Prometheus metrics; of interest for Traefik alone.
        flags: those of its flags that say what an exporter sees, by name; never one that may hold a secret.
        host_network: whether it shares the server's network.
        host_pids: whether it shares the server's processes.
        subject: type in Coolify's API: `standalone-postgresql`; empty if unknown.
        title: name of its resource in Coolify's API; empty if unknown.
        incomplete: whether it is known from Coolify's API alone, which lists no containers of compose applications.
    """

    name: str
    image: str = ""
    state: str = "running"
    exit_code: int | None = None
    labels: Labels = Labels()
    listens: tuple[int, ...] = ()
    published: tuple[Published, ...] = ()
    limit: int | None = 0
    used: int | None = None
    urls: tuple[str, ...] = ()
    metrics_on: bool = False
    flags: tuple[tuple[str, str], ...] = ()
    host_network: bool = False
    host_pids: bool = False
    subject: str = ""
    title: str = ""
    incomplete: bool = False

    @property
    def runs(self) -> bool:
        """Whether it runs, is paused or is being restarted."""
        return self.state in RUNNING

    @property
    def uuid(self) -> str:
        """Uuid of its resource in Coolify; empty if it has none."""
        if UUID.fullmatch(self.labels.compose_project):
            return self.labels.compose_project
        match = _IN_NAME.fullmatch(self.name)
        return match["uuid"] if match else ""

    @property
    def of_compose_file(self) -> bool:
        """Whether it is a service of somebody's compose file; for others Coolify repeats the container's name.

        A database's name is its uuid, and its service's too.
        """
        service = self.labels.compose_service
        return service not in ("", self.name) and UUID.fullmatch(service) is None

    @property
    def repository(self) -> str:
        """Last part of the image's name, in lower case: `timescaledb` for `docker.io/timescale/timescaledb:2`."""
        return self.image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One server.

    Attributes:
        name: its name; empty if unknown.
        cpus: number of vCPUs; None if unknown.
        memory: RAM that the kernel reports, bytes; None if unknown.
        disk: size of the file system with Docker's data, bytes; None if unknown.
        address: address at which Prometheus reaches it; empty for the server that runs Coolify, or if unknown.
        containers: its containers.
        unseen: resources in Coolify that have no container, with the reason.
        sources: where this is from.
    """

    name: str = ""
    cpus: int | None = None
    memory: int | None = None
    disk: int | None = None
    address: str = ""
    containers: tuple[Container, ...] = ()
    unseen: tuple[LeftOut, ...] = ()
    sources: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """Something that the topology leaves out.

    Attributes:
        name: the container, or the resource in Coolify.
        why: the reason, as a phrase.
    """

    name: str
    why: str
