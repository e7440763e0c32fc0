"""Probes of public URLs and addresses, as Prometheus and the blackbox exporter read them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.stack import probes
from boxwatch.topology import default
from boxwatch.topology.model import Topology


def _job(topology: Topology, name: str) -> Any:  # noqa: ANN401 - a YAML document
    return next((job for job in probes.jobs(topology) if job["job_name"] == name), None)


def _ports(topology: Topology) -> dict[str, dict[str, str]]:
    """Target → its labels."""
    return {place["targets"][0]: place["labels"] for place in _job(topology, "probe-ports")["static_configs"]}


def test_nothing_is_probed_without_a_url_or_address() -> None:
    """The default topology has neither URLs nor a public address."""
    assert probes.jobs(default.load().topology) == ()


def test_each_public_url_is_probed_for_its_service_on_the_first_server() -> None:
    """The blackbox exporter is the address, and the URL the instance."""
    service = a_service("shop", url="https://shop.example.com", server=["main", "second"])
    topology = a_topology(servers=(a_server(), a_server("second")), services=(service, a_service("api")))

    job = _job(topology, "probe")
    assert job["static_configs"] == [
        {"targets": ["https://shop.example.com"], "labels": {"server": "main", "service": "shop"}}
    ]
    assert job["params"] == {"module": ["http"]}
    assert job["relabel_configs"][-1] == {"target_label": "__address__", "replacement": "blackbox-exporter:9115"}
    assert _job(topology, "probe-ports") is None


def test_only_exposed_ports_may_answer() -> None:
    """Ports of other services must be closed, and carry the service's name."""
    services = (
        a_service("traefik", kind="traefik", ports=[80, 443], exposed=True),
        a_service("db", kind="postgres", ports=[5432]),
    )
    topology = a_topology(servers=(a_server(public_address="203.0.113.7"),), services=services)

    ports = _ports(topology)
    common = {"server": "main"}
    assert ports["203.0.113.7:443"] == {**common, "service": "traefik", "port": "443", "expected": "open"}
    assert ports["203.0.113.7:5432"] == {**common, "service": "db", "port": "5432", "expected": "closed"}
    assert {port for port, labels in ports.items() if labels["expected"] == "open"} == {
        "203.0.113.7:80",
        "203.0.113.7:443",
    }


def test_ports_published_by_default_must_be_closed() -> None:
    """They are Coolify's ports, its Traefik's dashboard, Docker's API, and every part of the stack."""
    ports = {int(labels["port"]): labels for labels in _ports(complete()).values()}

    closed = {8000, 6001, 6002, 8080, 8082, 2375, 2376, 9323, 9090, 9093, 3000, 9100, 9115, 9187, 9121, 9114, 18000}
    assert {port for port in closed if ports[port]["expected"] == "closed"} == closed
    assert {port: ports[port].get("service") for port in (8000, 8080, 9090, 2375, 3000, 9187)} == {
        8000: "coolify",
        8080: "traefik",
        9090: "monitoring",
        2375: None,
        # The application's, which takes precedence.
        3000: "web",
        9187: "postgres",
    }


def test_an_exposed_port_is_open_even_if_others_use_it() -> None:
    """An application listens on 3000, Grafana's default."""
    topology = a_topology(
        servers=(a_server(public_address="2001:db8::7"),), services=(a_service(ports=[3000], exposed=True),)
    )

    assert _ports(topology)["[2001:db8::7]:3000"]["expected"] == "open"


def test_a_server_without_an_address_is_not_probed() -> None:
    """The stack's own ports belong to its home server."""
    servers = (a_server(), a_server("second", address="10.0.0.2", public_address="203.0.113.8"))
    topology = a_topology(servers=servers, stack={"prometheus": "localhost:19090"})

    assert {labels["server"] for labels in _ports(topology).values()} == {"second"}
    assert "203.0.113.8:19090" not in _ports(topology)


def test_a_real_blackbox_exporter_accepts_the_modules(tmp_path: Path, program: Callable[[str], str]) -> None:
    """It knows every module that the jobs name."""
    content = probes.files(complete())["blackbox/blackbox.yml"]
    path = tmp_path / "blackbox.yml"
    path.write_bytes(content)

    command = [program("prometheus-blackbox-exporter"), f"--config.file={path}", "--config.check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(content)["modules"]) == {probes.HTTP, probes.TCP}
