"""Immutable snapshots of an account with all labels resolved, from which the collectors build the exposition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.backups import Backup, Saved
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.history import Durations
from boxwatch.exporters.coolify.resources import Light, Resource
from boxwatch.exporters.coolify.schedule import Task
from boxwatch.exporters.coolify.servers import Detail, Server
from boxwatch.exporters.coolify.status import Status
from boxwatch.exporters.coolify.tasks import Executions, ScheduledTask

_LISTS: Final = {names.APPLICATION: "applications", names.SERVICE: "services", names.DATABASE: "databases"}
Totals = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Source:
    """Polling status of one source."""

    name: str
    success: bool
    reason: str
    duration: float
    good_at: float


@dataclass(frozen=True, slots=True)
class Cleanups:
    """Clean-ups of a server, and by how many seconds the next one was overdue."""

    runs: Executions
    overdue: float | None


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A scheduled task, its runs if they are known, and by how many seconds the next one was overdue."""

    task: ScheduledTask
    runs: Executions | None
    overdue: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource with its final labels.

    Attributes:
        labels: values of names.OF_RESOURCE.
        status: the newer of the list's status and the server's.
        server: name of its server; empty if unknown.
        reachable: whether Coolify reaches its servers and can use them; None if unknown.
        totals: its deployments, if it is an application; None before a restored total is current.
        last: its last deployment.
        active: its queued and running deployments.
        waited: time that its last deployment waited in the queue.
        tasks: its scheduled tasks.
        saved: its databases by backup schedule.
    """

    labels: tuple[str, ...]
    resource: Resource
    status: Status
    server: str
    reachable: bool | None
    application: bool = False
    totals: Totals | None = None
    last: Deployment | None = None
    active: tuple[Deployment, ...] = ()
    waited: float | None = None
    tasks: tuple[ShownTask, ...] = ()
    saved: Mapping[str, tuple[Saved, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One account at one point in time.

    Attributes:
        complete: whether servers and resources are all that Coolify has.
    """

    account: str
    ready: bool
    complete: bool
    up: bool
    reason: str
    version: str
    good_at: float
    sources: tuple[Source, ...]
    requests: Mapping[tuple[str, str], int]
    unparsed: Mapping[tuple[str, str], int]
    internal_errors: int
    limit: int | None
    remaining: int | None
    rate: float
    history_oldest: float | None
    servers: tuple[tuple[Server, Detail | None, Cleanups | None], ...]
    resources: tuple[Shown, ...]
    active: tuple[Deployment, ...] | None
    backed_up: Mapping[str, float]
    durations: Mapping[tuple[str, str], Durations]


def take(account: Account) -> Snapshot:
    """Take a snapshot of the account. Sources that have failed for longer than `stale_after` are left out as stale."""
    inventory, schedule = account.inventory, account.schedule
    down = account.down
    histories = schedule.of("history")
    servers = {uuid: server for uuid, server in inventory.servers.items() if _fresh(account, "servers")}
    return Snapshot(
        account=account.name,
        ready=account.ready,
        complete=account.settled and all(_fresh(account, name) for name in ("servers", *_LISTS.values())),
        up=account.attempted and down is None,
        reason=down.reason if down is not None else "",
        version=inventory.version if _fresh(account, "version") else "",
        good_at=account.good_at or 0.0,
        sources=tuple(_sources(account)),
        requests=dict(account.api.counts.requests),
        unparsed=dict(account.api.counts.unparsed),
        internal_errors=account.api.counts.internal_errors,
        limit=account.api.rate_limiter.limit,
        remaining=account.api.rate_limiter.remaining,
        rate=round(account.api.rate_limiter.rate(), 3),
        history_oldest=min((task.good_at or 0.0 for task in histories), default=None),
        servers=tuple(
            (
                server,
                inventory.details.get(uuid) if _fresh(account, "server_details", uuid) else None,
                _cleanups(account, server),
            )
            for uuid, server in sorted(servers.items())
        ),
        resources=tuple(_Resolver(account, servers).resolve()) if account.settled else (),
        active=inventory.active if _fresh(account, "deployments") else None,
        backed_up=dict(inventory.backed_up),
        durations={key: durations.copy() for key, durations in inventory.history.durations.items()},
    )


def _cleanups(account: Account, server: Server) -> Cleanups | None:
    """The clean-ups of a server; overdue only while Coolify can use it, which starts none otherwise."""
    runs = account.inventory.cleanups.get(server.uuid)
    if runs is None or not _fresh(account, "cleanups", server.uuid):
        return None
    expected = runs.last is not None and bool(server.functional)
    return Cleanups(runs, runs.overdue(server.cleanup, server.timezone, 0.0) if expected else None)


def _fresh(account: Account, name: str, target: str = "") -> bool:
    """Whether a task's data may be exposed: it has succeeded, and has not failed for too long."""
    task = account.schedule.tasks.get((name, target))
    if task is None or task.read_at is None:
        return False
    failing = task.failure is not None or account.closed
    return not failing or account.clock.steady() - task.read_at <= account.stale_after


