"""MinIO: health, drives, space and requests, with the metric names of v2 and v3."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout, queries
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.grafana.tree import Node
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_MINIO = Engine(kinds.of("minio"))


def _either(aggregation: str, v2: str, v3: str, *, per_second: bool = False) -> str:
    """One value per service, from whichever of the two metrics exists."""
    return " or ".join(_MINIO.by(aggregation, metric, per_second=per_second) for metric in (v2, v3))


_FREE, _TOTAL = (
    _either("max", f"minio_cluster_capacity_usable_{end}_bytes", f"minio_cluster_health_capacity_usable_{end}_bytes")
    for end in ("free", "total")
)


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no MinIO is scraped."""
    topology = built.topology
    if not scraped(topology, "minio"):
        return None
    lines = built.thresholds
    return _MINIO.page(
        topology,
        "Does MinIO answer, can it write, and does it have drives and space left?",
        layout.place(
            layout.line(
                4,
                (_MINIO.alerts(), 4),
                (_left(lines), 4),
                (_offline(), 4),
                (_MINIO.up("up"), 6),
                (_health(), 6),
            ),
            layout.heading("Space"),
            layout.line(8, (_space(), 12), (_share(lines), 12)),
            layout.even(8, _objects(), _drives()),
            layout.heading("Requests"),
            layout.even(8, _requests(), _errors(lines), _kinds()),
            layout.even(8, _traffic(), _waiting(), _rejected()),
            layout.detail("Client errors and process", layout.even(8, _client_errors(), _memory(), _files())),
        ),
    )


def _left(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Space left",
        description="Free share of the usable space, on the fullest. Healthy: green.",
        unit="percentunit",
        scale=backing_services.below(lines["MinioCapacityLow"], "MinioCapacityLow"),
        queries=(Query(f"min(({_FREE}) / ({_TOTAL}))"),),
    )


def _offline() -> Stat:
    offline = _either("max", "minio_cluster_drive_offline_total", "minio_cluster_health_drives_offline_count")
    return Stat(
        title="Drives offline",
        description="Drives that MinIO cannot reach. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(colours.NEAR),
        queries=(Query(f"sum({offline}) or 0 * count({_TOTAL})"),),
    )


def _health() -> States:
    # v3 exposes no health while it is bad, but always the required quorum.
    told = _MINIO.by("min", "minio_cluster_health_status")
    v3 = _MINIO.by("min", "minio_cluster_erasure_set_overall_health")
    needed = _MINIO.by("max", "minio_cluster_erasure_set_overall_write_quorum")
    return States(
        title="Health",
        description="Whether enough drives are available to write. Healthy: one colour throughout.",
        unit="none",
        scale=backing_services.uncoloured("Red is a lost quorum, on which MinioQuorumLost fires; otherwise"),
        queries=(Query(f"{told} or {v3} or 0 * {needed}", NAMED),),
        mappings=tuple(field_config.states(State(0, "no quorum", colours.BAD), State(1, "healthy", colours.GOOD))),
    )


def _space() -> Graph:
    return Graph(
        title="Space used and usable",
        description="Stored data, and the capacity of all drives. Healthy: an expected slope.",
        unit="bytes",
        scale=backing_services.uncoloured("The panel next to it judges the share"),
        queries=(
            Query(f"({_TOTAL}) - ({_FREE})", "used, {{service}}"),
            Query(_TOTAL, "usable, {{service}}"),
        ),
        overrides=(field_config.limit_line("B"),),
    )


def _share(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Free space",
        description="Free share of the usable space. Healthy: above the line.",
        unit="percentunit",
        scale=backing_services.says("MinioCapacityLow"),
        queries=(Query(f"({_FREE}) / ({_TOTAL})", NAMED),),
        soft_max=1,
    )
    return backing_services.with_alert(graph, lines["MinioCapacityLow"])


def _objects() -> Graph:
    return Graph(
        title="Objects",
        description="Objects in all buckets at the scanner's last count. Healthy: an expected slope.",
        unit="short",
        scale=backing_services.uncoloured("No number is bad in itself"),
        queries=(
            Query(_either("max", "minio_cluster_usage_object_total", "minio_cluster_usage_objects_count"), NAMED),
        ),
    )


def _drives() -> Graph:
    drives = (
        Query(
            _either("max", f"minio_cluster_drive_{state}_total", f"minio_cluster_health_drives_{state}_count"),
            f"{state}, {{{{service}}}}",
        )
        for state in ("online", "offline")
    )
    return Graph(
        title="Drives",
        description="Drives by state. Healthy: no line for offline, or one at 0.",
        unit="none",
        scale=backing_services.uncoloured("MinioDrivesOffline fires on any offline drive"),
        queries=tuple(drives),
        overrides=(
            field_config.query("A", field_config.colour(colours.GOOD)),
            field_config.query("B", field_config.colour(colours.BAD)),
        ),
        steps=True,
    )


