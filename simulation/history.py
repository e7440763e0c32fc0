"""History before the demo starts, so that every page shows a day and every window is full.

The simulated box is asked for each moment of the past; its samples are relabelled as a scrape would do and written as
OpenMetrics, from which promtool makes blocks. Then a Prometheus on these blocks is asked for each recording rule over
the same time, one level of rules after the other, and promtool makes blocks of the answers.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from boxwatch.errors import ToolError
from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.simulation import programs
from boxwatch.simulation.api import Api
from boxwatch.simulation.box import Box
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.exposition import Sample, line
from boxwatch.simulation.flow import HOUR
from boxwatch.simulation.pace import Pace
from boxwatch.simulation.relabelling import relabel
from boxwatch.simulation.targets import COOLIFY, PROBES, REAL, Target

# Two samples in every five minutes: rates need no more.
STEP: Final = 120.0
# What Coolify knows changes with deploys.
_COOLIFY_STEP: Final = 600.0
# promtool makes blocks of two hours.
_BLOCK: Final = 2 * HOUR
_EOF: Final = "# EOF\n"
# What sums over time is asked at every evaluation, because the rules multiply such sums by the interval.
_SUMS: Final = ("sum_over_time", "count_over_time")
_CONSTANT: Final = re.compile(r"vector\((-?[0-9.e+-]+)\)")
_LABEL: Final = "__name__"
# Moments that are tried, and how much longer all takes: half of it is in promtool and in the rules.
_TRIED: Final = 8
_MARGIN: Final = 4.0
# However short it is: Prometheus is started for each level of rules.
_FIXED: Final = 8.0


@dataclass
class Past:
    """The past of a box.

    Attributes:
        box: the box.
        targets: its targets.
        jobs: scrape job → its configuration, as the demo runs it.
        pace: how time runs.
        length: how far back it is written, seconds.
    """

    box: Box
    targets: tuple[Target, ...]
    jobs: Mapping[str, Mapping[str, Any]]
    pace: Pace
    length: float
    _lines: dict[tuple[int, str, tuple[tuple[str, str], ...]], str] = field(default_factory=dict)

    @property
    def since(self) -> float:
        """Where it begins."""
        return self.box.start - self.length

    def cost(self) -> float:
        """Seconds that the whole history takes on this machine, roughly: measured on a few moments of it."""
        coolify = Coolify(self.box, lambda: self.since)
        coolify.turn()
        samples = tuple(coolify.samples())
        moments = [self.since + number * STEP for number in range(_TRIED + 1)]
        "".join(self._moment(moments[0], samples))
        begun = time.monotonic()
        for now in moments[1:]:
            "".join(self._moment(now, samples))
        return _MARGIN * (time.monotonic() - begun) / _TRIED * self.length / STEP + _FIXED

    def write(self, root: Path) -> None:
        """Make the blocks of what was scraped, in `root`/data.

        Raises:
            ToolError: promtool is missing or refuses the samples.
        """
        moment = self.since
        coolify = Coolify(self.box, lambda: moment, _COOLIFY_STEP)
        polled = 0.0
        samples: tuple[Sample, ...] = ()
        with ThreadPoolExecutor(1) as pool:
            done: list[Future[None]] = []
            for number, moments in enumerate(self._blocks()):
                path = root / f"scraped-{number}.txt"
                with path.open("w", encoding="utf-8") as file:
                    for moment in moments:
                        if moment - polled >= _COOLIFY_STEP:
                            coolify.turn()
                            samples, polled = tuple(coolify.samples()), moment
                        file.writelines(self._moment(moment, samples))
                    file.write(_EOF)
                done.append(pool.submit(make_blocks, path, root / "data"))
            for one in done:
                one.result()

    def _blocks(self) -> Iterator[list[float]]:
        """The moments of each block."""
        found: dict[int, list[float]] = {}
        for number in range(int(self.length / STEP)):
            now = self.since + number * STEP
            found.setdefault(int(self.pace.wall(now) // _BLOCK), []).append(now)
        yield from found.values()

    def _moment(self, now: float, coolify: Iterable[Sample]) -> Iterator[str]:
        """The lines of everything scraped at a moment."""
        at = f" {self.pace.wall(now):.3f}\n"
        for number, target in enumerate(self.targets):
            samples = coolify if target.job == COOLIFY else target.samples(now) if target.samples else None
            count = 0
            for name, value, labels in samples or ():
                key = (number, name, tuple(labels.items()))
                series = self._lines.get(key)
                if series is None:
                    series = self._lines[key] = self._series(target, name, labels)
                if series:
                    count += 1
                    yield f"{series} {value!r}{at}"
            yield from self._of_scrape(target, up=samples is not None, count=count, at=at)

    def _series(self, target: Target, name: str, labels: Mapping[str, str]) -> str:
        """A series as it is stored; empty if scraping drops it."""
        own = self.own(target)
        collided = {f"exported_{label}" if label in own else label: value for label, value in labels.items()}
        rules = self.jobs[target.job].get("metric_relabel_configs", ())
        found = relabel({_LABEL: name, **collided, **own}, rules)
        if found is None:
            return ""
        name = found.pop(_LABEL)
        return line(name, found)

    @staticmethod
    def own(target: Target) -> dict[str, str]:
        """The labels of a target."""
        return {**target.labels, "job": target.job, "instance": target.address}

    def _of_scrape(self, target: Target, *, up: bool, count: int, at: str) -> Iterator[str]:
        """What Prometheus itself records of a scrape."""
        own = self.own(target)
        took = 5.0 if target.job in PROBES and count < 3 else 0.012  # noqa: PLR2004 - a port that does not answer
        yield f"{line('up', own)} {int(up)}{at}"
        yield f"{line('scrape_duration_seconds', own)} {took}{at}"
        yield f"{line('scrape_samples_post_metric_relabeling', own)} {count}{at}"

    def real(self, addresses: Mapping[str, str], root: Path) -> None:
        """The real programs were up."""
        with (root / "real.txt").open("w", encoding="utf-8") as file:
            for moments in self._blocks():
                for now in moments:
                    for job in REAL:
                        labels = {"server": self.box.topology.home.name, "job": job, "instance": addresses[job]}
                        file.write(f"{line('up', labels)} 1 {self.pace.wall(now):.3f}\n")
            file.write(_EOF)
        make_blocks(root / "real.txt", root / "data")


def make_blocks(path: Path, data: Path) -> None:
    """Make blocks of an OpenMetrics file, and remove the file.

    Raises:
        ToolError: promtool is missing or refuses the file.
    """
    command = [programs.find("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(path), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - found by us
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ToolError(f"promtool refuses the demo's history: {' '.join(last)}")
    path.unlink()


# Recording rules.

Rule = tuple[str, str, dict[str, str]]


def levels(files: Iterable[Mapping[str, Any]]) -> tuple[tuple[Rule, ...], ...]:
    """Recording rules (name, expression, labels), each level after those that it reads."""
    rules: dict[str, list[Rule]] = {}
    for file in files:
        for group in file["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    one = (str(rule["record"]), str(rule["expr"]), dict(rule.get("labels", {})))
                    rules.setdefault(one[0], []).append(one)
    reads = {
        name: {each.name for _, text, _ in found for each in selectors(parse(text))} & rules.keys() - {name}
        for name, found in rules.items()
    }
    made: list[tuple[Rule, ...]] = []
    known: set[str] = set()
    while len(known) < len(rules):
        # Rules that read each other would never be ready; together they are.
        ready = [name for name in rules if name not in known and reads[name] <= known] or [
            name for name in rules if name not in known
        ]
        made.append(tuple(rule for name in ready for rule in rules[name]))
        known.update(ready)
    return tuple(made)


def summed(files: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Names that rules sum over time."""
    return frozenset(
        each.name
        for file in files
        for group in file["groups"]
        for rule in group["rules"]
        for each in selectors(parse(str(rule["expr"])))
        if each.function in _SUMS
    )


