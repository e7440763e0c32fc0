"""Coolify's description of its servers, read from its API with a `read` token.

The API lists resources, not containers: those that Coolify makes of a resource are derived here, with the labels it
gives them. It cannot say how many containers a compose application has, nor what runs that Coolify did not start.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from boxwatch.discovery.model import Container, Host, Labels, LeftOut, Published
from boxwatch.errors import BoxwatchError, InputError
from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import TokenFile
from boxwatch.exporters.coolify.slug import slug
from boxwatch.exporters.coolify.status import parse
from boxwatch.exporters.coolify.transport import HttpTransport

# Coolify allows each user 200 requests a minute, over all tokens.
_PER_MINUTE: Final = 120.0
# Ends the name of a container whose real name the API does not contain.
_UNKNOWN_TIME: Final = "000000000000"
_STATES: Final = {"exited": "exited", "paused": "paused", "restarting": "restarting"}
_PROXIES: Final = {"traefik": "traefik", "caddy": "caddy", "nginx": "nginx"}
_OWN: Final = ("coolify", "coolify-db", "coolify-redis", "coolify-realtime")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_IMAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,400}", re.ASCII)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_LAST_PORT: Final = 65535
# Docker's own name for the server that runs Coolify, which no other server can use.
_ITSELF: Final = ("host.docker.internal", "localhost", "127.0.0.1", "::1")
# With fewer resources than these, all may well have been stopped on purpose.
_MANY: Final = 2


@dataclass(frozen=True, slots=True)
class _Server:
    uuid: str
    host: Host
    build: bool
    swarm: bool
    reachable: bool


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource, its server if the record names it, and the containers that Coolify makes of it."""

    uuid: str
    title: str
    kind: str
    servers: tuple[str, ...]
    containers: tuple[Container, ...]


def connect(url: str, token_file: Path, ca_file: Path | None = None) -> Api:
    """A connection to Coolify; no request is made yet.

    Raises:
        InputError: the URL or the certificates cannot be used.
    """
    clock = Clock()
    try:
        transport = HttpTransport(url, ca_file=ca_file)
    except ValueError as error:
        raise InputError(f"--from-coolify: {error}") from None
    except OSError:
        raise InputError(f"--ca-file: {ca_file} contains no certificates") from None
    limiter = RateLimiter(_PER_MINUTE, clock)
    return Api(transport, TokenFile(token_file), limiter, clock, Counts(), agent="boxwatch")


def read(api: Api, named: str, sleep: Callable[[float], None] = time.sleep) -> tuple[Host, ...]:
    """Every server of the token's team, Coolify's own first, with the containers that its resources should have.

    Args:
        api: the connection.
        named: Coolify's URL, for messages.
        sleep: waits for the rate limit.

    Raises:
        BoxwatchError: a request failed; says which and why.
    """
    try:
        return _Reading(api, sleep).hosts(named)
    except Failure as failure:
        raise BoxwatchError(f"{named}: {failure}") from None


@dataclass(slots=True)
class _Reading:
    api: Api
    sleep: Callable[[float], None]

    def hosts(self, named: str) -> tuple[Host, ...]:
        self._wait()
        # Text that requires `read`: checks the token before anything else does.
        self.api.line("/version")
        places = self._environments()
        servers = [self._server(fields) for fields in self._list("servers")]
        resources = [
            *(_application(fields, places) for fields in self._list("applications")),
            *(_service(fields, places) for fields in self._list("services")),
            *(_database(fields, places) for fields in self._list("databases")),
        ]
        of_server = {server.uuid: self._resources_of(server.uuid) for server in servers}
        found = [
            _with_resources(
                server, [one for one in resources if server.uuid in one.servers or one.uuid in of_server[server.uuid]]
            )
            for server in servers
        ]
        if not found:
            raise BoxwatchError(f"{named}: the token's team has no server")
        placed = set().union(*of_server.values())
        lost = tuple(
            LeftOut(one.title, "Coolify names no server for it")
            for one in resources
            if one.uuid not in placed and of_server.keys().isdisjoint(one.servers)
        )
        found[0] = replace(found[0], unseen=(*found[0].unseen, *lost))
        return tuple(replace(host, sources=(named,)) for host in sorted(found, key=lambda host: host.address != ""))

    def _wait(self) -> None:
        wait = self.api.rate_limiter.wait()
        if wait > 0:
            self.sleep(wait)

    def _list(self, source: str) -> list[Fields]:
        self._wait()
        return self.api.records(source, f"/{source}", lambda fields: None if fields.uuid() is None else fields)

    def _document(self, source: str, uuid: str) -> Fields:
        self._wait()
        return self.api.document(source, f"/{source}/{{uuid}}", uuid=uuid)

    def _environments(self) -> Mapping[int, tuple[str, str]]:
        """Names of project and environment, as containers have them, by the environment's id."""
        found: dict[int, tuple[str, str]] = {}
        for listed in self._list("projects"):
            project = self._document("projects", listed.uuid() or "")
            for environment in project.children("environments"):
                identity = environment.integer("id")
                if identity is not None:
                    found[identity] = (slug(project.text("name") or ""), slug(environment.text("name") or ""))
        return found

    def _resources_of(self, uuid: str) -> frozenset[str]:
        """Uuids of a server's resources: records of databases do not name their server."""
        self._wait()
        found = self.api.records("statuses", "/servers/{uuid}/resources", lambda fields: fields.uuid() or "", uuid=uuid)
        return frozenset(found)

    def _server(self, listed: Fields) -> _Server:
        uuid = listed.uuid() or ""
        detail = self._document("servers", uuid)
        settings = detail.child("settings")
        metadata = detail.child("server_metadata")
        itself = bool(listed.flag("is_coolify_host"))
        address = listed.text("ip") or ""
        if itself or address in _ITSELF:
            address = ""
        host = Host(
            name=listed.text("name") or "",
            cpus=metadata.count("cpus") or None,
            memory=metadata.count("memory_bytes") or None,
            address=address,
            containers=tuple(_of_coolify(detail, settings, itself=itself)),
        )
        reachable = listed.flag("is_reachable")
        return _Server(
            uuid=uuid,
            host=host,
            build=bool(settings.flag("is_build_server")),
            swarm=bool(settings.flag("is_swarm_manager")) or bool(settings.flag("is_swarm_worker")),
            reachable=bool(settings.flag("is_reachable")) if reachable is None else reachable,
        )


