"""API metrics: availability, polling status of each source, requests, rate limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of
from boxwatch.exporters.coolify.snapshot import Snapshot, Source
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore


class ApiCollector(Collector):
    """Availability and failure reasons, by account and by source.

    # TYPE coolify_up gauge
    coolify_up{account="main"} 1.0
    # TYPE coolify_down_reason gauge
    coolify_down_reason{account="main",reason="unreachable"} 0.0
    coolify_down_reason{account="main",reason="unauthorised"} 0.0
    coolify_down_reason{account="main",reason="forbidden"} 0.0
    coolify_down_reason{account="main",reason="api_disabled"} 0.0
    coolify_down_reason{account="main",reason="rate_limited"} 0.0
    coolify_down_reason{account="main",reason="bad_payload"} 0.0
    coolify_down_reason{account="main",reason="server_error"} 0.0
    coolify_down_reason{account="main",reason="redirected"} 0.0
    coolify_down_reason{account="main",reason="rejected"} 0.0
    coolify_down_reason{account="main",reason="no_token"} 0.0
    # TYPE coolify_version_info gauge
    coolify_version_info{account="main",version="4.4.2"} 1.0
    # TYPE coolify_last_success_timestamp_seconds gauge
    coolify_last_success_timestamp_seconds{account="main"} 1.78740006e+09
    # TYPE coolify_source_success gauge
    coolify_source_success{account="main",source="version"} 1.0
    coolify_source_success{account="main",source="projects"} 1.0
    coolify_source_success{account="main",source="servers"} 1.0
    coolify_source_success{account="main",source="server_details"} 1.0
    coolify_source_success{account="main",source="applications"} 1.0
    coolify_source_success{account="main",source="services"} 1.0
    coolify_source_success{account="main",source="databases"} 1.0
    coolify_source_success{account="main",source="statuses"} 1.0
    coolify_source_success{account="main",source="deployments"} 1.0
    coolify_source_success{account="main",source="history"} 1.0
    coolify_source_success{account="main",source="backups"} 1.0
    coolify_source_success{account="main",source="tasks"} 1.0
    coolify_source_success{account="main",source="task_runs"} 1.0
    coolify_source_success{account="main",source="cleanups"} 1.0
    # TYPE coolify_source_failure_reason gauge
    # TYPE coolify_source_duration_seconds gauge
    coolify_source_duration_seconds{account="main",source="version"} 0.0
    coolify_source_duration_seconds{account="main",source="projects"} 0.0
    coolify_source_duration_seconds{account="main",source="servers"} 0.0
    coolify_source_duration_seconds{account="main",source="server_details"} 0.0
    coolify_source_duration_seconds{account="main",source="applications"} 0.0
    coolify_source_duration_seconds{account="main",source="services"} 0.0
    coolify_source_duration_seconds{account="main",source="databases"} 0.0
    coolify_source_duration_seconds{account="main",source="statuses"} 0.0
    coolify_source_duration_seconds{account="main",source="deployments"} 0.0
    coolify_source_duration_seconds{account="main",source="history"} 0.0
    coolify_source_duration_seconds{account="main",source="backups"} 0.0
    coolify_source_duration_seconds{account="main",source="tasks"} 0.0
    coolify_source_duration_seconds{account="main",source="task_runs"} 0.0
    coolify_source_duration_seconds{account="main",source="cleanups"} 0.0
    # TYPE coolify_source_last_success_timestamp_seconds gauge
    coolify_source_last_success_timestamp_seconds{account="main",source="version"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="projects"} 1.7874e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="servers"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="server_details"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="applications"} 1.7874e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="services"} 1.7874e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="databases"} 1.7874e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="statuses"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="deployments"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="history"} 1.78740003e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="backups"} 1.7874e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="tasks"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="task_runs"} 1.78740006e+09
    coolify_source_last_success_timestamp_seconds{account="main",source="cleanups"} 1.78740003e+09
    # TYPE coolify_api_requests_total counter
    coolify_api_requests_total{account="main",code="200",endpoint="/applications"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/applications/{uuid}/scheduled-tasks"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/databases"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/databases/{uuid}/backups"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/deployments"} 3.0
    coolify_api_requests_total{account="main",code="200",endpoint="/deployments/applications/{uuid}"} 2.0
    coolify_api_requests_total{account="main",code="200",endpoint="/projects"} 2.0
    coolify_api_requests_total{account="main",code="200",endpoint="/projects/{uuid}"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/servers"} 2.0
    coolify_api_requests_total{account="main",code="200",endpoint="/servers/{uuid}"} 2.0
    coolify_api_requests_total{account="main",code="200",endpoint="/servers/{uuid}/docker-cleanup/executions"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/servers/{uuid}/resources"} 2.0
    coolify_api_requests_total{account="main",code="200",endpoint="/services"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/services/{uuid}/scheduled-tasks"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/services/{uuid}/scheduled-tasks/{task}/executions"} 1.0
    coolify_api_requests_total{account="main",code="200",endpoint="/version"} 2.0
    # TYPE coolify_api_rate_limit_requests gauge
    coolify_api_rate_limit_requests{account="main"} 200.0
    # TYPE coolify_api_rate_limit_remaining_requests gauge
    coolify_api_rate_limit_remaining_requests{account="main"} 192.0
    # TYPE coolify_api_budget_requests_per_second gauge
    coolify_api_budget_requests_per_second{account="main"} 1.011
    # TYPE coolify_unparsed_values_total counter
    # TYPE coolify_history_oldest_read_timestamp_seconds gauge
    coolify_history_oldest_read_timestamp_seconds{account="main"} 1.78740003e+09
    # TYPE coolify_exporter_internal_errors_total counter
    coolify_exporter_internal_errors_total{account="main"} 0.0
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        now = self._snapshots.current

        def each(read: Callable[[Snapshot], Iterable[Sample]]) -> Iterator[Sample]:
            for snapshot in now:
                yield from read(snapshot)

        def sources(read: Callable[[tuple[str, str], Source], Iterable[Sample]]) -> Iterator[Sample]:
            for snapshot in now:
                for source in snapshot.sources:
                    yield from read((snapshot.account, source.name), source)

        yield family(names.UP, each(lambda s: one((s.account,), s.up)))
        yield family(names.DOWN_REASON, each(lambda s: one_of((s.account,), names.REASONS, s.reason)))
        yield family(names.VERSION_INFO, each(lambda s: one((s.account, s.version), 1 if s.version else None)))
        yield family(names.LAST_SUCCESS, each(lambda s: one((s.account,), s.good_at)))
        yield family(names.SOURCE_SUCCESS, sources(lambda labels, source: one(labels, source.success)))
        yield family(
            names.SOURCE_FAILURE_REASON,
            sources(lambda labels, source: one((*labels, source.reason), 1 if source.reason else None)),
        )
        yield family(names.SOURCE_DURATION, sources(lambda labels, source: one(labels, source.duration)))
        yield family(names.SOURCE_LAST_SUCCESS, sources(lambda labels, source: one(labels, source.good_at)))
        yield family(names.REQUESTS, each(lambda s: counts(s.account, s.requests)))
        yield family(names.RATE_LIMIT, each(lambda s: one((s.account,), s.limit)))
        yield family(names.RATE_LIMIT_REMAINING, each(lambda s: one((s.account,), s.remaining)))
        yield family(names.BUDGET, each(lambda s: one((s.account,), s.rate)))
        yield family(names.UNPARSED, each(lambda s: counts(s.account, s.unparsed)))
        yield family(names.HISTORY_OLDEST_READ, each(lambda s: one((s.account,), s.history_oldest)))
        yield family(names.INTERNAL_ERRORS, each(lambda s: one((s.account,), s.internal_errors)))


def counts(account: str, numbers: Mapping[tuple[str, str], int]) -> Iterator[Sample]:
    """A counter by two labels."""
    for (first, second), number in sorted(numbers.items()):
        yield (account, first, second), float(number)
