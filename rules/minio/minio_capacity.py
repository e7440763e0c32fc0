"""MinIO capacity: offline drives, free space, failed requests, in metrics v2 and v3.

v3 omits zeros (measured on RELEASE.2026-02-12): the number of offline drives is absent while all are online.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import ABOVE, MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import falls
from boxwatch.rules.patterns.fragments import counted, expr, number
from boxwatch.rules.proofs.fixtures import INTERVAL
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import TIB

ID = "minio_capacity"
DASHBOARD = "minio"

_JOB = kinds.of("minio").job
# Names in v2 and v3.
_OFFLINE = ("minio_cluster_drive_offline_total", "minio_cluster_health_drives_offline_count")
_FREE = ("minio_cluster_capacity_usable_free_bytes", "minio_cluster_health_capacity_usable_free_bytes")
_TOTAL = ("minio_cluster_capacity_usable_total_bytes", "minio_cluster_health_capacity_usable_total_bytes")
_REQUESTS = ("minio_s3_requests_total", "minio_api_requests_total")
_ERRORS = ("minio_s3_requests_5xx_errors_total", "minio_api_requests_5xx_errors_total")
_VERSIONS = (0, 1)
# Errors per second below which their share means nothing: three a minute.
_FLOOR = 0.05


def subject(topology: Topology) -> Subject | None:
    """Alerts on MinIO's capacity; None where none is scraped."""
    if not scraped(topology, "minio"):
        return None
    rules = (_drives(topology), _errors(topology), _capacity(topology))
    return Subject(id=ID, title="MinIO's capacity", groups=(Group(name="minio-capacity", rules=rules),))


def _either(aggregation: str, metrics: tuple[str, str], form: str = "{}") -> str:
    """PromQL: one value per service, from v2 if it exists, otherwise from v3."""
    v2, v3 = (by_service(aggregation, form.format(selector(metric, _JOB))) for metric in metrics)
    return f"({v2} or {v3})"


def _drives(topology: Topology) -> Alert:
    name = "MinioDrivesOffline"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))

    def metrics(version: int, offline: int) -> tuple[Series, ...]:
        return (
            bench.flat(_OFFLINE[version], offline),
            bench.flat(_OFFLINE[version], offline, instance="second:9000"),
            bench.flat(_OFFLINE[version], 0, instance="third:9000"),
            *(bench.flat(metric, 0, "other") for metric in _OFFLINE),
        )

    return Alert(
        alert=name,
        expr=f"{_either('max', _OFFLINE)} > 0",
        wait=bench.wait,
        severity="warning",
        summary="A MinIO drive is offline.",
        description=f"MinIO {WHERE} has {counted('offline drive', 'offline drives')}.",
        dashboard=DASHBOARD,
        panel="Drives",
        runbook=Runbook(
            meaning="MinIO still reads and writes, with less redundancy. If one more drive fails, it may stop writing.",
            first_look=("`mc admin info ALIAS` names the drive; `dmesg -T | tail` on the server shows disk errors.",),
            action=("Remount the drive, or replace it under the same path; MinIO heals by itself.",),
            false_alarms="None known. A single drive cannot be offline without *MinioDown*.",
        ),
        fires=tuple(
            bench.fires(
                f"fires for the server with an offline drive in v{version + 2}, not for the other",
                metrics(version, 1),
                "MinIO db on main has 1 offline drive.",
            )
            for version in _VERSIONS
        ),
        silent=tuple(
            bench.silent(f"stays silent while all are online in v{version + 2}", metrics(version, 0))
            for version in _VERSIONS
        ),
    )


