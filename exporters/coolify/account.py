"""Polling loop of one account: makes one request at a time and schedules the next from the response."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.client import Api
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.inventory import Inventory
from boxwatch.exporters.coolify.logs import facts, where
from boxwatch.exporters.coolify.schedule import Schedule, Task
from boxwatch.exporters.coolify.secret import Secret
from boxwatch.exporters.coolify.sources import SOURCES

_LOG: Final = logging.getLogger(__name__)
_TARGETED: Final = ("statuses", "server_details", "history", "backups", "tasks", "task_runs", "cleanups")
# Endpoints that older versions of Coolify lack, which is no failure.
_NEWER: Final = ("backups", "tasks", "task_runs", "cleanups")
_PARENTS: Final = {
    "history": "applications",
    "projects": "projects",
    "backups": "databases",
    "tasks": "applications",
    "task_runs": "tasks",
}
# Longest wait in seconds while nothing is due, above all so that a changed token file is noticed.
_IDLE: Final = 5.0
_LISTS: Final = {names.APPLICATION: "applications", names.SERVICE: "services", names.DATABASE: "databases"}


@dataclass(slots=True)
class Account:
    """Everything one token can see. One thread calls `turn` repeatedly; no other thread touches the account.

    Attributes:
        name: value of the `account` label.
        disabled: sources that are not polled.
        down: why requests fail; None while they succeed, and before the first.
        closed: whether every request would fail, so that only the token check is tried.
        good_at: time of the last successful request, by the wall clock.
        hinted: whether something has changed in Coolify, according to Coolify; set by another thread.
        settled: whether every project has been read once; before that, labels of resources would still change.
    """

    name: str
    api: Api
    clock: Clock
    interval: float = 60.0
    stale_after: float = 300.0
    disabled: frozenset[str] = frozenset()
    inventory: Inventory = field(default_factory=Inventory)
    schedule: Schedule = field(init=False)
    down: Failure | None = None
    closed: bool = False
    good_at: float | None = None
    settled: bool = False
    hinted: bool = False
    _version: str = ""
    _secret: Secret | None = None
    _asked: dict[str, frozenset[object]] = field(default_factory=dict)
    _ended: dict[str, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Schedule the first polls."""
        self.schedule = Schedule(self.clock, self.interval, self.disabled)
        for source in SOURCES:
            if source.name not in _TARGETED:
                self.schedule.add(source.name)

    @property
    def attempted(self) -> bool:
        """Whether at least one request was made."""
        return self.schedule.tasks["version", ""].attempted

    @property
    def ready(self) -> bool:
        """Whether every source but the histories was polled once, or no request can succeed."""
        regular = (task for task in self.schedule.tasks.values() if not task.source.background)
        return self.attempted and (self.closed or all(task.attempted for task in regular))

    def turn(self) -> float:
        """Poll the task that is due; return the seconds until the next one, 0 for immediately."""
        self._look_at_token()
        if self.hinted:
            self.hinted = False
            self._hurry_hinted()
        wait = self.api.rate_limiter.wait()
        if wait > 0:
            return min(wait, _IDLE)
        self.schedule.plan(self.api.rate_limiter.rate())
        task = self.schedule.next(scarce=self.api.rate_limiter.low, only="version" if self.closed else "")
        wait = task.due - self.clock.steady()
        if wait > 0:
            return min(wait, _IDLE)
        self._read(task)
        return 0.0

    def _hurry_hinted(self) -> None:
        """Read what changes: within the rate limit, and once for all hints since the last turn."""
        for source in ("deployments", "databases", "applications", "services"):
            self.schedule.hurry(source)
        for source in ("statuses", "server_details", "cleanups", "task_runs"):
            for task in self.schedule.of(source):
                self.schedule.hurry(source, task.target)

    def _look_at_token(self) -> None:
        try:
            secret = self.api.token.read()
        except Failure:
            return  # the next poll reports it
        if self._secret is not None and secret != self._secret:
            _LOG.info("token changed", extra=facts(account=self.name))
            check = self.schedule.tasks["version", ""]
            check.due, check.failures = self.clock.steady(), 0
        self._secret = secret

    def _read(self, task: Task) -> None:
        started = self.clock.steady()
        try:
            task.source.read(self.api, self.inventory, task.target)
        except Failure as failure:
            self._failed(task, failure, self.clock.steady() - started)
        except Exception as error:  # noqa: BLE001 - a bug in one source must not stop the others
            self.api.counts.internal_errors += 1
            # No traceback: its message may quote the response.
            _LOG.error("internal error", extra=facts(account=self.name, source=task.source.name, **where(error)))
            mistake = Failure(names.BAD_PAYLOAD, "200", "internal error while reading the response")
            self._failed(task, mistake, self.clock.steady() - started)
        else:
            self._good(task, self.clock.steady() - started)

    def _good(self, task: Task, duration: float) -> None:
        if task.failures:
            _LOG.info(
                "poll succeeds again", extra=facts(account=self.name, source=task.source.name, target=task.target)
            )
        self.schedule.done(task, duration)
        if task.source.name == "version" and self.inventory.version != self._version:
            self._version = self.inventory.version
            self.schedule.missing.clear()  # an update may bring what was not there
        self.good_at = self.clock.wall()
        if task.source.name == "version" or (self.down is not None and self.down.reason == names.RATE_LIMITED):
            self.down = None
            if self.closed:
                self.closed = False
                self.schedule.retry()
        if self.inventory.started is None:
            self.inventory.started = self.api.now()
        self._follow(task)

    def _failed(self, task: Task, failure: Failure, duration: float) -> None:
        if failure.gone and task.target:
            self._gone(task)
            return
        if failure.code == "404" and task.source.name in _NEWER:
            _LOG.info("this Coolify has no such endpoint", extra=facts(account=self.name, source=task.source.name))
            self.schedule.drop(task.source.name)
            return
        # A repeated failure is not worth another warning.
        level = logging.WARNING if task.failure is None or task.failure.reason != failure.reason else logging.DEBUG
        _LOG.log(
            level,
            "poll failed",
            extra=facts(
                account=self.name,
                source=task.source.name,
                target=task.target,
                reason=failure.reason,
                code=failure.code,
                detail=str(failure),
            ),
        )
        self.schedule.failed(task, failure, duration)
        if failure.reason == names.RATE_LIMITED:
            self.api.rate_limiter.refused(failure.wait)
            self.down = failure
        if failure.account_wide or task.source.name == "version":
            self.down = failure
            self.closed = failure.account_wide

    def _gone(self, task: Task) -> None:
        """Drop a target that was deleted after it was listed, and read the list again."""
        self.schedule.tasks.pop((task.source.name, task.target), None)
        parent = _PARENTS.get(task.source.name, "servers")
        self.schedule.hurry(parent, task.target.partition("/")[0] if parent == "tasks" else "")

    def _follow(self, task: Task) -> None:
        """Schedule what follows from a successful poll: new targets, and polls that cannot wait."""
        name, inventory = task.source.name, self.inventory
        if name == "projects":
            self.schedule.keep("projects", inventory.projects)
        elif name == "servers":
            for source in ("statuses", "server_details", "cleanups"):
                self.schedule.keep(source, inventory.servers)
        elif name == "deployments":
            self._hurry_ended()
        elif name == "databases":
            self._follow_backups()
        if name in ("applications", "services", "tasks"):
            self._keep_tasks()
        if name in ("applications", "statuses"):
            self._count_applications()
        if name in ("applications", "services", "databases", "statuses"):
            self._look_for_new()
        if not self.settled:
            self.settled = all(task.attempted for task in self.schedule.of("projects"))

    def _count_applications(self) -> None:
        """Keep one history per application; for one that appears later, count from its creation."""
        inventory = self.inventory
        known = inventory.applications()
        first = "counted" not in self._asked
        for uuid in known:
            resource = inventory.lists.get(names.APPLICATION, {}).get(uuid)
            made = resource.created if resource else None
            started = inventory.started or 0.0
            new = not first and uuid not in self._asked["counted"]
            # A new application with an old creation time was moved here from another team: ignore its past.
            since = (made if made is not None and made > started else self.api.now()) if new else started
            inventory.history.begin(uuid, since)
        if inventory.lists.get(names.APPLICATION) is not None:
            inventory.history.forget(known)
        self._asked["counted"] = frozenset(known)
        self.schedule.keep("history", known)

    def _hurry_ended(self) -> None:
        """Read the history of each application with a deployment that is no longer active: it has just ended.

        Once for each: a row of which the history says something else is read again with all others.
        """
        active = {row.id for row in self.inventory.active}
        ended = {uuid: frozenset(log.open - active) for uuid, log in self.inventory.history.logs.items()}
        for uuid, numbers in ended.items():
            if numbers - self._ended.get(uuid, frozenset()):
                self.schedule.hurry("history", uuid)
        self._ended = {uuid: numbers for uuid, numbers in ended.items() if numbers}

    def _follow_backups(self) -> None:
        """Read the runs of each database with a schedule, at once when its last run is another one."""
        databases = self.inventory.lists.get(names.DATABASE, {})
        marks = {uuid: frozenset(backup.run for backup in item.backups) for uuid, item in databases.items()}
        self.schedule.keep("backups", (uuid for uuid, item in databases.items() if item.backups))
        for uuid in self.inventory.runs.keys() - self.schedule_targets("backups"):
            del self.inventory.runs[uuid]
        for uuid, mark in marks.items():
            self._once(f"backups {uuid}", mark, "backups", uuid)

    def _keep_tasks(self) -> None:
        lists = self.inventory.lists
        if names.APPLICATION in lists and names.SERVICE in lists:
            owners = lists[names.APPLICATION].keys() | lists[names.SERVICE].keys()
            self.schedule.keep("tasks", owners)
            for uuid in self.inventory.tasks.keys() - owners:
                del self.inventory.tasks[uuid]
            self._follow_tasks()

    def _follow_tasks(self) -> None:
        """Read the runs of each enabled task."""
        found = [task for tasks in self.inventory.tasks.values() for task in tasks if task.enabled]
        self.schedule.keep("task_runs", (f"{task.owner}/{task.uuid}" for task in found))
        for uuid in self.inventory.task_runs.keys() - {task.uuid for task in found}:
            del self.inventory.task_runs[uuid]

    def schedule_targets(self, name: str) -> set[str]:
        """The targets of a source."""
        return {task.target for task in self.schedule.of(name)}

    def _look_for_new(self) -> None:
        """Read a list again, once, when it disagrees with the states or an environment is unknown."""
        for kind, source in _LISTS.items():
            self._once(source, frozenset(self.inventory.odd(kind)))
        known = self.inventory.environments()
        wanted = {item.environment for listed in self.inventory.lists.values() for item in listed.values()}
        unknown = frozenset(wanted - known.keys() - {None})
        if self._once("projects", unknown):
            for uuid in self.inventory.projects:
                self.schedule.hurry("projects", uuid)

    def _once(self, key: str, odd: frozenset[object], source: str = "", target: str = "") -> bool:
        news = bool(odd - self._asked.get(key, frozenset()))
        self._asked[key] = odd
        if news:
            self.schedule.hurry(source or key, target)
        return news
