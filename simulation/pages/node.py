"""node_exporter of a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import DAY, Change, Flow, daily
from boxwatch.simulation.pages import process

EXPORTER: Final = "node_exporter"
_ROOT: Final = {"device": "/dev/nvme0n1p3", "device_error": "", "fstype": "ext4", "mountpoint": "/"}
_SECOND: Final = {"device": "/dev/nvme1n1p1", "device_error": "", "fstype": "ext4", "mountpoint": "/mnt/backup"}
_GONE: Final = {**_SECOND, "device_error": "input/output error"}
_COLLECTORS: Final = (
    "conntrack", "cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "pressure", "stat", "time", "timex",
    "vmstat",
)  # fmt: skip
_BYTES: Final = 30_000.0
_UPTIME: Final = 41 * DAY
_INODES: Final = 30_000_000.0
_GAUGES: Final = {
    "node_filefd_allocated": 7200.0, "node_filefd_maximum": 9.2e18, "node_memory_Buffers_bytes": 3.1e8,
    "node_memory_Cached_bytes": 9.4e9, "node_memory_Dirty_bytes": 4.0e6, "node_memory_Shmem_bytes": 1.2e8,
    "node_memory_Slab_bytes": 8.0e8, "node_memory_SwapFree_bytes": 4.2e9, "node_memory_SwapTotal_bytes": 4.2e9,
    "node_procs_blocked": 0.0, "node_sockstat_TCP_orphan": 0.0, "node_sockstat_TCP_tw": 90.0,
    "node_sockstat_UDP_inuse": 12.0,
}  # fmt: skip
# Counters, per second.
_RATES: Final = {
    "node_netstat_TcpExt_ListenDrops": 0.0, "node_netstat_Tcp_OutRsts": 0.2, "node_netstat_Tcp_OutSegs": 2100.0,
    "node_netstat_Tcp_RetransSegs": 0.4, "node_vmstat_pgmajfault": 0.3,
}  # fmt: skip
_USER: Final = 0.72


def samples(box: Box, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment."""
    booted = box.start - _UPTIME
    yield Sample("node_boot_time_seconds", booted)
    yield Sample("node_time_seconds", now)
    yield from _cpu(box, server, booted, now)
    yield from _memory(box, server, booted, now)
    yield from _pressure(box, booted, now)
    yield from _filesystems(box, server, now)
    yield from _disks(box, server, booted, now)
    yield from _network(box, server, booted, now)
    cores = box.host_cores(server).rate(now)
    for name, factor in (("node_load1", 1.1), ("node_load5", 1.05), ("node_load15", 1.0)):
        yield Sample(name, factor * cores)
    yield Sample("node_procs_running", float(int(1 + cores)))
    for name, value in _GAUGES.items():
        yield Sample(name, value)
    for name, rate in _RATES.items():
        yield Sample(name, float(int(rate * (now - booted))))
    yield Sample("node_netstat_Tcp_CurrEstab", float(int(310 * _users(box, now))))
    yield Sample("node_timex_sync_status", 1.0)
    yield Sample("node_timex_maxerror_seconds", 0.02 + 0.01 * chance(server, now // 60))
    yield Sample("node_nf_conntrack_entries", float(int(2400 * _users(box, now))))
    yield Sample("node_nf_conntrack_entries_limit", 262144.0)
    for collector in _COLLECTORS:
        yield Sample("node_scrape_collector_success", 1.0, {"collector": collector})
    yield from process.samples(booted + 60, now)


def _users(box: Box, now: float) -> float:
    """How busy all users are, 1 on average."""
    flows = box.requests().values()
    return sum(flow.rate(now) for flow in flows) / max(1.0, sum(flow.base for flow in flows))


def _cpu(box: Box, server: str, since: float, now: float) -> Iterator[Sample]:
    cpus = box.server(server).cpus
    busy = box.host_cores(server).total(since, now) / cpus
    waiting = 0.004 * (now - since)
    idle = now - since - busy - waiting
    modes = {"user": busy * _USER, "system": busy * (1 - _USER), "iowait": waiting, "idle": idle}
    for cpu in range(cpus):
        for mode, seconds in modes.items():
            yield Sample("node_cpu_seconds_total", seconds, {"cpu": str(cpu), "mode": mode})


def _memory(box: Box, server: str, since: float, now: float) -> Iterator[Sample]:
    whole, available = box.host_memory(now, server)
    yield Sample("node_memory_MemTotal_bytes", float(whole))
    yield Sample("node_memory_MemAvailable_bytes", float(available))
    yield Sample("node_vmstat_oom_kill", float(_killed(box, server, now)))
    yield Sample("node_vmstat_pswpin", float(int(0.4 * (now - since))))
    yield Sample("node_vmstat_pswpout", float(int(0.6 * (now - since))))


def _killed(box: Box, server: str, now: float) -> int:
    """Processes that the kernel has killed by now."""
    found = 0
    for slot in box.slots:
        if slot.server == server:
            found += max((life.kills for life in box.lives(slot) if life.started <= now), default=0)
    return found


def _pressure(box: Box, since: float, now: float) -> Iterator[Sample]:
    starving = tuple(fault for fault in box.faults if fault.kind == "starving")

    def waited(usual: float, extra: float) -> float:
        flow = Flow(usual, changes=tuple(Change(one.begins, one.ends, extra=extra) for one in starving))
        return flow.total(since, now)

    yield Sample("node_pressure_cpu_waiting_seconds_total", waited(0.03, 0.7))
    yield Sample("node_pressure_memory_waiting_seconds_total", waited(0.001, 0.02))
    yield Sample("node_pressure_memory_stalled_seconds_total", waited(0.0004, 0.01))
    yield Sample("node_pressure_io_waiting_seconds_total", waited(0.02, 0.12))
    yield Sample("node_pressure_io_stalled_seconds_total", waited(0.012, 0.05))


def _filesystems(box: Box, server: str, now: float) -> Iterator[Sample]:
    yield from _filesystem(_ROOT, *box.disk(now, server))
    if box.fault("disk gone", now):
        yield Sample("node_filesystem_device_error", 1.0, _GONE)
    else:
        yield from _filesystem(_SECOND, *box.second_disk())


def _filesystem(labels: dict[str, str], size: int, free: int) -> Iterator[Sample]:
    yield Sample("node_filesystem_size_bytes", float(size), labels)
    yield Sample("node_filesystem_avail_bytes", float(free), labels)
    yield Sample("node_filesystem_files", _INODES, labels)
    yield Sample("node_filesystem_files_free", 0.87 * _INODES, labels)
    yield Sample("node_filesystem_readonly", 0.0, labels)
    yield Sample("node_filesystem_device_error", 0.0, labels)


def _disks(box: Box, server: str, since: float, now: float) -> Iterator[Sample]:
    labels = {"device": "nvme0n1"}
    seed = chance(box.seed, server, "disk")
    yield Sample("node_disk_io_time_seconds_total", daily(0.05, seed, 0.7).total(since, now), labels)
    done = daily(30.0, seed, 0.7).total(since, now)
    for name, share in (("read", 0.3), ("write", 0.7)):
        yield Sample(f"node_disk_{name}s_completed_total", float(int(share * done)), labels)
        yield Sample(f"node_disk_{name}_time_seconds_total", share * done * 0.0006, labels)
    yield Sample("node_disk_read_bytes_total", float(int(daily(900e3, seed, 0.7).total(since, now))), labels)
    yield Sample("node_disk_written_bytes_total", float(int(daily(2.1e6, seed, 0.7).total(since, now))), labels)


def _network(box: Box, server: str, since: float, now: float) -> Iterator[Sample]:
    labels = {"device": "eth0"}
    flows = [flow for slot, flow in box.requests().items() if slot.server == server]
    requests = sum(flow.total(since, now) for flow in flows)
    yield Sample("node_network_receive_bytes_total", float(int(requests * 2100 + _BYTES * (now - since))), labels)
    yield Sample("node_network_transmit_bytes_total", float(int(requests * _BYTES + 40e3 * (now - since))), labels)
    for name in ("receive_errs", "receive_drop", "transmit_errs", "transmit_drop"):
        yield Sample(f"node_network_{name}_total", 0.0, labels)