def _capacity(topology: Topology) -> Alert:
    name = "MinioCapacityLow"
    threshold = topology.alerts.threshold(name, 0.1)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))

    def use(version: int) -> Callable[[float, str], tuple[Series, ...]]:
        return lambda share, service: (
            bench.flat(_FREE[version], share * TIB, service),
            bench.flat(_FREE[version], 2 * TIB, service, instance="second:9000"),
            bench.flat(_TOTAL[version], TIB, service),
            bench.flat(_TOTAL[version], TIB / 2, service, instance="second:9000"),
        )

    text = "MinIO db on main has {} of its space left."
    v2, v3 = (
        falls(bench, use(version), threshold, lambda free: text.format(percentage(free))) for version in _VERSIONS
    )
    return Alert(
        alert=name,
        expr=f"{_either('min', _FREE)}\n/ {_either('max', _TOTAL)} < {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="MinIO has little space left.",
        description=f"MinIO {WHERE} has {{{{ $value | humanizePercentage }}}} of its space left.",
        dashboard=DASHBOARD,
        panel="Free space",
        threshold=threshold,
        threshold_source="awesome-prometheus-alerts; on the default server it is 50 GB",
        runbook=Runbook(
            meaning="When no space is left, uploads fail, and so does everything else that writes to the disk.",
            first_look=(
                "Dashboard *MinIO*, panel *Free space*: since when, and how fast?",
                "`mc du --depth 2 ALIAS`: which bucket? `mc ilm rule ls ALIAS/BUCKET`: does anything expire?",
            ),
            action=(
                "Let objects expire: `mc ilm rule add`. Old versions and unfinished uploads take space too.",
                "Something else fills the disk: see the server's dashboard.",
            ),
            false_alarms="None known.",
        ),
        fires=(*v2.fires, *(replace(case, title=f"{case.title}, in v3") for case in v3.fires)),
        silent=(*v2.silent, *(replace(case, title=f"{case.title}, in v3") for case in v3.silent)),
    )


def _errors(topology: Topology) -> Alert:
    name = "MinioErrorsHigh"
    threshold = topology.alerts.threshold(name, 0.05)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE), window=MINUTE // 2)
    window = 10 * MINUTE

    def metrics(version: int, share: float, *, each: float = 36.0) -> tuple[Series, ...]:
        errors, requests = _ERRORS[version], _REQUESTS[version]
        get, put = ({("api", "name")[version]: kind} for kind in ("getobject", "putobject"))
        return (
            *(bench.bursts(errors, each / 2, **labels) for labels in (get, put)),
            *(bench.bursts(requests, each / share / 2, **labels) for labels in (get, put)),
            bench.bursts(errors, each, "other", **get),
            bench.bursts(requests, 2 * each / threshold, "other", **get),
        )

    def waning(version: int) -> tuple[Series, ...]:
        """A burst of failures, then few."""
        first, few = metrics(version, threshold * 2), 0.5
        rates = (few, few / threshold / 2)
        return (
            *first[4:],
            *(
                bench.series(metric, f"0 {72 * rate!r}+{rate!r}x{bench.fixtures.count}")
                for metric, rate in zip((_ERRORS[version], _REQUESTS[version]), rates, strict=True)
            ),
        )

    errors = _either("sum", _ERRORS, "rate({}[10m])")
    text = f"{percentage(threshold * ABOVE)} of the requests to MinIO db on main fail."
    return Alert(
        alert=name,
        expr=expr(f"""
            {errors}
              / {_either("sum", _REQUESTS, "rate({}[10m])")} > {number(threshold)}
            and {errors} > {_FLOOR}
        """),
        wait=bench.wait,
        severity="warning",
        summary="Many requests to MinIO fail.",
        description=f"{{{{ $value | humanizePercentage }}}} of the requests to MinIO {WHERE} fail.",
        dashboard=DASHBOARD,
        panel="Errors",
        threshold=threshold,
        threshold_source="one request in twenty; below that, clients' retries hide the failures",
        runbook=Runbook(
            meaning="MinIO answers with a 5xx, more than three times a minute: uploads or downloads fail for users.",
            first_look=(
                "Dashboard *MinIO*, panel *Errors*: which calls? If only writes fail, see *MinioQuorumLost*.",
                "`docker logs --tail 50 NAME` on the server.",
            ),
            action=(
                "Drives or space: see *MinioDrivesOffline* and *MinioCapacityLow*.",
                "`SlowDown` (503): more requests than the disk can serve; lower the clients' concurrency.",
            ),
            false_alarms="None known.",
        ),
        fires=tuple(
            bench.fires(
                f"fires for the one whose requests fail, in v{version + 2}, not for the other"
                f"{', and keeps firing' if after else ''}",
                metrics(version, threshold * ABOVE),
                text,
                after=after,
            )
            for version in _VERSIONS
            for after in (0, window)
        ),
        silent=tuple(
            case
            for version in _VERSIONS
            for case in (
                bench.silent(
                    f"stays silent just below the share in v{version + 2}", metrics(version, threshold * 0.96875)
                ),
                bench.silent(
                    f"stays silent for few failures in v{version + 2}",
                    metrics(version, threshold * 2, each=24.0),
                    window,
                ),
                bench.silent(
                    f"stays silent once a burst of failures has subsided in v{version + 2}",
                    waning(version),
                    max(bench.later(12 * MINUTE), 3 * INTERVAL),
                ),
            )
        ),
    )