def record(root: Path, options: list[str], url: str, past: Past, rules: Iterable[Mapping[str, Any]]) -> None:
    """Make the blocks of every recording rule.

    Args:
        root: the demo's directory.
        options: of the Prometheus that is asked.
        url: where it answers.
        past: the time for which they are made.
        rules: the rule files at its pace.

    Raises:
        ToolError: a program is missing or refuses.
    """
    rules = tuple(rules)
    fine = summed(rules)
    short = float(past.box.topology.scrape_interval)
    for number, level in enumerate(levels(rules)):
        path = root / f"recorded-{number}.txt"
        with (
            programs.running([programs.find("prometheus"), *options], root / "history.log", f"{url}/-/ready"),
            path.open("w", encoding="utf-8") as file,
            ThreadPoolExecutor(2) as pool,
        ):
            steps = (short if rule[0] in fine else STEP for rule in level)
            for lines in pool.map(lambda rule, step: "".join(_recorded(Api(url), rule, past, step)), level, steps):
                file.write(lines)
            file.write(_EOF)
        make_blocks(path, root / "data")


def _recorded(api: Api, rule: Rule, past: Past, step: float) -> Iterator[str]:
    name, expr, labels = rule
    pace, since = past.pace, past.since
    if constant := _CONSTANT.fullmatch(expr):
        series = line(name, labels)
        moments = (pace.wall(since + number * STEP) for number in range(int(past.length / STEP)))
        yield from (f"{series} {constant[1]} {at:.3f}\n" for at in moments)
        return
    for one in api.range(expr, pace.wall(since), pace.wall(past.box.start), pace.wait(step)):
        series = line(name, {**{key: value for key, value in one.labels.items() if key != _LABEL}, **labels})
        yield from (f"{series} {value!r} {at:.3f}\n" for at, value in one.points)


def empty_configuration(root: Path) -> Path:
    """A configuration that scrapes nothing, for the Prometheus that is asked."""
    path = root / "history.yml"
    path.write_text(yaml.safe_dump({"global": {"evaluation_interval": "1h"}}), encoding="utf-8")
    return path
