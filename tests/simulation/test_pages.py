"""The pages of the simulated box speak the exporters' language: names, types and labels as recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rotation import examples
from support.simulated import START, box, box_targets, built

from boxwatch.exporters.catalogue import metrics
from boxwatch.simulation import scenarios
from boxwatch.simulation.exposition import Sample, family, render
from boxwatch.simulation.pages import minio
from boxwatch.simulation.targets import Target
from boxwatch.topology.model import Service

# Recorded, and deliberately not on this box.
_ABSENT = {
    "container_cpu_cfs_periods_total": "no container has a CPU limit",
    "container_cpu_cfs_throttled_periods_total": "no container has a CPU limit",
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


@examples(30)
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
