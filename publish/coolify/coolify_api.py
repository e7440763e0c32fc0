"""Coolify's API for one Docker Compose resource: read it, write it, start it.

Facts are from Coolify 4.3.11 (app/Http/Controllers/Api/ServicesController.php). A resource is a "service" there, and
its containers are the service's "applications", or "databases" if their image is one.

- Names are not unique, and creating has no idempotency key: a lost response may or may not have created the resource.
- The compose file is sent in base64. It comes back dumped by another YAML library, and without the inline files.
- `POST /services/{uuid}/start` refuses a running resource, and `restart` removes its containers before it creates new
  ones. `instant_deploy` in an update does what the button Deploy does.
- Values of variables, the compose file and files are hidden from tokens without `read:sensitive`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from boxwatch.errors import PublishError
from boxwatch.exporters.coolify import failure
from boxwatch.exporters.coolify.client import PREFIX
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.secret import TokenFile
from boxwatch.publish.http import Answer, Client, Credentials
from boxwatch.topology.wording import clipped

# What a token needs. `write` and `deploy` do not include `read`.
ABILITIES: Final = "read, read:sensitive and write"
# Longer than Coolify asks to wait when its rate limit of one minute is exhausted.
_TIMEOUT: Final = 90.0
_OK: Final = frozenset({200, 201})
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_UNPROCESSABLE: Final = 422
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403


class Send(Protocol):
    """Sends one request: over the network, or to a test's stand-in."""

    def __call__(self, method: str, path: str, body: bytes | None, *, again: bool) -> Answer:
        """Return the response.

        Args:
            method: GET, POST or PATCH.
            path: relative to the URL, with its prefix.
            body: JSON.
            again: whether the request may be sent twice.

        Raises:
            PublishError: no complete response arrived.
        """


def over_http(url: str, token_file: Path, secrets: tuple[str, ...], ca: Path | None) -> tuple[Send, str]:
    """A connection to a Coolify, and its URL for messages. Nothing is sent yet.

    Args:
        url: without /api/v1.
        token_file: file with the API token.
        secrets: values that no message may contain, besides the token.
        ca: CA certificates to trust instead of the system's.

    Raises:
        PublishError: the URL, the token or the certificates cannot be used.
    """
    try:
        token = TokenFile(token_file).read()
    except Failure as error:
        raise PublishError(str(error)) from None
    credentials = Credentials.bearer(token.reveal())
    credentials = replace(credentials, secrets=(*token.traces(), *sorted(secrets, key=len, reverse=True)))
    client = Client(url, credentials, ca, {"Content-Type": "application/json"})

    def send(method: str, path: str, body: bytes | None, *, again: bool) -> Answer:
        answer = client.request(method, path, _TIMEOUT, body=body, **({} if again else {"attempts": 1}))
        if answer.status in _OK:
            return answer
        # Coolify, or a proxy in front of it, may echo what it was sent.
        return replace(answer, body=credentials.hide(answer.body.decode(errors="replace")).encode())

    return send, client.url


