"""The compose file: what may run, with which rights, and with how much memory."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from support import stacks
from support.artefacts import complete_artefacts, default_artefacts
from support.topologies import a_server, a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.stack import compose, core_parts, exporter_parts, prometheus
from boxwatch.topology import default, kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import parse_memory

# A word that stands for a secret, in a variable of a program.
_SECRET = re.compile(r"PASS|TOKEN|SECRET|KEY", re.IGNORECASE)
_drawn = stacks.drawn(7)


def _services(topology: Topology) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(compose.files(topology)[compose.PATH])["services"]
    return services


@functools.cache
def _builds() -> dict[str, Mapping[str, bytes]]:
    return {
        "default": default_artefacts(),
        "complete": complete_artefacts(),
        "minimal": assemble(stacks.minimal().topology),
    }


@pytest.fixture(params=["default", "complete", "minimal"])
def made(request: pytest.FixtureRequest) -> Mapping[str, bytes]:
    """A build of each named topology."""
    return _builds()[request.param]


def test_no_container_has_more_rights_than_it_needs(made: Mapping[str, bytes]) -> None:
    """Read-only file systems, no capability but cAdvisor's SYSLOG, no new privileges, no root but cAdvisor."""
    for name, service in stacks.document(made)["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("cap_add", []) == (["SYSLOG"] if name == core_parts.CADVISOR else []), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert (service["user"].partition(":")[0] == "0") == (name == core_parts.CADVISOR), name
        assert ("network_mode" in service, "pid" in service) == (name == core_parts.NODE, name == core_parts.NODE), name


def test_every_image_has_a_fixed_version(made: Mapping[str, bytes]) -> None:
    """A tag names one release, and never moves."""
    for name, service in stacks.document(made)["services"].items():
        _, _, tag = service["image"].rpartition(":")
        assert re.fullmatch(r"v?\d+\.\d+\.\d+(-alpine)?", tag), f"{name}: {service['image']}"


def test_every_container_has_a_health_check_that_asks_its_own_port(made: Mapping[str, bytes]) -> None:
    """With a time limit, so that a container that hangs is unhealthy."""
    for name, service in stacks.document(made)["services"].items():
        check = service["healthcheck"]
        port = check["test"][-1].rpartition(":")[2].partition("/")[0]
        assert check["test"][0] == "CMD", name
        assert check["timeout"] == "5s", name
        said = f"{service.get('command')} {service.get('environment')}"
        assert re.search(rf"[:='/]{port}\b", said), f"{name} does not listen on {port}"


def test_no_port_is_published(made: Mapping[str, bytes]) -> None:
    """Docker publishes past the firewall, and Grafana is reached through Traefik."""
    for name, service in stacks.document(made)["services"].items():
        assert not {"ports", "expose"} & service.keys(), name


def test_logs_are_rotated_and_processes_limited(made: Mapping[str, bytes]) -> None:
    """No container fills the disk or the process table."""
    for name, service in stacks.document(made)["services"].items():
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}, name
        assert service["pids_limit"] == 256, name
        assert service["restart"] == "unless-stopped", name


def test_every_mounted_file_is_in_the_build(made: Mapping[str, bytes]) -> None:
    """A source that does not exist becomes an empty directory, and the program does not start."""
    folders = {path.partition("/")[0] for path in made}
    for name, service in stacks.document(made)["services"].items():
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            if source.startswith("./") and not source.startswith("./secrets/"):
                assert source.removeprefix("./") in folders, f"{name}: {source}"
                assert mode == ["ro"], f"{name}: {volume}"
            elif source.startswith("/"):
                assert mode in (["ro"], ["ro,rslave"]), f"{name}: {volume}"
            else:
                assert source == "./secrets/" + name or source == name, f"{name}: {volume}"
                assert target, name


def test_the_programs_are_given_files_that_exist(made: Mapping[str, bytes]) -> None:
    """Every path below the configuration's directory, in commands and variables, leads to a file or directory."""
    for name, service in stacks.document(made)["services"].items():
        said = " ".join([*service.get("command", ()), *service.get("environment", {}).values()])
        for path in re.findall(r"/etc/boxwatch/([\w./-]+)", said):
            assert path in made or any(one.startswith(f"{path}/") for one in made), f"{name}: {path}"


