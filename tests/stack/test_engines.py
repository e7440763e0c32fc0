"""Scrape jobs of services: the page, and the token where one is asked for."""

from __future__ import annotations

from typing import Any

import yaml
from support.topologies import a_service, a_topology

from boxwatch.stack import prometheus
from boxwatch.topology.model import Service


def _jobs(*services: Service) -> dict[str, Any]:
    (content,) = prometheus.files(a_topology(services=services)).values()
    return {job["job_name"]: job for job in yaml.safe_load(content)["scrape_configs"]}


def test_minio_tells_of_itself_at_a_path_of_its_own() -> None:
    """Metrics v2 of the whole cluster, unless the topology says otherwise."""
    job = _jobs(a_service("minio", kind="minio"))["minio"]

    assert job["metrics_path"] == "/minio/v2/metrics/cluster"
    assert job["static_configs"] == [{"targets": ["minio:9000"], "labels": {"server": "main", "service": "minio"}}]


def test_a_path_in_the_topology_is_that_of_one_service() -> None:
    """Others of the same job keep theirs."""
    job = _jobs(a_service("minio", kind="minio"), a_service("newer", kind="minio", metrics_path="/minio/metrics/v3"))[
        "minio"
    ]

    paths = {place["labels"]["service"]: place["labels"].get("__metrics_path__") for place in job["static_configs"]}
    assert paths == {"minio": None, "newer": "/minio/metrics/v3"}


def test_a_token_is_handed_over_by_its_file_and_to_its_service_alone() -> None:
    """It has a job of its own, whose series carry the name of the job that rules know."""
    guarded = {"metrics_token_file": "/run/secrets/minio"}
    jobs = _jobs(a_service("minio", kind="minio"), a_service("guarded", kind="minio", **guarded))

    assert "authorization" not in jobs["minio"]
    assert jobs["minio-guarded"]["authorization"] == {"credentials_file": "/run/secrets/minio"}
    assert jobs["minio-guarded"]["metrics_path"] == "/minio/v2/metrics/cluster"
    (place,) = jobs["minio-guarded"]["static_configs"]
    assert place["labels"] == {"server": "main", "service": "guarded", "job": "minio"}
