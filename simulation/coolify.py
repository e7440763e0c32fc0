"""Coolify on the simulated box: the fake's API kept in step with it, behind our real exporter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.exposition_cache import TEXT
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import TOKEN, FakeCoolify
from boxwatch.exporters.coolify.fake.payloads import Record
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import FixedToken
from boxwatch.exporters.coolify.transport import Reply
from boxwatch.simulation.box import Box
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import DAY, HOUR
from boxwatch.simulation.lives import Deploy

_ACCOUNT: Final = "default"
_URL: Final = "http://coolify:8080"
_PIECE: Final = 65536
# More than any box asks for: the demo is no test of the rate limit.
_PER_MINUTE: Final = 6000
# Deployments older than this are not in the history that Coolify keeps.
_HISTORY: Final = DAY
_NIGHT: Final = 3 * HOUR
_BACKUP: Final = 40.0


class Coolify:
    """The instance and its exporter, by a clock that is given.

    Not thread-safe: one thread polls, others read `page`.
    """

    def __init__(self, box: Box, now: Callable[[], float], interval: float = 60.0) -> None:
        """Make the records of every resource of the plan; nothing is polled yet."""
        self._box, self._now = box, now
        self._places: dict[str, Record] = {}
        self._records: dict[str, Record] = {}
        self._rows: dict[int, Record] = {}
        self._fake = FakeCoolify(now, limit=_PER_MINUTE)
        self._fill()
        clock = Clock(wall=now, steady=now, chance=lambda: 0.5)
        api = Api(self._open, FixedToken(TOKEN), RateLimiter(_PER_MINUTE, clock), clock, Counts())
        self._account = Account(_ACCOUNT, api, clock, interval)
        self._registry = CollectorRegistry()
        self._exporter = Exporter([Watch(self._account, _URL, turn_limit=inf)], self._registry, "demo")

    def poll(self) -> float:
        """Poll whatever is due, and render the page.

        Returns:
            seconds, by the given clock, until the next poll.
        """
        wait = self.turn()
        self._exporter.expositions.refresh()
        return wait

    def turn(self) -> float:
        """Poll whatever is due, without rendering; return the seconds until the next poll."""
        self._follow()
        while (wait := self._account.turn()) == 0:
            pass
        self._exporter.publish(self._account, _URL)
        return wait

    def page(self) -> str:
        """The exporter's page."""
        return self._exporter.expositions.get(TEXT).plain().decode()

    def samples(self) -> Iterator[Sample]:
        """The exporter's samples."""
        for family in self._registry.collect():
            yield from (Sample(one.name, one.value, one.labels) for one in family.samples)

    @contextmanager
    def _open(self, path: str, headers: Mapping[str, str]) -> Iterator[Reply]:
        answer = self._fake.get(path, headers)
        pieces = (answer.body[at : at + _PIECE] for at in range(0, len(answer.body), _PIECE))
        yield Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, pieces)

    # Records.

    def _fill(self) -> None:
        environment = self._fake.add_project("shop", "production")
        for server in self._box.topology.servers:
            self._places[server.name] = self._fake.add_server(server.name)
        for slot in self._box.slots:
            if not slot.resource or slot.uuid in self._records:
                continue
            place = self._places[slot.server]
            known = {"uuid": slot.uuid}
            if slot.application:
                made = self._fake.add_application(slot.resource, environment, place, **known)
            elif slot.database:
                made = self._fake.add_database(slot.resource, slot.database, environment, place, **known)
            else:
                made = self._fake.add_service(slot.resource, environment, place, **known)
            self._records[slot.uuid] = made

    def _follow(self) -> None:
        """Bring every record up to date."""
        now = self._now()
        unreachable = self._box.fault("unreachable", now) is not None
        for place in self._places.values():
            place["sentinel_updated_at"] = payloads.naive(now - now % 60)
            place["settings"]["is_reachable"] = place["settings"]["is_usable"] = not unreachable
            place["unreachable_count"] = 3 if unreachable else 0
        for slot in self._box.slots:
            record = self._records.get(slot.uuid) if slot.resource else None
            if record is not None:
                running = any(life.runs(now) for life in self._box.lives(slot)) and not unreachable
                record["status"] = (
                    ("running:healthy" if slot.application else "running:unknown") if running else "exited"
                )
                for part in record.get("applications", ()):
                    part["status"] = record["status"]
                for backup in record.get("backup_configs", ()):
                    _back_up(backup, now)
        self._deployments(now)

    def _deployments(self, now: float) -> None:
        for number, deploy in enumerate(self._box.deploys):
            if not now - _HISTORY <= deploy.requested <= now:
                continue
            row = self._rows.get(number)
            if row is None:
                row = self._rows[number] = self._fake.deploy(
                    self._records[deploy.slot.uuid], ago=now - deploy.requested
                )
            if row["status"] in ("queued", "in_progress"):
                _advance(row, deploy, now)
        self._fake.deployments[:] = [row for row in self._fake.deployments if not _old(row, now)]


def _advance(row: Record, deploy: Deploy, now: float) -> None:
    """Bring a row of the deployment queue up to date."""
    begun = deploy.requested + 5
    if now < begun:
        return
    stuck = deploy.failed and deploy.ended - deploy.requested > HOUR / 2
    row["status"] = "in_progress"
    row["updated_at"] = payloads.iso(begun + 60 if stuck else min(now, deploy.ended))
    if now >= deploy.ended:
        row["status"] = "cancelled-by-user" if stuck else "failed" if deploy.failed else "finished"
        row["updated_at"] = row["finished_at"] = payloads.iso(deploy.ended)


def _old(row: Record, now: float) -> bool:
    return row["status"] not in ("queued", "in_progress") and str(row["created_at"]) < payloads.iso(now - 2 * _HISTORY)


def _back_up(backup: Record, now: float) -> None:
    """The last run of a nightly backup."""
    begun = now // DAY * DAY + _NIGHT
    if now < begun + _BACKUP:
        begun -= DAY
    backup["latest_log"] |= {"created_at": payloads.iso(begun), "finished_at": payloads.iso(begun + _BACKUP)}
