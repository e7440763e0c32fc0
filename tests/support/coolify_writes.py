"""A Coolify to deploy to: the exporter's fake with the requests that write, Coolify's parser, and a server behind it.

Written after ServicesController, StartService, LocalFileVolume and StopService of Coolify 4.3.11 (commit 379abb2526):

- Creating checks no name. A description is free text. A compose file is stored as another YAML library dumps it.
- Files are written by jobs in the background, one after the other, and once. Docker makes a directory of a file that is
  not there when a container starts, and the container fails.
- A start replaces all containers. Until Sentinel reports, Coolify shows the states of before.
- Containers that leave the compose file stay in Coolify, as exited, and degrade the resource.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from boxwatch.errors import PublishError
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify
from boxwatch.exporters.coolify.fake.payloads import Record
from boxwatch.exporters.coolify.fake.traps import Answer, answer
from boxwatch.publish.http import Answer as Received
from support.coolify_parser import Refused, Resource

ALL: Final = frozenset({"read", "read:sensitive", "write"})
# Seconds for a file, for a start, and until Sentinel reports.
FILE: Final = 1.0
START: Final = 20.0
REPORT: Final = 60.0
_CREATE: Final = frozenset({
    "name", "description", "project_uuid", "environment_name", "environment_uuid", "server_uuid", "destination_uuid",
    "instant_deploy", "docker_compose_raw", "connect_to_docker_network", "urls", "force_domain_override",
    "is_container_label_escape_enabled", "tags",
})  # fmt: skip
_UPDATE: Final = frozenset({
    "name", "description", "instant_deploy", "docker_compose_raw", "connect_to_docker_network", "urls",
    "force_domain_override", "is_container_label_escape_enabled",
})  # fmt: skip
_VARIABLE: Final = frozenset({"key", "value", "is_literal", "is_multiline", "is_shown_once", "comment"})


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Stack:
    """A Docker Compose resource, and what runs of it.

    Attributes:
        record: as Coolify sends it.
        parsed: Coolify's parser with what it stored.
        raw: the compose file that Coolify keeps.
        values: variables and their values.
        locked: variables whose values are shown to nobody.
        written: path on the server → when the job writes it.
        running: service → (container's compose service, variables, files) that runs; replaced by a start.
        starts: times at which it was started.
        broken: services that exit.
    """

    record: Record
    parsed: Resource = field(default_factory=Resource)
    raw: str = ""
    values: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    written: dict[str, float] = field(default_factory=dict)
    running: dict[str, Any] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class LiveCoolify(FakeCoolify):
    """A fake instance that can be written to.

    Attributes:
        abilities: of the token.
        stacks: uuid → a Docker Compose resource. Those of `services` have none.
        domains: addresses that other resources have.
        wrote: method and path of each request that writes.
    """

    abilities: frozenset[str] = ALL
    stacks: dict[str, Stack] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)
    wrote: list[str] = field(default_factory=list)

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Answer any request."""
        self._report()
        if method == "GET":
            return self.get(target, headers)
        path = urlsplit(target).path
        refused = self._limited(headers) or self._allowed(path, headers)
        if refused is not None:
            return refused
        if "write" not in self.abilities:
            return answer({"message": "Missing required permissions: write"}, 403)
        self.wrote.append(f"{method} {path.removeprefix('/api/v1')}")
        try:
            document = json.loads(body or b"")
        except ValueError:
            return answer({"message": "Invalid request.", "error": "Invalid JSON."}, 400)
        if not document:
            return answer({"message": "Invalid request.", "error": "Empty JSON."}, 400)
        return self._write(method, path.removeprefix("/api/v1").strip("/").split("/"), document)

    def add_stack(self, name: str, environment: int, text: str, **more: object) -> Stack:
        """Somebody pasted a compose file."""
        stack = self._new(name, environment, self.servers[0])
        stack.record |= more
        self._save(stack, text)
        return stack

    def _allowed(self, path: str, headers: Mapping[str, str]) -> Answer | None:
        refused = FakeCoolify._allowed(self, path, headers)  # noqa: SLF001 - slots have no super()
        if refused is not None or "read" in self.abilities:
            return refused
        return answer({"message": "Missing required permissions: read"}, 403)

    def _document(self, words: list[str], query: Mapping[str, str]) -> object:
        match words:
            case ["services"]:
                return [*self.services, *(self._shown(stack) for stack in self.stacks.values())]
            case ["services", uuid] if uuid in self.stacks:
                return self._shown(self.stacks[uuid])
            case ["services", uuid, "envs"] if uuid in self.stacks:
                stack = self.stacks[uuid]
                return [
                    {"uuid": payloads.uuid(name), "key": name, "is_literal": True,
                     **({"value": value} if self._sensitive and name not in stack.locked else {})}
                    for name, value in stack.values.items()
                ]  # fmt: skip
            case ["services", uuid, "storages"] if uuid in self.stacks:
                return {"persistent_storages": [], "file_storages": self._stored(self.stacks[uuid])}
        return FakeCoolify._document(self, words, query)  # noqa: SLF001 - slots have no super()

    @property
    def _sensitive(self) -> bool:
        return "read:sensitive" in self.abilities

    def _shown(self, stack: Stack) -> Record:
        states = [part["status"] for part in stack.record["applications"] if not part["exclude_from_status"]]
        under_way = stack.starts and self.now() < stack.starts[-1] + START
        status = "starting:unhealthy" if under_way else _together(states)
        hidden = {"docker_compose_raw": stack.raw} if self._sensitive else {}
        return {**stack.record, "status": status, **hidden}

    def _stored(self, stack: Stack) -> list[Record]:
        uuids = {part["name"]: part["uuid"] for part in stack.record["applications"]}
        return [
            {
                "uuid": payloads.uuid(f"{service}{path}"),
                "mount_path": path,
                "fs_path": kept.source,
                "is_directory": kept.content is None,
                "resource_uuid": uuids[service],
                **({"content": kept.content.strip()} if kept.content is not None and self._sensitive else {}),
            }
            for (service, path), kept in stack.parsed.stored.items()
        ]

    def _write(self, method: str, words: list[str], body: dict[str, Any]) -> Answer:
        match method, words:
            case "POST", ["services"]:
                return self._create(body)
            case "PATCH", ["services", uuid] if uuid in self.stacks:
                return self._update(self.stacks[uuid], body)
            case "PATCH", ["services", uuid, "envs", "bulk"] if uuid in self.stacks:
                return self._variables(self.stacks[uuid], body)
            case "PATCH", ["services", uuid, "applications", part] if uuid in self.stacks:
                for one in self.stacks[uuid].record["applications"]:
                    if one["uuid"] == part:
                        one["exclude_from_status"] = body["exclude_from_status"]
                        return answer(one)
        return answer({"message": "Service not found."}, 404)

    def _create(self, body: dict[str, Any]) -> Answer:
        if wrong := _unknown(body, _CREATE):
            return wrong
        projects = [one for one in self.projects if one["uuid"] == body.get("project_uuid")]
        if not projects:
            return answer({"message": "Project not found."}, 404)
        wanted = (body.get("environment_uuid"), body.get("environment_name"))
        environments = [
            one for one in projects[0]["environments"] if one["uuid"] == wanted[0] or one["name"] == wanted[1]
        ]
        if not environments:
            return answer({"message": "Environment not found."}, 404)
        servers = [one for one in self.servers if one["uuid"] == body.get("server_uuid")]
        if not servers:
            return answer({"message": "Server not found."}, 404)
        stack = self._new(body.get("name", "service-x"), environments[0]["id"], servers[0])
        stack.record["description"] = body.get("description")
        if wrong := self._take(stack, body) or self._addresses(stack, body):
            del self.stacks[stack.record["uuid"]]
            return wrong
        return answer({"uuid": stack.record["uuid"], "domains": []}, 201)

    def _update(self, stack: Stack, body: dict[str, Any]) -> Answer:
        if wrong := _unknown(body, _UPDATE) or self._take(stack, body):
            return wrong
        stack.record |= {key: body[key] for key in ("name", "description") if key in body}
        if wrong := self._addresses(stack, body):
            return wrong
        if body.get("instant_deploy"):
            self._start(stack)
        return answer({"uuid": stack.record["uuid"], "domains": []})

    def _take(self, stack: Stack, body: dict[str, Any]) -> Answer | None:
        if "docker_compose_raw" not in body:
            return None
        try:
            text = base64.b64decode(body["docker_compose_raw"], validate=True).decode()
            self._save(stack, text)
        except (binascii.Error, UnicodeDecodeError):
            return _invalid("docker_compose_raw", "The docker_compose_raw should be base64 encoded.")
        except Refused as error:
            return _invalid("docker_compose_raw", str(error))
        return None

    def _addresses(self, stack: Stack, body: dict[str, Any]) -> Answer | None:
        parts = {part["name"]: part for part in stack.record["applications"]}
        for one in body.get("urls") or ():
            if one["name"] not in parts:
                return _invalid("0", f"Service container with '{one['name']}' not found.")
            if one["url"] in self.domains:
                return answer({"message": "Domain conflicts detected.", "conflicts": [one], "warning": "w"}, 409)
            parts[one["name"]]["fqdn"] = one["url"]
        return None

    def _variables(self, stack: Stack, body: dict[str, Any]) -> Answer:
        if not body.get("data"):
            return answer({"message": "Bulk data is required."}, 400)
        for one in body["data"]:
            if wrong := _unknown(one, _VARIABLE):
                return wrong
            stack.values[one["key"]] = one["value"].strip()
        return answer([], 201)

    def _new(self, name: str, environment: int, server: Record) -> Stack:
        number = len(self.stacks) + 100
        record = payloads.service(number, name, server, environment, self.now())
        record |= {"uuid": payloads.uuid(f"{name}{number}"), "applications": [], "description": None}
        self.stacks[record["uuid"]] = Stack(record)
        return self.stacks[record["uuid"]]

    def _save(self, stack: Stack, text: str) -> None:
        """Parse and keep a file; its new files are written by jobs."""
        before = set(stack.parsed.stored)
        stack.parsed.paste(text)
        document = yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - makes text, lists and mappings only
        for service in document["services"].values():
            for volume in service.get("volumes") or ():
                if isinstance(volume, dict):
                    volume.pop("content", None)
        # As another library dumps it: nothing is an empty mapping.
        stack.raw = yaml.dump(document, Dumper=yaml.CDumper, indent=4, sort_keys=False).replace(": ''\n", ": {  }\n")
        due = self.now()
        for key, kept in stack.parsed.stored.items():
            if key not in before and kept.content is not None:
                due += FILE
                stack.written[kept.source] = due
        for name, value in stack.parsed.variables.items():
            stack.values.setdefault(name, value)
        known = {part["name"]: part for part in stack.record["applications"]}
        for name, service in stack.parsed.compose["services"].items():
            if name not in known:
                part = payloads.part(name, self.now())
                part |= {"uuid": payloads.uuid(f"{name}{stack.record['_id']}"), "status": "exited"}
                stack.record["applications"].append(known.setdefault(name, part))
            known[name]["image"] = service["image"]
        for name in stack.parsed.domains:
            known[name]["fqdn"] = known[name]["fqdn"] or f"http://{name}.203.0.113.7.sslip.io:3000"

    def _start(self, stack: Stack) -> None:
        stack.before = {part["name"]: part["status"] for part in stack.record["applications"]}
        stack.starts.append(self.now())
        stack.running = {}
        for name, service in stack.parsed.compose["services"].items():
            sources = [
                kept.source for (owner, _), kept in stack.parsed.stored.items() if owner == name and kept.content
            ]
            mounted = {volume.partition(":")[0] for volume in service.get("volumes", ())}
            late = [one for one in sources if one in mounted and stack.written.get(one, 0) > self.now() + START]
            stack.running[name] = {
                "service": json.loads(json.dumps(service)),
                "values": dict(stack.values),
                "files": stack.parsed.read(name),
                "fails": name in stack.broken or bool(late),
            }

    def _report(self) -> None:
        """What Sentinel has said by now."""
        for stack in self.stacks.values():
            if not stack.starts or self.now() < stack.starts[-1] + START:
                continue
            fresh = self.now() >= stack.starts[-1] + REPORT
            for part in stack.record["applications"]:
                ran = stack.before.get(part["name"], "").startswith("running")
                if not fresh and ran:
                    continue
                one = stack.running.get(part["name"])
                part["status"] = "exited" if one is None or one["fails"] else "running:healthy"


def sender(fake: LiveCoolify, before: Callable[[str], None] = lambda _request: None) -> Any:  # noqa: ANN401 - a Send
    """A connection to a fake; `before` is called with each request, and may fail or end the process."""

    def send(method: str, path: str, body: bytes | None, *, again: bool) -> Received:
        before(f"{method} {path}" if again else f"{method} {path} once")
        headers = {"authorization": f"Bearer {fake.token}", "accept": "application/json"}
        found = fake.request(method, path, headers, body)
        if found.status in {502, 503, 504}:
            raise PublishError(f"{method} {path}: answered {found.status}")
        return Received(found.status, found.body, {name.lower(): value for name, value in found.headers.items()})

    return send


class _Handler(BaseHTTPRequestHandler):
    def _any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fake: LiveCoolify = self.server.fake  # type: ignore[attr-defined]  # of the class below
        found = fake.request(self.command, self.path, headers, self.rfile.read(length))
        self.send_response(found.status)
        for name, value in {"Content-Length": str(len(found.body)), **found.headers}.items():
            if name != "Date":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(found.body)

    def do_GET(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def do_PATCH(self) -> None:
        self._any()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log nothing."""


class _Server(HTTPServer):
    def __init__(self, fake: LiveCoolify) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


@contextlib.contextmanager
def served(fake: LiveCoolify) -> Iterator[str]:
    """The URL of a fake over HTTP."""
    with _Server(fake) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _unknown(body: Mapping[str, object], known: frozenset[str]) -> Answer | None:
    extra = sorted(body.keys() - known)
    return _invalid(extra[0], "This field is not allowed.") if extra else None


def _invalid(name: str, text: str) -> Answer:
    return answer({"message": "Validation failed.", "errors": {name: [text]}}, 422)


def _together(states: list[str]) -> str:
    if not states or all(state.startswith("exited") for state in states):
        return "exited"
    return "running:healthy" if all(state == "running:healthy" for state in states) else "degraded:unhealthy"
