"""Random lives of an exporter and its Coolify: what Prometheus adds up is never above the truth.

In each life the exporter is killed, its disk becomes read-only or is rolled back, Coolify is restored from a backup,
and clocks are set back, in any order. Where the state file is used, Prometheus' sum equals the truth.
"""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import copy
import os
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rotation
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify
from boxwatch.exporters.coolify.state_file import StateFile

_ENDS = {"finished": "finished", "failed": "failed", "cancelled-by-user": "cancelled"}
_STEPS = 20


@dataclass
class Prometheus:
    """Scrapes, and adds up as `increase` does: a decrease is a reset."""

    last: dict[tuple[str, ...], float] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)

    def scrape(self, rig: Rig) -> None:
        """Take the samples of one scrape."""
        for labels, value in rig.values(names.DEPLOYMENTS):
            key = tuple(labels.values())
            before = self.last.get(key, value)
            self.sums[labels["result"]] += int(value - before if value >= before else value)
            self.last[key] = value


@dataclass
class Life:
    """One life: an instance with three applications that are deployed, and an exporter that comes and goes."""

    chance: random.Random
    path: Path | None
    hand: HandClock = field(default_factory=HandClock)
    skew: float = 0.0
    truth: Counter[str] = field(default_factory=Counter)
    prometheus: Prometheus = field(default_factory=Prometheus)
    read_only: bool = False
    fake: FakeCoolify = field(init=False)
    rig: Rig | None = None
    backup: tuple[list[dict[str, object]], int] | None = None
    ended: set[tuple[int, object]] = field(default_factory=set)
    files: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Install Coolify."""
        self.fake = default(lambda: self.hand.now + self.skew)
        del self.fake.applications[3:], self.fake.services[:], self.fake.databases[:]
        self.fake.limit = 10**6

    def start(self) -> None:
        """Start the exporter; its disk may be read-only."""
        file = StateFile(self.path, now=lambda: self.hand.now, steady=lambda: self.hand.now) if self.path else None
        self.rig = Rig(self.fake, self.hand, state_file=file)
        self.rig.settle()
        self.prometheus.scrape(self.rig)

    def kill(self) -> None:
        """Kill it; nothing more is saved."""
        if self.rig is not None:
            self.rig.exporter.stop(0)
        self.rig = None

    def end(self, row: dict[str, object], status: str, *, finished_at: bool = True) -> None:
        """End a deployment; a row that a backup brought back has ended already."""
        self.fake.end(row, status, finished_at=finished_at)
        mark = (int(str(row["id"])), row["_made"])
        if mark not in self.ended:
            self.ended.add(mark)
            self.truth[_ENDS[status]] += 1

    def deployments(self) -> None:
        """Some deployments begin, go on and end."""
        for row in self.active():
            if self.chance.random() < 0.4:
                self.end(row, self.chance.choice(list(_ENDS)), finished_at=self.chance.random() < 0.7)
            elif self.chance.random() < 0.5:
                row["status"] = "in_progress"
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            preview = self.chance.choice((0, 0, 7))
            row = self.fake.deploy(
                self.chance.choice(self.fake.applications), pull_request_id=preview, _made=self.hand.now
            )
            if self.chance.random() < 0.3:
                self.end(row, "finished")

    def active(self) -> list[dict[str, object]]:
        """The deployments that are queued or running."""
        return [row for row in self.fake.deployments if row["status"] in ("queued", "in_progress")]

    def wait(self, seconds: float) -> None:
        """Let time pass; the exporter is scraped at its end."""
        if self.rig is None:
            self.hand.now += seconds
            return
        self.rig.wait(seconds)
        self.prometheus.scrape(self.rig)
        if self.path is not None and self.path.exists():
            self.files.append(self.path.read_bytes())

    def restore(self) -> None:
        """Restore Coolify from its backup; what was active in it is failed at its start."""
        # Two accidents at once: no file says what was counted of the rows that are gone.
        if self.backup is None or self.read_only:
            return
        if self.rig is None:
            self.start()  # so that nothing has ended that it has not seen
        self.wait(1300)
        rows, last = self.backup
        before = {(int(str(row["id"])), row.get("_made")) for row in self.active()}
        self.fake.deployments = copy.deepcopy(rows)
        self.fake.last_id = last
        lost = before - {(int(str(row["id"])), row.get("_made")) for row in self.active()}
        self.ended |= lost
        for row in self.active():
            self.end(row, "failed", finished_at=False)
        self.wait(60)
        self.files.clear()

    def step(self) -> None:
        """Half a minute to half an hour, with or without an accident."""
        match self.chance.randrange(12):
            case 0:
                self.kill()
            case 1 if self.path is not None:
                self.read_only = not self.read_only
            case 2:
                self.backup = (copy.deepcopy(self.fake.deployments), self.fake.last_id)
            case 3:
                self.restore()
            case 4 if self.rig is not None:
                self.wait(1300)  # so that all histories have been read
                self.skew -= self.chance.choice((60, 1800))
            case 5:
                self.hand.ahead += self.chance.choice((-7200, 3600))
            case 6 if self.rig is None and self.files and self.path is not None:
                self.path.write_bytes(self.chance.choice(self.files))
            case _:
                pass
        self.deployments()
        if self.rig is None and self.chance.random() < 0.6:
            self.start()
        self.wait(self.chance.choice((30, 90, 300, 1500)))

    def fsync(self, _: int) -> None:
        """What the disk does with a file."""
        if self.read_only:
            raise OSError(30, os.strerror(30))


@pytest.mark.parametrize("kept", [True, False], ids=["state file", "no state file"])
@rotation.examples(5)
@given(seed=st.integers(0, 10**6))
def test_what_prometheus_adds_up_is_never_above_the_truth(seed: int, *, kept: bool) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    with tempfile.TemporaryDirectory() as folder:
        life = Life(dice, Path(folder) / "state.json" if kept else None)
        with mock.patch("os.fsync", life.fsync):
            life.start()
            for _ in range(_STEPS):
                life.step()
                assert all(life.prometheus.sums[result] <= life.truth[result] for result in names.RESULTS)
            if life.rig is None:
                life.start()
            for row in life.active():
                life.end(row, "finished")
            life.wait(1300)
            life.kill()

    sums, truth = ({name: counts[name] for name in names.RESULTS} for counts in (life.prometheus.sums, life.truth))
    assert all(sums[name] <= truth[name] for name in names.RESULTS)
    if kept:
        assert sums == truth
