"""Soak test of the Coolify exporter: memory growth over months of a changing instance.

    python benchmarks/coolify_soak.py               # 100,000 polls, with an accelerated clock

Nothing is asserted.
"""

from __future__ import annotations

import argparse
import logging
import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the tests' clock and wire

from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.exposition_cache import OPENMETRICS
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify


def memory() -> float:
    """Resident memory of this process now, in MB."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 2**20


def disturb(rig: Rig, chance: random.Random, number: int) -> int:
    """Half a minute of an instance where everything moves; returns the number of applications that were made."""
    fake: FakeCoolify = rig.fake
    odds = iter([chance.random() for _ in range(3)])
    rig.wire.broken.clear()
    if next(odds) < 1 / 20:
        path = chance.choice(("", "/applications", "/servers", "/deployments"))
        rig.wire.broken[path] = Failure(names.UNREACHABLE, chance.choice(("timeout", "refused")), "soak")
    if next(odds) < 1 / 50:
        number += 1
        fake.add_application(f"app {number}", 1)
        fake.applications.pop(0)
    if next(odds) < 1 / 5:
        fake.deploy(chance.choice(fake.applications))
    for row in fake.deployments:
        if row["status"] == "queued" and chance.randrange(3) == 0:
            fake.end(row, chance.choice(("finished", "failed", "cancelled-by-user")))
    del fake.deployments[:-200]
    fake.asked.clear()
    return number


def soak(polls: int) -> None:
    """Poll an instance where applications come and go, things fail and deployments end, with a clock that races."""
    logging.getLogger("boxwatch").setLevel(logging.CRITICAL)
    chance = random.Random(1)  # noqa: S311 - a benchmark's dice
    hand = HandClock()
    rig = Rig(default(lambda: hand.now), hand).settle()
    done, made, begun, started, growth = 0, 0, hand.now, time.monotonic(), list[float]()
    print(f"{polls:,} polls of an instance in motion, with a clock that races")
    while done < polls:
        hand.now += chance.choice((5, 15, 30, 60))
        made = disturb(rig, chance, made)
        while rig.account.turn() == 0:
            done += 1
        rig.exporter.publish(rig.account, "http://coolify:8080")
        if chance.randrange(20) == 0:
            rig.exporter.expositions.refresh()
        if done // (polls // 10) > len(growth):
            held = len(rig.counts.requests) + len(rig.counts.unparsed) + len(rig.account.inventory.history.logs)
            growth.append(memory())
            size = rig.exporter.expositions.get(OPENMETRICS).size
            tasks = len(rig.account.schedule.tasks)
            print(f"  {done:9,} polls  {growth[-1]:6.1f} MB  {held + tasks:5} things held  page {size:7,} bytes")
    rate, days = done / (time.monotonic() - started), (hand.now - begun) / 86400
    print(f"  {rate:,.0f} polls a second, {days:.0f} days, {made:,} applications came and went")
    print(f"  growth from the first tenth to the last: {growth[-1] - growth[0]:+.1f} MB")
    print(f"  mistakes of the exporter: {rig.counts.internal_errors}")


def main() -> None:
    """How many polls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=100_000)
    soak(parser.parse_args().polls)


if __name__ == "__main__":
    main()
