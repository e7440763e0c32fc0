"""Servers: memory, disks, CPU, network and state."""

from __future__ import annotations

from boxwatch.dashboards import host_disks, host_load, host_queries, layout, links, queries, render
from boxwatch.dashboards.host_queries import called
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_SERVER = f"{{{{{names.SERVER}}}}}"


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="host",
        title="Host",
        description="Is a server short of memory, disk, CPU or anything else, and what uses it?",
        variables=(SERVERS,),
        marked=queries.ON_SERVERS,
        alarmed=queries.shown_on(built, "host"),
        panels=layout.place(
            layout.even(4, *_first_answer(built)),
            layout.heading("Memory"),
            layout.line(9, (_memory(topology), 12), (_memory_pressure(built), 6), (_swap(built), 6)),
            layout.heading("Disks"),
            *host_disks.disks(built),
            layout.heading("CPU"),
            host_load.cpu(built),
            layout.heading("Network"),
            host_load.network(built),
            layout.heading("State"),
            host_load.state(built),
            layout.detail("What uses it", layout.even(8, *_users(topology))),
            layout.detail("More on CPU", host_load.cpu_detail(topology)),
            layout.detail("More on disks", host_disks.detail(topology)),
            layout.detail("More on memory", layout.even(8, _kinds(topology), _faults(topology), _swap_space(topology))),
            layout.detail("TCP", host_load.tcp(topology)),
            layout.detail("Hardware and files", host_load.hardware(topology)),
        ),
    )
    return render.build(page, topology)


def _first_answer(built: Built) -> tuple[Stat, ...]:
    topology, numbers = built.topology, built.thresholds
    several = "" if len(topology.servers) == 1 else _SERVER
    filling = thresholds.of(numbers, "HostDiskFilling")
    cpu = thresholds.of(numbers, "HostCpuSaturated")
    reboot = thresholds.of(numbers, "HostRebooted")
    return (
        Stat(
            title="Memory left",
            description="Memory that the kernel can still hand out, page cache included. Healthy: at least what the "
            "plan leaves free.",
            unit="percentunit",
            scale=thresholds.too_little(numbers, "HostMemoryLow", "HostMemoryCritical"),
            queries=(Query(host_queries.recorded(names.SERVER_MEMORY_AVAILABLE), several),),
        ),
        Stat(
            title="Least disk left",
            description="Free share of each server's fullest disk. Healthy: a quarter or more.",
            unit="percentunit",
            scale=thresholds.too_little(numbers, "HostDiskLow", "HostDiskCritical"),
            queries=(Query(host_queries.least(names.DEVICE_DISK_FREE), several),),
        ),
        Stat(
            title="Next disk full in",
            description="By the trend of the last day. Healthy: no disk filling up.",
            unit="dtdurations",
            scale=thresholds.too_soon(filling, "HostDiskFilling"),
            queries=(Query(host_queries.least(names.DEVICE_DISK_EXHAUSTION), several),),
            no_value="none filling",
        ),
        Stat(
            title="CPU busy",
            description="All CPUs over the last five minutes. Healthy: a familiar level.",
            unit="percentunit",
            scale=thresholds.too_much(cpu, "HostCpuSaturated"),
            queries=(Query(host_queries.recorded(names.SERVER_CPU_USED), several),),
        ),
        Stat(
            title="Missing disks",
            description="Missing members of RAID arrays. Healthy: 0; a server without arrays has none.",
            unit="none",
            scale=scale.none_is_good(colours.NEAR),
            queries=(Query(host_queries.disks_missing(), several),),
            no_value="no array",
        ),
        Stat(
            title="Time since boot",
            description="Uptime of each server. Healthy: since the last upgrade you remember.",
            unit="dtdurations",
            scale=thresholds.too_soon(reboot, "HostRebooted"),
            queries=(Query(host_queries.up_for(), several),),
        ),
    )


