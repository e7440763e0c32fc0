"""Proofs of the alert on OOM kills that no container accounts for."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import World, flat, series
from boxwatch.topology.model import Topology

_MINUTE = 60
_OOM = "container_oom_events_total"


def server(topology: Topology) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Kills counted by a server's kernel, compared with those that cAdvisor attributes to containers."""
    world = World(length=30 * _MINUTE, thresholds=topology.thresholds)
    kill, two, three, four, six, eight = (f"0x19 {number}x{world.count - 20}" for number in (1, 2, 3, 4, 6, 8))
    text = "The kernel of main killed a process for lack of memory, and cAdvisor attributes it to no container."
    expected = Expected({"server": "main"}, text)
    # The sample at minute 10 is the first to show the kill.
    one_of_two = (
        world.node("node_vmstat_oom_kill", kill),
        world.node("node_vmstat_oom_kill", flat(0, world.count), "second"),
    )
    fires = (
        world.fires(
            "fires for the server with a kill that no container accounts for, not for the other",
            one_of_two,
            13 * _MINUTE,
            expected,
        ),
        world.fires("fires until the kill is more than ten minutes ago", one_of_two, 18 * _MINUTE, expected),
        world.fires(
            "fires when kills outside of containers come on top of one in a container",
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
            "fires when the kill in a container was 15 minutes before the other",
            (
                world.node("node_vmstat_oom_kill", f"0x3 1x35 2x{world.count - 40}"),
                world.container(_OOM, f"0x3 1x{world.count - 4}"),
            ),
            24 * _MINUTE,
            expected,
        ),
        world.fires(
            "fires for a kill after a reboot, which resets the counter, whichever of two scrapes shows it",
            (
                world.node("node_vmstat_oom_kill", f"5x14 0x4 1x{world.count - 20}"),
                _again(flat(0, world.count)),
            ),
            14 * _MINUTE,
            expected,
        ),
    )
    silent = (
        world.silent("stays silent while cAdvisor may yet attribute the kill", one_of_two, 12 * _MINUTE + 30),
        world.silent(
            "stays silent for a kill attributed to a container, even if the kernel's counter is scraped twice",
            (
                world.node("node_vmstat_oom_kill", kill),
                _again(kill),
                world.container(_OOM, kill),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "stays silent for a kill attributed to a container whose counter was reset",
            (
                world.node("node_vmstat_oom_kill", kill),
                world.container(_OOM, f"5x14 0x4 1x{world.count - 20}"),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "stays silent when one of four kills is not attributed, because cAdvisor may have missed one",
            (world.node("node_vmstat_oom_kill", four), world.container(_OOM, three)),
            14 * _MINUTE,
        ),
        world.silent(
            "stays silent for two kills in two containers",
            (
                world.node("node_vmstat_oom_kill", two),
                world.container(_OOM, kill),
                world.container(_OOM, kill, "web-2"),
            ),
            14 * _MINUTE,
        ),
        world.silent(
            "stays silent when all of many kills are attributed",
            (world.node("node_vmstat_oom_kill", six), world.container(_OOM, six)),
            14 * _MINUTE,
        ),
        *(
            world.never(
                f"stays silent throughout when cAdvisor shows kills {lag * world.interval} s after the kernel",
                (
                    world.node("node_vmstat_oom_kill", "0x19 2+2x6 14x60"),
                    world.container(_OOM, f"0x{19 + lag} 2+2x6 14x{60 - lag}"),
                ),
            )
            for lag in range(3)
        ),
        world.silent(
            "stays silent when the kill was long ago", (world.node("node_vmstat_oom_kill", kill),), 25 * _MINUTE
        ),
    )
    return fires, silent


def _again(values: str) -> Series:
    """The kernel's counter from a second scrape of the same server."""
    return series("node_vmstat_oom_kill", values, job=names.JOB_NODE, instance="again:9100", server="main")
