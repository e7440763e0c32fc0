"""CPU, network and state panels of the server dashboard."""

from __future__ import annotations

from boxwatch.dashboards import host_queries
from boxwatch.dashboards.host_queries import called
from boxwatch.dashboards.layout import Line, even
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.timelines import States
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_STATES = (("running", colours.GOOD), ("paused", colours.NEAR), ("stopped", colours.QUIET))


def cpu(built: Built) -> Line:
    """CPU use, its modes, and processes waiting for CPU or disk."""
    return even(8, _cpu(built), _cpu_by_mode(), _pressure(built.topology))


def network(built: Built) -> Line:
    """Traffic, losses and the connection table."""
    topology = built.topology
    return even(8, _network(topology), _network_faults(topology), _connections(built))


def state(built: Built) -> Line:
    """Clock, exporter and Docker."""
    return even(8, _clock(built), _collectors(built.topology), *_docker(built))


def _cpu(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="CPU in use",
        description="All CPUs of a server over five minutes. Healthy: below the dashed line.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of HostCpuSaturated."),
        queries=(Query(host_queries.recorded(names.SERVER_CPU_USED), called(topology, "in use")),),
        soft_max=1,
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostCpuSaturated"))


def _cpu_by_mode() -> Graph:
    return Graph(
        title="CPU by mode",
        description="CPUs of the chosen servers by mode; 1 is one CPU. Healthy: mostly user; steal goes to other "
        "virtual machines.",
        unit="none",
        scale=scale.none_known("No mode is bad in itself, so nothing is coloured."),
        queries=(Query(host_queries.cpu_by_mode(), "{{mode}}"),),
        fill=60,
        stacked=True,
    )


def _pressure(topology: Topology) -> Graph:
    return Graph(
        title="CPU and disk pressure",
        description="Share of time during which processes waited for a CPU or a disk. Healthy: little, and never all "
        "of them.",
        unit="percentunit",
        scale=scale.none_known("How much hurts depends on the waiting process, so nothing is coloured."),
        queries=(
            Query(host_queries.recorded(names.SERVER_CPU_WAITING), called(topology, "some wait for CPU")),
            Query(host_queries.recorded(names.SERVER_IO_WAITING), called(topology, "some wait for disk")),
            Query(host_queries.recorded(names.SERVER_IO_STALLED), called(topology, "all wait for disk")),
        ),
    )


def _network(topology: Topology) -> Graph:
    return Graph(
        title="Network traffic",
        description="Bytes on the server's own devices, as seen by node_exporter. Healthy: a familiar level.",
        unit="Bps",
        scale=scale.none_known(
            "In a container with its own network, node_exporter sees only its own traffic; nothing is coloured."
        ),
        queries=(
            Query(host_queries.recorded(names.SERVER_NETWORK_RECEIVED), called(topology, "received")),
            Query(host_queries.recorded(names.SERVER_NETWORK_SENT), called(topology, "sent")),
        ),
    )


def _network_faults(topology: Topology) -> Graph:
    return Graph(
        title="Network errors and drops",
        description="Damaged and dropped packets. Healthy: flat at 0, or a few drops a second.",
        # Not Grafana's packets a second, which shows a few a minute as thousandths, "16 mp/s".
        unit="suffix: p/s",
        scale=scale.none_known("Some drops are unwanted broadcasts, so nothing is coloured."),
        queries=tuple(
            Query(host_queries.network_faults(way, what), called(topology, words))
            for way, what, words in (
                ("receive", "errs", "received damaged"),
                ("receive", "drop", "received dropped"),
                ("transmit", "errs", "sent damaged"),
                ("transmit", "drop", "sent dropped"),
            )
        ),
        soft_max=1,
    )


def _connections(built: Built) -> Graph:
    topology = built.topology
    near = thresholds.of(built.thresholds, "HostConntrackNearLimit")
    full = thresholds.of(built.thresholds, "HostConntrackFull")
    return Graph(
        title="Tracked connections",
        description="Share of the kernel's connection table in use. Healthy: far below the dashed line.",
        unit="percentunit",
        scale=scale.lines(
            "The dashed line is the threshold of HostConntrackNearLimit, the solid line that of HostConntrackFull."
        ),
        queries=(
            Query(host_queries.recorded(names.SERVER_CONNTRACK), called(topology, "in use")),
            thresholds.line(near, "near the limit"),
            thresholds.line(full, "full"),
        ),
        overrides=(field_config.plan_line("B"), field_config.limit_line("C")),
        soft_max=1,
    )


def _clock(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="Clock",
        description="Difference from Prometheus' clock, and the error estimated by the kernel. Healthy: below a "
        "second; 16 seconds means that nothing synchronises the clock.",
        unit="s",
        scale=scale.lines("The dashed line is the threshold of HostClockSkewed, for the difference."),
        queries=(
            Query(host_queries.clock_off(), called(topology, "off")),
            Query(host_queries.clock_error(), called(topology, "estimated error")),
        ),
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostClockSkewed"))


def _collectors(topology: Topology) -> States:
    return States(
        title="Failing collectors",
        description="The node_exporter collectors that alerts depend on. Healthy: one colour throughout.",
        unit="none",
        scale=scale.none_known(
            "Amber is a failed collector: its metrics are missing, and the topology's alerts on them cannot fire."
        ),
        queries=(Query(host_queries.collectors(), called(topology, "{{collector}}")),),
        mappings=tuple(field_config.states(State(0, "fails", colours.NEAR), State(1, "works", colours.GOOD))),
    )


def _docker(built: Built) -> tuple[Graph, ...]:
    """Panels of the Docker engine, on deployments where a server exposes its metrics."""
    if not any(server.targets.docker for server in built.topology.servers):
        return ()
    churn = thresholds.of(built.thresholds, "DockerStartChurn")
    return (
        Graph(
            title="Docker engine",
            description="Containers by state, helpers and builds included. Healthy: none paused; no line means no "
            "engine.",
            unit="none",
            scale=scale.none_known(
                "Amber is paused. A stopped container was stopped by somebody, so it is grey; the topology states "
                "neither."
            ),
            queries=(Query(host_queries.containers(), "{{state}}"),),
            overrides=tuple(field_config.field(state, field_config.colour(colour)) for state, colour in _STATES),
            steps=True,
        ),
        Graph(
            title="Container starts",
            description="Containers started within an hour, builds and restarts included. Healthy: as many as you "
            "deployed.",
            unit="none",
            scale=scale.lines("The dashed line is the threshold of DockerStartChurn."),
            queries=(
                Query(host_queries.recorded(names.SERVER_CONTAINER_STARTS), called(built.topology, "starts")),
                thresholds.line(churn, "alert above"),
            ),
            overrides=(field_config.plan_line("B"),),
        ),
    )