def _requests() -> Graph:
    rate = _either("sum", "minio_s3_requests_total", "minio_api_requests_total", per_second=True)
    return Graph(
        title="Requests",
        description="Requests a second. Healthy: a familiar level.",
        unit="reqps",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(rate, NAMED),),
    )


def _errors(lines: Mapping[str, float]) -> Graph:
    errors = _either(
        "sum", "minio_s3_requests_5xx_errors_total", "minio_api_requests_5xx_errors_total", per_second=True
    )
    all_ = _either("sum", "minio_s3_requests_total", "minio_api_requests_total", per_second=True)
    graph = Graph(
        title="Errors",
        description="Share of requests that MinIO answered with a 5xx. Healthy: 0, or no line.",
        unit="percentunit",
        scale=backing_services.says("MinioErrorsHigh"),
        queries=(Query(f"({errors}) / (({all_}) > 0)", NAMED),),
        soft_max=0.1,
    )
    return backing_services.with_alert(graph, lines["MinioErrorsHigh"])


def _kinds() -> Graph:
    v2 = _MINIO.by("sum", "minio_s3_requests_total", "api", per_second=True)
    v3 = _MINIO.by("sum", "minio_api_requests_total", "name", per_second=True)
    return Graph(
        title="Requests by call",
        description="The eight most frequent calls. Healthy: those your applications make.",
        unit="reqps",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(f"{queries.largest(v2)} or {queries.largest(v3)}", "{{api}}{{name}}, {{service}}"),),
    )


def _traffic() -> Graph:
    traffic = (
        Query(
            _either("sum", f"minio_s3_traffic_{way}_bytes", f"minio_api_requests_traffic_{way}_bytes", per_second=True),
            f"{way}, {{{{service}}}}",
        )
        for way in ("received", "sent")
    )
    return Graph(
        title="Traffic",
        description="Bytes a second to and from clients. Healthy: a familiar level.",
        unit="Bps",
        scale=backing_services.uncoloured("No amount is bad in itself"),
        queries=tuple(traffic),
    )


def _waiting() -> Graph:
    return Graph(
        title="Requests in flight and waiting",
        description="Requests being served, and requests waiting their turn. Healthy: none waiting.",
        unit="none",
        scale=backing_services.uncoloured("Requests that wait too long are rejected and count as errors"),
        queries=(
            Query(
                _either("sum", "minio_s3_requests_inflight_total", "minio_api_requests_inflight_total"),
                "in flight, {{service}}",
            ),
            Query(
                _either("sum", "minio_s3_requests_waiting_total", "minio_api_requests_waiting_total"),
                "waiting, {{service}}",
            ),
        ),
    )


def _memory() -> Graph:
    resident = _either("max", "minio_node_process_resident_memory_bytes", "minio_system_process_resident_memory_bytes")
    return Graph(
        title="Process memory",
        description="Memory of MinIO itself, without page cache. Healthy: far below the plan.",
        unit="bytes",
        scale=backing_services.uncoloured("The service dashboard compares the container with the plan"),
        queries=(Query(resident, NAMED),),
    )


def _rejected() -> Graph:
    whys = (("auth", "authentication"), ("header", "header"), ("invalid", "invalid"), ("timestamp", "clock"))
    return Graph(
        title="Rejected requests",
        description="Requests refused before they were handled, by reason. Healthy: next to none; clock means that a "
        "client's is wrong.",
        unit="reqps",
        scale=backing_services.uncoloured("Strangers cause some"),
        queries=tuple(
            Query(
                _either(
                    "sum",
                    f"minio_s3_requests_rejected_{why}_total",
                    f"minio_api_requests_rejected_{why}_total",
                    per_second=True,
                ),
                f"{word}, {{{{service}}}}",
            )
            for why, word in whys
        ),
        soft_max=1,
    )


def _client_errors() -> Graph:
    rate = _either("sum", "minio_s3_requests_4xx_errors_total", "minio_api_requests_4xx_errors_total", per_second=True)
    return Graph(
        title="Client errors",
        description="Requests answered with a 4xx. Healthy: a familiar level; many 404 are normal for some clients.",
        unit="reqps",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(rate, NAMED),),
    )


def _files() -> Graph:
    opened, most = (
        _either("max", f"minio_node_file_descriptor_{end}_total", f"minio_system_process_file_descriptor_{end}_total")
        for end in ("open", "limit")
    )
    return Graph(
        title="Open files",
        description="Share of MinIO's limit. Healthy: a few percent.",
        unit="percentunit",
        scale=backing_services.uncoloured("The limit is seldom near"),
        queries=(Query(f"({opened}) / ({most})", NAMED),),
        soft_max=0.1,
    )