def test_the_limits_of_the_default_are_those_of_its_plan() -> None:
    """2 GB for monitoring, each component with its own share, and Docker is told the same."""
    topology = default.load().topology
    planned = {one.component: one.memory for one in topology.services_of("monitoring")[0].components}
    limits = {name: parse_memory(service["mem_limit"]) for name, service in _services(topology).items()}

    assert limits == planned
    assert sum(limits.values()) == 2 * 2**30


@_drawn
@given(text=stacks.planned())
def test_what_is_drawn_is_safe(text: str) -> None:
    """For any topology: no secret, no moving tag, no published port, a health check, and memory within the plan."""
    services = _services(stacks.of(text))
    plan = compose.planned(stacks.of(text))
    assert plan is not None

    for name, service in services.items():
        assert ":latest" not in service["image"]
        assert "ports" not in service
        assert service["healthcheck"]["test"]
        for key, value in service.get("environment", {}).items():
            if _SECRET.search(key):
                assert re.fullmatch(r"\$\{[A-Z0-9_]+:\?\}", value), f"{name}: {key}"
            if key == "GOMEMLIMIT":
                assert parse_memory(value) < parse_memory(service["mem_limit"]), name
    limits = {name: parse_memory(service["mem_limit"]) for name, service in services.items()}
    assert sum(limits.values()) + plan[2].others == plan[2].total <= plan[0].memory
    if core_parts.PROMETHEUS in limits:
        # No component states its memory: Prometheus has what is left.
        assert sum(limits.values()) == plan[0].memory


@_drawn
@given(text=stacks.planned())
def test_prometheus_finds_its_targets(text: str) -> None:
    """A target with the usual name of a part is that part, on the port where it listens."""
    topology = stacks.of(text)
    services = _services(topology)
    (content,) = prometheus.files(topology).values()
    usual = {*_core(), *(f"{one.name}-exporter" for one in topology.services if one.kind in exporter_parts.MAKERS)}

    for job in yaml.safe_load(content)["scrape_configs"]:
        if job.get("metrics_path") == "/probe":
            continue
        for static in job["static_configs"]:
            for target in static["targets"] if static["labels"]["server"] == topology.home.name else ():
                host, _, port = target.rpartition(":")
                if host in usual:
                    assert (
                        services[host]["healthcheck"]["test"][-1]
                        .partition("//")[2]
                        .partition("/")[0]
                        .endswith(f":{port}")
                    ), target


def _core() -> set[str]:
    return {
        core_parts.PROMETHEUS, core_parts.ALERTMANAGER, core_parts.GRAFANA, core_parts.CADVISOR, core_parts.NODE,
        core_parts.BLACKBOX,
    }  # fmt: skip


def test_every_target_of_the_default_is_a_container_or_the_host() -> None:
    """Prometheus reaches each by its name, on a network that both share."""
    services = _services(default.load().topology)
    jobs = yaml.safe_load(default_artefacts()["prometheus/prometheus.yml"])["scrape_configs"]
    hosts = {
        target.rpartition(":")[0] for job in jobs for static in job["static_configs"] for target in static["targets"]
    }
    scraper = services[core_parts.PROMETHEUS]

    assert hosts - services.keys() == {"localhost", "host.docker.internal", "coolify-proxy", "minio"}
    assert {entry.partition(":")[0] for entry in scraper["extra_hosts"]} == {"node-exporter", "host.docker.internal"}
    for name in hosts & services.keys() - {core_parts.NODE}:
        assert set(services[name]["networks"]) & set(scraper["networks"]), name


def test_node_exporter_sees_the_host_and_listens_to_prometheus_alone() -> None:
    """On the address of a bridge that no other network reaches, and never on all addresses of the server."""
    node = _services(default.load().topology)[core_parts.NODE]
    address = "${BOXWATCH_HOST_ADDRESS:-192.168.255.241}"
    networks = stacks.document(default_artefacts())["networks"]

    assert (node["network_mode"], node["pid"]) == ("host", "host")
    assert f"--web.listen-address={address}:9100" in node["command"]
    assert "--path.rootfs=/host" in node["command"]
    assert node["volumes"] == ["/:/host:ro,rslave"]
    assert networks["host-metrics"]["ipam"]["config"][0]["gateway"] == address