def _of_coolify(detail: Fields, settings: Fields, *, itself: bool) -> Iterator[Container]:
    """Coolify's own containers on a server, which its API does not list."""
    for name in _OWN if itself else ():
        yield Container(name=name, limit=None)
    proxy = detail.child("proxy")
    image = _PROXIES.get((proxy.text("type") or "").lower())
    if image is not None and parse(proxy.text("status") or "").state == "running":
        ports = (80, 443)
        yield Container(
            name="coolify-proxy",
            image=image,
            limit=None,
            listens=ports,
            published=tuple(Published(port, public=True) for port in ports),
        )
    if settings.flag("is_sentinel_enabled"):
        yield Container(name="coolify-sentinel", limit=None)


def _with_resources(server: _Server, resources: list[_Resource]) -> Host:
    host = server.host
    if server.swarm:
        why = "runs on Docker Swarm, whose containers Coolify's API does not describe: pass --from-docker as well"
        return replace(host, unseen=tuple(LeftOut(one.title, why) for one in resources))
    containers = [container for one in resources for container in one.containers]
    # When SSH to a server fails, Coolify records everything on it as exited.
    asleep = len(containers) >= _MANY and not any(one.runs for one in containers)
    if asleep or not server.reachable:
        containers = [replace(one, state="running") for one in containers]
    unseen = [
        LeftOut(one.title, "Coolify lists no containers of it, as while it is starting")
        for one in resources
        if not one.containers
    ]
    if server.build:
        unseen.append(LeftOut(host.name, "is a build server: its containers are Coolify's build helpers"))
    return replace(host, containers=(*host.containers, *containers), unseen=tuple(unseen))


def _labels(fields: Fields, places: Mapping[int, tuple[str, str]], kind: str) -> Labels:
    uuid = fields.uuid() or ""
    identity = fields.integer("environment_id")
    # 0 is valid.
    project, environment = ("", "") if identity is None else places.get(identity, ("", ""))
    return Labels(
        resource=slug(fields.text("name") or "", uuid),
        project=project,
        environment=environment,
        type=kind,
        managed=True,
        compose_project=uuid,
    )


def _state(fields: Fields) -> str:
    return _STATES.get(parse(fields.text("status") or "").state, "running")


def _application(fields: Fields, places: Mapping[int, tuple[str, str]]) -> _Resource:
    uuid = fields.uuid() or ""
    labels = _labels(fields, places, names.APPLICATION)
    name = f"{uuid}-{_UNKNOWN_TIME}"
    composed = (fields.text("build_pack") or "") == "dockercompose"
    published = tuple(Published(port, public=True) for port in _mapped(fields))
    container = Container(
        name=name,
        image=_image(fields, "docker_registry_image_name"),
        state=_state(fields),
        labels=labels if composed else replace(labels, compose_service=name),
        listens=tuple(_numbers(fields, "ports_exposes")),
        published=published,
        # Compose applications ignore the limits that Coolify shows for them.
        limit=None if composed else fields.size("limits_memory") or 0,
        urls=tuple(_urls(fields)),
        title=fields.text("name") or uuid,
        incomplete=composed,
    )
    places_of = [fields.child("destination").child("server"), *fields.children("additional_servers")]
    servers = tuple(place.uuid() or "" for place in places_of if place.record.get("uuid") is not None)
    return _Resource(uuid, container.title, names.APPLICATION, servers, (container,))


