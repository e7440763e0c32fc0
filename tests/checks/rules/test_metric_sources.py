"""A metric that nobody scrapes here, or not under that job, is a warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.artefacts import complete_artefacts
from support.rule_text import alert, found, rules

from boxwatch.checks import catalogue
from boxwatch.checks.rules import metric_sources, promtool, scraped
from boxwatch.checks.rules.scraped import Source
from boxwatch.errors import BoxwatchError

# A server, two databases and an application.
SCRAPED = {
    "node": frozenset({Source("node_exporter")}),
    "redis": frozenset({Source("redis_exporter")}),
    "postgres": frozenset({Source("postgres_exporter")}),
    "app": None,
}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            'traefik_service_requests_total{job="traefik"} > 1',
            (
                "warning: traefik_service_requests_total is exposed by traefik, which this deployment does not scrape"
                " (it would be job traefik of prometheus.yml)"
            ),
        ),
        (
            "probe_success == 0",
            (
                "warning: probe_success is exposed by blackbox_probe, which this deployment does not scrape"
                " (it would be job probe or probe-ports of prometheus.yml)"
            ),
        ),
        (
            'pg_up{job="redis"} == 0',
            (
                'warning: pg_up is exposed by postgres_exporter, but job="redis" is another exporter'
                ' (did you mean job="postgres"?)'
            ),
        ),
        (
            'pg_up{job="pg"} == 0',
            'warning: pg_up: this deployment has no job="pg" (did you mean job="postgres"?)',
        ),
        (
            'minio_cluster_nodes_offline_total{job="redis"} > 0',
            ('warning: minio_cluster_nodes_offline_total is exposed by minio, but job="redis" is another exporter ()'),
        ),
    ],
    ids=["job not scraped", "exporter not scraped", "another job", "a job that nobody has", "wrong and not scraped"],
)
def test_what_finds_nothing_here_is_said(query: str, message: str) -> None:
    """With the exporter that has it, and the job that was meant."""
    assert found(metric_sources, alert(query), scraped=SCRAPED) == [message]


@pytest.mark.parametrize(
    "query",
    [
        'pg_up{job="postgres"} == 0',
        "pg_up == 0",
        'pg_up{job=~"postgres|pg"} == 0',
        'process_resident_memory_bytes{job="redis"} > 1',
        'process_resident_memory_bytes{job="app"} > 1',
        'up{job="anything"} == 0',
        "made_up_metric > 1",
        "redis_up and on (server) vector(1) > 0",
    ],
)
def test_what_is_scraped_is_fine(query: str) -> None:
    """A pattern, what every exporter has, what Prometheus adds and what only another check can judge included."""
    assert found(metric_sources, alert(query), scraped=SCRAPED) == []


def test_without_a_configuration_nothing_is_said() -> None:
    """Somebody's rule file alone does not tell what is scraped."""
    assert found(metric_sources, alert("traefik_service_requests_total > 1")) == []


def test_what_a_rule_records_is_fine_and_each_metric_is_said_once() -> None:
    """Only the recording rule is judged, and only once for the same selector."""
    file = rules(
        "- record: pg_up\n  expr: vector(1)\n"
        "- alert: A\n  expr: pg_up == 0\n"
        "- alert: B\n  expr: traefik_open_connections > traefik_open_connections\n"
    )

    assert len(found(metric_sources, file, scraped={})) == 1


def test_a_panel_is_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the configuration beside it."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    path = "grafana/dashboards/overview.json"
    configuration = complete_artefacts()["prometheus/prometheus.yml"].replace(b"job_name: node", b"job_name: machines")
    own = complete_artefacts()[path].replace(b"server:memory_total_bytes:max", b"node_load1")
    files = {path: own, "prometheus/prometheus.yml": configuration}

    found_here = [each for each in catalogue.run(files, 30).findings if each.check == metric_sources.ID]
    assert {(each.severity, each.message) for each in found_here} == {
        ("warning", "node_load1 is exposed by node_exporter, which this deployment does not scrape")
    }
    assert all(each.where.startswith("panel ") for each in found_here)


def test_jobs_are_read_from_any_configuration() -> None:
    """A target's own job label counts for the job; other tools' jobs are known by name only."""
    content = b"""
scrape_configs:
- job_name: cadvisor-db
  static_configs: [{targets: [a], labels: {job: cadvisor}}, {targets: [b]}]
- job_name: kubernetes
"""

    assert scraped.read("p.yml", content) == {
        "cadvisor": frozenset({Source("cadvisor")}),
        "cadvisor-db": None,
        "kubernetes": None,
    }
    assert scraped.read("p.yml", b"") == {}


