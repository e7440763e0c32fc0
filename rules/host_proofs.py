"""What the recorded series of servers must come out as, and how the proofs of the alerts on them are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Measured, Sample, Series
from boxwatch.rules.world import INTERVAL, World, flat, sample, series
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Thresholds
from boxwatch.topology.units import GIB

_MINUTE, _HOUR = 60, 3600
# A second exporter that tells of the same server: it must change no number by being added to the first.
_AGAIN = "node-exporter-again:9100"

# Value and server → the input that gives a server that value.
Make = Callable[[World, float, str], tuple[Series, ...]]


def recorded(name: str, /, **labels: str) -> Make:
    """Makes a recorded series of a server, so that its value is exact."""
    return lambda world, value, server: (series(name, flat(value, world.count), server=server, **labels),)


def percent(value: float) -> str:
    """A share as `humanizePercentage` writes it."""
    return f"{value * 100:.4g}%"


def last_pending(wait: int, interval: int) -> int:
    """Seconds after which what began at an evaluation is still pending at the last evaluation before it fires."""
    return (math.ceil(wait / interval) - 1) * interval


def crossing(  # noqa: PLR0913 - a proof is about all of these
    thresholds: Thresholds,
    make: Make,
    *,
    wait: int,
    threshold: float,
    text: Callable[[float], str],
    below: bool = False,
    labels: dict[str, str] | None = None,
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The firing and the silent cases of an alert that compares one number of a server with a threshold.

    Args:
        thresholds: those of the topology.
        make: makes the input of one server. The value must come out exactly.
        wait: for how long it must last, seconds.
        threshold: the number.
        text: the description of server `main` with a value.
        below: it fires below the threshold, and not above it.
        labels: labels of the alert beside the server.
    """
    # At the very evaluation at which it must fire, so that no longer wait passes.
    after = last_pending(wait, INTERVAL) + INTERVAL
    world = World(length=after + _MINUTE, thresholds=thresholds)
    sign = -1 if below else 1
    bad, just, good = (threshold * (1 + sign * part) for part in (0.5, 0.01, -0.01))
    expected = {"server": "main", **(labels or {})}
    pending = last_pending(wait, world.interval)
    fires = (
        world.fires(
            "fires for the server that is beyond it, and not for those that are near it",
            (*make(world, bad, "main"), *make(world, good, "second"), *make(world, threshold, "third")),
            after,
            Expected(expected, text(bad)),
        ),
        world.fires(
            "fires just beyond the threshold",
            (*make(world, just, "main"), *make(world, threshold, "second")),
            after,
            Expected(expected, text(just)),
        ),
    )
    silent = (
        world.silent("is silent just short of the threshold", make(world, good, "main"), after),
        world.silent("is silent at exactly the threshold", make(world, threshold, "main"), after),
        world.silent("is silent where nothing is known", make(world, threshold, "second"), after),
        *(
            [world.silent("is silent when it has not lasted", make(world, bad, "main"), pending)]
            if pending > 0
            else []
        ),
    )
    return fires, silent


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded series of servers."""
    found = (*_rates(topology), *_shares(topology), *_disks(topology), *_trend(topology))
    return tuple(replace(one, series=(*one.series, *_elsewhere(one))) for one in found)


def _elsewhere(one: Measured) -> Iterator[Series]:
    """The same series of another job, once with far too much and once with nothing, which must not matter."""
    count = one.at // one.interval + 1
    for other in one.series:
        if "_x" not in other.values:
            yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"much"'), f"0+9000000000000x{count}")
        yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"little"'), f"900000000000-9000000x{count}")
        yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"nothing"'), f"0x{count}")


def _node(world: World, metric: str, values: str, **labels: str) -> Series:
    return world.scraped(metric, values, **{"job": names.JOB_NODE, "instance": "node-exporter:9100", **labels})


def _rates(topology: Topology) -> tuple[Measured, ...]:
    """Counters of a server that is scraped twice, and of another."""
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)

    def grows(metric: str, per_second: float, **labels: str) -> Series:
        return _node(world, metric, f"0+{per_second * world.interval}x{world.count}", **labels)

    pressures = {
        names.SERVER_CPU_WAITING: "node_pressure_cpu_waiting_seconds_total",
        names.SERVER_MEMORY_WAITING: "node_pressure_memory_waiting_seconds_total",
        names.SERVER_MEMORY_STALLED: "node_pressure_memory_stalled_seconds_total",
        names.SERVER_IO_WAITING: "node_pressure_io_waiting_seconds_total",
        names.SERVER_IO_STALLED: "node_pressure_io_stalled_seconds_total",
    }
    pressed = tuple(
        part
        for metric in pressures.values()
        for part in (
            grows(metric, 0.25),
            grows(metric, 0.125, instance=_AGAIN),
            grows(metric, 0.5, server="second"),
        )
    )
    swapped = (
        grows("node_vmstat_pswpin", 128),
        grows("node_vmstat_pswpin", 64, instance=_AGAIN),
        grows("node_vmstat_pswpout", 256),
        grows("node_vmstat_pswpout", 128, instance=_AGAIN),
        grows("node_vmstat_pswpin", 32, server="second"),
        grows("node_vmstat_pswpout", 16, server="second"),
        grows("node_vmstat_pswpin", 100, server="third"),
        grows("node_vmstat_pswpout", 80, server="third"),
        grows("node_vmstat_pswpout", 60, server="third", instance=_AGAIN),
    )
    # Two CPUs that are idle for 0.5 and 0.25 of the time and wait for a disk for 0.25 and 0.
    cpus = (
        grows("node_cpu_seconds_total", 0.5, cpu="0", mode="idle"),
        grows("node_cpu_seconds_total", 0.25, cpu="1", mode="idle"),
        grows("node_cpu_seconds_total", 0.25, cpu="0", mode="iowait"),
        grows("node_cpu_seconds_total", 0, cpu="1", mode="iowait"),
        grows("node_cpu_seconds_total", 0.25, cpu="0", mode="user"),
        grows("node_cpu_seconds_total", 0.75, cpu="1", mode="user"),
        grows("node_cpu_seconds_total", 1, cpu="0", mode="idle", server="second"),
        grows("node_cpu_seconds_total", 0, cpu="0", mode="iowait", server="second"),
    )
    wires = tuple(
        grows(metric, rate, device=device, server=server)
        for metric, factor in (("node_network_receive_bytes_total", 1), ("node_network_transmit_bytes_total", 3))
        for device, rate, server in (
            ("enp0s31f6", 1000.0 * factor, "main"),
            ("wg0", 24.0 * factor, "main"),
            *((device, 7e6, "main") for device in ("lo", "docker0", "veth12ab", "br-0123456789ab")),
            ("eth0", 16.0 * factor, "second"),
        )
    )
    return (
        *(_by_server(world, name, {"main": 0.25, "second": 0.5}, pressed) for name in pressures),
        _by_server(world, names.SERVER_SWAPPED, {"main": 128, "second": 16, "third": 80}, swapped),
        _by_server(world, names.SERVER_CPU_USED, {"main": 0.5, "second": 0}, cpus),
        _by_server(world, names.SERVER_NETWORK_RECEIVED, {"main": 1024, "second": 16}, wires),
        _by_server(world, names.SERVER_NETWORK_SENT, {"main": 3072, "second": 48}, wires),
            *_window(world),
    )


def _window(world: World) -> tuple[Measured, ...]:
    """A rate that began ten minutes in, looked at four minutes later: 4/5 of it, in windows of five minutes."""
    begins = 20

    def later(metric: str, per_second: float, **labels: str) -> Series:
        step = per_second * world.interval
        return _node(world, metric, f"0x{begins} {step}+{step}x{world.count - begins - 1}", **labels)

    expected = {
        names.SERVER_CPU_WAITING: (later("node_pressure_cpu_waiting_seconds_total", 0.5), 0.4),
        names.SERVER_MEMORY_WAITING: (later("node_pressure_memory_waiting_seconds_total", 0.5), 0.4),
        names.SERVER_MEMORY_STALLED: (later("node_pressure_memory_stalled_seconds_total", 0.5), 0.4),
        names.SERVER_IO_WAITING: (later("node_pressure_io_waiting_seconds_total", 0.5), 0.4),
        names.SERVER_IO_STALLED: (later("node_pressure_io_stalled_seconds_total", 0.5), 0.4),
        names.SERVER_CPU_USED: (later("node_cpu_seconds_total", 0.5, cpu="0", mode="idle"), 0.6),
        names.SERVER_NETWORK_RECEIVED: (later("node_network_receive_bytes_total", 100, device="eth0"), 80),
        names.SERVER_NETWORK_SENT: (later("node_network_transmit_bytes_total", 100, device="eth0"), 80),
    }
    # Both ways, each the busier one on one server.
    swapped = (
        later("node_vmstat_pswpin", 100),
        later("node_vmstat_pswpout", 200),
        later("node_vmstat_pswpin", 110, server="second"),
        later("node_vmstat_pswpout", 100, server="second"),
    )
    parts = (*(one for one, _ in expected.values()), *swapped)
    servers = {names.SERVER_SWAPPED: ("main", "second")}
    return tuple(
        Measured(
            title=f"{name} is about the last five minutes",
            # Rounded to tenths: Prometheus 3 leaves out the sample on the window's left edge, which 2 counts.
            expr=f"round({name} * 100 / {value}, 10)",
            at=begins * world.interval + 4 * _MINUTE,
            samples=tuple(Sample(labels={"server": server}, value=100) for server in servers.get(name, ("main",))),
            series=parts,
            interval=world.interval,
        )
        for name, value in {**{name: value for name, (_, value) in expected.items()}, names.SERVER_SWAPPED: 80}.items()
    )


def _by_server(world: World, name: str, values: dict[str, float], parts: tuple[Series, ...]) -> Measured:
    return Measured(
        title=f"{name} comes out as it should",
        # Rounded: a rate is not exact to the last bit.
        expr=f"round({name}, 0.001)",
        at=15 * _MINUTE,
        samples=tuple(Sample(labels={"server": server}, value=value) for server, value in values.items()),
        series=parts,
        interval=world.interval,
    )


def _shares(topology: Topology) -> tuple[Measured, ...]:
    world = World(length=15 * _MINUTE, thresholds=topology.thresholds)

    def part(of: str, whole: str, share: float, size: int, **labels: str) -> tuple[Series, ...]:
        return (
            _node(world, of, flat(share * size, world.count), **labels),
            _node(world, whole, flat(size, world.count), **labels),
        )

    memory = ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes")
    conntrack = ("node_nf_conntrack_entries", "node_nf_conntrack_entries_limit")
    parts = tuple(
        one
        for of, whole in (memory, conntrack)
        for size in (32 * GIB if whole == memory[1] else 262144,)
        for one in (
            *part(of, whole, 0.25, size),
            *part(of, whole, 0.5, size * 2, instance=_AGAIN),
            *part(of, whole, 0.75, size // 2, server="second"),
        )
    )
    return (
        _by_server(world, names.SERVER_MEMORY_AVAILABLE, {"main": 0.125, "second": 0.75}, parts),
        _by_server(world, names.SERVER_CONNTRACK, {"main": 1, "second": 0.75}, parts),
    )


def filesystem(  # noqa: PLR0913 - each is a label or a metric of one mount
    world: World,
    metric: str,
    value: float,
    *,
    server: str = "main",
    device: str = "/dev/md2",
    fstype: str = "ext4",
    mountpoint: str = "/",
) -> Series:
    """A metric of one mounted filesystem."""
    return _node(
        world,
        f"node_filesystem_{metric}",
        flat(value, world.count),
        server=server,
        device=device,
        fstype=fstype,
        mountpoint=mountpoint,
    )


def _disks(topology: Topology) -> tuple[Measured, ...]:
    """Two servers with a device that is mounted twice, one of every filesystem, and all that is no disk."""
    world = World(length=15 * _MINUTE, thresholds=topology.thresholds)
    size = 256 * GIB
    parts: list[Series] = []

    def mount(free: float, inodes: float, read_only: int, scale: int = 1, **labels: str) -> None:
        parts.extend(
            filesystem(world, metric, value, **labels)
            for metric, value in (
                ("size_bytes", size * scale),
                ("avail_bytes", free * size * scale),
                ("files", 65536 * scale),
                ("files_free", inodes * 65536 * scale),
                ("readonly", read_only),
            )
        )

    mount(0.25, 0.5, 0)
    # Bind mounts: read-only on purpose, and with numbers of another moment.
    mount(0.375, 0.625, 1, mountpoint="/var/lib/docker", scale=2)
    mount(0.5, 0.75, 1, server="second", scale=4)
    for fstype in ("ext3", "xfs", "btrfs", "zfs"):
        mount(0.75, 0.25, 0, device=fstype, fstype=fstype, mountpoint=f"/{fstype}")
    mount(0.125, 0.125, 1, device="/dev/md1", mountpoint="/boot")
    mount(0.125, 0.125, 1, device="/dev/sda1", mountpoint="/boot/efi")
    mount(0.125, 0.125, 1, device="tmpfs", fstype="tmpfs", mountpoint="/run")
    mount(0.125, 0.125, 1, device="overlay", fstype="overlay", mountpoint="/var/lib/overlay")
    mount(0, 0.125, 1, device="/dev/loop0", fstype="squashfs", mountpoint="/snap/core")
    # No number of inodes.
    parts += [
        filesystem(world, "files", 0, device="pool", fstype="zfs", mountpoint="/pool"),
        filesystem(world, "files_free", 0, device="pool", fstype="zfs", mountpoint="/pool"),
    ]
    rows = {
        names.DEVICE_DISK_SIZE: (2 * size, 4 * size, size),
        names.DEVICE_DISK_FREE: (0.125, 0.5, 0.75),
        names.DEVICE_INODES_FREE: (0.25, 0.75, 0.25),
        names.DEVICE_READ_ONLY: (0, 1, 0),
    }
    return tuple(
        Measured(
            title=f"{name} is one number a device, whatever it is mounted as",
            expr=name,
            at=5 * _MINUTE,
            samples=(
                sample(name, first, server="main", device="/dev/md2"),
                sample(name, second, server="second", device="/dev/md2"),
                *(sample(name, other, server="main", device=device) for device in ("ext3", "xfs", "btrfs", "zfs")),
            ),
            series=tuple(parts),
            interval=world.interval,
        )
        for name, (first, second, other) in rows.items()
    )


def filling(world: World, left: float, per_second: float, *, since: int = 0, **labels: str) -> tuple[Series, ...]:
    """A disk that fills steadily from `since` on and has `left` bytes at the end of the case."""
    start = left + per_second * (world.length - since)
    step = per_second * world.interval
    values = f"{start}{-step:+}x{(world.length - since) // world.interval}"
    if since:
        values = f"_x{since // world.interval} {values}"
    where = {"device": "/dev/md2", "fstype": "ext4", "mountpoint": "/", **labels}
    return (_node(world, "node_filesystem_avail_bytes", values, **where),)


def _trend(topology: Topology) -> tuple[Measured, ...]:
    world = World(length=40 * _HOUR, thresholds=topology.thresholds, interval=600)
    name = names.DEVICE_DISK_EXHAUSTION
    fills = (
        *filling(world, 100 * GIB, GIB / 1024),
        # Mounted once more, and looked at a little later.
        *filling(world, 90 * GIB, GIB / 2048, mountpoint="/var/lib/docker"),
        *filling(world, 50 * GIB, GIB / 1024, server="second"),
        *filling(world, 50 * GIB, -GIB / 1024, device="/dev/empties"),
        *filling(world, 50 * GIB, 0, device="/dev/rests"),
        *(
            one
            for fstype in ("ext3", "xfs", "btrfs", "zfs")
            for one in filling(world, GIB, GIB / 1024, device=fstype, fstype=fstype)
        ),
        *filling(world, 512, 0.5, device="/dev/slow"),
        # Known for less than half a day on one server, and for a little more on the other.
        *filling(world, 50 * GIB, GIB / 1024, since=29 * _HOUR, device="/dev/new"),
        *filling(world, 25 * GIB, GIB / 1024, since=27 * _HOUR, device="/dev/new", server="second"),
        *filling(world, 10 * GIB, GIB / 1024, fstype="tmpfs", device="tmpfs"),
        *filling(world, 10 * GIB, GIB / 1024, mountpoint="/boot", device="/dev/md1"),
    )
    # Fills for the last 18 hours of 40, after 22 in which nothing happened.
    turns = World(length=40 * _HOUR, thresholds=topology.thresholds, interval=600)
    flat_for = 132
    step = GIB * 600 / 1024
    left = 200 * GIB - step * (turns.count - flat_for)
    turned = _node(
        turns,
        "node_filesystem_avail_bytes",
        f"{200 * GIB}x{flat_for - 1} {200 * GIB}-{step}x{turns.count - flat_for}",
        device="/dev/md2",
        fstype="ext4",
        mountpoint="/",
    )
    return (
        Measured(
            title="the time until a disk is full is what the trend of the last day leaves",
            expr=f"round({name})",
            at=world.length,
            samples=(
                Sample(labels={"server": "main", "device": "/dev/md2"}, value=90 * 1024),
                Sample(labels={"server": "second", "device": "/dev/md2"}, value=50 * 1024),
                Sample(labels={"server": "second", "device": "/dev/new"}, value=25 * 1024),
                Sample(labels={"server": "main", "device": "/dev/slow"}, value=1024),
                *(Sample(labels={"server": "main", "device": fs}, value=1024) for fs in ("ext3", "xfs", "btrfs", "zfs")),
            ),
            series=fills,
            interval=world.interval,
        ),
        Measured(
            title="the trend is that of a day: eighteen hours of filling count for less than all of it",
            # The slope of a day of which a quarter is flat is 27/32 of the steep one's.
            expr=f"round({name} / {left / GIB * 1024}, 0.01)",
            at=turns.length,
            samples=(Sample(labels={"server": "main", "device": "/dev/md2"}, value=1.19),),
            series=(turned,),
            interval=turns.interval,
        ),
    )
