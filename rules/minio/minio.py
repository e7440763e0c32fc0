"""MinIO availability: the server answers, has write quorum, and exposes its metrics, in version v2 or v3.

MinIO exposes its metrics itself: v2 at /minio/v2/metrics/cluster, v3 at /minio/metrics/v3 since RELEASE.2024-07-15.
Each rule reads both, because a target exposes only one. v3 omits zeros (measured on RELEASE.2026-02-12): a cluster
without quorum has no `…_overall_health`, rather than one of 0.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import (
    MINUTE,
    WHERE,
    Bench,
    by_service,
    scraped,
    selector,
    without_metrics,
)
from boxwatch.rules.patterns.backing_services_proofs import unanswered, unexposed
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.patterns.worked import answered, outage, outage_wait
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "minio"
DASHBOARD = "minio"

_JOB = kinds.of("minio").job
_HEALTH = "minio_cluster_health_status"
_HEALTH_V3, _QUORUM_V3 = "minio_cluster_erasure_set_overall_health", "minio_cluster_erasure_set_overall_write_quorum"
_TOTAL, _TOTAL_V3 = "minio_cluster_capacity_usable_total_bytes", "minio_cluster_health_capacity_usable_total_bytes"


def subject(topology: Topology) -> Subject | None:
    """Alerts on MinIO's availability; None where none is scraped."""
    if not scraped(topology, "minio"):
        return None
    rules = (*_down(topology), *_quorum(topology), _missing(topology))
    return Subject(id=ID, title="MinIO", groups=(Group(name=ID, rules=rules),), reads=("replicas", "worked"))


def _down(topology: Topology) -> tuple[Alert, Alert]:
    name = "MinioDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, outage_wait(topology)))
    proven = unanswered(bench, "up", "MinIO db on main does not answer.")
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('min', selector('up', _JOB))} == 0\n{outage(answered(_JOB))}",
            wait=bench.wait,
            severity="critical",
            summary="MinIO does not answer.",
            description=f"MinIO {WHERE} does not answer.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="MinIO exposes its metrics itself, so a failed scrape means that MinIO does not answer: files "
                "cannot be read or written.",
                first_look=(
                    "`docker exec NAME curl -sI localhost:9000/minio/health/live`: 200, or nothing?",
                    "`docker logs --tail 50 NAME` on the server; in Coolify, the service's page shows whether it runs.",
                    "Prometheus, *Targets*, job minio: `403` points to the token, `connection refused` to MinIO.",
                ),
                action=(
                    "Start it in Coolify; the last lines of its log say why it stopped.",
                    "Disk full or read-only: see the server's dashboard.",
                ),
                false_alarms="Prometheus has lost its permission (`403`), because the token or MinIO's keys were "
                "changed: create a token with `mc admin prometheus generate ALIAS`. A target that has never been up is "
                "*TargetNeverUp*.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _quorum(topology: Topology) -> tuple[Alert, Alert]:
    name = "MinioQuorumLost"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 2 * MINUTE))

    def health(*series: Series, wakes: bool = True) -> tuple[Series, ...]:
        return (
            *series,
            bench.flat(_HEALTH, 1, "other"),
            bench.flat(_QUORUM_V3, 3, "third"),
            bench.flat(_HEALTH_V3, 1, "third"),
            bench.flat(_HEALTH_V3, 1, server="second"),
            # Another job, without a health metric.
            bench.foreign(_QUORUM_V3, 3, service="fourth"),
            *(bench.pages(service, wakes=wakes) for service in ("db", "other", "third", "fourth")),
            bench.pages(wakes=wakes, server="second"),
        )

    sick = (bench.flat(_HEALTH, 0), bench.flat(_HEALTH, 1, instance="second:9000"))
    sick_v3 = (
        bench.flat(_QUORUM_V3, 3),
        bench.flat(_QUORUM_V3, 3, instance="second:9000"),
        bench.foreign(_HEALTH_V3, 1),
    )
    well = (bench.flat(_HEALTH, 1),)
    well_v3 = (bench.flat(_QUORUM_V3, 3), bench.flat(_HEALTH_V3, 1))
    text = "MinIO db on main has too few drives online to write."
    return by_paging(
        Alert(
            alert=name,
            # v3 omits a health of 0, but always exposes the required quorum.
            expr=expr(f"""
                {by_service("min", selector(_HEALTH, _JOB))} == 0
                or (
                  {by_service("group", selector(_QUORUM_V3, _JOB))}
                  unless on ({names.BY_SERVICE}) {selector(_HEALTH_V3, _JOB)}
                )
            """),
            wait=bench.wait,
            severity="critical",
            summary="MinIO cannot write.",
            description=f"MinIO {WHERE} has too few drives online to write.",
            dashboard=DASHBOARD,
            panel="Health",
            runbook=Runbook(
                meaning="So many drives are offline that MinIO refuses writes, and perhaps reads, to protect its data.",
                first_look=(
                    "`mc admin info ALIAS`: which drives are offline?",
                    "`dmesg -T | tail` and `df -h` on the server: did a disk fail, fill up, or lose its mount?",
                ),
                action=(
                    "Remount the drive, or replace it; MinIO heals by itself.",
                    "Do not delete anything in the drives' directories.",
                ),
                false_alarms="None known.",
            ),
            fires=(
                bench.fires("fires for the server without quorum, not for the others", health(*sick), text),
                bench.fires("fires for a server without quorum in v3", health(*sick_v3), text),
            ),
            silent=(
                bench.silent("stays silent with quorum", health(*well)),
                bench.silent("stays silent with quorum in v3", health(*well_v3)),
            ),
        ),
        warning_fires=(
            bench.fires("is a warning for a service that does not page", health(*sick, wakes=False), text),
            bench.fires("is a warning in v3 for a service that does not page", health(*sick_v3, wakes=False), text),
        ),
        warning_silent=(
            bench.silent("stays silent with quorum for a service that does not page", health(*well, wakes=False)),
            bench.silent(
                "stays silent with quorum in v3 for a service that does not page", health(*well_v3, wakes=False)
            ),
        ),
    )


