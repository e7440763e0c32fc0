"""`boxwatch build` and the stack: what it refuses, what it advises, and how to go without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from boxwatch.cli import main
from boxwatch.stack import compose, coolify, page


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _topology(here: Path, *, memory: str = "2g", **more: Any) -> None:  # noqa: ANN401 - keys of a topology
    document = {
        "name": "test",
        "servers": {"main": {"cpus": 4, "memory": "16g", "disk": "100GB"}},
        "services": {
            "monitoring": {"kind": "monitoring", "server": "main", "memory": memory},
            **more.pop("services", {}),
        },
        **more,
    }
    (here / "topology.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")


def _build(*options: str) -> Result:
    return CliRunner().invoke(main, ["build", "--out", "generated", *options])


def test_a_build_writes_the_stack(here: Path) -> None:
    """The compose file at the top, so that its paths are those of the build."""
    done = CliRunner().invoke(main, ["build", "--out", "generated"])

    assert done.exit_code == 0, done.output
    for path in (compose.PATH, coolify.PATH, page.PATH, "grafana/provisioning/datasources/boxwatch.yaml"):
        assert (here / "generated" / path).is_file(), path


def test_a_plan_that_is_too_small_writes_nothing(here: Path) -> None:
    """The error has the place, the sum and both ways out."""
    _topology(here, memory="512m")
    done = _build()

    assert done.exit_code == 2
    assert "topology.yaml:14:14: services.monitoring.memory: 512 MB is less than the parts of the stack" in done.output
    assert "= 776 MB (raise it to 776m, or build with --no-stack" in done.output
    assert not (here / "generated").exists()


def test_no_stack_leaves_it_out(here: Path) -> None:
    """Whoever runs Prometheus already builds rules and dashboards alone, whatever monitoring gets."""
    _topology(here, memory="512m")
    done = _build("--no-stack")

    assert done.exit_code == 0, done.output
    assert not (here / "generated" / compose.PATH).exists()
    assert not (here / "generated" / "stack").exists()
    assert (here / "generated" / "prometheus" / "prometheus.yml").is_file()


def test_containers_that_the_topology_does_not_list_are_named(here: Path) -> None:
    """Otherwise each would be compared with the memory of the whole service."""
    _topology(here)
    done = _build()

    assert done.exit_code == 0, done.output
    assert "services.monitoring: does not list the components prometheus, alertmanager, " in done.output
    assert "(stack/README.md has the lines to add)" in done.output


def test_a_complete_topology_gets_no_advice(here: Path) -> None:
    """The bundled one lists every container."""
    done = _build()

    assert "Warning" not in done.output
    assert here.exists()


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [
        # Its exporter would be called node-exporter.
        ("node", "postgres", "node-exporter:9187"),
        # It is scraped itself.
        ("cadvisor", "minio", "cadvisor:9000"),
        ("grafana", "rabbitmq", "grafana:15692"),
    ],
)
def test_a_service_that_is_called_like_a_container_of_the_stack_is_refused(
    here: Path, name: str, kind: str, place: str
) -> None:
    """Prometheus would ask that container for the service's metrics."""
    _topology(here, services={name: {"kind": kind, "server": "main", "memory": "1g"}})
    done = _build()

    assert done.exit_code == 2
    host = place.partition(":")[0]
    assert f"services.{name}: is scraped at {place}, and {host} is another container of the stack" in done.output
    assert "(rename the service, or set `metrics` to another host name)" in done.output


def test_the_exporter_of_another_service_is_another_container(here: Path) -> None:
    """Also where the topology names it."""
    _topology(
        here,
        services={
            "db": {"kind": "postgres", "server": "main", "memory": "1g"},
            "app": {"kind": "web", "server": "main", "memory": "1g", "metrics": "db-exporter:8000"},
        },
    )

    assert "services.app: is scraped at db-exporter:8000" in _build().output


def test_secrets_in_directories_of_the_image_are_refused(here: Path) -> None:
    """A mount over /etc would take the program's own files away."""
    _topology(
        here,
        services={
            "minio": {"kind": "minio", "server": "main", "memory": "1g", "metrics_token_file": "/etc/token"},
        },
        notifications={
            "receivers": {"night": {"telegram": {"chat_id": -1, "token_file": "/telegram"}}},
            "critical": "night",
            "warning": "night",
        },
    )
    done = _build()

    assert done.exit_code == 2
    assert "services.minio.metrics_token_file: has a secret in a directory of the image" in done.output
    assert "notifications.receivers.night: has a secret in a directory of the image" in done.output
    assert done.output.count("(use /run/secrets/NAME)") == 2
    assert "/telegram" not in done.output


def test_secrets_of_programs_that_run_elsewhere_are_theirs(here: Path) -> None:
    """Nothing of the stack mounts them."""
    _topology(
        here,
        services={"minio": {"kind": "minio", "server": "main", "memory": "1g", "metrics_token_file": "/etc/token"}},
        stack={"prometheus": "10.0.0.9:9090"},
    )

    assert _build().exit_code == 0


def test_a_shared_prometheus_has_a_stack_of_its_own(here: Path) -> None:
    """Neither the flag nor the topology makes a second one, however little monitoring gets."""
    _topology(here, memory="512m")
    assert _build("--fragments").exit_code == 0

    _topology(here, memory="512m", stack={"shared": True})
    assert _build().exit_code == 0
    assert not (here / "generated" / compose.PATH).exists()


def test_the_stack_is_removed_with_its_service(here: Path) -> None:
    """A build without a planned stack takes the old compose file away."""
    _topology(here)
    _build()
    document = json.loads((here / "topology.yaml").read_text(encoding="utf-8"))
    document["services"] = {"web": {"kind": "web", "server": "main", "memory": "1g"}}
    (here / "topology.yaml").write_text(json.dumps(document), encoding="utf-8")

    assert _build().exit_code == 0
    assert not (here / "generated" / compose.PATH).exists()