def _service(fields: Fields, places: Mapping[int, tuple[str, str]]) -> _Resource:
    uuid = fields.uuid() or ""
    labels = _labels(fields, places, names.SERVICE)
    title = fields.text("name") or uuid
    containers: list[Container] = []
    for part in (*fields.children("applications"), *fields.children("databases")):
        name = part.text("name") or ""
        if slug(name):
            containers.append(
                Container(
                    name=f"{name}-{uuid}",
                    image=_image(part, "image"),
                    state=_state(part),
                    labels=replace(labels, compose_service=name),
                    limit=None,
                    urls=tuple(_urls(part)),
                    title=title,
                )
            )
    server = fields.child("server")
    servers = (server.uuid() or "",) if server.record.get("uuid") is not None else ()
    return _Resource(uuid, title, names.SERVICE, servers, tuple(containers))


def _database(fields: Fields, places: Mapping[int, tuple[str, str]]) -> _Resource:
    uuid = fields.uuid() or ""
    title = fields.text("name") or uuid
    subject = fields.text("database_type") or ""
    labels = replace(_labels(fields, places, names.DATABASE), compose_service=uuid, database_type=subject)
    state = _state(fields)
    containers = [
        Container(
            name=uuid,
            image=_image(fields, "image"),
            state=state,
            labels=labels,
            limit=fields.size("limits_memory") or 0,
            subject=subject,
            title=title,
        )
    ]
    port = fields.count("public_port") or 0
    if fields.flag("is_public") and 0 < port <= _LAST_PORT:
        published = (Published(port, public=True),)
        containers.append(
            Container(
                name=f"{uuid}-proxy",
                image="nginx:stable-alpine",
                state=state,
                limit=None,
                published=published,
                title=title,
            )
        )
    server = fields.child("destination").child("server")
    servers = (server.uuid() or "",) if server.record.get("uuid") is not None else ()
    return _Resource(uuid, title, names.DATABASE, servers, tuple(containers))


def _image(fields: Fields, key: str) -> str:
    image = fields.text(key) or ""
    return image if _IMAGE.fullmatch(image) else ""


def _urls(fields: Fields) -> Iterator[str]:
    """Public addresses, without port and path: the port is the container's own."""
    value = fields.record.get("fqdn")
    for url in value.split(",") if isinstance(value, str) else ():
        try:
            parts = urlsplit(url.strip())
            host = parts.hostname or ""
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and _HOST.fullmatch(host):
            yield f"{parts.scheme}://{host}"


def _numbers(fields: Fields, key: str) -> Iterable[int]:
    """Ports of `3000,3001`."""
    words = str(fields.record.get(key) or "").split(",")
    found = {int(word) for word in map(str.strip, words) if _PORT.fullmatch(word)}
    return sorted(port for port in found if 0 < port <= _LAST_PORT)


def _mapped(fields: Fields) -> Iterable[int]:
    """Ports of the server in `8080:80,127.0.0.1:9090:90/tcp`, without those on the loopback."""
    found: set[int] = set()
    for mapping in str(fields.record.get("ports_mappings") or "").split(","):
        address, _, port = mapping.strip().rpartition(":")[0].rpartition(":")
        if _PORT.fullmatch(port) and 0 < int(port) <= _LAST_PORT and not address.startswith("127."):
            found.add(int(port))
    return sorted(found)


def merge(docker: Host, coolify: Iterable[Host]) -> tuple[Host, ...]:
    """What Docker says of one server, completed by what Coolify says of it, and Coolify's other servers.

    Docker is right about containers, limits and ports; Coolify knows names, types, addresses, and what is stopped.
    """
    hosts = list(coolify)
    own = {container.uuid for container in docker.containers} - {""}
    itself = any(container.name == "coolify" for container in docker.containers)

    def likeness(host: Host) -> tuple[int, bool]:
        return (len(own & {one.uuid for one in host.containers}), itself and host.address == "")

    same = max(hosts, key=likeness, default=None)
    if same is None or (likeness(same) == (0, False) and len(hosts) > 1):
        return (docker, *hosts)
    known: defaultdict[str, list[Container]] = defaultdict(list)
    for one in same.containers:
        known[one.uuid].append(one)
    completed = Host(
        name=docker.name or same.name,
        cpus=docker.cpus or same.cpus,
        memory=docker.memory or same.memory,
        disk=docker.disk,
        address=same.address,
        containers=tuple(_completed(one, known.get(one.uuid, []) if one.uuid else []) for one in docker.containers),
        unseen=tuple(sorted({*same.unseen, *_gone(same, own)})),
        sources=(*docker.sources, *same.sources),
    )
    return tuple(completed if host is same else host for host in hosts)


def _completed(container: Container, known: list[Container]) -> Container:
    """The container with what Coolify knows of its resource."""
    service = container.labels.compose_service
    same = next((one for one in known if one.labels.compose_service == service), known[0] if known else None)
    if same is None:
        return container
    alone = len(known) == 1
    return replace(
        container,
        title=same.title,
        subject=container.subject or same.subject,
        urls=container.urls or (same.urls if alone or same.labels.compose_service == service else ()),
    )


def _gone(host: Host, own: set[str]) -> Iterator[LeftOut]:
    for uuid in {one.uuid for one in host.containers} - own - {""}:
        one = next(container for container in host.containers if container.uuid == uuid)
        state = "running" if one.runs else one.state
        yield LeftOut(one.title or one.name, f"{state} according to Coolify, and has no container on the server")
