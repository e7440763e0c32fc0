"""One part of the stack: a container, described once for every form of the compose file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from boxwatch.stack.images import Image
from boxwatch.topology.model import Topology
from boxwatch.topology.units import MIB

# Where parts find their generated files, and where users put secrets. Nothing of an image is below the first.
CONFIG: Final = "/etc/boxwatch"
SECRETS: Final = "/run/secrets"
# Networks besides the stack's own: Coolify's, and the one on which node_exporter listens on the host.
COOLIFY: Final = "coolify"
HOST: Final = "host-metrics"
# The host's address on the network HOST, fixed so that it survives a restart of Docker. Docker takes its own addresses
# from here last, and Coolify's from 10.0.0.0/8.
HOST_SUBNET: Final = "${BOXWATCH_HOST_SUBNET:-192.168.255.240/28}"
HOST_ADDRESS: Final = "${BOXWATCH_HOST_ADDRESS:-192.168.255.241}"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Share:
    """A part's share of the memory planned for monitoring, in bytes.

    Attributes:
        least: what it was measured to need, with a margin; below it a build is refused.
        usual: what it gets where the plan has room for it.
    """

    least: int
    usual: int


def share(least: int, usual: int) -> Share:
    """A share in MiB."""
    return Share(least * MIB, usual * MIB)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that users set, as a variable of the compose file.

    Attributes:
        name: name of the variable.
        meaning: description for the page of the stack.
        default: value if unset; None if it is required.
    """

    name: str
    meaning: str
    default: str | None = None

    @property
    def reference(self) -> str:
        """As a compose file refers to it. No text after `:?`, because Coolify would take it for the value."""
        return f"${{{self.name}:?}}" if self.default is None else f"${{{self.name}:-{self.default}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One container of the stack.

    Attributes:
        name: service of the compose file, and host name.
        image: its image.
        share: its share of the memory.
        port: port it listens on.
        health: path that answers while it is healthy.
        command: arguments of the image's program.
        environment: environment variables.
        settings: variables that its command and environment refer to.
        config: directories of the build that it reads; mounted below CONFIG.
        secrets: directories in which it expects files with secrets.
        data: directory of its volume; empty without one.
        binds: directories and sockets of the host, all read only.
        devices: devices of the host.
        capabilities: capabilities it keeps. Everything else is dropped.
        networks: networks besides the stack's own.
        on_host: it shares the host's network and processes.
        hosts: host names with their addresses.
        writable: directories in memory that it writes to.
        collector: share of its memory at which Go's garbage collector works harder; 0 for other languages.
        probe: program of the health check; the URL follows.
        published: URL at which Traefik publishes it; empty if it is not.
    """

    name: str
    image: Image
    share: Share
    port: int
    health: str = "/"
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    settings: tuple[Setting, ...] = ()
    config: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    data: str = ""
    binds: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    on_host: bool = False
    hosts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    writable: tuple[str, ...] = ()
    collector: float = 0.9
    probe: tuple[str, ...] = ("wget", "-q", "-O", "/dev/null")
    published: str = ""

    @property
    def listens(self) -> str:
        """Address at which the health check reaches it."""
        return HOST_ADDRESS if self.on_host else "127.0.0.1"


def host_port(place: str) -> tuple[str, int]:
    """Host and port of a scrape target."""
    host, _, port = place.rpartition(":")
    return host, int(port)


def ours(place: str | None, *names: str) -> int | None:
    """The port of a target that is a part of this stack; None if it runs elsewhere, or does not exist."""
    if place is None:
        return None
    host, port = host_port(place)
    return port if host in names else None


def variable(service: str, what: str) -> str:
    """Name of a variable of one service: `BOXWATCH_MAIN_DB_PASSWORD`. Two services never share one."""
    # Names have single dashes or underscores between words.
    return f"BOXWATCH_{re.sub('_', '__', service).replace('-', '_').upper()}_{what}"


def folders(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Directories of files with secrets, each once."""
    return tuple(dict.fromkeys(path.rpartition("/")[0] or "/" for path in paths))


def home_service(topology: Topology) -> str | None:
    """The service that plans the memory of the stack: the first of kind monitoring on Prometheus' server."""
    home = topology.home
    if home.containers == "none":
        return None
    here = (one for one in topology.services_of("monitoring") if home.name in one.server and one.containers is not None)
    return next((one.name for one in here if one.replicas), None)