@dataclass(frozen=True, slots=True)
class Component:
    """One container of a resource, as Coolify keeps it; it keeps those that left the compose file, too.

    Attributes:
        uuid: its identifier.
        name: service of the compose file.
        status: `running:healthy` and the like.
        urls: its addresses, separated by commas; empty for none.
        excluded: whether the status of the resource leaves it out.
        database: whether Coolify takes it for a database.
    """

    uuid: str
    name: str
    status: str
    urls: str
    excluded: bool
    database: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """A Docker Compose resource.

    Attributes:
        uuid: its identifier.
        name: its name, which others may have as well.
        description: its description, with our marker.
        status: the status of all containers together.
        environment: id of its environment.
        compose: its compose file without inline files; None if it is hidden from the token.
        components: its containers.
    """

    uuid: str
    name: str
    description: str
    status: str
    environment: int | None
    compose: str | None
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of a resource. The value is never shown.

    Attributes:
        name: its name.
        value: its value; None if Coolify hides it.
    """

    name: str
    value: str | None

    def __repr__(self) -> str:
        """Leave out the value."""
        return f"Variable({self.name!r})"


@dataclass(frozen=True, slots=True)
class File:
    """A file that Coolify wrote for a container.

    Attributes:
        component: uuid of the container.
        path: its path in the container.
        content: as Coolify last read it from the server; None if hidden.
    """

    component: str
    path: str
    content: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A project, environment or server.

    Attributes:
        uuid: its identifier.
        name: its name.
        number: its id; None if Coolify does not send it. 0 is valid.
    """

    uuid: str
    name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class CoolifyApi:
    """Coolify's API.

    Attributes:
        send: the connection.
        url: Coolify's URL, for messages.
    """

    send: Send
    url: str

    def version(self) -> str:
        """Coolify's version; the cheapest request that requires a token."""
        return self._request("GET", "/version").body.decode(errors="replace").strip().lstrip("v")

    def resources(self) -> list[Resource]:
        """All Docker Compose resources of the token's team, without their containers."""
        return [_resource(fields) for fields in self._list("/services")]

    def resource(self, uuid: str) -> Resource:
        """One resource with its containers."""
        return _resource(Fields(self._object(f"/services/{uuid}"), _ignore))

    def variables(self, uuid: str) -> list[Variable]:
        """The variables of a resource."""
        return [
            Variable(name, value if isinstance(value := fields.record.get("value"), str) else _empty(fields))
            for fields in self._list(f"/services/{uuid}/envs")
            if isinstance(name := fields.record.get("key"), str)
        ]

    def files(self, uuid: str) -> list[File]:
        """The files of a resource, without directories."""
        stored = Fields(self._object(f"/services/{uuid}/storages"), _ignore)
        return [
            File(fields.uuid("resource_uuid") or "", path, content if isinstance(content, str) else None)
            for fields in stored.children("file_storages")
            if isinstance(path := fields.record.get("mount_path"), str) and not fields.flag("is_directory")
            for content in (fields.record.get("content"),)
        ]

    def projects(self) -> list[Place]:
        """The team's projects."""
        return self._places("/projects")

    def environments(self, project: str) -> list[Place]:
        """The environments of a project."""
        found = Fields(self._object(f"/projects/{project}"), _ignore).children("environments")
        return [_place(fields) for fields in found]

    def servers(self) -> list[Place]:
        """The team's servers."""
        return self._places("/servers")

    def create(self, body: Mapping[str, object], compose: str) -> str:
        """Create a resource, and return its uuid. Sent once."""
        answer = self._request("POST", "/services", {**body, "docker_compose_raw": _encoded(compose)}, again=False)
        uuid = Fields(_document(answer, self.url), _ignore).uuid()
        if uuid is None:
            raise PublishError(f"{self.url}: Coolify did not say what it created")
        return uuid

    def update(self, uuid: str, body: Mapping[str, object], compose: str | None = None) -> None:
        """Change a resource; nothing is started."""
        sent = dict(body) if compose is None else {**body, "docker_compose_raw": _encoded(compose)}
        self._request("PATCH", f"/services/{uuid}", sent)

    def start(self, uuid: str, body: Mapping[str, object]) -> None:
        """Change a resource and start it, whether it runs or not: all containers are replaced. Sent once."""
        self._request("PATCH", f"/services/{uuid}", {**body, "instant_deploy": True}, again=False)

    def set_variables(self, uuid: str, values: Mapping[str, str]) -> None:
        """Create or change variables."""
        # Literal: Coolify writes the value in single quotes, in which Docker Compose replaces nothing.
        data = [{"key": name, "value": value, "is_literal": True} for name, value in values.items()]
        self._request("PATCH", f"/services/{uuid}/envs/bulk", {"data": data})

    def exclude(self, uuid: str, component: Component, *, excluded: bool) -> None:
        """Leave a container out of the resource's status, or take it in again."""
        kind = "databases" if component.database else "applications"
        self._request("PATCH", f"/services/{uuid}/{kind}/{component.uuid}", {"exclude_from_status": excluded})

    def _places(self, path: str) -> list[Place]:
        return [_place(fields) for fields in self._list(path)]

    def _list(self, path: str) -> list[Fields]:
        """The records of a list, which PHP turns into an object if it has gaps."""
        document = _json(self._request("GET", path), self.url)
        items = list(document.values()) if isinstance(document, dict) else document
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise PublishError(f"{self.url}{PREFIX}{path} answers with no list: is this Coolify's URL?")
        return [Fields(item, _ignore) for item in items]

    def _object(self, path: str) -> dict[str, object]:
        return _document(self._request("GET", path), self.url)

    def _request(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, again: bool = True
    ) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        answer = self.send(method, PREFIX + path, sent, again=again)
        if answer.status not in _OK:
            raise PublishError(f"{method} {self.url}{PREFIX}{path}: {_problem(answer)}")
        return answer


