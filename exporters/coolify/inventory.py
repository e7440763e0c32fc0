"""The inventory of one account: the last successful poll of each source."""

from __future__ import annotations

from dataclasses import dataclass, field

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.backups import Run
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.history import History
from boxwatch.exporters.coolify.resources import Light, Resource
from boxwatch.exporters.coolify.servers import Detail, Server
from boxwatch.exporters.coolify.tasks import Executions, ScheduledTask


@dataclass(frozen=True, slots=True)
class Project:
    """A project's name, and the names of its environments by database id."""

    name: str
    environments: dict[int, str]


@dataclass(slots=True)
class Inventory:
    """Written only by the account's own thread; other threads see a Snapshot.

    Attributes:
        version: Coolify's version; empty if unknown.
        projects: by uuid. A project has no environments until its own record has been read.
        lists: resources by type and uuid; a type is missing before its first poll.
        listed_at: time each type was listed, by the steady clock.
        lights: states by server and uuid.
        lighted_at: time each server's states were read, by the steady clock.
        active: queued and running deployments.
        backed_up: end of the last successful run seen for each backup schedule.
        runs: the runs of each database's schedules, by uuids.
        tasks: scheduled tasks by the uuid of their application or service.
        task_runs: the latest runs of a task, by its uuid.
        cleanups: the latest clean-ups of a server, by its uuid.
        running_since: by uuid, since when a resource has been seen running without a break, by Coolify's clock.
        started: start of deployment counting, by Coolify's clock; None before the first successful request.
    """

    version: str = ""
    projects: dict[str, Project] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    details: dict[str, Detail] = field(default_factory=dict)
    lists: dict[str, dict[str, Resource]] = field(default_factory=dict)
    listed_at: dict[str, float] = field(default_factory=dict)
    lights: dict[str, dict[str, Light]] = field(default_factory=dict)
    lighted_at: dict[str, float] = field(default_factory=dict)
    active: tuple[Deployment, ...] = ()
    history: History = field(default_factory=History)
    backed_up: dict[str, float] = field(default_factory=dict)
    runs: dict[str, dict[str, tuple[Run, ...]]] = field(default_factory=dict)
    tasks: dict[str, tuple[ScheduledTask, ...]] = field(default_factory=dict)
    task_runs: dict[str, Executions] = field(default_factory=dict)
    cleanups: dict[str, Executions] = field(default_factory=dict)
    running_since: dict[str, float] = field(default_factory=dict)
    started: float | None = None

    def applications(self) -> set[str]:
        """Uuids of all known applications."""
        if names.APPLICATION in self.lists:
            return set(self.lists[names.APPLICATION])
        return {uuid for lights in self.lights.values() for uuid, light in lights.items() if self._is_app(light)}

    @staticmethod
    def _is_app(light: Light) -> bool:
        return light.type == names.APPLICATION

    def environments(self) -> dict[int, tuple[str, str]]:
        """Names of project and environment, by the environment's id."""
        return {
            identity: (project.name, environment)
            for project in self.projects.values()
            for identity, environment in project.environments.items()
        }

    def application_of(self, row: Deployment) -> str | None:
        """Uuid of a deployment's application: from its URL, else by its id, which only a server's states contain.

        GET /applications hides `id`, and deployments carry no uuid (Coolify 4.3.11, app/Models/Application.php).
        """
        if row.application is not None or row.application_id is None:
            return row.application
        for lights in self.lights.values():
            for light in lights.values():
                if light.id == row.application_id and self._is_app(light):
                    return light.uuid
        return None

    def watch_running(self, now: float) -> None:
        """Remember since when each resource runs: Coolify starts no task of one that is stopped."""
        running = {item.uuid for listed in self.lists.values() for item in listed.values() if item.status.runs}
        for uuid in self.running_since.keys() - running:
            del self.running_since[uuid]
        for uuid in running - self.running_since.keys():
            self.running_since[uuid] = now

    def odd(self, kind: str) -> set[str]:
        """Resources of a type in only the list or only the states: created or deleted since the list was read."""
        listed = self.lists.get(kind)
        if listed is None or not self.lights or self.lights.keys() < self.servers.keys():
            return set()
        lighted = {uuid for lights in self.lights.values() for uuid, light in lights.items() if light.type == kind}
        return lighted ^ listed.keys()
