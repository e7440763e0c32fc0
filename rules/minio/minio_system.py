"""MinIO as a monitored system."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.minio import minio, minio_capacity
from boxwatch.rules.model import Series
from boxwatch.rules.patterns.system import SERVICE, Cause, System
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, Hours
from boxwatch.topology import kinds
from boxwatch.topology.units import GIB

_NAME = "minio"
_JOB = kinds.of(_NAME).job


def healthy_day(hours: Hours) -> tuple[Series, ...]:
    """A redeployment after which one drive returns late."""
    fixtures, service = hours.fixtures, "files"
    down = hours.brief(1, "MinioDown", "MinioQuorumLost", "TargetDown")

    def of(metric: str, values: str, **labels: str) -> Series:
        return fixtures.scraped(metric, values, job=_JOB, service=service, **labels)

    failed = 3000 * hours.most("MinioErrorsHigh", 0.01)
    free = hours.least("MinioCapacityLow", 0.5)
    return (
        fixtures.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        # MinIO exposes its metrics itself.
        of("up", hours.but(1, 0, down)),
        of("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 1.5), 0, 0)),
        of("minio_cluster_health_status", hours.but(1, None, down)),
        of("minio_cluster_drive_offline_total", hours.but(0, 1, hours.brief(2, "MinioDrivesOffline"), DEPLOYED + down)),
        of("minio_cluster_capacity_usable_total_bytes", hours.level(GIB, down, 0)),
        of("minio_cluster_capacity_usable_free_bytes", hours.wave(free * GIB, (1 + free) / 2 * GIB, down, 0)),
        of("minio_s3_requests_total", hours.counter(3000, down, 0), api="getobject"),
        of("minio_s3_requests_5xx_errors_total", hours.counter(failed, down, 0), api="getobject"),
    )


SYSTEM = System(
    name=_NAME,
    subjects=(minio.subject, minio_capacity.subject),
    healthy_day=healthy_day,
    switch_on="403 means that its token is missing: create one with `mc admin prometheus generate ALIAS` and set "
    "`metrics_token_file`, or start MinIO with `MINIO_PROMETHEUS_AUTH_TYPE=public`",
    worse=(Cause(("MinioQuorumLost",), ("MinioDrivesOffline",), SERVICE),),
)
