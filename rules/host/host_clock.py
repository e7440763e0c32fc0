"""Server clocks: synchronisation and offset from Prometheus."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import NODE, expr, number
from boxwatch.rules.patterns.threshold_proofs import last_pending, not_lasted
from boxwatch.rules.proofs.fixtures import INTERVAL, Fixtures, binary, steps
from boxwatch.topology.model import Topology

ID = "host_clock"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_AGAIN = "node-exporter-again:9100"


def subject(topology: Topology) -> Subject:
    """Alerts on clocks."""
    return Subject(
        id=ID,
        title="Server clock",
        groups=(Group(name="host-clock", rules=(_unsynchronised(topology), _skewed(topology))),),
    )


def _node(fixtures: Fixtures, metric: str, values: str, **labels: str) -> Series:
    return fixtures.scraped(metric, values, **{"job": names.JOB_NODE, "instance": "node-exporter:9100", **labels})


def _fixtures(topology: Topology, wait: int) -> tuple[Fixtures, int, int]:
    """Fixtures that end when a condition that holds throughout fires; that time, and the evaluation before it."""
    pending = last_pending(wait, INTERVAL)
    return Fixtures(length=pending + INTERVAL, thresholds=topology.thresholds), pending + INTERVAL, pending


def _unsynchronised(topology: Topology) -> Alert:
    name = "HostClockUnsynchronised"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    hour = Fixtures(length=10 * _DAY, thresholds=topology.thresholds, interval=_HOUR)
    _, after, pending = _fixtures(topology, wait)
    # Synchronised at first, and no longer after two samples.
    late, early = after + 2 * INTERVAL, pending + 2 * INTERVAL
    short = Fixtures(length=late, thresholds=topology.thresholds)

    def clock(fixtures: Fixtures, *states: tuple[float | None, int], **labels: str) -> Series:
        return _node(fixtures, "node_timex_sync_status", steps(*states), **labels)

    expected = Expected({"server": "main"}, "The clock of main is no longer synchronised.")

    lost = (clock(hour, (1, 5), (0, hour.count)),)

    return Alert(
        alert=name,
        # To the kernel, a clock kept by the hypervisor looks like one that nobody keeps: only a server that was in sync
        # within the last week can have lost synchronisation. The kernel clears the flag when its error estimate exceeds
        # 16 seconds, nine hours after the last correction (Linux, kernel/time/ntp.c, 500 ppm).
        expr=expr(f"""
            max by ({names.BY_SERVER}) (node_timex_sync_status{{{NODE}}}) == 0
            and on ({names.BY_SERVER})
            max by ({names.BY_SERVER}) (max_over_time(node_timex_sync_status{{{NODE}}}[7d:1h])) == 1
        """),
        wait=wait,
        severity="warning",
        summary="A server's clock is no longer synchronised.",
        description="The clock of {{ $labels.server }} is no longer synchronised.",
        runbook=Runbook(
            meaning="The time service stopped or reaches no time server, so the clock drifts by up to seconds a day. "
            "Once it is a minute or two off, tokens and signed URLs (MinIO, logins) are rejected.",
            first_look=(
                "Run `timedatectl` on the server, and `chronyc tracking` or `systemctl status systemd-timesyncd`.",
            ),
            action=(
                "Start the time service (`systemctl enable --now chrony`).",
                "If it runs but reaches no server, allow outbound UDP port 123.",
            ),
            false_alarms="A server deliberately switched to the hypervisor's clock; the alert resolves after a week.",
        ),
        fires=(
            short.fires(
                "fires for servers that lost synchronisation, not for those that have it or never had it",
                (
                    clock(short, (1, 2), (0, short.count)),
                    clock(short, (1, short.count + 1), server="second"),
                    clock(short, (0, short.count + 1), server="third"),
                    # Scraped twice, and one of the scrapes cannot tell.
                    clock(short, (0, short.count + 1), server="second", instance=_AGAIN),
                    clock(short, (0, short.count + 1), instance=_AGAIN),
                    clock(short, (1, 2), (0, short.count), server="fourth"),
                    clock(short, (1, 2), (0, short.count), server="fourth", instance=_AGAIN),
                ),
                late,
                expected,
                Expected({"server": "fourth"}, "The clock of fourth is no longer synchronised."),
            ),
            Case("fires for more than six days", lost, at=6 * _DAY, expects=(expected,), interval=_HOUR),
        ),
        silent=(
            short.silent("stays silent until it has lasted", (clock(short, (1, 2), (0, short.count)),), early),
            short.silent("stays silent while synchronised", (clock(short, (1, short.count + 1)),), late),
            short.silent("stays silent where never synchronised", (clock(short, (0, short.count + 1)),), late),
            Case("stays silent eight days later", lost, at=8 * _DAY + 12 * _HOUR, interval=_HOUR),
        ),
        dashboard="host",
        panel="Clock",
    )


def _skewed(topology: Topology) -> Alert:
    name = "HostClockSkewed"
    wait, threshold = topology.alerts.wait(name, 5 * _MINUTE), topology.alerts.threshold(name, 10)
    fixtures, after, pending = _fixtures(topology, wait)

    def clock(offset: float, server: str = "main", **labels: str) -> Series:
        """The time on a server's clock; the time of each sample is its index times the interval."""
        return _node(fixtures, "node_time_seconds", f"{offset}+{INTERVAL}x{fixtures.count}", server=server, **labels)

    far, near = int(2 * threshold) + 1, binary(threshold / 2)
    # Exact when added to the time of a sample.
    just, at, short = (binary(threshold * part) for part in (129 / 128, 1, 127 / 128))

    def text(seconds: float) -> str:
        return f"The clock of main is {seconds:.4g} seconds off the clock of Prometheus."

    return Alert(
        alert=name,
        # The timestamp of the sample is the start of the scrape.
        expr=expr(f"""
            max by ({names.BY_SERVER}) (abs(node_time_seconds{{{NODE}}} - timestamp(node_time_seconds{{{NODE}}})))
              > {number(threshold)}
        """),
        wait=wait,
        severity="warning",
        summary="A server's clock differs from the clock of Prometheus.",
        description="The clock of {{ $labels.server }} is"
        ' {{ $value | printf "%.4g" }} seconds off the clock of Prometheus.',
        runbook=Runbook(
            meaning="Either the server's clock is wrong, or the clock of the server that runs Prometheus. Tokens and "
            "signed URLs are rejected, and timestamps in logs do not match. A single server cannot detect this itself.",
            first_look=("Run `date -u` on both servers, and compare with a clock that you trust.",),
            action=("Start the time service on the wrong one, or correct its clock at once: `chronyc makestep`.",),
            false_alarms="A scrape of node_exporter that takes longer than this many seconds.",
        ),
        fires=(
            fixtures.fires(
                "fires for the server whose clock is ahead, not for one that is nearly right",
                (clock(far), clock(near, "second"), clock(near, instance=_AGAIN)),
                after,
                Expected({"server": "main"}, text(far)),
            ),
            fixtures.fires(
                "fires for a clock that is behind", (clock(-far),), after, Expected({"server": "main"}, text(far))
            ),
            fixtures.fires(
                "fires just beyond the threshold",
                (clock(just),),
                after,
                Expected({"server": "main"}, text(just)),
            ),
        ),
        silent=(
            fixtures.silent("stays silent just short of the threshold", (clock(short),), after),
            fixtures.silent("stays silent at exactly the threshold", (clock(at),), after),
            *not_lasted(fixtures, (clock(far),), pending),
        ),
        threshold=threshold,
        threshold_source="less than the 30 seconds that most tokens tolerate, and more than a slow scrape",
        dashboard="host",
        panel="Clock",
    )
