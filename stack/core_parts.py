"""Parts that every stack has: Prometheus, Alertmanager, Grafana, cAdvisor, node_exporter and the blackbox exporter.

A part whose address in the topology is not the stack's own runs elsewhere and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from boxwatch.stack import images
from boxwatch.stack.containers import WHITELISTED_LABELS
from boxwatch.stack.part import (
    CONFIG,
    COOLIFY,
    HOST,
    HOST_ADDRESS,
    Part,
    Setting,
    folders,
    host_port,
    ours,
    share,
)
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Receiver
from boxwatch.topology.units import GIB, format_duration

PROMETHEUS: Final = "prometheus"
ALERTMANAGER: Final = "alertmanager"
GRAFANA: Final = "grafana"
CADVISOR: Final = "cadvisor"
NODE: Final = "node-exporter"
BLACKBOX: Final = "blackbox-exporter"
# Parts that read their configuration again on SIGHUP. Grafana reads its dashboards by itself.
RELOADED: Final = frozenset({PROMETHEUS, ALERTMANAGER, BLACKBOX})
DOCKER_HOST: Final = "host.docker.internal"
GRAFANA_PASSWORD: Final = Setting(
    "BOXWATCH_GRAFANA_PASSWORD", "Password of Grafana's user admin. Used at the first start only."
)
NETWORK: Final = Setting(
    "BOXWATCH_NETWORK", "Docker network of the databases and of Traefik, which must exist.", COOLIFY
)

# Long enough for objectives over 30 days and for comparing with last quarter.
RETENTION_DAYS: Final = 90
# Share of the disk that metrics may take. 15,000 series every 30 s are 6 to 8 GB in 90 days (1 to 2 bytes per sample);
# 4 % of 500 GB are 20 GB. Prometheus does not delete its write-ahead log for the limit, so it gets four fifths of that.
_DISK_SHARE: Final = 0.04 * 0.8
# Alertmanager takes an alert for resolved when it has not been sent for four times this, or four evaluations. So the
# heartbeat ends within two minutes of Prometheus' end, and not within four as by default.
_RESEND: Final = "30s"
# A sample in a query takes 16 bytes: 5 million are 80 MB. Prometheus' default of 50 million is 800 MB.
_SAMPLES: Final = 5_000_000
_MONTH: Final = 30 * 86400
# Interfaces of containers, which come and go with every deploy.
_CONTAINER_INTERFACES: Final = "^(veth.*|br-.*|docker.*|lo)$$"
# cAdvisor's defaults, and the size of writable layers, which nothing reads and which is its most expensive measurement.
_NOT_MEASURED: Final = (
    "advtcp,cpu_topology,cpuset,disk,hugetlb,memory_numa,process,referenced_memory,resctrl,sched,tcp,udp"
)


def parts(topology: Topology) -> Iterator[Part]:
    """The parts that run here, in the order of the compose file."""
    stack, home = topology.stack, topology.home
    if port := ours(stack.prometheus, PROMETHEUS, "localhost", "127.0.0.1"):
        yield _prometheus(topology, port)
    if port := ours(stack.alertmanager, ALERTMANAGER):
        yield _alertmanager(topology, port)
    if port := ours(stack.grafana, GRAFANA):
        yield _grafana(topology, port)
    if port := ours(home.targets.cadvisor, CADVISOR):
        yield _cadvisor(topology, port)
    if port := ours(home.targets.node, NODE):
        yield _node(port)
    if port := ours(stack.blackbox, BLACKBOX):
        yield _blackbox(port)


def prometheus_url(topology: Topology) -> str:
    """URL of Prometheus as Grafana reaches it."""
    port = ours(topology.stack.prometheus, PROMETHEUS, "localhost", "127.0.0.1")
    return f"http://{topology.stack.prometheus}" if port is None else f"http://{PROMETHEUS}:{port}"


def _prometheus(topology: Topology, port: int) -> Part:
    # As long as any window of the rules, for every user-facing service, twice.
    objectives = 2 * sum(len(one.server) for one in topology.services if one.faces_users)
    samples = max(_SAMPLES, objectives * (_MONTH // topology.scrape_interval))
    size = max(1, int(topology.home.disk * _DISK_SHARE / GIB))
    targets = topology.home.targets
    hosts = {}
    if ours(targets.node, NODE):
        hosts[NODE] = HOST_ADDRESS
    if targets.docker and host_port(targets.docker)[0] == DOCKER_HOST:
        hosts[DOCKER_HOST] = "host-gateway"
    tokens = tuple(one.metrics_token_file for one in topology.services if one.metrics_token_file is not None)
    return Part(
        name=PROMETHEUS,
        image=images.PROMETHEUS,
        # 121 MiB at 7,000 series and 283 MB at 50,000, before queries. It also gets what other parts leave.
        share=share(256, 512),
        port=port,
        health="/-/healthy",
        command=(
            f"--config.file={CONFIG}/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={RETENTION_DAYS}d",
            f"--storage.tsdb.retention.size={size}GB",
            f"--query.max-samples={samples}",
            "--query.max-concurrency=4",
            "--query.timeout=30s",
            f"--rules.alert.resend-delay={_RESEND}",
            f"--web.listen-address=:{port}",
        ),
        config=("prometheus",),
        secrets=folders(tokens),
        data="/prometheus",
        networks=(*((HOST,) if NODE in hosts else ()), COOLIFY),
        hosts=hosts,
    )


def _alertmanager(topology: Topology, port: int) -> Part:
    said = topology.notifications
    receivers = said.receivers.values() if said else ()
    return Part(
        name=ALERTMANAGER,
        image=images.ALERTMANAGER,
        # 35 to 38 MiB measured.
        share=share(64, 96),
        port=port,
        health="/-/healthy",
        command=(
            f"--config.file={CONFIG}/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
            f"--web.listen-address=:{port}",
            # It is alone: without a cluster it opens no second port.
            "--cluster.listen-address=",
        ),
        config=("alertmanager",),
        secrets=folders(tuple(path for receiver in receivers for path in secret_files(receiver))),
        data="/alertmanager",
    )


def secret_files(receiver: Receiver) -> Iterator[str]:
    """The files with secrets that a receiver names."""
    yield from _files(receiver.model_dump(exclude_none=True))


def _files(value: object) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key.endswith("_file"):
            yield inner
        yield from _files(inner)


def _grafana(topology: Topology, port: int) -> Part:
    url = topology.urls.grafana
    path = urlsplit(url).path.strip("/") if url else ""
    environment = {
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_SECURITY_ADMIN_PASSWORD": GRAFANA_PASSWORD.reference,
        "GF_PATHS_PROVISIONING": f"{CONFIG}/grafana/provisioning",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": f"{CONFIG}/grafana/dashboards/overview.json",
        # No sign-up, no anonymous visitors, and nothing sent to or fetched from anywhere.
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_LOG_MODE": "console",
    }
    if url:
        environment["GF_SERVER_ROOT_URL"] = url
        environment["GF_SECURITY_COOKIE_SECURE"] = str(url.startswith("https:")).lower()
    if path:
        environment["GF_SERVER_SERVE_FROM_SUB_PATH"] = "true"
    return Part(
        name=GRAFANA,
        image=images.GRAFANA,
        # 220 to 390 MiB steady; 192 is too little, and 512 were exceeded only by very heavy dashboards.
        share=share(256, 512),
        port=port,
        health="/api/health",
        environment=environment,
        settings=(GRAFANA_PASSWORD,),
        config=("grafana",),
        data="/var/lib/grafana",
        writable=("/tmp",),  # noqa: S108 - in its own container, in memory
        networks=(COOLIFY,) if url else (),
        # Grafana's own processes (plugins, image rendering) are not Go's heap.
        collector=0.8,
        probe=("curl", "-fsS", "-o", "/dev/null"),
        published=url or "",
    )


def _cadvisor(topology: Topology, port: int) -> Part:
    interval = format_duration(topology.scrape_interval)
    return Part(
        name=CADVISOR,
        image=images.CADVISOR,
        # 20 MiB measured at 25 containers; grows with containers and with what it keeps of each.
        share=share(128, 256),
        port=port,
        health="/healthz",
        command=(
            f"--port={port}",
            "--store_container_labels=false",
            "--docker_only=true",
            f"--whitelisted_container_labels={','.join(WHITELISTED_LABELS)}",
            # As often as it is scraped, and never less: values of an older time would be repeated.
            f"--housekeeping_interval={interval}",
            "--allow_dynamic_housekeeping=false",
            f"--disable_metrics={_NOT_MEASURED}",
        ),
        binds=(
            "/:/rootfs",
            "/sys:/sys",
            "/var/lib/docker:/var/lib/docker",
            "/var/run/docker.sock:/var/run/docker.sock",
        ),
        # OOM kills are read from the kernel's log, which is closed to those without SYSLOG (kernel.dmesg_restrict).
        devices=("/dev/kmsg:/dev/kmsg:r",),
        capabilities=("SYSLOG",),
        writable=("/tmp",),  # noqa: S108 - in its own container, in memory
    )


def _node(port: int) -> Part:
    return Part(
        name=NODE,
        image=images.NODE_EXPORTER,
        # 15 to 17 MiB measured.
        share=share(32, 48),
        port=port,
        command=(
            # In a network of its own it would see one interface and no connection tracking of the host. Nothing outside
            # the host reaches this address.
            f"--web.listen-address={HOST_ADDRESS}:{port}",
            "--path.rootfs=/host",
            f"--collector.netdev.device-exclude={_CONTAINER_INTERFACES}",
            f"--collector.netclass.ignored-devices={_CONTAINER_INTERFACES}",
        ),
        binds=("/:/host",),
        on_host=True,
    )


def _blackbox(port: int) -> Part:
    return Part(
        name=BLACKBOX,
        image=images.BLACKBOX_EXPORTER,
        # 19 to 27 MiB measured.
        share=share(40, 48),
        port=port,
        health="/-/healthy",
        command=(f"--config.file={CONFIG}/blackbox/blackbox.yml", f"--web.listen-address=:{port}"),
        config=("blackbox",),
    )
