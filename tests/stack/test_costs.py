"""The prediction of costs: series of each exporter as recorded, memory of each part, and the build's use of both."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support import third_party
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.cli import main
from boxwatch.exporters.catalogue import metrics
from boxwatch.rules import catalogue
from boxwatch.stack import compose, costs, exporter_parts, prometheus
from boxwatch.stack.predictions import dimensions, exposures, memory, series
from boxwatch.stack.predictions.dimensions import Dimensions
from boxwatch.stack.predictions.exposures import Exposure
from boxwatch.topology import default
from boxwatch.topology.units import GIB, MIB

_EXPOSURES = [one for one in vars(exposures).values() if isinstance(one, Exposure)]


@pytest.mark.third_party
@pytest.mark.parametrize(
    ("exposure", "page", "of"),
    [
        (exposures.NODE, "node_exporter-1.11.1", Dimensions(cpus=2, interfaces=6, disks=1, mounts=2)),
        (exposures.POSTGRES, "postgres_exporter-0.19.1-pg15", Dimensions(databases=4, tables=4, indexes=3)),
        (exposures.REDIS, "redis_exporter-1.86.0-redis7.0.15-primary", Dimensions(commands=14)),
        (exposures.ELASTICSEARCH, "elasticsearch_exporter-1.10.0-defaults-REPLAYED-es7-fixtures", Dimensions()),
        (exposures.PROMETHEUS, "prometheus-3.5.3", Dimensions(jobs=3, groups=1)),
        (exposures.ALERTMANAGER, "alertmanager-0.33.1", Dimensions()),
        (exposures.BLACKBOX, "blackbox_exporter-0.28.0-self", Dimensions()),
        (exposures.PROBE_HTTP, "blackbox_exporter-0.28.0-probe-https-ok", Dimensions()),
        (exposures.TRAEFIK, "traefik-3.7.15-default-labels", Dimensions(routes=1, answers=1, buckets=5)),
        (exposures.DOCKER, "docker-engine-20.10.24", Dimensions()),
    ],
)
def test_an_exporter_exposes_as_many_series_as_recorded(exposure: Exposure, page: str, of: Dimensions) -> None:
    """Within 15 % of a page of the real exporter, less what flags and relabelling leave out."""
    text = (third_party.folder("scrapes") / f"{page}.prom").read_text(encoding="utf-8")
    names = re.findall(r"^([a-zA-Z_:][\w:]*)[{ ]", text, re.MULTILINE)
    kept = [name for name in names if not (exposure.without and re.fullmatch(exposure.without, name))]

    assert exposure.series(of) == pytest.approx(len(kept), rel=0.15)


def test_cadvisor_exposes_as_many_series_as_measured() -> None:
    """CAdvisor 0.60.5 with the stack's flags: 58 for each container that does no input or output, and 56 of its own."""
    without_disk = exposures.CADVISOR.series(Dimensions(containers=0))
    per_container = exposures.CADVISOR.series(Dimensions(containers=1)) - without_disk
    of_disks = sum(one.name.startswith(("container_fs_", "container_blkio_")) for one in exposures.CADVISOR.metrics())

    assert without_disk == pytest.approx(56, rel=0.15)
    assert per_container - of_disks == pytest.approx(58, rel=0.15)


@pytest.mark.parametrize("exposure", _EXPOSURES, ids=lambda one: one.exporter)
def test_a_table_names_what_the_catalogue_has(exposure: Exposure) -> None:
    """Every label, pattern and dimension is one that exists, so none is stale."""
    exporter = [one for found in metrics.load().values() for one in found if one.exporter == exposure.exporter]
    labels = {label for one in exporter for label in one.labels}
    fields = {field.name for field in dataclasses.fields(Dimensions)}
    sizes = [*exposure.labels.items(), *(pair for _, more in exposure.by_name for pair in more.items())]

    assert exposure.metrics()
    assert {label for label, _ in sizes} - labels == set()
    assert {size for _, size in sizes if isinstance(size, str)} <= fields
    for pattern in (*(pattern for pattern, _ in exposure.by_name), *filter(None, (exposure.without, exposure.only))):
        assert any(re.fullmatch(pattern, one.name) for one in exporter), pattern


def test_every_job_is_predicted() -> None:
    """The jobs of prometheus.yml and the rules, and no job is taken for an application."""
    topology = complete()
    found = series.predict(catalogue.build(topology))

    assert [one.name for one in found] == [*(job["job_name"] for job in prometheus.jobs(topology)), "rules"]
    assert {one.name for one in found if one.series == 150 + 5} <= {"app"}
    assert all(one.series > 0 for one in found)


