"""Speed and memory of the command line, as figures and ratios: `make bench`.

Measures entire processes, a new one for each run, and the dashboards within one. Figures are medians. The host's speed
cancels out in the ratios, so compare ratios, not seconds, to find regressions.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_RUNS = 5
# Imports that any generator of dashboards and rules needs.
_BARE = "import grafanalib.core, yaml, click"
_CATALOGUE = "from boxwatch.exporters.catalogue import metrics; metrics.load()"
# Required to run proofs; `make bench` installs it.
_PROMTOOL = shutil.which("promtool")


@dataclass(frozen=True)
class Figure:
    """Median wall seconds, median CPU seconds and peak memory in MB of a command."""

    wall: float
    cpu: float
    memory: float


def measure(arguments: Sequence[str], runs: int = _RUNS) -> Figure:
    """Run a command several times, after a warm-up run that leaves compiled modules behind.

    An installed boxwatch has compiled modules, so they are written whatever the environment says.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    walls, cpus, memories = [], [], []
    for run in range(runs + 1):
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
        if run:
            walls.append(time.perf_counter() - begin)
            cpus.append(usage.ru_utime + usage.ru_stime)
            memories.append(usage.ru_maxrss / 1024)
    return Figure(statistics.median(walls), statistics.median(cpus), max(memories))


def dashboards(runs: int = _RUNS) -> Figure:
    """Build and serialise all dashboards of the default topology in this process, after one run that does not count.

    Commands are measured before: a process begins with the memory that the one which starts it had.
    """
    from boxwatch.dashboards import catalogue
    from boxwatch.rules import catalogue as rules
    from boxwatch.topology import default

    built = rules.build(default.load().topology)
    walls, cpus = [], []
    for run in range(runs + 1):
        begin, used = time.perf_counter(), time.process_time()
        catalogue.files(built)
        if run:
            walls.append(time.perf_counter() - begin)
            cpus.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figure(statistics.median(walls), statistics.median(cpus), peak)


def topology(services: int) -> str:
    """A topology of so many services, on as many servers as they need."""
    on_one = 50
    servers = "".join(
        f"  s{number}: {{cpus: 64, memory: 512g, disk: 2TB, reserved: 8g, address: 10.0.0.{number + 1}}}\n"
        for number in range((services + on_one - 1) // on_one)
    )
    body = "".join(
        f"  app{number}x: {{kind: web, server: s{number // on_one}, replicas: 2, memory: 1g}}\n"
        for number in range(services)
    )
    return f"name: large\nservers:\n{servers}services:\n{body}"


def main() -> None:
    """Print the figures."""
    boxwatch = [str(Path(sys.executable).parent / "boxwatch")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'command':<44} {'wall':>8} {'CPU':>8} {'memory':>8}")

        def row(title: str, figure: Figure) -> Figure:
            print(f"{title:<44} {figure.wall:>7.3f}s {figure.cpu:>7.3f}s {figure.memory:>6.0f}MB")
            return figure

        python = row("python -c pass", measure([sys.executable, "-c", "pass"]))
        helped = row("boxwatch --help", measure([*boxwatch, "--help"]))
        shown = row("boxwatch topology", measure([*boxwatch, "topology"]))
        out = str(folder / "out")
        bare = row("imports of grafanalib, yaml and click", measure([sys.executable, "-c", _BARE], runs=7))
        built = row("boxwatch build (default, nothing to write)", measure([*boxwatch, "build", "--out", out], runs=7))
        read = row("reading the catalogue", measure([sys.executable, "-c", _CATALOGUE], runs=7))
        # Whole: promtool and its workers count.
        proven = row("boxwatch test (default)", measure([*boxwatch, "test"], runs=3)) if _PROMTOOL else None
        sizes = {}
        for services in (1, 250, 500, 1000):
            path = folder / f"{services}.yaml"
            path.write_text(topology(services), encoding="utf-8")
            command = [*boxwatch, "build", str(path), "--out", str(folder / f"out{services}")]
            sizes[services] = row(f"boxwatch build ({services} services)", measure(command, runs=3))
        boards = row("all dashboards, in process (default)", dashboards())
        print()
        print(f"--help / bare Python             {helped.wall / python.wall:6.1f}")
        print(f"build / bare imports             {built.wall / bare.wall:6.1f}  (CPU {built.cpu / bare.cpu:.1f})")
        print(f"catalogue / bare imports         {read.wall / bare.wall:6.1f}  (CPU {read.cpu / bare.cpu:.1f})")
        print(f"build / --help                   {built.wall / helped.wall:6.1f}")
        print(f"build / topology                 {built.wall / shown.wall:6.1f}")
        print(f"build / dashboards in process    {built.wall / boards.wall:6.1f}")
        if proven:
            print(f"test / build                     {proven.wall / built.wall:6.1f}")
        base = sizes[1].cpu
        for services in (500, 1000):
            half = services // 2
            print(f"{services} services / {half:<4}            {sizes[services].cpu / sizes[half].cpu:6.2f}")
            grown = (sizes[services].cpu - base) / (sizes[half].cpu - base)
            print(f"  without what one service costs {grown:6.2f}  (2 is linear)")


if __name__ == "__main__":
    main()