def _sources(account: Account) -> Iterator[Source]:
    """Every polled source; one without targets, such as states without servers, cannot fail."""
    closed = account.down if account.closed else None
    for name in names.SOURCES:
        tasks = [task for task in account.schedule.of(name) if task.attempted]
        if not tasks:
            continue
        failure = closed or next((task.failure for task in tasks if task.failure is not None), None)
        moments = [task.good_at or 0.0 for task in tasks]
        yield Source(
            name=name,
            success=failure is None,
            reason=failure.reason if failure is not None else "",
            duration=max(tasks, key=_read_at).duration,
            good_at=max(moments) if tasks[0].source.background else min(moments),
        )


def _read_at(task: Task) -> float:
    return task.read_at or 0.0


class _Resolver:
    """Joins lists, states, servers and environments."""

    def __init__(self, account: Account, servers: Mapping[str, Server]) -> None:
        self._account = account
        self._inventory = account.inventory
        self._servers = servers
        self._environments = account.inventory.environments()
        self._newest: dict[str, tuple[float, Light, str]] = {}
        for server in sorted(account.inventory.lights):
            if _fresh(account, "statuses", server):
                at = account.inventory.lighted_at[server]
                for uuid, light in account.inventory.lights[server].items():
                    # An application with several servers is on the list of each, with the same state.
                    if uuid not in self._newest or at > self._newest[uuid][0]:
                        self._newest[uuid] = (at, light, server)
        self._active: dict[str, list[Deployment]] = {}
        if _fresh(account, "deployments"):
            for row in account.inventory.active:
                self._active.setdefault(account.inventory.application_of(row) or "", []).append(row)

    def resolve(self) -> Iterator[Shown]:
        found: dict[str, Resource] = {}
        for kind, source in _LISTS.items():
            if _fresh(self._account, source):
                found |= self._inventory.lists[kind]
            else:
                # The list is stale: the servers' states are still exposed, without project and environment.
                found |= {uuid: _thin(light) for uuid, (_, light, _) in self._newest.items() if light.type == kind}
        for uuid in sorted(found):
            yield self._shown(found[uuid])

    def _shown(self, resource: Resource) -> Shown:
        at, light, light_server = self._newest.get(resource.uuid, (-1.0, None, None))
        newer = light is not None and at >= self._inventory.listed_at.get(resource.type, -1.0)
        server = self._servers.get(resource.server or "") or self._servers.get(light_server or "")
        more = [self._servers[uuid] for uuid in resource.more_servers if uuid in self._servers]
        project, environment = self._environments.get(
            -1 if resource.environment is None else resource.environment, ("", "")
        )
        log = self._inventory.history.logs.get(resource.uuid)
        app = resource.type == names.APPLICATION
        reachable = _reachable((server, *more) if server else (), resource.server_reachable)
        backups, saved = self._backups(resource)
        return Shown(
            labels=(self._account.name, resource.type, project, environment, resource.slug, resource.uuid),
            resource=self._plain(replace(resource, backups=backups) if saved else resource),
            status=light.status if newer and light is not None else resource.status,
            server=server.name if server else "",
            reachable=reachable,
            totals=(dict(log.totals) if log else {}) if app and (log is None or log.shown) else None,
            application=app,
            last=log.last if app and log else None,
            active=tuple(self._active.get(resource.uuid, ())),
            saved=saved,
            waited=log.waited if app and log else None,
            tasks=tuple(self._tasks(resource, server, usable=reachable is not False)),
        )

    def _plain(self, resource: Resource) -> Resource:
        """The resource without its domains, if these are switched off."""
        if "domains" not in self._account.disabled:
            return resource
        return replace(resource, domains=(), parts=tuple(replace(part, domains=()) for part in resource.parts))

    def _tasks(self, resource: Resource, server: Server | None, *, usable: bool) -> Iterator[ShownTask]:
        inventory = self._inventory
        if not _fresh(self._account, "tasks", resource.uuid):
            return
        since = inventory.running_since.get(resource.uuid)
        for task in inventory.tasks.get(resource.uuid, ()):
            runs = inventory.task_runs.get(task.uuid)
            if runs is None or not _fresh(self._account, "task_runs", f"{task.owner}/{task.uuid}"):
                yield ShownTask(task, None, None)
                continue
            overdue = None
            if task.enabled and usable and since is not None:
                timezone = server.timezone if server is not None else "UTC"
                overdue = runs.overdue(task.frequency, timezone, max(since, task.changed))
            yield ShownTask(task, runs, overdue)

    def _backups(self, resource: Resource) -> tuple[tuple[Backup, ...], Mapping[str, tuple[Saved, ...]]]:
        """The schedules of a database according to all their runs, unless these cannot be read."""
        known = self._inventory.runs.get(resource.uuid)
        if not known or not resource.backups or not _fresh(self._account, "backups", resource.uuid):
            return resource.backups, {}
        found = [(backup.with_runs(known.get(backup.uuid, ()))) for backup in resource.backups]
        return tuple(backup for backup, _ in found), {backup.uuid: saved for backup, saved in found if saved}


def _reachable(servers: Iterable[Server], otherwise: bool | None) -> bool | None:  # noqa: FBT001 - a value that is shown
    """Whether Coolify can read the states on all servers of a resource; what the list said where none is known."""
    known = [server.functional for server in servers if server.functional is not None]
    return all(known) if known else otherwise


def _thin(light: Light) -> Resource:
    return Resource(type=light.type, uuid=light.uuid, name=light.name, status=light.status, subtype=light.subtype)
