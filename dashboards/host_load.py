"""The panels of CPU, network and state on the dashboard of servers."""

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
    """How busy, with what, and what waits for it."""
    return even(8, _cpu(built), _cpu_by_mode(), _pressure(built.topology))


def network(built: Built) -> Line:
    """Traffic, losses, and the table of connections."""
    topology = built.topology
    return even(8, _network(topology), _network_faults(topology), _connections(built))


def state(built: Built) -> Line:
    """Clock, exporter and engine."""
    return even(8, _clock(built), _collectors(built.topology), *_docker(built))


def _cpu(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="CPU in use",
        description="All CPUs of a server over five minutes. Good is below the dashed line.",
        unit="percentunit",
        scale=scale.lines("HostCpuSaturated begins at the dashed line."),
        queries=(Query(host_queries.recorded(names.SERVER_CPU_USED), called(topology, "in use")),),
        soft_max=1,
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostCpuSaturated"))


def _cpu_by_mode() -> Graph:
    return Graph(
        title="CPU by mode",
        description="CPUs of the chosen servers, by what they do; 1 is one CPU. Good is mostly user; steal belongs to others.",
        unit="none",
        scale=scale.none_known("No mode is bad by itself, so nothing is coloured."),
        queries=(Query(host_queries.cpu_by_mode(), "{{mode}}"),),
        fill=60,
        stacked=True,
    )


def _pressure(topology: Topology) -> Graph:
    return Graph(
        title="CPU and disk pressure",
        description="Share of the time in which processes waited for a CPU or a disk. Good is little, and never all of them.",
        unit="percentunit",
        scale=scale.none_known("How much hurts depends on what waits, so nothing is coloured."),
        queries=(
            Query(host_queries.recorded(names.SERVER_CPU_WAITING), called(topology, "some wait for CPU")),
            Query(host_queries.recorded(names.SERVER_IO_WAITING), called(topology, "some wait for disk")),
            Query(host_queries.recorded(names.SERVER_IO_STALLED), called(topology, "all wait for disk")),
        ),
    )


def _network(topology: Topology) -> Graph:
    return Graph(
        title="Network traffic",
        description="Bytes on the server's own devices, as node_exporter sees them. Good is a level that you know.",
        unit="Bps",
        scale=scale.none_known(
            "In a container with a network of its own node_exporter sees just its own traffic; nothing is coloured."
        ),
        queries=(
            Query(host_queries.recorded(names.SERVER_NETWORK_RECEIVED), called(topology, "received")),
            Query(host_queries.recorded(names.SERVER_NETWORK_SENT), called(topology, "sent")),
        ),
    )


def _network_faults(topology: Topology) -> Graph:
    return Graph(
        title="Network errors and drops",
        description="Packets that were damaged or not taken. Good is a flat line at 0, or a few drops a second.",
        # Not Grafana's packets a second: it writes a few a minute as thousandths, "16 mp/s".
        unit="suffix: p/s",
        scale=scale.none_known("Some drops are broadcasts that nobody wants, so nothing is coloured."),
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
        title="Connections tracked",
        description="Share of the kernel's table of connections in use. Good is far below the dashed line.",
        unit="percentunit",
        scale=scale.lines("HostConntrackNearLimit begins at the dashed line, HostConntrackFull at the solid one."),
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
        description="How far a clock is off that of Prometheus, and by how much the kernel thinks that it may be wrong. Good "
        "is below a second; 16 seconds is a clock that nobody keeps in time.",
        unit="s",
        scale=scale.lines("HostClockSkewed begins at the dashed line, for the difference."),
        queries=(
            Query(host_queries.clock_off(), called(topology, "off")),
            Query(host_queries.clock_error(), called(topology, "may be wrong by")),
        ),
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostClockSkewed"))


def _collectors(topology: Topology) -> States:
    return States(
        title="Collectors that fail",
        description="What node_exporter reads for the alerts. Good is one colour from end to end.",
        unit="none",
        scale=scale.none_known(
            "Amber is a collector that failed: what the topology's alerts read of it is missing, and they are silent."
        ),
        queries=(Query(host_queries.collectors(), called(topology, "{{collector}}")),),
        mappings=tuple(field_config.states(State(0, "fails", colours.NEAR), State(1, "works", colours.GOOD))),
    )


def _docker(built: Built) -> tuple[Graph, ...]:
    """Panels of the engine, where one of the servers tells of it."""
    if not any(server.targets.docker for server in built.topology.servers):
        return ()
    churn = thresholds.of(built.thresholds, "DockerStartChurn")
    return (
        Graph(
            title="Docker engine",
            description="Containers by state, helpers and builds included. Good is none that is paused; no line, no engine.",
            unit="none",
            scale=scale.none_known(
                "Amber is paused. A stopped container is one that somebody stopped, so it is grey; "
                "the topology says nothing of either."
            ),
            queries=(Query(host_queries.containers(), "{{state}}"),),
            overrides=tuple(field_config.field(state, field_config.colour(colour)) for state, colour in _STATES),
            steps=True,
        ),
        Graph(
            title="Container starts",
            description="Containers started within an hour, builds and restarts included. Good is as many as you deployed.",
            unit="none",
            scale=scale.lines("DockerStartChurn begins at the dashed line."),
            queries=(
                Query(host_queries.recorded(names.SERVER_CONTAINER_STARTS), called(built.topology, "starts")),
                thresholds.line(churn, "alert above"),
            ),
            overrides=(field_config.plan_line("B"),),
        ),
    )
