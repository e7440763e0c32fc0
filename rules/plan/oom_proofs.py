"""What the alert on kills of the kernel fires on, and what it is silent on."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import World, flat, series
from boxwatch.topology.model import Topology

_MINUTE = 60
_OOM = "container_oom_events_total"


def server(topology: Topology) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Kills that the kernel of a server counts, beside those that cAdvisor attributes."""
    world = World(length=30 * _MINUTE, thresholds=topology.thresholds)
    kill, two, three, four, six, eight = (f"0x19 {number}x{world.count - 20}" for number in (1, 2, 3, 4, 6, 8))
    text = "The kernel of main killed a process for lack of memory, and no container is known to be the victim."
    expected = Expected({"server": "main"}, text)
    # The first sample that shows the kill is the one of minute 10.
    one_of_two = (
        world.node("node_vmstat_oom_kill", kill),
        world.node("node_vmstat_oom_kill", flat(0, world.count), "second"),
    )
    fires = (
        world.fires(
            "fires for the server with a kill that no container accounts for, and not for the other",
            one_of_two,
            13 * _MINUTE,
            expected,
        ),
        world.fires("fires for as long as it is in the last ten minutes", one_of_two, 18 * _MINUTE, expected),
        world.fires(
            "fires when one container was killed and something else as well",
            (world.node("node_vmstat_oom_kill", six), world.container(_OOM, kill)),
            14 * _MINUTE,
            expected,
        ),
        world.fires(
            "fires when one of three kills is not attributed",
            (world.node("node_vmstat_oom_kill", three), world.container(_OOM, two)),
            14 * _MINUTE,
            expected,
        ),
        world.fires(
            "fires when a quarter of many kills is not attributed",
            (world.node("node_vmstat_oom_kill", eight), world.container(_OOM, six)),
            14 * _MINUTE,
            expected,
        ),
        world.fires(
            "fires when the one that a container accounts for was a quarter of an hour before",
            (
                world.node("node_vmstat_oom_kill", f"0x3 1x35 2x{world.count - 40}"),
                world.container(_OOM, f"0x3 1x{world.count - 4}"),
            ),
            24 * _MINUTE,
            expected,
        ),
        world.fires(
            "fires for a kill after a reboot, which sets the count back, and whichever of two scrapes shows it",
            (
                world.node("node_vmstat_oom_kill", f"5x14 0x4 1x{world.count - 20}"),
                _again(flat(0, world.count)),
            ),
            14 * _MINUTE,
            expected,
        ),
    )
    silent = (
        world.silent("is silent while cAdvisor may still show the kill", one_of_two, 12 * _MINUTE + 30),
        world.silent(
            "is silent when the kill is attributed to a container, though the kernel's count is scraped twice",
            (
                world.node("node_vmstat_oom_kill", kill),
                _again(kill),
                world.container(_OOM, kill),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "is silent when the kill is attributed to a container whose count began anew",
            (
                world.node("node_vmstat_oom_kill", kill),
                world.container(_OOM, f"5x14 0x4 1x{world.count - 20}"),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "is silent when one of four kills is not attributed, which may be one that cAdvisor missed",
            (world.node("node_vmstat_oom_kill", four), world.container(_OOM, three)),
            14 * _MINUTE,
        ),
        world.silent(
            "is silent when two containers had one kill each",
            (
                world.node("node_vmstat_oom_kill", two),
                world.container(_OOM, kill),
                world.container(_OOM, kill, "web-2"),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "is silent when many kills are all attributed",
            (world.node("node_vmstat_oom_kill", six), world.container(_OOM, six)),
            14 * _MINUTE,
        ),
        *(
            world.never(
                f"is never heard when cAdvisor shows a series of kills {lag * world.interval} s after the kernel",
                (
                    world.node("node_vmstat_oom_kill", "0x19 2+2x6 14x60"),
                    world.container(_OOM, f"0x{19 + lag} 2+2x6 14x{60 - lag}"),
                ),
            )
            for lag in range(3)
        ),
        world.silent("is silent when a kill is long past", (world.node("node_vmstat_oom_kill", kill),), 25 * _MINUTE),
    )
    return fires, silent


def _again(values: str) -> Series:
    """The kernel's count from a second scrape of the same server."""
    return series("node_vmstat_oom_kill", values, job=names.JOB_NODE, instance="again:9100", server="main")
