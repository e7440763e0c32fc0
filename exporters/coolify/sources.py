"""The sources: their endpoints, polling periods and contributions to the inventory.

Unused endpoints: /resources (half a megabyte for 33 items), /deployments/{uuid} (up to 78 KB each) and /health, which
proves only that PHP answers (Coolify 4.3.11, app/Http/Controllers/Api/OtherController.php).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify import backups, deployments, names, resources, servers, tasks
from boxwatch.exporters.coolify.client import Api
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.inventory import Inventory, Project
from boxwatch.exporters.coolify.records import bad
from boxwatch.exporters.coolify.resources import Resource
from boxwatch.exporters.coolify.tasks import Executions

_VERSION: Final = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]{0,32})")
# Rows per page of a history: most reads find one or two new ones. If more are missing, larger pages follow.
_TAKE: Final = 10
_TAKE_MORE: Final = 50
_TASKS: Final = 32  # of one application or service
_PAGES: Final = 4  # of the larger ones


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of poll.

    Attributes:
        name: one of names.SOURCES.
        every: polling period, in multiples of the interval.
        read: reads one target (a uuid, or empty) into the inventory, or raises Failure and changes nothing.
        background: whether it waits while requests are scarce.
    """

    name: str
    every: float
    read: Callable[[Api, Inventory, str], None]
    background: bool = False


def _version(api: Api, inventory: Inventory, target: str) -> None:
    """GET /version: plain text that requires `read`, so it also checks the token."""
    del target
    match = _VERSION.fullmatch(api.line("/version"))
    if match is None:
        raise bad("the response is not a Coolify version")
    inventory.version = match[1]


def _projects(api: Api, inventory: Inventory, target: str) -> None:
    if target:
        fields = api.document("projects", "/projects/{uuid}", uuid=target)
        found = {}
        for environment in fields.children("environments"):
            identity = environment.integer("id")
            if identity is not None:
                found[identity] = environment.name() or ""
        inventory.projects[target] = Project(fields.name() or target, found)
        return
    listed = dict(api.records("projects", "/projects", _project))
    known = inventory.projects
    inventory.projects = {
        uuid: Project(name, known[uuid].environments if uuid in known else {}) for uuid, name in listed.items()
    }


def _project(fields: Fields) -> tuple[str, str] | None:
    uuid = fields.uuid()
    return None if uuid is None else (uuid, fields.name() or uuid)


def _servers(api: Api, inventory: Inventory, target: str) -> None:
    del target
    inventory.servers = {server.uuid: server for server in api.records("servers", "/servers", servers.read)}
    for uuid in (inventory.details.keys() | inventory.lights.keys()) - inventory.servers.keys():
        inventory.details.pop(uuid, None)
        inventory.lights.pop(uuid, None)
        inventory.lighted_at.pop(uuid, None)
        inventory.cleanups.pop(uuid, None)


def _server_details(api: Api, inventory: Inventory, target: str) -> None:
    inventory.details[target] = servers.read_detail(api.document("server_details", "/servers/{uuid}", uuid=target))


def _lister(kind: str, source: str) -> Callable[[Api, Inventory, str], None]:
    def read(fields: Fields) -> Resource | None:
        return resources.read(fields, kind)

    def into(api: Api, inventory: Inventory, target: str) -> None:
        del target
        at = api.clock.steady()
        inventory.lists[kind] = {item.uuid: item for item in api.records(source, f"/{source}", read)}
        inventory.listed_at[kind] = at
        inventory.watch_running(api.now())
        if kind == names.DATABASE:
            _remember_backups(inventory)

    return into


def _remember_backups(inventory: Inventory) -> None:
    """Remember the end of the last successful run: Coolify's list has only the last run, whatever its result."""
    kept = {}
    for database in inventory.lists[names.DATABASE].values():
        for backup in database.backups:
            good = backup.finished if backup.result == "success" else None
            moment = good or inventory.backed_up.get(backup.uuid)
            if moment is not None:
                kept[backup.uuid] = moment
    inventory.backed_up = kept


def _statuses(api: Api, inventory: Inventory, target: str) -> None:
    at = api.clock.steady()
    found = api.records("statuses", "/servers/{uuid}/resources", resources.read_light, uuid=target)
    inventory.lights[target] = {light.uuid: light for light in found}
    inventory.lighted_at[target] = at


