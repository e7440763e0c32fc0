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
    """CPU use, load, and processes waiting for CPU or disk."""
    return even(8, _cpu(built), _load(built.topology), _pressure(built.topology))


def cpu_detail(topology: Topology) -> Line:
    """Modes, single CPUs, and processes."""
    return even(8, _cpu_by_mode(), _cores(topology), _processes(topology))


def tcp(topology: Topology) -> Line:
    """Connections and sockets, retransmissions, and what the kernel refused."""
    return even(8, _sockets(topology), _retransmitted(topology), _refused(topology))


def hardware(topology: Topology) -> Line:
    """Temperature and open files."""
    return even(8, _temperature(topology), _files(topology))


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
        soft_max=0.2,
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostCpuSaturated"))


def _cpu_by_mode() -> Graph:
    return Graph(
        title="CPU by mode",
        description="All CPUs of the chosen servers by mode. Healthy: mostly user; steal goes to other virtual "
        "machines.",
        unit="percentunit",
        scale=scale.none_known("No mode is bad in itself, so nothing is coloured."),
        queries=(Query(host_queries.cpu_by_mode(), "{{mode}}"),),
        words=("user", "system", "iowait", "softirq", "irq", "steal", "nice"),
        fill=60,
        stacked=True,
    )


def _load(topology: Topology) -> Graph:
    return Graph(
        title="Load",
        description="Processes running, waiting for a CPU or for a disk: averages of 1, 5 and 15 minutes. Healthy: "
        "below the dashed line.",
        unit="none",
        scale=scale.lines(
            "The dashed line is the number of CPUs, as node_exporter counts them; recorded, not planned."
        ),
        queries=(
            *(Query(host_queries.load(minutes), called(topology, f"{minutes} min")) for minutes in (1, 5, 15)),
            Query(host_queries.cpus(), called(topology, "CPUs")),
        ),
        overrides=(field_config.plan_line("D"),),
    )


def _cores(topology: Topology) -> Graph:
    return Graph(
        title="Busiest CPUs",
        description="The eight busiest CPUs, each for itself. Healthy: none at 100% while others idle.",
        unit="percentunit",
        scale=scale.none_known("A single busy CPU is no fault, so nothing is coloured."),
        queries=(Query(host_queries.of_each_core(), called(topology, "CPU {{cpu}}")),),
    )


def _processes(topology: Topology) -> Graph:
    return Graph(
        title="Processes",
        description="Runnable processes, and processes blocked by a disk. Healthy: few blocked.",
        unit="none",
        scale=scale.none_known("The pressure above says how much they wait, so nothing is coloured."),
        queries=(
            Query(host_queries.gauge("node_procs_running"), called(topology, "runnable")),
            Query(host_queries.gauge("node_procs_blocked"), called(topology, "blocked")),
        ),
    )


def _sockets(topology: Topology) -> Graph:
    return Graph(
        title="TCP sockets",
        description="Established connections, closed ones that wait, and sockets without an owner. Healthy: a familiar "
        "level; containers have networks of their own, which do not count here.",
        unit="none",
        scale=scale.none_known("No number is bad in itself, so nothing is coloured."),
        queries=(
            Query(host_queries.gauge("node_netstat_Tcp_CurrEstab"), called(topology, "established")),
            Query(host_queries.gauge("node_sockstat_TCP_tw"), called(topology, "time wait")),
            Query(host_queries.gauge("node_sockstat_TCP_orphan"), called(topology, "orphaned")),
            Query(host_queries.gauge("node_sockstat_UDP_inuse"), called(topology, "UDP")),
        ),
    )


def _retransmitted(topology: Topology) -> Graph:
    share = (
        f"{host_queries.rate('node_netstat_Tcp_RetransSegs')} / on ({names.BY_SERVER}) "
        f"({host_queries.rate('node_netstat_Tcp_OutSegs')} > 0)"
    )
    return Graph(
        title="TCP retransmissions",
        description="Share of the sent segments that had to be sent again. Healthy: far below 1%.",
        unit="percentunit",
        scale=scale.none_known("A lossy client raises it, so nothing is coloured."),
        queries=(Query(share, called(topology, "sent again")),),
        soft_max=0.01,
    )


def _refused(topology: Topology) -> Graph:
    return Graph(
        title="Refused connections",
        description="Connections that a full listen queue dropped, and resets sent. Healthy: no drops.",
        unit="suffix:/s",
        scale=scale.none_known("Port scanners cause resets, so nothing is coloured."),
        queries=(
            Query(host_queries.rate("node_netstat_TcpExt_ListenDrops"), called(topology, "dropped")),
            Query(host_queries.rate("node_netstat_Tcp_OutRsts"), called(topology, "resets")),
        ),
        soft_max=1,
    )


def _temperature(topology: Topology) -> Graph:
    return Graph(
        title="Temperature",
        description="The eight warmest sensors. Healthy: far below the maximum of the hardware; virtual machines have "
        "none.",
        unit="celsius",
        scale=scale.none_known("The maximum depends on the hardware, so nothing is coloured."),
        queries=(Query(host_queries.temperature(), called(topology, "{{sensor}} {{chip}}")),),
        no_value="no sensor",
    )


def _files(topology: Topology) -> Graph:
    return Graph(
        title="Open files",
        description="Share of the kernel's limit for open files. Healthy: a few percent.",
        unit="percentunit",
        scale=scale.none_known("The limit is seldom near, so nothing is coloured."),
        queries=(Query(host_queries.files(), called(topology, "open")),),
        soft_max=0.1,
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
    graph = Graph(
        title="Tracked connections",
        description="Share of the kernel's connection table in use. Healthy: far below the dashed line.",
        unit="percentunit",
        scale=scale.lines(
            "The dashed lines are the thresholds of HostConntrackNearLimit and, in red, of HostConntrackFull."
        ),
        queries=(Query(host_queries.recorded(names.SERVER_CONNTRACK), called(topology, "in use")),),
        soft_max=0.1,
    )
    return thresholds.drawn(thresholds.drawn(graph, near), full, colours.LIMIT)


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
            words=tuple(state for state, _ in _STATES),
            steps=True,
        ),
        Graph(
            title="Container starts",
            description="Containers started within an hour, builds and restarts included. Healthy: as many as you "
            "deployed.",
            unit="none",
            scale=scale.lines("The dashed line is the threshold of DockerStartChurn."),
            queries=(Query(host_queries.recorded(names.SERVER_CONTAINER_STARTS), called(built.topology, "starts")),),
            levels=((churn, colours.PLAN),),
        ),
    )
