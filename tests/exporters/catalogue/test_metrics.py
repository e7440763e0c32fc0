"""The catalogue knows every metric, its labels and its versions."""

from __future__ import annotations

import dataclasses

import pytest

from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names

EVERYWHERE = {"server", "job", "instance"}


def only(name: str) -> metrics.Metric:
    """The entry of a name that only one exporter exposes."""
    (metric,) = metrics.exposed_by(name)
    return metric


def test_labels_agree_with_the_rules() -> None:
    """Rules group by the labels that our scrape configuration adds."""
    assert names.SERVER in metrics.TARGET_LABELS
    assert names.DEPLOYMENT == metrics.SHARED_LABEL
    assert metrics.ADDED_LABELS[metrics.CADVISOR] == {names.SERVICE, names.COMPONENT, names.RESOURCE}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("container_memory_working_set_bytes", {"name", "image", "service", "component", "resource"}),
        ("container_tasks_state", {"name", "image", "service", "component", "resource", "state"}),
        ("node_filesystem_avail_bytes", {"device", "device_error", "fstype", "mountpoint"}),
        ("pg_settings_max_connections", {"exported_server", "service"}),
        ("traefik_service_requests_total", {"code", "method", "protocol", "service", "planned_service", "uuid"}),
        (
            "traefik_service_request_duration_seconds_bucket",
            {"code", "le", "method", "protocol", "service", "planned_service", "uuid"},
        ),
        ("probe_success", {"service", "port", "expected"}),
        ("coolify_up", {"account", "service"}),
        ("coolify_deployments_active", {"account", "coolify_server", "status", "service"}),
        ("minio_cluster_drive_offline_total", {"exported_server", "service"}),
        ("up", {"service", "port", "expected"}),
    ],
)
def test_labels_of(name: str, labels: set[str]) -> None:
    """A query sees the exporter's labels, minus those that scraping drops, plus those that it adds."""
    assert metrics.labels_of(name) == frozenset(labels | EVERYWHERE)


@pytest.mark.parametrize("name", ["ALERTS", "ALERTS_FOR_STATE", "node_no_such_metric"])
def test_labels_that_cannot_be_known(name: str) -> None:
    """Labels are unknown for ALERTS and for a name that no exporter exposes."""
    assert metrics.labels_of(name) is None


@pytest.mark.parametrize("name", ["up", "ALERTS", "container_last_seen", "probe_success", "engine_daemon_events_total"])
def test_exists(name: str) -> None:
    """The catalogue has names of every kind of target."""
    assert metrics.exists(name)


def test_does_not_exist() -> None:
    """A histogram's family, an invented name and a name that only a parser adds are not in the catalogue."""
    for name in ("traefik_service_request_duration_seconds", "made_up", "pg_stat_database_xact_commit_total"):
        assert not metrics.exists(name)
        assert metrics.exposed_by(name) == ()


def test_the_coolify_exporter_is_known_from_its_own_names() -> None:
    """Our own exporter's metrics come from its code, process metrics included, so they are never out of date."""
    endings = {"histogram": ("_bucket", "_sum", "_count")}
    stored = [f"{metric}{ending}" for metric in coolify.METRICS for ending in endings.get(metric.kind, ("",))]
    assert all(metrics.exists(name) for name in stored)
    assert only(coolify.DEPLOYMENTS).type == "counter"
    assert only("python_info").exporter == metrics.COOLIFY
    state = only(coolify.RESOURCE_STATE)
    assert [state.missing, *(state.lacks(label) for label in coolify.RESOURCE_STATE.labels)] == [
        () for _ in range(1 + len(coolify.RESOURCE_STATE.labels))
    ]
    assert metrics.closest("coolify_resources_state") == coolify.RESOURCE_STATE


def test_the_blackbox_exporter_is_two_targets() -> None:
    """Probe metrics are separate from the blackbox exporter's own."""
    assert only("probe_success").exporter == "blackbox_probe"
    assert only("blackbox_module_unknown_total").exporter == "blackbox_exporter"
    assert "blackbox_probe" not in {metric.exporter for metric in metrics.exposed_by("go_goroutines")}


def test_versions() -> None:
    """A metric knows its first and last version, and the versions that lack it."""
    assert only("container_creation_time_seconds").first == "0.57.0"
    assert only("container_health_state").first == "0.55.1"
    assert "0.49.1" in only("container_memory_total_active_file_bytes").missing
    assert only("alertmanager_marked_alerts").last == "0.28.1"
    assert only("alertmanager_marked_alerts").missing == ("0.33.1", "0.34.2")


def test_a_version_lacks_names_and_labels() -> None:
    """The catalogue names the versions on which a query breaks, for want of a name or a label."""
    failed, activity, seen = map(
        only, ("alertmanager_notifications_failed_total", "pg_stat_activity_count", "container_last_seen")
    )
    assert (failed.missing, failed.lacks("integration"), failed.lacks("reason")) == ((), (), ("0.25.0",))
    assert (activity.missing, activity.lacks("wait_event")) == ((), ("0.11.1",))
    assert [activity.lacks(label) for label in ("exported_server", "job")] == [(), ()]
    assert only("node_filesystem_mount_info").missing == ("1.5.0",)
    assert [seen.missing, seen.lacks("service"), seen.lacks("server")] == [(), (), ()]
    assert only("up").lacks("component") == only("up").versions


def test_a_label_that_scraping_drops_is_lacking() -> None:
    """No query sees `id`, which cAdvisor exposes."""
    metric = only("container_last_seen")
    assert "id" in metric.labels
    assert metric.lacks("id") == metric.versions


def test_optional_collectors_are_not_missing() -> None:
    """A metric of a collector that is off by default is not missing from a version recorded with defaults only."""
    assert only("pg_long_running_transactions").missing == ()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("node_memory_MemTotal_bytes", "bytes"),
        ("container_cpu_usage_seconds_total", "seconds"),
        ("traefik_service_request_duration_seconds_bucket", "seconds"),
        ("redis_latency_percentiles_usec", "usec"),
        ("up", ""),
    ],
)
def test_unit(name: str, unit: str) -> None:
    """The unit comes from the name."""
    assert metrics.exposed_by(name)[0].unit == unit


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("node_memory_MemAvail_bytes", "node_memory_MemAvailable_bytes"),
        ("container_memory_workingset_bytes", "container_memory_working_set_bytes"),
        ("redis_memory_use_bytes", "redis_memory_used_bytes"),
        ("something_else_entirely", ""),
    ],
)
def test_closest(wrong: str, right: str) -> None:
    """A misspelt name gets a suggestion; an unrelated one gets none."""
    assert metrics.closest(wrong) == right


def test_everything_is_frozen() -> None:
    """The catalogue is immutable."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        only("up").help = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        metrics.load()["up"] = ()  # type: ignore[index]


def test_entries_are_sane() -> None:
    """Every entry has a known type and a version, and the meta-series of scraping occur once."""
    for name, entries in metrics.load().items():
        assert len({metric.exporter for metric in entries}) == len(entries), name
        for metric in entries:
            assert metric.versions, name
            assert not set(metric.missing) & set(metric.versions), name
            assert metric.partly.keys() <= metric.labels, name
