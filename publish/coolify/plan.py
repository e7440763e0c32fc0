"""Plan of a deployment: Coolify's state, the desired state, and the differences in words. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from boxwatch.errors import PublishError
from boxwatch.exporters.coolify.status import parse
from boxwatch.publish.coolify import compose_change, marker, variables
from boxwatch.publish.coolify.compose_change import Document, ServiceChange
from boxwatch.publish.coolify.coolify_api import ABILITIES, Component, CoolifyApi, File, Place, Resource, Variable
from boxwatch.publish.coolify.marker import Marker
from boxwatch.topology.wording import counted, listed

# The version whose source this was written after.
KNOWN: Final = (4, 3)
RUNNING: Final = "running"
STARTING: Final = "starting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The resource to deploy.

    Attributes:
        deployment: name of the topology.
        name: name of the resource.
        compose: its compose file with inline files.
        values: values of its variables, never shown.
        urls: service → its public address, as Coolify writes it.
        project: name or uuid of the project; empty for the only one.
        environment: name or uuid of the environment; empty for `production`, or for the only one.
        server: name or uuid of the server; empty for the only one.
        destination: uuid of a Docker network on the server; empty for its only one.
        adopt: take over a resource of this name that boxwatch did not create.
        document: the compose file, read.
    """

    deployment: str
    name: str
    compose: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    urls: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    environment: str = ""
    server: str = ""
    destination: str = ""
    adopt: bool = False
    document: Document = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the compose file.

        Raises:
            PublishError: it has no services.
        """
        found = compose_change.read(self.compose)
        if found is None:
            raise PublishError("the built compose file has no services: build again")
        object.__setattr__(self, "document", found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a new resource is created.

    Attributes:
        project: the project.
        environment: the environment.
        server: the server.
    """

    project: Place
    environment: Place
    server: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deployment does.

    Attributes:
        name: name of the resource.
        deployment: name of the topology.
        version: Coolify's version.
        target: where the resource is created; None if it exists.
        live: the resource; None if it is created.
        services: services that differ.
        send_compose: whether the compose file is sent.
        new_files: number of files that Coolify writes.
        values: variables to set, never shown.
        changed: those of them that have a value now.
        urls: addresses to set, by service.
        old_urls: what they are now.
        exclusions: containers to leave out of the resource's status (True), or to take in again.
        why: why it is started; empty if it is not.
        wait: whether to wait until it is healthy.
        missing: required variables without a value.
        problems: values that cannot be used.
        notes: remarks.
    """

    name: str
    deployment: str
    version: str
    target: Target | None = None
    live: Resource | None = None
    services: tuple[ServiceChange, ...] = ()
    send_compose: bool = True
    new_files: int = 0
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    changed: frozenset[str] = frozenset()
    urls: Mapping[str, str] = field(default_factory=dict)
    old_urls: Mapping[str, str] = field(default_factory=dict)
    exclusions: tuple[tuple[Component, bool], ...] = ()
    why: str = ""
    wait: bool = False
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def uuid(self) -> str:
        """Identifier of the resource; empty before it is created."""
        return self.live.uuid if self.live else ""

    @property
    def refused(self) -> bool:
        """Whether it cannot be applied."""
        return bool(self.missing or self.problems)

    @property
    def differs(self) -> bool:
        """Whether anything is to be written, started or waited for."""
        return bool(self.send_compose or self.values or self.urls or self.exclusions or self.why or self.wait)

    def lines(self) -> Iterator[str]:
        """The plan in words, the sum last."""
        if self.target:
            where = self.target
            yield (
                f"+ resource {self.name} in project {where.project.name}, environment {where.environment.name},"
                f" on server {where.server.name}"
            )
        for change in self.services:
            yield f"{change.sign} service {change.name}{_detail(change)}"
        for name in self.values:
            yield f"{'~' if name in self.changed else '+'} variable {name}"
        for service, url in self.urls.items():
            old = self.old_urls.get(service)
            yield f"{'~' if old else '+'} address of {service}: {f'{old} → ' if old else ''}{url}"
        for component, excluded in self.exclusions:
            verb = "left out of" if excluded else "taken into"
            yield f"~ status: {component.name} is {verb} the status of the resource"
        for name in self.missing:
            yield f"! variable {name} is required and has no value: pass it with --env-file or --secret {name}=FILE"
        for problem in self.problems:
            yield f"! {problem}"
        yield self._sum()

    def to_json(self) -> dict[str, object]:
        """The plan as JSON, without values."""
        return {
            "coolify": self.version,
            "resource": self.uuid or None,
            "services": [{"name": one.name, "sign": one.sign, "differences": one.texts} for one in self.services],
            "variables": sorted(self.values),
            "addresses": dict(self.urls),
            "starts": self.why,
            "missing": list(self.missing),
            "problems": list(self.problems),
        }

    def _sum(self) -> str:
        if self.refused:
            return f"{self.name}: refused, nothing is changed"
        if self.target:
            return f"{self.name}: is created and started"
        if self.why:
            return f"{self.name}: {self.why}, so all containers are replaced; volumes are kept"
        if self.wait:
            return f"{self.name}: was started before, and is waited for"
        if self.differs:
            return f"{self.name}: changes without a restart"
        return f"{self.name}: runs this build, nothing to do"


def plan(api: CoolifyApi, desired: Desired) -> Plan:
    """Compare the desired state with Coolify's.

    Raises:
        PublishError: Coolify cannot be read, the token may not read enough, or the resource is another's.
    """
    version = api.version()
    live = _find(api, desired)
    document = desired.document
    references = compose_change.references(document)
    given = {name: value for name, value in desired.values.items() if name in references}
    notes = [*_version_notes(version), *_unknown(desired, references)]
    problems = tuple(variables.problems(given))
    if isinstance(live, Target):
        return Plan(
            name=desired.name,
            deployment=desired.deployment,
            version=version,
            target=live,
            services=tuple(compose_change.changes(None, document)),
            new_files=len(compose_change.files(document)),
            values=given,
            urls=desired.urls,
            why="is created",
            wait=True,
            missing=_missing(references, given, []),
            problems=problems,
            notes=tuple(notes),
        )
    begun = Plan(
        name=live.name,
        deployment=desired.deployment,
        version=version,
        live=live,
        problems=problems,
        notes=tuple(notes),
    )
    return _update(api, desired, live, begun, given)


def _update(api: CoolifyApi, desired: Desired, live: Resource, begun: Plan, given: Mapping[str, str]) -> Plan:
    """The plan of a resource that exists, from the facts that a new one has as well."""
    document = desired.document
    if live.compose is None:
        raise PublishError(
            f"{api.url}: the token cannot read the compose file of {live.name}, so it cannot be compared:"
            f" create a token with {ABILITIES}, as an owner or administrator of the team"
        )
    old = compose_change.read(live.compose)
    kept = api.variables(live.uuid)
    missing_files, odd = _files(document, live, api.files(live.uuid))
    values = _to_set(given, kept)
    urls = {name: url for name, url in desired.urls.items() if not _has(live, name, url)}
    names = compose_change.services(document).keys()
    send = old is None or not compose_change.same(old, document) or bool(missing_files)
    found = marker.of(live.description)
    why, wait = _start(live, found, names, changes=_reason(send=send, values=values, urls=urls))
    unhealthy = [one.name for one in live.components if one.name in names and not healthy(one.status)]
    notes = [
        *begun.notes,
        *(f"{name} is locked in Coolify: its value is neither compared nor changed" for name in _locked(given, kept)),
        *(f"Coolify has other content than the build for {path}: delete the file under Storages, and deploy again"
          for path in odd),
        *([f"not healthy: {listed(unhealthy)}; see its logs in Coolify"] if unhealthy and not wait else []),
    ]  # fmt: skip
    return Plan(
        name=begun.name,
        deployment=begun.deployment,
        version=begun.version,
        live=live,
        services=tuple(compose_change.changes(old, document)) if send else (),
        send_compose=send,
        new_files=len(missing_files),
        values=values,
        changed=frozenset(one.name for one in kept if one.value),
        urls=urls,
        old_urls={one.name: one.urls for one in live.components if one.urls},
        exclusions=tuple(_exclusions(live, names)),
        why=why,
        wait=wait,
        missing=_missing(compose_change.references(document), given, kept),
        problems=begun.problems,
        notes=tuple(notes),
    )


def healthy(status: str) -> bool:
    """Whether a container runs and its health check succeeds."""
    found = parse(status)
    return found.state == RUNNING and found.health == "healthy"


def _find(api: CoolifyApi, desired: Desired) -> Resource | Target:
    """Our resource, or where to create it.

    Raises:
        PublishError: there is another with its name, or it is not clear where it belongs.
    """
    resources = api.resources()
    ours = [
        one for one in resources if (found := marker.of(one.description)) and found.deployment == desired.deployment
    ]
    if len(ours) > 1 or (ours and (desired.project or desired.environment)):
        place = _place(api, desired)
        ours = [one for one in ours if one.environment == place[1].number]
        if len(ours) > 1:
            raise PublishError(
                f"{api.url}: {listed([f'{one.name} ({one.uuid})' for one in ours])} are all marked as deployment"
                f" {desired.deployment}: remove the marker from the description of all but one"
            )
    if ours:
        return api.resource(ours[0].uuid)
    project, environment = _place(api, desired)
    same = [one for one in resources if one.name == desired.name and one.environment == environment.number]
    if not same:
        server = _chosen(api.servers(), desired.server, "server", api.url)
        return Target(project=project, environment=environment, server=server)
    if len(same) > 1:
        raise PublishError(
            f"{api.url}: {counted(len(same), 'resource')} of {environment.name} are called {desired.name}"
        )
    other = marker.of(same[0].description)
    if other is not None:
        raise PublishError(
            f"{api.url}: {desired.name} belongs to deployment {other.deployment}: pass another name with --name"
        )
    if not desired.adopt:
        raise PublishError(
            f"{api.url}: {environment.name} has a resource called {desired.name} that boxwatch did not create: pass"
            " another name with --name, or --adopt to take it over"
        )
    return api.resource(same[0].uuid)


def _place(api: CoolifyApi, desired: Desired) -> tuple[Place, Place]:
    project = _chosen(api.projects(), desired.project, "project", api.url)
    environments = api.environments(project.uuid)
    usual = desired.environment or ("production" if any(one.name == "production" for one in environments) else "")
    return project, _chosen(environments, usual, "environment", api.url)


def _chosen(places: Sequence[Place], named: str, what: str, url: str) -> Place:
    """The named place, or the only one."""
    if not named and len(places) == 1:
        return places[0]
    found = [one for one in places if named in (one.uuid, one.name)] if named else []
    if len(found) == 1:
        return found[0]
    there = listed([f"{one.name} ({one.uuid})" for one in places]) if places else "none"
    problem = f"has no {what} {named}" if named and not found else f"has several: which {what}"
    if not places:
        problem = f"has no {what}"
    raise PublishError(f"{url}: {problem}? Pass --{what}; there is {there}")


def _version_notes(version: str) -> Iterator[str]:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < KNOWN:
        yield f"Coolify {version} is older than 4.3, whose API this was written for"


def _unknown(desired: Desired, references: Mapping[str, bool]) -> Iterator[str]:
    """Values of variables that the compose file does not have."""
    for name in desired.values:
        if name not in references:
            yield f"{name} is no variable of this stack in Coolify, and is left out"


def _missing(references: Mapping[str, bool], given: Mapping[str, str], kept: Sequence[Variable]) -> tuple[str, ...]:
    there = {one.name for one in kept if one.value != ""}
    return tuple(
        name for name, required in references.items() if required and not given.get(name) and name not in there
    )


def _to_set(given: Mapping[str, str], kept: Sequence[Variable]) -> dict[str, str]:
    live = {one.name: one.value for one in kept}
    return {
        name: value
        for name, value in given.items()
        if name not in live or (live[name] is not None and live[name] != value)
    }


def _locked(given: Mapping[str, str], kept: Sequence[Variable]) -> list[str]:
    return [one.name for one in kept if one.value is None and one.name in given]


def _files(document: Document, live: Resource, kept: Sequence[File]) -> tuple[list[str], list[str]]:
    """The files that Coolify lacks, and those that it has with other content."""
    names = {one.uuid: one.name for one in live.components}
    stored = {(names.get(one.component, ""), one.path): one.content for one in kept}
    lacking, other = [], []
    for (service, path), content in compose_change.files(document).items():
        if (service, path) not in stored:
            lacking.append(path)
        elif (found := stored[service, path]) is not None and found.strip() != content.strip():
            # Coolify trims what it reads from the server.
            other.append(path)
    return lacking, other


def _has(live: Resource, service: str, url: str) -> bool:
    return any(one.name == service and url in one.urls.split(",") for one in live.components)


def _reason(*, send: bool, values: Mapping[str, str], urls: Mapping[str, str]) -> str:
    parts = {"compose file": send, "variables": values, "addresses": urls}
    return listed([name for name, differs in parts.items() if differs])


def _start(live: Resource, found: Marker | None, names: Collection[str], *, changes: str) -> tuple[str, bool]:
    """Why the resource is started, and whether it is waited for."""
    stopped = [
        one.name for one in live.components if one.name in names and parse(one.status).state not in {RUNNING, STARTING}
    ]
    under_way = parse(live.status).state == STARTING
    if changes:
        return f"{changes} changed", True
    if found is None:
        return "is taken over", True
    if found.state == marker.CHANGING:
        return "the last deployment was interrupted before the start", True
    if found.state == marker.STARTING:
        # The start was requested, or the request was lost.
        return ("the last deployment did not become healthy", True) if stopped and not under_way else ("", True)
    if stopped and not under_way:
        return f"{listed(stopped)} not running", True
    return "", False


def _exclusions(live: Resource, names: Collection[str]) -> Iterator[tuple[Component, bool]]:
    """Coolify keeps containers that left the compose file, as exited, which would degrade the resource for ever."""
    for one in live.components:
        gone = one.name not in names
        if gone != one.excluded:
            yield one, gone


def _detail(change: ServiceChange) -> str:
    if change.sign == "-":
        return ": its container is removed, its volumes are kept"
    return f": {', '.join(change.texts)}" if change.texts and change.texts != ("",) else ""