def test_cadvisor_has_the_flags_and_mounts_that_the_rules_need() -> None:
    """The labels that identify containers, the kernel's log of OOM kills, and samples as often as they are scraped."""
    cadvisor = _services(default.load().topology)[core_parts.CADVISOR]

    assert cadvisor["devices"] == ["/dev/kmsg:/dev/kmsg:r"]
    assert "--store_container_labels=false" in cadvisor["command"]
    assert "--housekeeping_interval=30s" in cadvisor["command"]
    assert any(flag.startswith("--whitelisted_container_labels=coolify.resourceName,") for flag in cadvisor["command"])
    assert "/:/rootfs:ro,rslave" in cadvisor["volumes"]


def test_what_runs_elsewhere_is_left_out() -> None:
    """A part whose address in the topology is not the stack's own is not started a second time."""
    topology = a_topology(
        servers=(a_server(exporters={"node": "10.0.0.1:9100", "cadvisor": "cadvisor:8081"}),),
        services=(
            a_service("db", kind="postgres", metrics="elsewhere:9187"),
            a_service("cache", kind="redis", metrics="none"),
            a_service("monitoring", kind="monitoring", memory="2g"),
        ),
        stack={"grafana": "grafana.example.com:443", "alertmanager": "10.0.0.9:9093"},
    )
    services = _services(topology)

    assert set(services) == {core_parts.PROMETHEUS, core_parts.CADVISOR, core_parts.BLACKBOX}
    assert "--port=8081" in services[core_parts.CADVISOR]["command"]
    assert "extra_hosts" not in services[core_parts.PROMETHEUS]


def test_exporters_of_services_on_other_servers_are_left_out() -> None:
    """They run there."""
    topology = a_topology(
        servers=(a_server(), a_server("second", address="10.0.0.2")),
        services=(
            a_service("near", kind="postgres"),
            a_service("far", kind="postgres", server="second"),
            a_service("named", kind="postgres", server="second", metrics="named-exporter:9187"),
            a_service("monitoring", kind="monitoring", memory="2g"),
        ),
    )

    assert "near-exporter" in _services(topology)
    assert not {"far-exporter", "named-exporter"} & _services(topology).keys()


def test_without_a_planned_stack_there_is_no_compose_file() -> None:
    """Nothing plans its memory. The same holds for a stack that is parked, or planned on another server."""
    far = (a_server("far", address="10.0.0.2"), a_server())
    nothing = (
        a_topology(),
        a_topology(services=(a_service("monitoring", kind="monitoring", memory="2g", replicas=0),)),
        a_topology(servers=far, services=(a_service("monitoring", kind="monitoring", memory="2g", server="far"),)),
    )

    for topology in nothing:
        made = assemble(topology)
        assert not {path for path in made if path.startswith("stack/") or path == compose.PATH}


def test_every_kind_with_an_exporter_of_its_own_has_a_part() -> None:
    """By its usual target, `NAME-exporter`; kinds that expose metrics themselves have another."""
    expected = {kind.name for kind in kinds.KINDS if kind.target.startswith("{}-exporter:")}

    assert set(exporter_parts.MAKERS) == expected


def test_two_services_never_share_a_variable() -> None:
    """`a-b` and `a_b` are two services, with two passwords."""
    services = [a_service(name, kind="postgres") for name in ("a-b", "a_b", "ab")]
    topology = a_topology(services=(*services, a_service("monitoring", kind="monitoring", memory="2g")))
    used = [
        stacks.variables(str(service))
        for name, service in _services(topology).items()
        if name.endswith("-exporter") and name.startswith("a")
    ]

    assert [len(names) for names in used] == [2, 2, 2]
    assert len(set.union(*used)) == 6


