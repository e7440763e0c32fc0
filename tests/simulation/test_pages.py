"""The pages of the simulated box speak the exporters' language: names, types and labels as recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.rotation import examples
from support.simulated import START, box, box_targets, built, topology

from boxwatch.exporters.catalogue import metrics
from boxwatch.simulation import scenarios
from boxwatch.simulation.box import Box
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.exposition import Sample, family, render
from boxwatch.simulation.faults import Fault
from boxwatch.simulation.pages import minio
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.targets import Target, targets
from boxwatch.topology.model import Service

# Recorded, and deliberately not on this box.
_ABSENT = {
    "container_cpu_cfs_periods_total": "no container has a CPU limit",
    "container_cpu_cfs_throttled_periods_total": "no container has a CPU limit",
    "node_hwmon_temp_celsius": "no sensors",
    "node_md_disks": "no RAID",
    "node_md_disks_required": "no RAID",
    "node_md_state": "no RAID",
    "node_zfs_arc_c_min": "no ZFS",
    "node_zfs_arc_size": "no ZFS",
    "pg_replication_slots_pg_wal_lsn_diff": "no replica",
    "redis_master_link_up": "no replica",
}
_DOCKER_LABELS = re.compile(r"container_label_[a-zA-Z_]+")


def _samples(target: Target, now: float) -> tuple[Sample, ...]:
    return tuple((target.samples(now) if target.samples else None) or ())


@pytest.mark.parametrize("name", ["", *scenarios.NAMES])
def test_every_sample_is_in_the_recorded_catalogue(name: str) -> None:
    """A name or label of our invention would make a panel work here and nowhere else."""
    found = box(name).scenario
    for now in (START - 7200, START + 1, *(START + fault.begins + 61 for fault in found.faults[:1])):
        for target in box_targets(name):
            for sample in _samples(target, now):
                metric = family(target.exporter, sample.name)[1]
                unknown = {label for label in sample.labels if not _DOCKER_LABELS.fullmatch(label)} - metric.labels
                assert not unknown, f"{target.job}: {sample.name} has no label {', '.join(unknown)} in the catalogue"


def test_no_series_is_reported_twice() -> None:
    """Prometheus would refuse the second."""
    for target in box_targets():
        found = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in _samples(target, START)]
        assert len(found) == len(set(found)), f"{target.job} reports a series twice"


def test_a_page_has_the_recorded_types() -> None:
    """Each family once, with its help and type before its samples."""
    (node,) = (target for target in box_targets() if target.job == "node")
    page = render(node.exporter, _samples(node, START))

    assert "# TYPE node_vmstat_oom_kill untyped\nnode_vmstat_oom_kill 0.0\n" in page
    assert page.count("# TYPE node_cpu_seconds_total counter\n") == 1
    with pytest.raises(KeyError, match="node_exporter has no node_invented"):
        render(node.exporter, [Sample("node_invented", 1.0)])


def _read() -> Iterator[str]:
    """Every metric that a built rule or panel reads."""
    for path, content in built().items():
        if path.startswith(("prometheus/rules/", "grafana/dashboards/")):
            yield from re.findall(r"[a-z][a-zA-Z0-9_]+", content.decode())


def test_every_metric_that_rules_and_panels_read_is_reported() -> None:
    """A panel without data in the demo is a fault of ours, unless the box has no such thing."""
    reported = {sample.name for target in box_targets() for sample in _samples(target, START)}
    # What appears with the first error, or in the other version of MinIO's metrics.
    reported |= {sample.name for sample in minio._third(box(), _minio(), "main", START)}  # noqa: SLF001 - both versions
    exporters = {target.exporter for target in box_targets() if target.exporter}
    expected = {
        name
        for name in set(_read())
        for metric in metrics.exposed_by(name)
        if metric.exporter in exporters - {"process_exporter"}
    }

    assert expected - reported == set(_ABSENT)


def _minio() -> Service:
    return box().topology.services_of("minio")[0]


@examples(8)
@given(now=st.floats(-80000, 80000), later=st.floats(0.0, 7200))
def test_a_counter_never_falls_while_its_process_lives(now: float, later: float) -> None:
    """A counter that fell would be a restart to every rate."""
    for target in box_targets():
        if target.job in ("cadvisor", "traefik"):
            continue
        before = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in _samples(target, START + now)}
        for one in _samples(target, START + now + later):
            key = (one.name, tuple(sorted(one.labels.items())))
            if key in before and family(target.exporter, one.name)[1].type in ("counter", "histogram"):
                assert one.value >= before[key] - 1e-6, f"{target.job}: {one.name} falls"


def _broken(*faults: Fault) -> dict[str, Target]:
    """The first target of each job on a box where something is wrong from the start."""
    wrong = Box(topology(), START, Scenario("wrong", "It is wrong.", faults, ends=600))
    found: dict[str, Target] = {}
    for target in targets(wrong, yaml.safe_load(built()["prometheus/prometheus.yml"])):
        found.setdefault(target.job, target)
    return found


@pytest.mark.parametrize(
    ("job", "alone"),
    [("postgres", "pg_up"), ("redis", "redis_up"), ("elasticsearch", "elasticsearch_scrape_success"), ("minio", ""),
     ("rabbitmq", ""), ("rabbitmq_queues", "")],
)  # fmt: skip
def test_a_backing_service_that_is_down_reports_only_that(job: str, alone: str) -> None:
    """Its exporter answers with 0; one without an exporter does not answer at all."""
    (service,) = box().topology.services_of(job.partition("_")[0])
    target = _broken(Fault("database down", 0, 600, service.name))[job]
    assert target.samples is not None
    found = target.samples(START + 60)
    if alone:
        values = {sample.name: sample.value for sample in found or () if not sample.name.startswith("process_")}
        assert values.pop(alone) == 0
        assert len(values) <= 1
    else:
        assert found is None
        assert target.page(START + 60, Coolify(box(), lambda: START)) is None


def test_a_stopped_proxy_neither_answers_nor_routes() -> None:
    """Its own page is gone, and probes through it fail without a status."""
    found = _broken(Fault("stopped", 0, 600, "coolify-proxy"))
    proxy, probe = found["traefik"].samples, found["probe"].samples
    assert proxy is not None
    assert probe is not None

    assert proxy(START + 60) is None
    assert {sample.name: sample.value for sample in probe(START + 60) or ()}["probe_http_status_code"] == 0
    assert proxy(START - 60) is not None


def test_coolify_says_how_deployments_end() -> None:
    """In progress, failed, cancelled, finished; and that its server cannot be reached."""
    faults = (
        Fault("failed deploy", 0, 400, "web-1"),
        Fault("stuck deploy", 0, 3000, "web-2"),
        Fault("deploy", 0, 0, "admin"),
        Fault("unreachable", 4000, 5000),
    )
    played = Box(topology(), START, Scenario("wrong", "It is wrong.", faults, ends=6000))
    clock = [START]
    coolify = Coolify(played, lambda: clock[0])

    def value(name: str, **labels: str) -> float:
        (found,) = (one.value for one in coolify.samples() if one.name == name and labels.items() <= one.labels.items())
        return found

    for clock[0] in (START + 1, START + 200, START + 300):
        coolify.poll()
    assert value("coolify_deployment_last_result", resource="web-1", result="failed") == 1
    assert value("coolify_deployment_last_result", resource="admin", result="finished") == 1
    assert value("coolify_deployments_active", status="in_progress", coolify_server="main") == 1
    assert value("coolify_server_reachable", coolify_server="main") == 1
    for clock[0] in (START + 3300, START + 3600, START + 4100, START + 4200):
        coolify.poll()
    assert value("coolify_deployments_active", status="in_progress", coolify_server="main") == 0
    assert value("coolify_server_reachable", coolify_server="main") == 0
    assert value("coolify_resource_state", resource="web-1", state="exited") == 1
    assert "coolify_up" in coolify.page()