def _memory(topology: Topology) -> Graph:
    return Graph(
        title="Memory in use",
        description="Memory of the chosen servers: containers, everything else, and what is available. Healthy: the "
        "first two stacked below the dashed line.",
        unit="bytes",
        scale=scale.lines("The dashed line is the plan, the solid line the RAM; both are recorded from the topology."),
        queries=(
            Query(queries.of_all_servers(names.SERVER_MEMORY_CONTAINERS), "containers"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_OVERHEAD), "outside containers"),
            Query(queries.free_of_all_servers(), "available"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLANNED), "planned"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLAN), "RAM"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.query("B", field_config.colour(colours.NEAR)),
            field_config.query("C", field_config.colour(colours.QUIET)),
            field_config.plan_line("D"),
            field_config.limit_line("E"),
        ),
        links=(links.to_dashboard(topology, "capacity", "Open the plan against reality", server=""),),
        fill=60,
        stacked=True,
        table=True,
    )


def _memory_pressure(built: Built) -> Graph:
    topology = built.topology
    stalled = thresholds.of(built.thresholds, "HostMemoryStalled")
    graph = Graph(
        title="Memory pressure",
        description="Share of time during which some or all processes waited for memory. Healthy: flat at 0.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of HostMemoryStalled, for all processes."),
        queries=(
            Query(host_queries.recorded(names.SERVER_MEMORY_WAITING), called(topology, "some wait")),
            Query(host_queries.recorded(names.SERVER_MEMORY_STALLED), called(topology, "all wait")),
        ),
    )
    return thresholds.drawn(graph, stalled)


def _swap(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="Swap traffic",
        description="Pages moved to and from swap, whichever direction is slower. Healthy: flat at 0.",
        unit="suffix: pages/s",
        scale=scale.lines("The dashed line is the threshold of HostSwapThrashing."),
        queries=(Query(host_queries.recorded(names.SERVER_SWAPPED), called(topology, "swapped")),),
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostSwapThrashing"))


def _users(topology: Topology) -> tuple[Graph, Graph]:
    to_service = links.to_service(topology, links.of_series(names.SERVICE), links.of_series(names.SERVER))
    legend = "{{service}}" if len(topology.servers) == 1 else "{{service}} {{server}}"
    return (
        Graph(
            title="CPU by service",
            description="The services that use most; 100% is one CPU. Healthy: a familiar order; click one to open it.",
            unit="percentunit",
            scale=scale.none_known("The topology plans no CPU per service, so nothing is coloured."),
            queries=(Query(host_queries.largest_services(names.CONTAINER_CPU), legend),),
            links=(to_service,),
        ),
        Graph(
            title="Memory by service",
            description="The services that use most. Healthy: a familiar order; click one to open it.",
            unit="bytes",
            scale=scale.none_known("The page of each service compares it with the topology, so nothing is coloured."),
            queries=(Query(host_queries.largest_services(names.CONTAINER_MEMORY_USED), legend),),
            links=(to_service,),
        ),
    )


def _kinds(topology: Topology) -> Graph:
    parts = (
        ("node_memory_Cached_bytes", "page cache"),
        ("node_memory_Buffers_bytes", "buffers"),
        ("node_memory_Slab_bytes", "kernel slab"),
        ("node_memory_Shmem_bytes", "shared"),
        ("node_memory_Dirty_bytes", "not yet written"),
    )
    return Graph(
        title="Kinds of memory",
        description="Memory of the kernel by use; most of it is handed out when needed. Healthy: a familiar level.",
        unit="bytes",
        scale=scale.none_known("No amount is bad in itself, so nothing is coloured."),
        queries=tuple(Query(host_queries.gauge(metric), called(topology, word)) for metric, word in parts),
    )


def _faults(topology: Topology) -> Graph:
    return Graph(
        title="Major page faults",
        description="Pages that had to be read from disk before a process could continue. Healthy: few; many with "
        "little memory left mean thrashing.",
        unit="suffix:/s",
        scale=scale.none_known("Each start of a program causes some, so nothing is coloured."),
        queries=(Query(host_queries.rate("node_vmstat_pgmajfault"), called(topology, "faults")),),
        soft_max=1,
    )


def _swap_space(topology: Topology) -> Graph:
    total, free = host_queries.gauge("node_memory_SwapTotal_bytes"), host_queries.gauge("node_memory_SwapFree_bytes")
    return Graph(
        title="Swap in use",
        description="Swap space in use. Healthy: any constant level; traffic is what hurts.",
        unit="bytes",
        scale=scale.none_known("The panel Swap traffic judges it, so nothing is coloured."),
        queries=(Query(f"{total} - on ({names.BY_SERVER}) {free}", called(topology, "in use")),),
        no_value="no swap",
    )
