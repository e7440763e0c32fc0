"""RabbitMQ nodes: down, metrics missing, memory and disk alarms, file descriptors.

The plugin rabbitmq_prometheus serves several pages. These rules read /metrics, which describes the node and sums over
its queues; boxwatch.rules.rabbitmq.rabbitmq_queues reads the page of single queues. According to recordings of 3.10,
4.0 and 4.3, alarms and file descriptors are on /metrics in all of them, and alarms on no other page.
"""

from __future__ import annotations

from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import (
    MINUTE,
    WHERE,
    Bench,
    by_service,
    scraped,
    selector,
    without_metrics,
)
from boxwatch.rules.patterns.backing_services_proofs import exceeds, unanswered, unexposed
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import by_paging, non_paging
from boxwatch.rules.patterns.worked import answered, outage, outage_wait
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "rabbitmq"
DASHBOARD = "rabbitmq"

_JOB = kinds.of("rabbitmq").job
_MEMORY_ALARM, _DISK_ALARM = "rabbitmq_alarms_memory_used_watermark", "rabbitmq_alarms_free_disk_space_watermark"
_OPEN, _MOST = "rabbitmq_process_open_fds", "rabbitmq_process_max_fds"
# A power of two, so that shares of it are exact.
_ALLOWED = 8192


def subject(topology: Topology) -> Subject | None:
    """Alerts on RabbitMQ nodes; None if none is scraped."""
    if not scraped(topology, "rabbitmq"):
        return None
    rules = (*_down(topology), *_memory(topology), *_disk(topology), _files(topology), _missing(topology))
    return Subject(id=ID, title="RabbitMQ", groups=(Group(name=ID, rules=rules),), reads=("replicas", "worked"))


def _down(topology: Topology) -> tuple[Alert, Alert]:
    name = "RabbitmqDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, outage_wait(topology)))
    proven = unanswered(bench, "up", "RabbitMQ db on main is down.")
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('min', selector('up', _JOB))} == 0\n{outage(answered(_JOB))}",
            wait=bench.wait,
            severity="critical",
            summary="RabbitMQ is down.",
            description=f"RabbitMQ {WHERE} is down.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="RabbitMQ serves its own metrics and does not respond. It is stopped, still starting, or its "
                "application was stopped inside the running node (`stop_app`). Clients cannot publish or consume.",
                first_look=(
                    "Coolify, the service's page: is it running? Run `docker logs --tail 50 NAME` on the server.",
                    "`docker exec NAME rabbitmq-diagnostics check_running`: is the application running in the node?",
                    "`docker exec NAME rabbitmq-plugins list -e`: is `rabbitmq_prometheus` enabled?",
                ),
                action=(
                    "Start it in Coolify; the last lines of its log say why it stopped.",
                    "The node runs but the application does not: `docker exec NAME rabbitmqctl start_app`.",
                    "It keeps crashing and restarting: check free disk space and *ContainerOomKilled* first.",
                ),
                false_alarms="The plugin was switched off while clients work, as by an upgrade: run "
                "`rabbitmq-plugins enable rabbitmq_prometheus`. A target that has never been up is *TargetNeverUp*.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _memory(topology: Topology) -> tuple[Alert, Alert]:
    return _alarm(
        topology,
        "RabbitmqMemoryAlarm",
        _MEMORY_ALARM,
        says=("its memory alarm is on", "RabbitMQ is blocking publishers: its memory alarm is on."),
        panel="Memory",
        runbook=Runbook(
            meaning="RabbitMQ uses more memory than its high watermark allows. Until it uses less, every publishing "
            "connection is blocked, on all nodes of the cluster: applications hang or time out, while consumers "
            "continue.",
            first_look=(
                "`docker exec NAME rabbitmq-diagnostics memory_breakdown`: queues, connections, or binaries?",
                "Dashboard *RabbitMQ*, panels *Longest queues* and *Unacknowledged messages*: what piled up?",
            ),
            action=(
                "Drain the queue that piled up: start more consumers, or purge messages that nobody needs.",
                "Consumers without a prefetch limit hold whole queues in memory: set one (`basic.qos`).",
                (
                    "Not enough memory for the load: raise the container's memory and the topology's, or "
                    "`vm_memory_high_watermark`."
                ),
            ),
            false_alarms="A watermark relative to the server's memory although the container has no limit, or an "
            "outdated absolute watermark: correct it.",
        ),
    )


def _disk(topology: Topology) -> tuple[Alert, Alert]:
    return _alarm(
        topology,
        "RabbitmqDiskAlarm",
        _DISK_ALARM,
        says=("its disk alarm is on", "RabbitMQ is blocking publishers: its disk alarm is on."),
        panel="Free disk space",
        runbook=Runbook(
            meaning="RabbitMQ's disk has less free space than `disk_free_limit`. Until it has more, every publishing "
            "connection is blocked, on all nodes of the cluster.",
            first_look=(
                "`df -h` on the server, and the alerts on its disks: what fills it?",
                "`docker exec NAME du -sh /var/lib/rabbitmq`: is it RabbitMQ itself?",
            ),
            action=(
                "Free space on the server: see *HostDiskLow*.",
                "It is RabbitMQ: drain or purge the longest queues; limit streams with `x-max-length-bytes`.",
            ),
            false_alarms="A limit higher than the free space that the disk ever has: correct `disk_free_limit`.",
        ),
    )


