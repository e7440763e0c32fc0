"""Disk panels of the server dashboard."""

from __future__ import annotations

from boxwatch.dashboards import host_queries, queries
from boxwatch.dashboards.layout import Line, even
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.timelines import States
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_WEEK = 7 * 86400
_DISK = f"{{{{{names.DEVICE}}}}}"


def disks(built: Built) -> tuple[Line, Line]:
    """Space, inodes and writability; load."""
    topology = built.topology
    return (
        even(8, _disk_free(built), _disk_full(built), _inodes(built)),
        even(8, _disk_busy(topology), _latency(topology), _read_only(topology)),
    )


def detail(topology: Topology) -> Line:
    """Bytes and operations of each disk."""
    return even(8, _disk_bytes(topology), _operations(topology))


def _disk(topology: Topology) -> str:
    return _DISK if len(topology.servers) == 1 else f"{_DISK} {{{{{names.SERVER}}}}}"


def _disk_free(built: Built) -> Graph:
    topology = built.topology
    low = thresholds.of(built.thresholds, "HostDiskLow")
    critical = thresholds.of(built.thresholds, "HostDiskCritical")
    graph = Graph(
        title="Free disk space",
        description="Space that services can still write to, by disk. Healthy: a level line far above the dashed ones.",
        unit="percentunit",
        scale=scale.lines("The dashed lines are the thresholds of HostDiskLow and, in red, of HostDiskCritical."),
        queries=(Query(queries.of_each_disk(names.DEVICE_DISK_FREE), _disk(topology)),),
        soft_max=1,
    )
    return thresholds.drawn(thresholds.drawn(graph, low), critical, colours.LIMIT)


def _disk_full(built: Built) -> Graph:
    topology = built.topology
    within = thresholds.of(built.thresholds, "HostDiskFilling")
    graph = Graph(
        title="Time until a disk is full",
        description="The trend of the last day, extrapolated up to a week. Healthy: no line, or one far above the "
        "dashed line.",
        unit="dtdurations",
        scale=scale.lines(
            "The dashed line is the threshold of HostDiskFilling, for a disk that is already short of space."
        ),
        queries=(Query(queries.of_each_disk(names.DEVICE_DISK_EXHAUSTION), _disk(topology)),),
        max=_WEEK,
        no_value="none filling",
    )
    return thresholds.drawn(graph, within)


def _inodes(built: Built) -> Graph:
    topology = built.topology
    low = thresholds.of(built.thresholds, "HostInodesLow")
    graph = Graph(
        title="Free inodes",
        description="Each file takes one inode. Healthy: far above the dashed line; btrfs and zfs report none.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of HostInodesLow."),
        queries=(Query(queries.of_each_disk(names.DEVICE_INODES_FREE), _disk(topology)),),
        soft_max=1,
    )
    return thresholds.drawn(graph, low)


def _disk_busy(topology: Topology) -> Graph:
    return Graph(
        title="Disks busy",
        description="Share of time during which a disk was busy. Healthy: a familiar level.",
        unit="percentunit",
        scale=scale.none_known("An SSD works in parallel, so 100% need not be too much and nothing is coloured."),
        queries=(Query(host_queries.disk_busy(), _disk(topology)),),
        soft_max=1,
    )


def _disk_bytes(topology: Topology) -> Graph:
    return Graph(
        title="Disk traffic",
        description="Bytes read from and written to each disk. Healthy: a familiar level.",
        unit="Bps",
        scale=scale.none_known("The topology plans no disk traffic, so nothing is coloured."),
        queries=(
            Query(host_queries.of_disks("read_bytes"), f"read {_disk(topology)}"),
            Query(host_queries.of_disks("written_bytes"), f"written {_disk(topology)}"),
        ),
    )


def _latency(topology: Topology) -> Graph:
    return Graph(
        title="Disk latency",
        description="Mean time of a read and of a write on each disk, the queue included. Healthy: below a few "
        "milliseconds on an SSD.",
        unit="s",
        scale=scale.none_known("How much hurts depends on the service, so nothing is coloured."),
        queries=(
            Query(host_queries.disk_latency("read", "reads"), f"read {_disk(topology)}"),
            Query(host_queries.disk_latency("write", "writes"), f"write {_disk(topology)}"),
        ),
        no_value="nothing read or written",
    )


def _operations(topology: Topology) -> Graph:
    return Graph(
        title="Disk operations",
        description="Reads and writes completed by each disk. Healthy: a familiar level, below what the disk can do.",
        unit="iops",
        scale=scale.none_known("The topology does not state what a disk can do, so nothing is coloured."),
        queries=(
            Query(host_queries.of_disks("reads_completed"), f"read {_disk(topology)}"),
            Query(host_queries.of_disks("writes_completed"), f"write {_disk(topology)}"),
        ),
    )


def _read_only(topology: Topology) -> States:
    return States(
        title="Read-only disks",
        description="Whether the kernel can write to each disk. Healthy: one colour throughout.",
        unit="none",
        scale=scale.none_known("Red is read-only: after an error, or on purpose, which the topology does not state."),
        queries=(Query(queries.of_each_disk(names.DEVICE_READ_ONLY), _disk(topology)),),
        mappings=tuple(field_config.states(State(0, "writable", colours.GOOD), State(1, "read-only", colours.BAD))),
    )
