"""Servers as measured: CPU, memory, pressure, disks, network."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.host import host_disk_proofs, host_proofs
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import NODE, expr
from boxwatch.topology.model import Topology

ID = "host"

# Filesystems that keep data on a disk of this server. Not tmpfs, overlay and squashfs, which are RAM, a view of
# another, or full by nature; and not /boot, which three kernels fill to 80 % and whose fullness no user ever notices.
_DISKS = f'{NODE},fstype=~"ext3|ext4|xfs|btrfs|zfs",mountpoint!~"/boot(/.*)?"'
# Bridges and the ends of the containers' cables count their traffic a second time, and come and go with each deploy.
WIRES = f'{NODE},device!~"lo|docker0|veth.*|br-.*"'


def subject(topology: Topology) -> Subject:
    """The recorded series of servers that the alerts and the dashboards read."""
    return Subject(
        id=ID,
        title="Servers as measured",
        groups=(Group(name="host", rules=(*_pressure(), *_saturation(), *_network(), *_disks())),),
        measured=host_proofs.beside((*host_proofs.measured(topology), *host_disk_proofs.measured(topology))),
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
            # The average over the CPUs of what they spent idle; waiting for a disk leaves a CPU free for others.
            expr=expr(f"""
                1 - sum by ({names.BY_SERVER}) (
                  avg by ({names.BY_SERVER}, mode) (rate(node_cpu_seconds_total{{{NODE},mode=~"idle|iowait"}}[5m]))
                )
            """),
            doc="Share of all CPUs in use over the last five minutes.",
        ),
        Record(
            record=names.SERVER_MEMORY_AVAILABLE,
            # The kernel's own estimate: what it can give without swapping, page cache counted as far as it can go. It
            # leaves out the cache of ZFS, which shrinks under pressure down to its minimum.
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
            # Pages that go out alone make room for better use, and pages that come in alone are wanted again; only both
            # at once is memory that is not enough. `or` makes it the lower of the two.
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
            doc="Share of the kernel's table of tracked connections that is in use.",
        ),
    )


def _network() -> tuple[Record, ...]:
    return tuple(
        Record(
            record=name,
            expr=f"sum by ({names.BY_SERVER}) (rate(node_network_{metric}_bytes_total{{{WIRES}}}[5m]))",
            doc=f"Bytes a second that the server {what} on its own network devices.",
        )
        for name, metric, what in (
            (names.SERVER_NETWORK_RECEIVED, "receive", "received"),
            (names.SERVER_NETWORK_SENT, "transmit", "sent"),
        )
    )


def _disks() -> tuple[Record, ...]:
    """By device: a bind mount shows the same device once more, and /etc/hosts of a container does too."""
    free = f"min by ({names.BY_DEVICE}) (node_filesystem_avail_bytes{{{_DISKS}}})"
    # What stands beside it is chosen by its devices.
    beside = f"on ({names.BY_DEVICE})"
    return (
        Record(
            record=names.DEVICE_DISK_SIZE,
            expr=f"max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{_DISKS}}})",
            doc="Size of the disk's filesystem, bytes.",
        ),
        Record(
            record=names.DEVICE_DISK_FREE,
            expr=f"{free}\n/ {beside} max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{NODE}}})",
            doc="Share of the disk that services can still write to; the root user's reserve is not counted.",
        ),
        Record(
            record=names.DEVICE_DISK_EXHAUSTION,
            # A whole day, so that what comes and goes every day (backups, images that are built and pruned) is no
            # trend; and only where half a day of it is known.
            expr=expr(f"""
                {free}
                / {beside} (
                  max by ({names.BY_DEVICE}) (-deriv(node_filesystem_avail_bytes{{{NODE}}}[1d])) > 0
                )
                and {beside}
                count by ({names.BY_DEVICE}) (node_filesystem_avail_bytes{{{NODE}}} offset 12h)
            """),
            doc="Seconds until the disk is full if the trend of the last day continues; absent unless it is filling.",
        ),
        Record(
            record=names.DEVICE_INODES_FREE,
            # btrfs and zfs make inodes as they need them and report 0 of 0.
            expr=expr(f"""
                min by ({names.BY_DEVICE}) (node_filesystem_files_free{{{_DISKS}}})
                / {beside} (max by ({names.BY_DEVICE}) (node_filesystem_files{{{NODE}}}) > 0)
            """),
            doc="Share of the disk's inodes that are free.",
        ),
        Record(
            record=names.DEVICE_READ_ONLY,
            # A bind mount may be read-only on purpose; when the kernel stops writing after an error, every mount of the
            # device says so (Linux, fs/proc_namespace.c: ro if the mount or its superblock is).
            expr=f"min by ({names.BY_DEVICE}) (node_filesystem_readonly{{{_DISKS}}})",
            doc="1 when no mount of the disk can be written to.",
        ),
    )
