"""The fake's API: records, authentication, rate limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qs, urlsplit

from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.payloads import Record
from boxwatch.exporters.coolify.fake.traps import TRAPS, Answer, answer

VERSIONS: Final = {"4.1": "4.1.2", "4.2": "4.2.0", "4.3": "4.3.11", "4.4": "4.4.2"}
TOKEN: Final = "1|fakefakefakefakefakefakefakefakefakefake0123abcd"  # noqa: S105 - it opens nothing
ACTIVE: Final = ("queued", "in_progress")
_MINUTE: Final = 60.0
_TYPES: Final = {"applications": "application", "services": "service"}


@dataclass(slots=True)
class FakeCoolify:
    """A fake instance. Change its records freely; switch traps on by name in `traps`.

    Attributes:
        version: 4.1 to 4.4, or a full version.
        now: seconds since 1970.
        limit: requests per minute, for all clients together.
        last_id: of the newest deployment.
        asked: path of each request, with its query.
    """

    now: Callable[[], float]
    version: str = "4.3"
    token: str = TOKEN
    limit: int = 200
    traps: set[str] = field(default_factory=set)
    projects: list[Record] = field(default_factory=list)
    servers: list[Record] = field(default_factory=list)
    applications: list[Record] = field(default_factory=list)
    services: list[Record] = field(default_factory=list)
    databases: list[Record] = field(default_factory=list)
    deployments: list[Record] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _window: float = 0.0
    _used: int = 0
    last_id: int = 0

    @property
    def full_version(self) -> str:
        """The version reported by /version."""
        return VERSIONS.get(self.version, self.version)

    def at_least(self, *version: int) -> bool:
        """Whether the instance has at least this version."""
        return tuple(int(part) for part in self.full_version.split(".")[:3]) >= version

    # Records.

    def add_project(self, name: str, *environments: str) -> int:
        """Add a project; return the id of its first environment."""
        first = sum(len(project["environments"]) for project in self.projects) + 1
        found = [
            {"id": first + place, "uuid": payloads.uuid(f"{name}{env}"), "name": env, "project_id": len(self.projects)}
            for place, env in enumerate(environments)
        ]
        project = {"id": len(self.projects), "uuid": payloads.uuid(name), "name": name, "description": None}
        self.projects.append({**project, "team_id": 0, "environments": found})
        return first

    def add_server(self, name: str) -> Record:
        """Add a server; the first has id 0."""
        self.servers.append(payloads.server(len(self.servers), name, self.now()))
        return self.servers[-1]

    def add_application(self, name: str, environment: int, place: Record | None = None, **more: object) -> Record:
        """Add an application."""
        record = payloads.application(
            len(self.applications) + 12, name, place or self.servers[0], environment, self.now()
        )
        self.applications.append(record | more)
        return self.applications[-1]

    def add_service(self, name: str, environment: int, place: Record | None = None, **more: object) -> Record:
        """Add a service."""
        record = payloads.service(len(self.services) + 5, name, place or self.servers[0], environment, self.now())
        self.services.append(record | more)
        return self.services[-1]

    def add_database(
        self, name: str, engine: str, environment: int, place: Record | None = None, **more: object
    ) -> Record:
        """Add a standalone database."""
        number = len(self.databases) + 3
        record = payloads.database(number, name, engine, place or self.servers[0], environment, self.now())
        self.databases.append(record | more)
        return self.databases[-1]

    def deploy(
        self, app: Record, status: str = "queued", *, ago: float = 0.0, took: float | None = None, **more: object
    ) -> Record:
        """Add a deployment requested `ago` seconds ago; with `took`, it ended that many seconds after the request."""
        self.last_id += 1
        created = self.now() - ago
        place = next(server for server in self.servers if server["uuid"] == app["_server"])
        row = payloads.deployment(self.last_id, app, place, status, created)
        if took is not None:
            row["updated_at"] = row["finished_at"] = payloads.iso(created + took)
        self.deployments.append(row | more)
        return self.deployments[-1]

    def end(self, row: Record, status: str = "finished", *, finished_at: bool = True) -> None:
        """End a deployment now."""
        row["status"] = status
        row["updated_at"] = payloads.iso(self.now())
        row["finished_at"] = payloads.iso(self.now()) if finished_at else None

    # Requests.

    def get(self, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer a GET; header names are case-insensitive."""
        self.asked.append(target)
        parts = urlsplit(target)
        lower = {name.lower(): value for name, value in headers.items()}
        found = self._limited(lower) or self._trapped(parts.path, lower) or self._allowed(parts.path, lower)
        if found is None:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            found = self._content(parts.path.removeprefix("/api/v1"), query)
        counted = {
            "Date": formatdate(self.now(), usegmt=True),
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self._used)),
        }
        return Answer(found.status, found.body, {**counted, **found.headers})

    def _limited(self, headers: Mapping[str, str]) -> Answer | None:
        if self.now() - self._window >= _MINUTE:
            self._window, self._used = self.now(), 0
        self._used += 1
        if self._used <= self.limit and "rate_limited" not in self.traps:
            return None
        left = max(1, int(self._window + _MINUTE - self.now()))
        more = {"Retry-After": str(left), "X-RateLimit-Reset": str(int(self._window + _MINUTE))}
        if "json" not in headers.get("accept", ""):
            return Answer(
                429, b"<!doctype html><title>Too Many Requests</title>", {"Content-Type": "text/html", **more}
            )
        return answer({"message": "Too Many Attempts."}, 429, **more)

    def _trapped(self, path: str, headers: Mapping[str, str]) -> Answer | None:
        for name in sorted(self.traps):
            found = TRAPS[name].answer
            reply = found(path, headers) if found is not None else None
            if reply is not None:
                return reply
        return None

    def _allowed(self, path: str, headers: Mapping[str, str]) -> Answer | None:
        if path in ("/api/health", "/api/v1/health"):
            return Answer(200, b"OK", {"Content-Type": "text/html; charset=UTF-8"})
        if headers.get("authorization", "") != f"Bearer {self.token}":
            return answer({"message": "Unauthenticated."}, 401)
        return None

    def _content(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/version":
            text = f"v{self.full_version}" if "v_prefix" in self.traps else self.full_version
            return Answer(200, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})
        document = self._document(path.strip("/").split("/"), query)
        if document is None:
            return answer({"message": "Not found.", "docs": "https://coolify.io/docs"}, 404)
        if isinstance(document, Answer):
            return document
        for name in sorted(self.traps):
            change = TRAPS[name].change
            if change is not None:
                document = change(path, document)
        return Answer(200, json.dumps(_public(document)).encode(), {"Content-Type": "application/json"})

    def _document(self, words: list[str], query: Mapping[str, str]) -> object:
        """The list, record or part of a record at a path."""
        lists: Mapping[str, Callable[[], object]] = {
            "projects": lambda: [
                {key: it[key] for key in ("id", "uuid", "name", "description")} for it in self.projects
            ],
            "servers": lambda: [_listed(server) for server in self.servers],
            "applications": lambda: [self._application(app) for app in self.applications],
            "services": lambda: self.services,
            "databases": lambda: self.databases,
            "deployments": lambda: [self._row(row) for row in self.deployments if row["status"] in ACTIVE],
        }
        match words:
            case [name] if name in lists:
                return lists[name]()
            case ["projects", uuid]:
                found: object = _one(self.projects, uuid)
            case ["servers", uuid]:
                found = _one(self.servers, uuid)
            case ["servers", uuid, "resources"]:
                place = _one(self.servers, uuid)
                found = self._resources(place) if place else None
            case ["servers", uuid, "docker-cleanup", "executions"]:
                place = _one(self.servers, uuid)
                found = place["_cleanups"][:20] if place else None
            case ["applications" | "services", uuid, "scheduled-tasks"]:
                owner = _one([*self.applications, *self.services], uuid)
                found = owner["_tasks"] if owner else None
            case ["applications" | "services", uuid, "scheduled-tasks", task, "executions"]:
                owner = _one([*self.applications, *self.services], uuid)
                job = _one(owner["_tasks"], task) if owner else None
                found = job["_executions"] if job else None
            case ["databases", uuid, "backups"]:
                found = self._backups(uuid)
            case ["deployments", "applications", uuid]:
                found = self._history(uuid, query)
            case _:
                return None
        return answer({"message": "Application not found"}, 404) if found is None else found

    def _application(self, app: Record) -> Record:
        """Since 4.3.21 the default restart limit is 0 (never); 4.4 added two fields."""
        newer = {"restart_limit_reached": False, "container_present": True} if self.at_least(4, 4, 0) else {}
        never = {"max_restart_count": 0} if self.at_least(4, 3, 21) else {}
        return {**app, **never, **newer, **{key: app[key] for key in newer if key in app}}

    def _row(self, row: Record) -> Record:
        """Up to 4.1.2 every token receives the logs, which can be megabytes (coolify-mcp#158)."""
        if self.at_least(4, 2, 0):
            return row
        log = [{"command": None, "output": f"step {number}", "type": "stdout"} for number in range(600)]
        return {**row, "logs": json.dumps(log)}

    def _history(self, uuid: str, query: Mapping[str, str]) -> object:
        if _one(self.applications, uuid) is None:
            return None
        rows = sorted((row for row in self.deployments if row["_application"] == uuid), key=lambda row: -row["id"])
        skip, take = int(query.get("skip", 0)), int(query.get("take", 10))
        return {"count": len(rows), "deployments": [self._row(row) for row in rows[skip : skip + take]]}

    def _backups(self, uuid: str) -> object:
        """The schedules of a database with all their runs; the fake's own list of them, or the last one only."""
        database = _one(self.databases, uuid)
        if database is None:
            return answer({"message": "Database not found."}, 404)
        return [
            {
                **{key: value for key, value in config.items() if key != "latest_log"},
                "executions": config.get("_runs", [config["latest_log"]] if config.get("latest_log") else []),
            }
            for config in database["backup_configs"]
        ]

    def _resources(self, place: Record) -> list[Record]:
        found = []
        for kind in ("applications", "services", "databases"):
            for record in getattr(self, kind):
                more = [server["uuid"] for server in record.get("additional_servers", ())]
                if place["uuid"] in (record["_server"], *more):
                    shown = {key: record[key] for key in ("uuid", "name", "status", "created_at", "updated_at")}
                    found.append({"id": record["_id"], **shown, "type": _TYPES.get(kind) or record["database_type"]})
        return found


def _one(records: list[Record], uuid: str) -> Record | None:
    return next((record for record in records if record["uuid"] == uuid), None)


def _listed(server: Record) -> Record:
    """A record of the list: reachable and usable are top-level fields, in the detail only part of `settings`."""
    keys = ("uuid", "name", "description", "ip", "user", "port", "is_coolify_host", "settings")
    settings = server["settings"]
    more = {"is_reachable": settings["is_reachable"], "is_usable": settings["is_usable"]}
    return {**{key: server[key] for key in keys}, **more, "proxy": {"redirect_enabled": True}}


def _public(value: object) -> object:
    if isinstance(value, dict):
        return {key: _public(item) for key, item in value.items() if not str(key).startswith("_")}
    if isinstance(value, list):
        return [_public(item) for item in value]
    return value
