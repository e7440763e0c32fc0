"""prometheus.yml: every server is scraped, with the labels that rules join on."""

from __future__ import annotations

from typing import Any

import yaml
from support.topologies import a_server, a_service, a_topology

from boxwatch.stack import prometheus
from boxwatch.topology.model import Topology


def _config(topology: Topology) -> Any:  # noqa: ANN401 - a YAML document
    (content,) = prometheus.files(topology).values()
    return yaml.safe_load(content)


def _targets(topology: Topology, job: str) -> dict[str, tuple[str, ...]]:
    """Server → targets of a job, across all its scrape configurations."""
    found: dict[str, tuple[str, ...]] = {}
    for scrape in _config(topology)["scrape_configs"]:
        for static in scrape["static_configs"]:
            if static["labels"].get("job", scrape["job_name"]) == job:
                found[static["labels"]["server"]] = tuple(static["targets"])
    return found


def test_one_server_is_scraped_by_the_names_of_its_containers() -> None:
    """Prometheus shares a Docker network with them."""
    assert _targets(a_topology(), "node") == {"main": ("node-exporter:9100",)}
    assert _targets(a_topology(), "cadvisor") == {"main": ("cadvisor:8080",)}
    assert _targets(a_topology(), "prometheus") == {"main": ("localhost:9090",)}


def test_other_servers_are_scraped_by_their_address() -> None:
    """Explicit targets take precedence, and rules see one job."""
    servers = (
        a_server(),
        a_server("second", address="10.0.0.2"),
        a_server("third", address="2001:db8::3"),
        a_server("fourth", exporters={"node": "n:1", "cadvisor": "c:2"}),
    )
    topology = a_topology(servers=servers, services=(a_service(),))

    assert _targets(topology, "node") == {
        "main": ("node-exporter:9100",),
        "second": ("10.0.0.2:9100",),
        "third": ("[2001:db8::3]:9100",),
        "fourth": ("n:1",),
    }
    assert _targets(topology, "cadvisor")["fourth"] == ("c:2",)


def test_prometheus_runs_on_the_server_without_an_address() -> None:
    """If all have one, it runs on the first."""
    near = a_topology(
        servers=(a_server("far", address="10.0.0.2"), a_server("near")), services=(a_service(server="near"),)
    )
    far = a_topology(servers=(a_server("far", address="10.0.0.2"),), services=(a_service(server="far"),))

    assert list(_targets(near, "prometheus")) == ["near"]
    assert list(_targets(far, "prometheus")) == ["far"]


def test_the_scrape_interval_is_that_of_the_topology() -> None:
    """Rules are evaluated at the same interval."""
    assert _config(a_topology(scrape_interval="15s"))["global"] == {
        "scrape_interval": "15s",
        "evaluation_interval": "15s",
    }


def test_servers_of_coolify_are_discovered_where_the_topology_asks_for_it() -> None:
    """Only the labels of discovered targets are matched, and servers of the topology are left out."""
    coolify = a_service("coolify", kind="coolify")
    plain = a_topology(services=(coolify,))
    topology = a_topology(services=(coolify,), stack={"discovery": "http"})
    (node,) = [job for job in _config(topology)["scrape_configs"] if job["job_name"] == "node"]

    assert node["http_sd_configs"] == [
        {"url": "http://coolify-exporter:18000/sd/servers?port=9100", "refresh_interval": "1m"}
    ]
    assert [(rule["source_labels"], rule["regex"], rule["action"]) for rule in node["relabel_configs"][:2]] == [
        (["__meta_coolify_host"], "true", "drop"),
        (["__meta_coolify_server"], "main", "drop"),
    ]
    assert node["relabel_configs"][2] == {
        "source_labels": ["__meta_coolify_server"],
        "regex": "(.+)",
        "target_label": "server",
        "replacement": "$1",
    }
    assert _targets(topology, "node") == _targets(plain, "node")
    assert "http_sd_configs" not in str(_config(plain))
    assert "http_sd_configs" not in str(_config(a_topology(stack={"discovery": "http"})))


def test_discovered_servers_of_a_shared_prometheus_have_the_labels_of_the_deployment() -> None:
    """Static targets carry them themselves; discovered ones get them by relabelling."""
    services = (a_service("coolify", kind="coolify"),)
    topology = a_topology(services=services, stack={"discovery": "http", "shared": True})
    jobs = yaml.safe_load(prometheus.files(topology)["prometheus/prometheus.yml"])["scrape_configs"]
    (node,) = [job for job in jobs if "http_sd_configs" in job]

    given = {rule["target_label"]: rule["replacement"] for rule in node["relabel_configs"][3:]}
    assert given == {"job": "node", "deployment": topology.name}
    assert all(given.items() <= static["labels"].items() for static in node["static_configs"])
