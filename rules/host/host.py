"""Servers as recorded series: CPU, memory, pressure, disks, network."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.host import host_disk_proofs, host_proofs
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import NODE, expr
from boxwatch.topology.model import Topology

ID = "host"

# Filesystems that store data on a disk of this server. Not tmpfs, overlay and squashfs, which are RAM, views of other
# filesystems, or full by nature; nor /boot, which three kernels fill to 80 % and which no user ever misses.
_DISKS = f'{NODE},fstype=~"ext3|ext4|xfs|btrfs|zfs",mountpoint!~"/boot(/.*)?"'
# Bridges and containers' veth devices count traffic a second time, and come and go with each deploy.
WIRES = f'{NODE},device!~"lo|docker0|veth.*|br-.*"'


def subject(topology: Topology) -> Subject:
    """The recorded series of servers that alerts and dashboards read."""
    return Subject(
        id=ID,
        title="Servers as measured",
        groups=(Group(name="host", rules=(*_pressure(), *_saturation(), *_network(), *_disks())),),
        measured=host_proofs.with_decoys((*host_proofs.measured(topology), *host_disk_proofs.measured(topology))),
    )


def _pressure() -> tuple[Record, ...]:
    """Pressure stall information: `waiting` is the kernel's `some`, `stalled` its `full` (Linux 4.20, psi.rst)."""
    return tuple(
        Record(
            record=name,
            expr=f"max by ({names.BY_SERVER}) (rate(node_pressure_{metric}_seconds_total{{{NODE}}}[5m]))",
            doc=f"Share of the last five minutes in which {who} for {what}.",
        )
        for name, metric, who, what in (
            (names.SERVER_CPU_WAITING, "cpu_waiting", "some process waited", "a CPU"),
            (names.SERVER_MEMORY_WAITING, "memory_waiting", "some process waited", "memory"),
            (names.SERVER_MEMORY_STALLED, "memory_stalled", "every process waited", "memory"),
            (names.SERVER_IO_WAITING, "io_waiting", "some process waited", "a disk"),
            (names.SERVER_IO_STALLED, "io_stalled", "every process waited", "a disk"),
        )
    )


def _saturation() -> tuple[Record, ...]:
    sizes = (f"node_zfs_arc_{of}{{{NODE}}}" for of in ("size", "c_min"))
    cache = f"clamp_min({' - '.join(sizes)}, 0)"
    return (
        Record(
            record=names.SERVER_CPU_USED,
            # Idle time averaged over the CPUs; a CPU that waits for a disk is free for other work.
            expr=expr(f"""
                1 - sum by ({names.BY_SERVER}) (
                  avg by ({names.BY_SERVER}, mode) (rate(node_cpu_seconds_total{{{NODE},mode=~"idle|iowait"}}[5m]))
                )
            """),
            doc="Share of all CPUs in use over the last five minutes.",
        ),
        Record(
            record=names.SERVER_MEMORY_AVAILABLE,
            # The kernel's own estimate of the memory it can provide without swapping, including reclaimable page cache.
            # It leaves out the ZFS cache, which shrinks to its minimum under pressure.
            expr=expr(f"""
                min by ({names.BY_SERVER}) (
                  node_memory_MemAvailable_bytes{{{NODE}}}
                  + on ({names.BY_SERVER}, instance) {cache}
                  or on ({names.BY_SERVER}, instance)
                  node_memory_MemAvailable_bytes{{{NODE}}}
                )
                / on ({names.BY_SERVER}) max by ({names.BY_SERVER}) (node_memory_MemTotal_bytes{{{NODE}}})
            """),
            doc="Share of the server's RAM that is available.",
        ),
        Record(
            record=names.SERVER_SWAPPED,
            # Pages that only go out make room for better use, and pages that only come in are needed again; only both
            # at once mean too little memory. `or` yields the lower of the two rates.
            expr=expr(f"""
                max by ({names.BY_SERVER}) (rate(node_vmstat_pswpin{{{NODE}}}[5m]))
                  < on ({names.BY_SERVER})
                max by ({names.BY_SERVER}) (rate(node_vmstat_pswpout{{{NODE}}}[5m]))
                or
                max by ({names.BY_SERVER}) (rate(node_vmstat_pswpout{{{NODE}}}[5m]))
            """),
            doc="Pages per second moving both in and out of swap: the lower of the two rates.",
        ),
        Record(
            record=names.SERVER_CONNTRACK,
            expr=expr(f"""
                max by ({names.BY_SERVER}) (node_nf_conntrack_entries{{{NODE}}})
                / on ({names.BY_SERVER}) min by ({names.BY_SERVER}) (node_nf_conntrack_entries_limit{{{NODE}}})
            """),
            doc="Share of the kernel's connection tracking table in use.",
        ),
    )


def _network() -> tuple[Record, ...]:
    return tuple(
        Record(
            record=name,
            expr=f"sum by ({names.BY_SERVER}) (rate(node_network_{metric}_bytes_total{{{WIRES}}}[5m]))",
            doc=f"Bytes per second that the server {what} on its own network devices.",
        )
        for name, metric, what in (
            (names.SERVER_NETWORK_RECEIVED, "receive", "received"),
            (names.SERVER_NETWORK_SENT, "transmit", "sent"),
        )
    )


def _disks() -> tuple[Record, ...]:
    """Disks by device: a bind mount shows the same device again, and so does /etc/hosts in a container."""
    free = f"min by ({names.BY_DEVICE}) (node_filesystem_avail_bytes{{{_DISKS}}})"
    # Other operands need no filter: the join selects the devices.
    by_device = f"on ({names.BY_DEVICE})"
    return (
        Record(
            record=names.DEVICE_DISK_SIZE,
            expr=f"max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{_DISKS}}})",
            doc="Size of the disk's filesystem, bytes.",
        ),
        Record(
            record=names.DEVICE_DISK_FREE,
            expr=f"{free}\n/ {by_device} max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{NODE}}})",
            doc="Share of the disk that services can still write to; the root user's reserve is not counted.",
        ),
        Record(
            record=names.DEVICE_DISK_EXHAUSTION,
            # A full day, so that daily cycles (backups, images built and pruned) are no trend; and only if at least
            # half a day of samples exists.
            expr=expr(f"""
                {free}
                / {by_device} (
                  max by ({names.BY_DEVICE}) (-deriv(node_filesystem_avail_bytes{{{NODE}}}[1d])) > 0
                )
                and {by_device}
                count by ({names.BY_DEVICE}) (node_filesystem_avail_bytes{{{NODE}}} offset 12h)
            """),
            doc="Seconds until the disk is full if the trend of the last day continues; absent unless it is filling.",
        ),
        Record(
            record=names.DEVICE_INODES_FREE,
            # btrfs and zfs create inodes on demand and report 0 of 0.
            expr=expr(f"""
                min by ({names.BY_DEVICE}) (node_filesystem_files_free{{{_DISKS}}})
                / {by_device} (max by ({names.BY_DEVICE}) (node_filesystem_files{{{NODE}}}) > 0)
            """),
            doc="Share of the disk's inodes that are free.",
        ),
        Record(
            record=names.DEVICE_READ_ONLY,
            # A bind mount may be read-only on purpose. If the kernel stops writing after an error, every mount of the
            # device is read-only (Linux, fs/proc_namespace.c: ro if the mount or its superblock is).
            expr=f"min by ({names.BY_DEVICE}) (node_filesystem_readonly{{{_DISKS}}})",
            doc="1 if no mount of the disk is writable.",
        ),
    )
