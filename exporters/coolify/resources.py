"""Applications, services and databases, as read from Coolify's lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxwatch.exporters.coolify import backups, names
from boxwatch.exporters.coolify.backups import Backup
from boxwatch.exporters.coolify.fields import Fields, clean
from boxwatch.exporters.coolify.slug import slug
from boxwatch.exporters.coolify.status import Status, parse

_BACKUPS = 32
_PARTS = 64
_DOMAINS = 64
_FQDN = 8192
_DOMAIN = re.compile(r"(?:(https?)://|)([^\s/:,]{1,253})(?=[/:]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A container of a service."""

    name: str
    status: Status
    excluded: bool
    last_online: float | None
    public: bool | None = None
    domains: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A record of the applications, services or databases list."""

    type: str
    uuid: str
    name: str
    status: Status
    subtype: str = ""
    created: float | None = None
    environment: int | None = None  # database id of its environment; 0 is valid
    server: str | None = None  # uuid
    more_servers: tuple[str, ...] = ()  # uuids of additional ones
    server_reachable: bool | None = None
    last_online: float | None = None
    restarts: int | None = None
    restart_limit: int | None = None
    restart_limit_reached: bool | None = None
    last_restart: float | None = None
    memory_limit: int | None = None
    memory_reservation: int | None = None
    cpu_limit: float | None = None
    public: bool | None = None
    branch: str = ""
    domains: tuple[tuple[str, str], ...] = ()  # scheme and host
    parts: tuple[Part, ...] = ()
    backups: tuple[Backup, ...] = ()

    @property
    def slug(self) -> str:
        """The name as spelled in the container label coolify.resourceName."""
        return slug(self.name, self.uuid)


@dataclass(frozen=True, slots=True)
class Light:
    """A record of GET /servers/{uuid}/resources, the smallest source of states and the only one with ids."""

    id: int | None
    type: str
    uuid: str
    name: str
    status: Status
    subtype: str


def _status(fields: Fields) -> Status:
    text = fields.text("status")
    status = parse(text or "")
    if text is not None and not status.understood:
        fields.complain("status")
    return status


def read(fields: Fields, kind: str) -> Resource | None:
    """Read a record of GET /applications, /services or /databases, depending on `kind`."""
    uuid = fields.uuid()
    if uuid is None:
        return None
    subtype = fields.text(_SUBTYPES[kind]) if kind in _SUBTYPES else None
    server = fields.child("server") if kind == names.SERVICE else fields.child("destination").child("server")
    status = _status(fields)
    restarts, limit = fields.count("restart_count"), fields.count("max_restart_count")
    return Resource(
        type=kind,
        uuid=uuid,
        name=fields.name() or uuid,
        status=status,
        subtype=(subtype or "").removeprefix("standalone-"),
        created=fields.time("created_at"),
        environment=fields.integer("environment_id"),
        server=server.uuid() if server.record.get("uuid") is not None else None,
        more_servers=_more_servers(fields) if kind == names.APPLICATION else (),
        server_reachable=fields.flag("server_status"),
        last_online=fields.time("last_online_at"),
        restarts=restarts,
        restart_limit=limit,
        restart_limit_reached=_given_up(fields, status, restarts, limit) if kind == names.APPLICATION else None,
        last_restart=fields.time("last_restart_at"),
        memory_limit=fields.size("limits_memory"),
        memory_reservation=fields.size("limits_memory_reservation"),
        cpu_limit=fields.cores("limits_cpus"),
        public=fields.flag("is_public") if kind == names.DATABASE else None,
        branch=fields.text("git_branch") or "",
        domains=_domains(fields) if kind == names.APPLICATION else (),
        parts=_parts(fields) if kind == names.SERVICE else (),
        backups=_backups(fields, subtype or "") if kind == names.DATABASE else (),
    )


def _given_up(fields: Fields, status: Status, restarts: int | None, limit: int | None) -> bool | None:
    """Whether Coolify stopped the application at its restart limit.

    4.4 sends it; before, it follows from other fields as in Application::stoppedAfterRestartLimit (4.3.11). An
    application that was stopped or deployed since has no `last_restart_type`.
    """
    if fields.record.get("restart_limit_reached") is not None:
        return fields.flag("restart_limit_reached")
    if restarts is None or limit is None or "last_restart_type" not in fields.record:
        return None
    return status.state == "exited" and 0 < limit <= restarts and fields.text("last_restart_type") == "crash"


def _more_servers(fields: Fields) -> tuple[str, ...]:
    uuids = [server.uuid() for server in fields.children("additional_servers")]
    return tuple(uuid for uuid in uuids if uuid is not None)[:_PARTS]


_SUBTYPES = {names.APPLICATION: "build_pack", names.DATABASE: "database_type"}


def _parts(service: Fields) -> tuple[Part, ...]:
    """The containers of a service; absent from Coolify's response while the service starts."""
    parts: dict[str, Part] = {}
    for key in ("applications", "databases"):
        for fields in service.children(key):
            name = slug(fields.name() or "")
            if not name or name in parts or len(parts) >= _PARTS:
                service.complain("part")
                continue
            status = _status(fields)
            parts[name] = Part(
                name=name,
                status=status,
                excluded=status.excluded or bool(fields.flag("exclude_from_status")),
                last_online=fields.time("last_online_at"),
                public=fields.flag("is_public") if key == "databases" else None,
                domains=_domains(fields),
            )
    return tuple(parts.values())


def _domains(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Scheme and host of each domain, which Coolify keeps in one text: `https://a.example.com/path,http://b:3000`."""
    found: dict[tuple[str, str], None] = {}
    for item in (fields.text("fqdn", _FQDN) or "").split(","):
        match = _DOMAIN.match(item.strip())
        if match:
            found[match[1].lower() or "http", clean(match[2].lower())] = None
    return tuple(found)[:_DOMAINS]


def _backups(database: Fields, database_type: str) -> tuple[Backup, ...]:
    found = {backup.uuid: backup for backup in backups.read(database, database_type)}
    if len(found) > _BACKUPS:
        database.complain("backup")
    return tuple(found.values())[:_BACKUPS]


def read_light(fields: Fields) -> Light | None:
    """Read a record of GET /servers/{uuid}/resources."""
    uuid = fields.uuid()
    kind = fields.text("type") or ""
    standalone = kind.startswith("standalone-")
    if uuid is None or not (standalone or kind in names.TYPES):
        fields.complain("type")
        return None
    return Light(
        id=fields.integer("id"),
        type=names.DATABASE if standalone else kind,
        uuid=uuid,
        name=fields.name() or uuid,
        status=_status(fields),
        subtype=kind.removeprefix("standalone-") if standalone else "",
    )
