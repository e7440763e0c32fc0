"""Instant queries that a diagnosis needs: few, each with an answer no longer than the list of containers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.rules import deployment, names
from boxwatch.rules.built import Built
from boxwatch.rules.systems import SYSTEMS
from boxwatch.rules.worked import connected

CONTAINERS: Final = "containers"
CONTAINER_METRICS: Final = "container metrics"
DROPPED: Final = "dropped"
HOUSEKEEPING: Final = "housekeeping"
EXPORTERS: Final = "exporters"
VERSIONS: Final = "versions"
WORKED: Final = "worked"
DEVICES: Final = "devices"
PEERS: Final = "peers"
HOST_NAMES: Final = "host names"
MOUNTS: Final = "mounts"
CLOCKS: Final = "clocks"
REACHED: Final = "reached"
HIDDEN: Final = "hidden"
REDIS_ERRORS: Final = "redis errors"
COOLIFY_REASONS: Final = "coolify reasons"
TRAEFIK: Final = "traefik"
BUCKETS: Final = "buckets"
APPENDED: Final = "appended"
BYTES_PER_SAMPLE: Final = "bytes per sample"
BLOCKS: Final = "blocks"
FREE: Final = "free"
SEND_ERRORS: Final = "send errors"
FAILED: Final = "failed"
RELOADED: Final = "reloaded"
WATCHDOG: Final = "watchdog"

# Metrics of cAdvisor that rules cannot do without → the group of --disable_metrics that removes them.
ESSENTIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "container_memory_working_set_bytes": "memory",
        "container_memory_total_active_file_bytes": "memory",
        "container_cpu_usage_seconds_total": "cpu",
        "container_oom_events_total": "oom_event",
        "container_spec_memory_limit_bytes": "",
        "container_health_state": "",
    }
)
# A metric by which an exporter is recognised → its file in the catalogue.
SIGNATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "node_uname_info": "node_exporter",
        "cadvisor_version_info": "cadvisor",
        "engine_daemon_engine_info": "docker-engine",
        "prometheus_build_info": "prometheus",
        "alertmanager_build_info": "alertmanager",
        "grafana_build_info": "grafana",
        "blackbox_exporter_build_info": "blackbox_exporter",
        "pg_up": "postgres_exporter",
        "redis_up": "redis_exporter",
        "elasticsearch_scrape_success": "elasticsearch_exporter",
        "elasticsearch_exporter_build_info": "elasticsearch_exporter",
        "minio_cluster_health_status": "minio",
        "minio_cluster_health_drives_count": "minio",
        "rabbitmq_identity_info": "rabbitmq",
        "traefik_config_reloads_total": "traefik",
        "coolify_up": "coolify_exporter",
        "probe_success": "blackbox_probe",
    }
)
# Seconds over which the time between two measurements of cAdvisor is judged.
HOUSEKEEPING_WINDOW: Final = 600
_BY_TARGET: Final = "job, server, service"
# Fewer samples say nothing about the time between measurements.
_ENOUGH: Final = 8


def questions(built: Built) -> dict[str, str]:
    """Name of a question → its query."""
    topology = built.topology
    cadvisor, node = f'job="{names.JOB_CADVISOR}"', f'job="{names.JOB_NODE}"'
    cpu, window = f"container_cpu_usage_seconds_total{{{cadvisor}}}", f"[{HOUSEKEEPING_WINDOW}s]"
    asked = {
        CONTAINERS: "group by (server, service, component, resource, name, image) "
        f'(container_start_time_seconds{{{cadvisor}, name!=""}})',
        CONTAINER_METRICS: f'group by (__name__, server) ({{__name__=~"{_either(ESSENTIAL)}", {cadvisor}}})',
        DROPPED: "max by (server) "
        f"(scrape_samples_scraped{{{cadvisor}}} - scrape_samples_post_metric_relabeling{{{cadvisor}}})",
        # The busiest container's counter changes with every measurement.
        HOUSEKEEPING: f"max by (server) (changes({cpu}{window})) / "
        f"((max by (server) (count_over_time({cpu}{window})) - 1) >= {_ENOUGH})",
        EXPORTERS: f'group by (__name__, {_BY_TARGET}) ({{__name__=~"{_either(SIGNATURES)}"}})',
        VERSIONS: f"group by (__name__, {_BY_TARGET}, version, cadvisorVersion) "
        '({__name__=~"(prometheus|alertmanager|grafana|(node|blackbox|postgres|redis|elasticsearch)_exporter)_build_info'
        '|cadvisor_version_info"})',
        WORKED: f"group by ({_BY_TARGET}) ({names.TARGET_WORKED})",
        DEVICES: f"group by (server, device) (node_network_receive_bytes_total{{{node}}})",
        PEERS: f"max by (server, device) (node_network_iface_link{{{node}}} != node_network_iface_id{{{node}}})",
        HOST_NAMES: f"group by (server, nodename) (node_uname_info{{{node}}})",
        MOUNTS: f"group by (server, mountpoint) (node_filesystem_size_bytes{{{node}}})",
        CLOCKS: f"max by (server) (node_time_seconds{{{node}}} - timestamp(node_time_seconds{{{node}}}))",
        COOLIFY_REASONS: "max by (server, service, reason) (coolify_down_reason == 1)",
        REDIS_ERRORS: "group by (server, service, err) (redis_exporter_last_scrape_error == 1)",
        TRAEFIK: "count by (server, __name__) "
        '({__name__=~"traefik_(service|entrypoint)_requests_total|traefik_service_request_duration_seconds_count"})',
        BUCKETS: 'group by (server, le) ({__name__=~"traefik_(service|entrypoint)_request_duration_seconds_bucket"})',
        APPENDED: "sum(rate(prometheus_tsdb_head_samples_appended_total"
        f'{{job="{names.JOB_PROMETHEUS}"}}[10m]))',
        BYTES_PER_SAMPLE: "sum(prometheus_tsdb_compaction_chunk_size_bytes_sum"
        f'{{job="{names.JOB_PROMETHEUS}"}}) / sum(prometheus_tsdb_compaction_chunk_samples_sum'
        f'{{job="{names.JOB_PROMETHEUS}"}})',
        BLOCKS: f'sum(prometheus_tsdb_storage_blocks_bytes{{job="{names.JOB_PROMETHEUS}"}})',
        FREE: f'max by (server) (node_filesystem_avail_bytes{{{node}, fstype!~"tmpfs|ramfs|overlay"}})',
        SEND_ERRORS: f'sum(increase(prometheus_notifications_errors_total{{job="{names.JOB_PROMETHEUS}"}}[15m]))',
        FAILED: "sum by (integration, reason) "
        f'(increase(alertmanager_notifications_failed_total{{job="{names.JOB_ALERTMANAGER}"}}[1h])) > 0',
        RELOADED: "min by (__name__) "
        '({__name__=~"(prometheus|alertmanager|blackbox_exporter)_config_last_reload_successful"})',
        WATCHDOG: 'ALERTS{alertname="Watchdog", alertstate="firing"}',
    }  # fmt: skip
    reached = [system.reached for system in SYSTEMS if system in connected(topology)]
    if reached:
        asked[REACHED] = f"max by ({_BY_TARGET}) ({' or '.join(reached)})"
    hidden = _expr(built, "PostgresSessionsHidden")
    if hidden:
        asked[HIDDEN] = hidden
    return {name: deployment.query(topology, text) for name, text in asked.items()}


def _either(metrics: Mapping[str, str]) -> str:
    return "|".join(metrics)


def _expr(built: Built, alert: str) -> str:
    """The query of one of our alerts; empty if the deployment does not have it."""
    found = (one.expr for subject in built.subjects for one in subject.alerts if one.alert == alert)
    return next(found, "")
