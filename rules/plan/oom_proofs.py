"""Proofs of the alert on OOM kills that no container accounts for."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, series
from boxwatch.topology.model import Topology

_MINUTE = 60
_OOM = "container_oom_events_total"


def server(topology: Topology) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Kills counted by a server's kernel, compared with those that cAdvisor attributes to containers."""
    fixtures = Fixtures(length=30 * _MINUTE, thresholds=topology.thresholds)
    kill, two, three, four, six, eight = (f"0x19 {number}x{fixtures.count - 20}" for number in (1, 2, 3, 4, 6, 8))
    to_none = ", and cAdvisor attributes it to no container" if topology.watches_containers else ""
    text = f"The kernel of main killed a process for lack of memory{to_none}."
    expected = Expected({"server": "main"}, text)
    # The sample at minute 10 is the first to show the kill.
    one_of_two = (
        fixtures.node("node_vmstat_oom_kill", kill),
        fixtures.node("node_vmstat_oom_kill", flat(0, fixtures.count), "second"),
    )
    fires = (
        fixtures.fires(
            "fires for the server with a kill that no container accounts for, not for the other",
            one_of_two,
            13 * _MINUTE,
            expected,
        ),
        fixtures.fires("fires until the kill is more than ten minutes ago", one_of_two, 18 * _MINUTE, expected),
        fixtures.fires(
            "fires when kills outside of containers come on top of one in a container",
            (fixtures.node("node_vmstat_oom_kill", six), fixtures.container(_OOM, kill)),
            14 * _MINUTE,
            expected,
        ),
        fixtures.fires(
            "fires when one of three kills is not attributed",
            (fixtures.node("node_vmstat_oom_kill", three), fixtures.container(_OOM, two)),
            14 * _MINUTE,
            expected,
        ),
        fixtures.fires(
            "fires when a quarter of many kills is not attributed",
            (fixtures.node("node_vmstat_oom_kill", eight), fixtures.container(_OOM, six)),
            14 * _MINUTE,
            expected,
        ),
        fixtures.fires(
            "fires when the kill in a container was 15 minutes before the other",
            (
                fixtures.node("node_vmstat_oom_kill", f"0x3 1x35 2x{fixtures.count - 40}"),
                fixtures.container(_OOM, f"0x3 1x{fixtures.count - 4}"),
            ),
            24 * _MINUTE,
            expected,
        ),
        fixtures.fires(
            "fires for a kill after a reboot, which resets the counter, whichever of two scrapes shows it",
            (
                fixtures.node("node_vmstat_oom_kill", f"5x14 0x4 1x{fixtures.count - 20}"),
                _again(flat(0, fixtures.count)),
            ),
            14 * _MINUTE,
            expected,
        ),
    )
    silent = (
        fixtures.silent("stays silent while cAdvisor may yet attribute the kill", one_of_two, 12 * _MINUTE + 30),
        fixtures.silent(
            "stays silent for a kill attributed to a container, even if the kernel's counter is scraped twice",
            (
                fixtures.node("node_vmstat_oom_kill", kill),
                _again(kill),
                fixtures.container(_OOM, kill),
            ),
            14 * _MINUTE,
        ),
        fixtures.silent(
            "stays silent for a kill attributed to a container whose counter was reset",
            (
                fixtures.node("node_vmstat_oom_kill", kill),
                fixtures.container(_OOM, f"5x14 0x4 1x{fixtures.count - 20}"),
            ),
            14 * _MINUTE,
        ),
        fixtures.silent(
            "stays silent when one of four kills is not attributed, because cAdvisor may have missed one",
            (fixtures.node("node_vmstat_oom_kill", four), fixtures.container(_OOM, three)),
            14 * _MINUTE,
        ),
        fixtures.silent(
            "stays silent for two kills in two containers",
            (
                fixtures.node("node_vmstat_oom_kill", two),
                fixtures.container(_OOM, kill),
                fixtures.container(_OOM, kill, "web-2"),
            ),
            14 * _MINUTE,
        ),
        fixtures.silent(
            "stays silent when all of many kills are attributed",
            (fixtures.node("node_vmstat_oom_kill", six), fixtures.container(_OOM, six)),
            14 * _MINUTE,
        ),
        *(
            fixtures.never(
                f"stays silent throughout when cAdvisor shows kills {lag * fixtures.interval} s after the kernel",
                (
                    fixtures.node("node_vmstat_oom_kill", "0x19 2+2x6 14x60"),
                    fixtures.container(_OOM, f"0x{19 + lag} 2+2x6 14x{60 - lag}"),
                ),
            )
            for lag in range(3)
        ),
        fixtures.silent(
            "stays silent when the kill was long ago", (fixtures.node("node_vmstat_oom_kill", kill),), 25 * _MINUTE
        ),
    )
    if not topology.watches_containers:
        # Nothing is attributed where nothing measures containers.
        return _of_the_kernel(fires), _of_the_kernel(silent)
    return fires, silent


def _of_the_kernel(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The cases in which no container was killed."""
    return tuple(case for case in cases if not any(one.series.startswith(_OOM) for one in case.series))


def _again(values: str) -> Series:
    """The kernel's counter from a second scrape of the same server."""
    return series("node_vmstat_oom_kill", values, job=names.JOB_NODE, instance="again:9100", server="main")
