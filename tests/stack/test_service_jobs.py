"""Scrape jobs of services: metrics paths and tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from support.topologies import a_service, a_topology

from boxwatch.stack import prometheus
from boxwatch.topology import kinds
from boxwatch.topology.kinds import Page
from boxwatch.topology.model import Service


def _jobs(*services: Service) -> dict[str, Any]:
    (content,) = prometheus.files(a_topology(services=services)).values()
    return {job["job_name"]: job for job in yaml.safe_load(content)["scrape_configs"]}


def test_minio_is_scraped_at_its_own_path() -> None:
    """The default is metrics v2 of the whole cluster."""
    job = _jobs(a_service("minio", kind="minio"))["minio"]

    assert job["metrics_path"] == "/minio/v2/metrics/cluster"
    assert job["static_configs"] == [{"targets": ["minio:9000"], "labels": {"server": "main", "service": "minio"}}]


def test_a_path_in_the_topology_applies_to_one_service() -> None:
    """Other services of the job keep the default."""
    job = _jobs(a_service("minio", kind="minio"), a_service("newer", kind="minio", metrics_path="/minio/metrics/v3"))[
        "minio"
    ]

    paths = {place["labels"]["service"]: place["labels"].get("__metrics_path__") for place in job["static_configs"]}
    assert paths == {"minio": None, "newer": "/minio/metrics/v3"}


def test_a_token_is_read_from_its_file_and_sent_to_its_service_only() -> None:
    """The service gets its own scrape configuration, whose series carry the job name that rules expect."""
    guarded = {"metrics_token_file": "/run/secrets/minio"}
    jobs = _jobs(a_service("minio", kind="minio"), a_service("guarded", kind="minio", **guarded))

    assert "authorization" not in jobs["minio"]
    assert jobs["minio-guarded"]["authorization"] == {"credentials_file": "/run/secrets/minio"}
    assert jobs["minio-guarded"]["metrics_path"] == "/minio/v2/metrics/cluster"
    (place,) = jobs["minio-guarded"]["static_configs"]
    assert place["labels"] == {"server": "main", "service": "guarded", "job": "minio"}


def test_each_page_of_a_kind_is_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its path and parameters. A service's own path replaces the first page's; its token applies to all."""
    more = Page(path="/minio/v2/metrics/bucket", params=(("family", ("a", "b")),), name="bucket")
    usual = kinds.of("minio")
    known = {kind.name: kind for kind in kinds.KINDS} | {"minio": replace(usual, pages=(*usual.pages, more))}
    monkeypatch.setattr(kinds, "_BY_NAME", known)
    guarded = {"metrics_token_file": "/run/secrets/minio", "metrics_path": "/own"}
    jobs = _jobs(a_service("minio", kind="minio"), a_service("guarded", kind="minio", **guarded))

    told = {name: job for name, job in jobs.items() if name.startswith("minio")}
    assert list(told) == ["minio", "minio_bucket", "minio-guarded", "minio_bucket-guarded"]
    assert [job["metrics_path"] for job in told.values()] == ["/minio/v2/metrics/cluster", more.path] * 2
    assert [job.get("params") for job in told.values()] == [None, {"family": ["a", "b"]}] * 2
    assert [job["static_configs"][0]["labels"].get("__metrics_path__") for job in told.values()] == [
        None, None, "/own", None,
    ]  # fmt: skip
    assert told["minio_bucket-guarded"]["authorization"] == {"credentials_file": "/run/secrets/minio"}
    assert told["minio_bucket-guarded"]["static_configs"][0]["labels"]["job"] == "minio_bucket"