def _alarm(  # noqa: PLR0913 - all that differs between the alarms
    topology: Topology, name: str, metric: str, *, says: tuple[str, str], panel: str, runbook: Runbook
) -> tuple[Alert, Alert]:
    """One of RabbitMQ's resource alarms, during which it blocks publishers.

    Args:
        topology: overrides of the wait.
        name: name of the alert.
        metric: 1 while the alarm is on.
        says: the end of the description, and the summary.
        panel: panel on the dashboard.
        runbook: what to do.
    """
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 2 * MINUTE))
    reason, summary = says
    on, off = (bench.flat(metric, value) for value in (1, 0))
    decoys = (
        # Another node of the same service, another service, another job.
        bench.flat(metric, 0, instance="second:15692"),
        bench.flat(metric, 0, "other"),
        bench.foreign(metric, 1, service="other"),
        *(bench.pages(service) for service in ("db", "other")),
    )
    brief = bench.series(metric, f"0 1x{max(bench.wait // 30 - 1, 0)} 0x{bench.fixtures.count}")
    fires: tuple[Case, ...] = (
        bench.fires(
            "fires for the service whose alarm is on, not for the other",
            (on, bench.flat(metric, 1, instance="third:15692"), *decoys),
            f"RabbitMQ db on main is blocking publishers: {reason}.",
        ),
    )
    silent: tuple[Case, ...] = (
        bench.silent("stays silent while the alarm is off", (off, *decoys)),
        bench.silent("stays silent after an alarm shorter than the wait", (brief, *decoys), bench.wait),
    )
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('max', selector(metric, _JOB))} == 1",
            wait=bench.wait,
            severity="critical",
            summary=summary,
            description=f"RabbitMQ {WHERE} is blocking publishers: {reason}.",
            dashboard=DASHBOARD,
            panel=panel,
            runbook=runbook,
            fires=fires,
            silent=silent,
        ),
        warning_fires=non_paging(fires),
        warning_silent=non_paging(silent),
    )


def _files(topology: Topology) -> Alert:
    name = "RabbitmqFilesNearLimit"
    threshold = topology.alerts.threshold(name, 0.8)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))

    def use(share: float, service: str) -> tuple[Series, ...]:
        """The second node has more open files and a higher limit: each is compared with its own."""
        return (
            bench.flat(_OPEN, share * _ALLOWED, service),
            bench.flat(_MOST, _ALLOWED, service),
            bench.flat(_OPEN, share * _ALLOWED * 2, service, instance="second:15692"),
            bench.flat(_MOST, _ALLOWED * 4, service, instance="second:15692"),
        )

    proven = exceeds(
        bench, use, threshold, lambda share: f"RabbitMQ db on main uses {percentage(share)} of its file descriptors."
    )
    share = f"{selector(_OPEN, _JOB)} / {selector(_MOST, _JOB)}"
    return Alert(
        alert=name,
        expr=f"{by_service('max', share)} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="RabbitMQ has few file descriptors left.",
        description=f"RabbitMQ {WHERE} uses {{{{ $value | humanizePercentage }}}} of its file descriptors.",
        dashboard=DASHBOARD,
        panel="File descriptors",
        threshold=threshold,
        threshold_source="leaves a fifth for deploys, during which old and new containers are connected",
        runbook=Runbook(
            meaning="Every connection and every queue file needs a descriptor. When none is left, RabbitMQ accepts no "
            "more connections, and queues may fail to write.",
            first_look=(
                "`docker exec NAME rabbitmqctl list_connections user peer_host state`: who holds how many?",
                "Dashboard *RabbitMQ*, panel *Connections and channels*: a step, or a slope?",
            ),
            action=(
                "A client opens a connection per message: make it keep one connection and open channels.",
                "All are needed: raise the container's open file limit (`ulimits: nofile`) and restart it.",
            ),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )


def _missing(topology: Topology) -> Alert:
    name = "RabbitmqMetricsMissing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))
    proven = unexposed(
        bench, _MEMORY_ALARM, "The target of RabbitMQ db on main answers but exposes no RabbitMQ metrics."
    )
    exposed = bench.silent(
        "stays silent while the target exposes RabbitMQ metrics, whatever their values",
        (bench.flat("up", 1), bench.flat(_MEMORY_ALARM, 0)),
    )
    return Alert(
        alert=name,
        expr=without_metrics(_JOB, selector(_MEMORY_ALARM, _JOB)),
        wait=bench.wait,
        severity="warning",
        summary="The RabbitMQ target exposes no RabbitMQ metrics.",
        description=f"The target of RabbitMQ {WHERE} answers but exposes no RabbitMQ metrics.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning=f"Prometheus scrapes the target successfully, but it does not expose `{_MEMORY_ALARM}`. No alert "
            "on this broker can fire now.",
            first_look=("Run `curl -s TARGET/metrics | grep ^rabbitmq_alarms` in Prometheus' network: what responds?",),
            action=(
                "Another program uses the port: correct `metrics` of the service in the topology.",
                "`metrics_path` is /metrics/detailed: remove it, because that page has no alarms.",
            ),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=(*proven.silent, exposed),
    )