def _deployments(api: Api, inventory: Inventory, target: str) -> None:
    del target
    found = {row.id: row for row in api.records("deployments", "/deployments", deployments.read)}
    inventory.active = tuple(row for _, row in sorted(found.items()) if row.active)
    complain = api.complainer("deployments")
    active = []
    for row in inventory.active:
        uuid = inventory.application_of(row)
        if uuid is not None:
            active.append((uuid, row))
        elif inventory.lights:  # before the first states are read, no id is known
            complain("application")
    inventory.history.watch(active, api.now())


def _history(api: Api, inventory: Inventory, target: str) -> None:
    """GET /deployments/applications/{uuid}: the latest rows, and older ones while they may be uncounted."""
    rows: dict[int, Deployment] = {}
    skip, whole = 0, False
    now = api.now()
    for page in range(1 + min(_PAGES, api.rate_limiter.overdraft)):
        take = _TAKE if page == 0 else _TAKE_MORE
        endpoint = "/deployments/applications/{uuid}"
        found = api.records("history", endpoint, deployments.read, uuid=target, page=(skip, take))
        rows |= {row.id: row for row in found}
        skip += take
        end = len(found) < take
        whole = whole or end or not inventory.history.wants_more(target, found, now)
        if end or (whole and not inventory.history.seeks_last(target, rows.values())):
            break
    complain = api.complainer("history")
    if not whole:
        complain("too_many_deployments")
    for _ in range(inventory.history.read(target, rows.values(), whole=whole, now=now)):
        complain("lost_deployment")


def _backups(api: Api, inventory: Inventory, target: str) -> None:
    """GET /databases/{uuid}/backups: the schedules of one database, with every run that Coolify remembers."""
    found = {}
    for schedule, runs in api.nested(
        "backups", "/databases/{uuid}/backups", "executions", backups.read_run, uuid=target
    ):
        uuid = schedule.uuid()
        if uuid is not None:
            found[uuid] = backups.newest(runs)
    inventory.runs[target] = found


def _tasks(api: Api, inventory: Inventory, target: str) -> None:
    """GET /applications|services/{uuid}/scheduled-tasks: the tasks of one resource."""
    endpoint = f"/{_owner(inventory, target)}/{{uuid}}/scheduled-tasks"
    found = api.records("tasks", endpoint, lambda fields: tasks.read_task(fields, target), uuid=target)
    inventory.tasks[target] = tuple(found)[:_TASKS]
    if len(found) > _TASKS:
        api.complainer("tasks")("over_limit")


def _owner(inventory: Inventory, uuid: str) -> str:
    return "services" if uuid in inventory.lists.get(names.SERVICE, {}) else "applications"


def _task_runs(api: Api, inventory: Inventory, target: str) -> None:
    """GET …/scheduled-tasks/{uuid}/executions: every run since the task was made, of which the first few are read."""
    owner, _, task = target.partition("/")
    endpoint = f"/{_owner(inventory, owner)}/{{uuid}}/scheduled-tasks/{{task}}/executions"
    runs = api.records("task_runs", endpoint, tasks.read_execution, uuid=owner, task=task, enough=tasks.ENOUGH)
    inventory.task_runs[task] = Executions(tasks.latest(runs), api.now())


def _cleanups(api: Api, inventory: Inventory, target: str) -> None:
    """GET /servers/{uuid}/docker-cleanup/executions: the last twenty."""
    endpoint = "/servers/{uuid}/docker-cleanup/executions"
    runs = api.records("cleanups", endpoint, tasks.read_execution, uuid=target, enough=tasks.ENOUGH)
    inventory.cleanups[target] = Executions(tasks.latest(runs), api.now())


SOURCES: Final = (
    Source("version", 1, _version),
    Source("projects", 60, _projects),
    Source("servers", 1, _servers),
    Source("deployments", 0.5, _deployments),
    Source("applications", 2, _lister(names.APPLICATION, "applications")),
    Source("services", 2, _lister(names.SERVICE, "services")),
    Source("databases", 2, _lister(names.DATABASE, "databases")),
    Source("statuses", 1, _statuses),
    Source("server_details", 1, _server_details),
    Source("history", 10, _history, background=True),
    Source("backups", 60, _backups, background=True),
    Source("tasks", 120, _tasks, background=True),
    Source("task_runs", 15, _task_runs, background=True),
    Source("cleanups", 30, _cleanups, background=True),
)