def _ignore(_field: str) -> None:
    """A field of another type counts as missing."""


def _encoded(compose: str) -> str:
    return base64.b64encode(compose.encode()).decode()


def _empty(fields: Fields) -> str | None:
    """A variable without a value is empty; one whose value is not in the record is hidden."""
    return "" if "value" in fields.record else None


def _json(answer: Answer, url: str) -> object:
    try:
        document: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise PublishError(f"{url} does not answer in JSON: is this Coolify's URL?") from None
    return document


def _document(answer: Answer, url: str) -> dict[str, object]:
    document = _json(answer, url)
    if not isinstance(document, dict):
        raise PublishError(f"{url} answers with no object: is this Coolify's URL?")
    return document


def _place(fields: Fields) -> Place:
    return Place(fields.uuid() or "", fields.text("name") or "", fields.integer("id"))


def _resource(fields: Fields) -> Resource:
    compose = fields.record.get("docker_compose_raw")
    description = fields.record.get("description")
    return Resource(
        uuid=fields.uuid() or "",
        name=fields.text("name") or "",
        description=description if isinstance(description, str) else "",
        status=fields.text("status") or "",
        environment=fields.integer("environment_id"),
        compose=compose if isinstance(compose, str) else None,
        components=(
            *_components(fields, "applications", database=False),
            *_components(fields, "databases", database=True),
        ),
    )


def _components(fields: Fields, key: str, *, database: bool) -> Iterator[Component]:
    for one in fields.children(key):
        urls = one.record.get("fqdn")
        yield Component(
            uuid=one.uuid() or "",
            name=one.text("name") or "",
            status=one.text("status") or "",
            urls=urls if isinstance(urls, str) else "",
            excluded=bool(one.flag("exclude_from_status")),
            database=database,
        )


# Of a message of Coolify's.
_LONGEST = 500


def _problem(answer: Answer) -> str:
    """What went wrong, and what to do."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    said = document if isinstance(document, dict) else {}
    message = " ".join(str(said.get("message", "")).split())
    if answer.status == _FORBIDDEN and message.startswith("Missing required permissions"):
        missing = message.partition(":")[2].strip() or "an ability"
        return f"permission denied: the token lacks {missing}; create one with {ABILITIES}"
    if answer.status == _CONFLICT and "conflicts" in said:
        return "another resource has the same domain: remove it there, or change `urls.grafana` in the topology"
    if answer.status in {_BAD_REQUEST, _CONFLICT, _UNPROCESSABLE, _NOT_FOUND} and message:
        text = " ".join([message.rstrip("."), *_errors(said.get("errors"))]).strip()
        return clipped(text, _LONGEST)
    return str(failure.judge(answer.status, answer.headers, answer.body, 0.0))


def _errors(found: object) -> Iterator[str]:
    """The texts of a validation error, whatever its form."""
    if isinstance(found, Mapping):
        for field, texts in found.items():
            listed = texts if isinstance(texts, list) else [texts]
            yield f"{field}: {' '.join(map(str, listed))}"
    elif isinstance(found, list):
        yield from map(str, found)
