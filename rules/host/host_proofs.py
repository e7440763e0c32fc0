"""Proofs of the recorded series of servers, except disks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE = 60
# A second exporter of the same server, which must not be added to the first.
_AGAIN = "node-exporter-again:9100"


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded series of servers."""
    return (*_rates(topology), *_shares(topology))


def with_decoys(found: tuple[Measured, ...]) -> tuple[Measured, ...]:
    """The same proofs, with the same series of other jobs as decoys."""
    return tuple(replace(one, series=(*one.series, *_elsewhere(one))) for one in found)


def _elsewhere(one: Measured) -> Iterator[Series]:
    """Decoys: the same series of other jobs, with absurdly high, falling and zero values."""
    count = one.at // one.interval + 1
    for other in one.series:
        if "_x" not in other.values:
            yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"much"'), f"0+9000000000000x{count}")
        yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"little"'), f"900000000000-9000000x{count}")
        yield Series(other.series.replace(f'"{names.JOB_NODE}"', '"nothing"'), f"0x{count}")


def node(fixtures: Fixtures, metric: str, values: str, **labels: str) -> Series:
    """A metric of node_exporter, with further labels."""
    return fixtures.scraped(metric, values, **{"job": names.JOB_NODE, "instance": "node-exporter:9100", **labels})


def _rates(topology: Topology) -> tuple[Measured, ...]:
    """Counters of a server that is scraped twice, and of other servers."""
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)

    def grows(metric: str, per_second: float, **labels: str) -> Series:
        return node(fixtures, metric, f"0+{per_second * fixtures.interval}x{fixtures.count}", **labels)

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
    # Two CPUs that are idle 0.5 and 0.25 of the time, and wait for a disk 0.25 and 0 of the time.
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
        *(_by_server(fixtures, name, {"main": 0.25, "second": 0.5}, pressed) for name in pressures),
        _by_server(fixtures, names.SERVER_SWAPPED, {"main": 128, "second": 16, "third": 80}, swapped),
        _by_server(fixtures, names.SERVER_CPU_USED, {"main": 0.5, "second": 0}, cpus),
        _by_server(fixtures, names.SERVER_NETWORK_RECEIVED, {"main": 1024, "second": 16}, wires),
        _by_server(fixtures, names.SERVER_NETWORK_SENT, {"main": 3072, "second": 48}, wires),
        *_window(fixtures),
    )


def _window(fixtures: Fixtures) -> tuple[Measured, ...]:
    """Rates that begin at minute 10, evaluated four minutes later: windows of five minutes show 4/5 of them."""
    begins = 20

    def later(metric: str, per_second: float, **labels: str) -> Series:
        step = per_second * fixtures.interval
        return node(fixtures, metric, f"0x{begins} {step}+{step}x{fixtures.count - begins - 1}", **labels)

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
    # In both directions, each of them the busier one on one server.
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
            title=f"{name} covers the last five minutes",
            # Rounded to tenths: Prometheus 3 leaves out the sample on the window's left edge, which 2 includes.
            expr=f"round({name} * 100 / {value}, 10)",
            at=begins * fixtures.interval + 4 * _MINUTE,
            samples=tuple(Sample(labels={"server": server}, value=100) for server in servers.get(name, ("main",))),
            series=parts,
            interval=fixtures.interval,
        )
        for name, value in {**{name: value for name, (_, value) in expected.items()}, names.SERVER_SWAPPED: 80}.items()
    )


def _by_server(fixtures: Fixtures, name: str, values: dict[str, float], parts: tuple[Series, ...]) -> Measured:
    return Measured(
        title=f"{name} has the expected value for each server",
        # Rounded, because rates carry rounding errors.
        expr=f"round({name}, 0.001)",
        at=15 * _MINUTE,
        samples=tuple(Sample(labels={"server": server}, value=value) for server, value in values.items()),
        series=parts,
        interval=fixtures.interval,
    )


def _shares(topology: Topology) -> tuple[Measured, ...]:
    fixtures = Fixtures(length=15 * _MINUTE, thresholds=topology.thresholds)

    def part(of: str, whole: str, share: float, size: int, **labels: str) -> tuple[Series, ...]:
        return (
            node(fixtures, of, flat(share * size, fixtures.count), **labels),
            node(fixtures, whole, flat(size, fixtures.count), **labels),
        )

    memory = ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes")
    cached = (
        *part("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", 0.125, 32 * GIB),
        node(fixtures, "node_zfs_arc_size", flat(9 * GIB, fixtures.count)),
        node(fixtures, "node_zfs_arc_c_min", flat(GIB, fixtures.count)),
        # Below its minimum: nothing can be reclaimed. The server is so small that every byte shows.
        *part(*memory, 0.125, 64, server="second"),
        node(fixtures, "node_zfs_arc_size", flat(1, fixtures.count), server="second"),
        node(fixtures, "node_zfs_arc_c_min", flat(2, fixtures.count), server="second"),
        # Without ZFS; and with ZFS in only one of two scrapes.
        *part(*memory, 0.5, 32 * GIB, server="third"),
        *part(*memory, 0.5, 32 * GIB, server="fourth"),
        node(fixtures, "node_zfs_arc_size", flat(9 * GIB, fixtures.count), server="fourth"),
        node(fixtures, "node_zfs_arc_c_min", flat(GIB, fixtures.count), server="fourth"),
        *part(*memory, 0.25, 32 * GIB, server="fourth", instance=_AGAIN),
    )
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
        _by_server(fixtures, names.SERVER_MEMORY_AVAILABLE, {"main": 0.125, "second": 0.75}, parts),
        replace(
            _by_server(
                fixtures,
                names.SERVER_MEMORY_AVAILABLE,
                {"main": 0.375, "second": 0.125, "third": 0.5, "fourth": 0.25},
                cached,
            ),
            title="the ZFS cache counts as available down to its minimum",
        ),
        _by_server(fixtures, names.SERVER_CONNTRACK, {"main": 1, "second": 0.75}, parts),
    )