def test_secrets_are_mounted_from_a_directory_of_each_program() -> None:
    """Alertmanager does not see Prometheus' token, and a directory inside another needs no mount of its own."""
    topology = a_topology(
        services=(
            *(
                a_service(name, kind="minio", metrics_token_file=path)
                for name, path in (
                    ("minio", "/run/secrets/minio/token"),
                    ("other", "/run/secrets/other"),
                    ("third", "/opt/keys/third"),
                )
            ),
            a_service("monitoring", kind="monitoring", memory="2g"),
        ),
        notifications={
            "receivers": {"night": {"telegram": {"chat_id": -1, "token_file": "/run/secrets/telegram"}}},
            "critical": "night",
            "warning": "night",
        },
    )
    services = _services(topology)

    def secrets(name: str) -> list[str]:
        return [volume for volume in services[name]["volumes"] if "secrets" in volume]

    assert secrets(core_parts.PROMETHEUS) == [
        "./secrets/prometheus/opt/keys:/opt/keys:ro",
        "./secrets/prometheus:/run/secrets:ro",
    ]
    assert secrets(core_parts.ALERTMANAGER) == ["./secrets/alertmanager:/run/secrets:ro"]


def test_grafana_is_published_at_its_url() -> None:
    """With the entry point and certificate resolver of Coolify's Traefik; a path keeps its prefix."""
    monitoring = a_service("monitoring", kind="monitoring", memory="2g")
    topology = a_topology(services=(monitoring,), urls={"grafana": "https://example.com/grafana/"})
    grafana = _services(topology)[core_parts.GRAFANA]
    router = "traefik.http.routers.boxwatch-test-grafana"

    assert grafana["labels"] == {
        "coolify.resourceName": "monitoring",
        "traefik.enable": "true",
        "traefik.docker.network": "${BOXWATCH_NETWORK:-coolify}",
        f"{router}.rule": "Host(`example.com`) && PathPrefix(`/grafana`)",
        f"{router}.entrypoints": "https",
        f"{router}.tls": "true",
        f"{router}.tls.certresolver": "letsencrypt",
        "traefik.http.services.boxwatch-test-grafana.loadbalancer.server.port": "3000",
    }
    assert grafana["environment"]["GF_SERVER_ROOT_URL"] == "https://example.com/grafana/"
    assert grafana["environment"]["GF_SERVER_SERVE_FROM_SUB_PATH"] == "true"
    assert grafana["networks"] == ["default", "coolify"]


def test_grafana_without_a_url_is_published_nowhere() -> None:
    """It is on the stack's own network only."""
    grafana = _services(default.load().topology)[core_parts.GRAFANA]

    assert "labels" not in grafana
    assert grafana["networks"] == ["default"]


def test_plain_http_has_no_certificate() -> None:
    """The router listens on the entry point of the URL's scheme."""
    monitoring = a_service("monitoring", kind="monitoring", memory="2g")
    topology = a_topology(services=(monitoring,), urls={"grafana": "http://grafana.internal"})
    labels = _services(topology)[core_parts.GRAFANA]["labels"]

    assert labels["traefik.http.routers.boxwatch-test-grafana.entrypoints"] == "http"
    assert not any("tls" in label for label in labels)


def test_metrics_are_kept_as_long_as_the_disk_allows() -> None:
    """90 days, and never more than the share of the disk; queries are bounded, but not below a month of objectives."""

    def flags(topology: Topology) -> list[str]:
        command: list[str] = _services(topology)[core_parts.PROMETHEUS]["command"]
        return command

    monitoring = a_service("monitoring", kind="monitoring", memory="4g")
    many = tuple(a_service(f"s{number}", kind="web") for number in range(40))

    assert "--storage.tsdb.retention.time=90d" in flags(default.load().topology)
    assert "--storage.tsdb.retention.size=14GB" in flags(default.load().topology)
    assert "--storage.tsdb.retention.size=1GB" in flags(
        a_topology(servers=(a_server(disk="20GB"),), services=(monitoring,))
    )
    assert "--query.max-samples=5000000" in flags(default.load().topology)
    assert f"--query.max-samples={2 * 40 * 30 * 86400 // 10}" in flags(
        a_topology(services=(*many, monitoring), scrape_interval="10s")
    )