def test_minio_s_other_page_has_other_series() -> None:
    """A service chooses it by its path."""
    v2, v3 = (
        series.scraped(a_topology(services=[a_service("files", kind="minio", metrics_path=path)]))
        for path in (None, "/minio/metrics/v3")
    )

    assert v3 > v2


def test_an_application_s_own_metrics_count() -> None:
    """As many as a runtime and a histogram have."""
    bare, own = (series.scraped(a_topology(services=[a_service(metrics=metrics_)])) for metrics_ in (None, "web:8080"))

    # Of Prometheus itself, a job has series, too.
    assert 150 <= own - bare <= 250


_DIMENSIONS = st.builds(Dimensions, **{field.name: st.integers(1, 200) for field in dataclasses.fields(Dimensions)})


@given(st.sampled_from(_EXPOSURES), _DIMENSIONS, st.sampled_from(dataclasses.fields(Dimensions)))
def test_more_of_anything_is_never_cheaper(exposure: Exposure, of: Dimensions, field: dataclasses.Field[int]) -> None:
    """Series grow with every dimension, and are at least one for each metric that is not left out."""
    more = dataclasses.replace(of, **{field.name: getattr(of, field.name) + 1})

    assert exposure.series(more) >= exposure.series(of) > 0


def test_the_default_deployment_fits_its_plan() -> None:
    """Each part needs less than its limit, and the sum is the parts'."""
    found = costs.predict(catalogue.build(default.load().topology))

    assert [part.name for part in found.parts if part.memory > part.limit] == []
    assert found.limit == 2 * GIB
    assert found.to_json()["memory_bytes"] == sum(part.memory for part in found.parts)
    assert found.samples_per_second == pytest.approx(found.series / 30)
    assert found.disk == pytest.approx(found.samples_per_second * 90 * 86400 * costs.BYTES_PER_SAMPLE, rel=0.02)


def test_every_exporter_of_the_stack_has_a_measured_memory() -> None:
    """A new one is added to the table."""
    services = [a_service(f"{kind}-1", kind=kind) for kind in exporter_parts.MAKERS]
    topology = a_topology(services=[*services, a_service("monitoring", kind="monitoring", memory="4g")])
    found = costs.predict(catalogue.build(topology))

    assert {f"{kind}-1-exporter" for kind in exporter_parts.MAKERS} <= {part.name for part in found.parts}
    assert all(part.memory > 10 * MIB for part in found.parts)


def test_without_a_stack_there_is_no_memory() -> None:
    """Series and disk are predicted all the same."""
    found = costs.predict(catalogue.build(a_topology()))

    assert (found.parts, found.memory) == ((), 0)
    assert found.series > 1000


def test_memory_is_near_what_was_measured() -> None:
    """Prometheus 3.5 with 10,564 and 50,564 series right after its start; the prediction allows for queries."""
    assert 117e6 < memory.prometheus(10_564) < 2 * 117e6
    assert 283e6 < memory.prometheus(50_564) < 2 * 283e6
    assert memory.cadvisor(30) == pytest.approx(35e6, rel=0.25)


def test_a_build_is_refused_where_prometheus_cannot_hold_its_series(tmp_path: Path) -> None:
    """The sum of the shares fits, but a thousand replicas have more series than its share holds."""
    text = """\
name: box
servers: {main: {cpus: 64, memory: 2000g, disk: 10TB, reserved: 4g}}
services:
  web: {kind: web, server: main, memory: 1g, replicas: 1000}
  monitoring: {kind: monitoring, server: main, memory: 1g}
"""
    (tmp_path / "topology.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["build", str(tmp_path / "topology.yaml"), "--out", str(tmp_path / "out")])

    assert result.exit_code == 2
    assert "services.monitoring.memory: leaves" in result.output
    assert "for Prometheus, which is expected to need" in result.output


def test_the_command_prints_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table for people, JSON for scripts."""
    monkeypatch.chdir(tmp_path)
    table, document = (CliRunner().invoke(main, ["topology", "--cost", *more]) for more in ((), ("--json",)))
    found = json.loads(document.stdout)

    assert f"{found['series']:,} series" in table.stdout
    assert found["series"] == sum(job["series"] for job in found["jobs"])
    assert math.isclose(found["memory_limit_bytes"], 2 * GIB)


def test_containers_are_counted_as_planned() -> None:
    """Replicas times components, on each server."""
    web = a_service(replicas=3, server=["main", "second"])
    topology = a_topology(servers=[a_server(), a_server("second", address="10.0.0.2")], services=[web])

    assert dimensions.containers(topology, "second") == 3 + 2
    assert compose.planned(topology) is None