def _missing(topology: Topology) -> Alert:
    name = "MinioMetricsMissing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))
    text = "The target of MinIO db on main answers without metrics of the cluster."
    v2, v3 = (unexposed(bench, metric, text) for metric in (_TOTAL, _TOTAL_V3))
    exposed = without_metrics(_JOB, selector(_TOTAL, _JOB))
    return Alert(
        alert=name,
        expr=f"{exposed}\nunless on ({names.BY_SERVICE}) {selector(_TOTAL_V3, _JOB)}",
        wait=bench.wait,
        severity="warning",
        summary="The MinIO target exposes no metrics of the cluster.",
        description=f"The target of MinIO {WHERE} answers without metrics of the cluster.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="MinIO answers, but exposes no metrics of the cluster, neither v2 nor v3. Alerts on its drives, "
            "space and requests cannot fire.",
            first_look=("Prometheus, *Targets*, job minio: which path is scraped?",),
            action=(
                (
                    "Scrape /minio/v2/metrics/cluster, which is the default, or set `metrics_path: /minio/metrics/v3` "
                    "in the topology; paths such as /minio/v2/metrics/node omit the cluster."
                ),
            ),
            false_alarms="None known: the `for` covers the first minute after a start, when the metrics are missing.",
        ),
        fires=(*v2.fires, replace(v3.fires[0], title="fires for a v3 target without metrics of the cluster")),
        silent=(
            *v2.silent,
            bench.silent("stays silent for v2 metrics", (bench.flat("up", 1), bench.flat(_TOTAL, 1))),
            bench.silent("stays silent for v3 metrics", (bench.flat("up", 1), bench.flat(_TOTAL_V3, 1))),
        ),
    )