@pytest.mark.repeats
@pytest.mark.parametrize("content", [b"[", b"- a", b"scrape_configs: [{}]", b"scrape_configs: 1", b"[" * 9999])
def test_a_configuration_that_is_none_is_refused(content: bytes) -> None:
    """With a sentence, and what to do."""
    with pytest.raises(BoxwatchError, match=r"^p\.yml: no list of scrape_configs .* promtool check config"):
        scraped.read("p.yml", content)


def test_every_exporter_of_a_job_is_in_the_catalogue() -> None:
    """A job behind which nothing is known would make every rule on it a finding."""
    recorded = {path.stem for path in (Path(__file__).parents[3] / "exporters/catalogue").glob("*.json")}

    assert {name for own in scraped.EXPORTERS.values() for name in own} <= recorded | {"coolify_exporter"}


V2 = frozenset({Source("minio", ("v2-cluster-*",))})
ALL = frozenset({Source("minio")})


@pytest.mark.parametrize(
    "query",
    [
        'minio_cluster_health_capacity_usable_free_bytes{job="minio"} < 1',
        "minio_cluster_health_capacity_usable_free_bytes < 1",
        "minio_cluster_nodes_offline_total * minio_cluster_health_capacity_usable_free_bytes",
        "minio_cluster_health_capacity_usable_free_bytes or minio_cluster_health_capacity_usable_total_bytes",
        "sum(rate(minio_cluster_health_capacity_usable_free_bytes[5m]))",
        "vector(1) unless minio_cluster_health_capacity_usable_free_bytes",
        "-(minio_cluster_health_capacity_usable_free_bytes)",
        "max_over_time(minio_cluster_health_capacity_usable_free_bytes[1h:5m])",
        "quantile(scalar(minio_cluster_health_capacity_usable_free_bytes), minio_cluster_nodes_offline_total)",
    ],
)
def test_a_metric_of_a_page_that_is_not_scraped_is_a_finding(query: str) -> None:
    """MinIO's v3 names, where v2 is scraped: the rule would never fire, and the check says which page has them."""
    said = found(metric_sources, alert(query), scraped={"minio": V2})

    assert said
    assert all(
        " is on no page of minio that this deployment scrapes (it was recorded on v3-1drive" in one for one in said
    )
    assert found(metric_sources, alert(query), scraped={"minio": ALL}) == []


@pytest.mark.parametrize(
    "query",
    [
        "minio_cluster_capacity_usable_free_bytes or minio_cluster_health_capacity_usable_free_bytes",
        "vector(1) unless minio_cluster_nodes_offline_total unless minio_cluster_health_nodes_offline_count",
        "minio_cluster_capacity_usable_free_bytes > 1",
    ],
)
def test_one_of_two_names_for_two_pages_is_enough(query: str) -> None:
    """A rule that reads both versions of MinIO's metrics works with either page."""
    assert found(metric_sources, alert(query), scraped={"minio": V2}) == []


def test_the_page_is_read_from_path_and_parameters_of_job_and_target() -> None:
    """A service's own path has the last word; one that nobody recorded may be any page."""
    content = b"""
scrape_configs:
- job_name: minio
  metrics_path: /minio/v2/metrics/cluster
  static_configs: [{targets: [a]}, {targets: [b], labels: {__metrics_path__: /minio/metrics/v3}}]
- job_name: minio-guarded
  metrics_path: /own
  static_configs: [{targets: [c], labels: {job: minio}}]
- job_name: coolify
- job_name: probe-ports
  metrics_path: /probe
"""

    assert scraped.read("p.yml", content) == {
        "coolify": frozenset({Source("coolify_exporter")}),
        "minio": frozenset({*V2, Source("minio", ("v3-[0-9]drive*", "v3-listed")), Source("minio")}),
        "probe-ports": frozenset({Source("blackbox_probe", ("probe-tcp*",))}),
    }


@pytest.mark.parametrize(
    ("job", "jobs"), [("mongodb", ["job mongodb"]), ("app", []), ("app-shop", []), ("postgres", [])]
)
def test_a_job_of_ours_of_which_nothing_is_recorded_is_an_error(job: str, jobs: list[str]) -> None:
    """Not so applications' own metrics, nor the jobs of a configuration that boxwatch did not make."""
    theirs = f"scrape_configs: [{{job_name: {job}}}]".encode()
    ours = b"# Prometheus configuration of deployment mvp, generated by boxwatch. Do not edit.\n" + theirs

    def unrecorded(content: bytes) -> list[tuple[str, str, str]]:
        report = catalogue.run({"prometheus/prometheus.yml": content}, 30)
        return [(one.severity, one.where, one.check) for one in report.findings if one.check == scraped.ID]

    assert unrecorded(ours) == [("error", where, "scrape_jobs") for where in jobs]
    assert unrecorded(theirs) == []
