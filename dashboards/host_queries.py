"""Queries of the server dashboard that read no recorded series."""

from __future__ import annotations

from boxwatch.dashboards.queries import ON_SERVERS, largest
from boxwatch.rules import names
from boxwatch.rules.host.host import WIRES
from boxwatch.rules.host.host_state import COLLECTORS
from boxwatch.rules.patterns.fragments import NODE
from boxwatch.topology.model import Topology

_HERE = f"{NODE}, {ON_SERVERS}"
_DOCKER = f'job="{names.JOB_DOCKER}", {ON_SERVERS}'
# Writes to an array or a mapped device also count on its members.
_WHOLE_DISKS = f'{_HERE}, device!~"loop.*|ram.*|dm-.*|md.*|sr.*|zram.*"'
_WIRES = f"{WIRES}, {ON_SERVERS}"


def called(topology: Topology, word: str) -> str:
    """Legend of a series with one value per server: with a single server, the word alone."""
    return word if len(topology.servers) == 1 else f"{word} {{{{{names.SERVER}}}}}"


def recorded(series: str) -> str:
    """A recorded series of the chosen servers."""
    return f"max by ({names.BY_SERVER}) ({series}{{{ON_SERVERS}}})"


def least(series: str) -> str:
    """The lowest value of a recorded series on each server, across its disks."""
    return f"min by ({names.BY_SERVER}) ({series}{{{ON_SERVERS}}})"


def cpu_by_mode() -> str:
    """Share of all CPUs of the chosen servers that is busy in each mode."""
    busy = f'sum by (mode) (rate(node_cpu_seconds_total{{{_HERE}, mode!="idle"}}[$__rate_interval]))'
    return f"{busy} / on () group_left () sum({cpus()})"


def disk_busy() -> str:
    """Share of time during which each disk was busy."""
    return f"max by ({names.BY_DEVICE}) (rate(node_disk_io_time_seconds_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


def of_disks(what: str) -> str:
    """A counter of each disk as its rate."""
    return f"max by ({names.BY_DEVICE}) (rate(node_disk_{what}_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


def disk_latency(way: str, operations: str) -> str:
    """Mean seconds of an operation on each disk; empty where there was none."""
    return f"{of_disks(f'{way}_time_seconds')} / on ({names.BY_DEVICE}) ({of_disks(f'{operations}_completed')} > 0)"


def load(minutes: int) -> str:
    """Load average of each server."""
    return _of_server(f"node_load{minutes}{{{_HERE}}}")


def cpus() -> str:
    """Number of CPUs of each server."""
    return f'count by ({names.BY_SERVER}) (node_cpu_seconds_total{{{_HERE}, mode="idle"}})'


def of_each_core() -> str:
    """Use of the busiest CPUs, each for itself."""
    idle = f'node_cpu_seconds_total{{{_HERE}, mode="idle"}}'
    return largest(f"max by ({names.BY_SERVER}, cpu) (1 - rate({idle}[$__rate_interval]))")


def gauge(metric: str) -> str:
    """A gauge of each server."""
    return _of_server(f"{metric}{{{_HERE}}}")


def rate(metric: str) -> str:
    """A counter of each server as its rate."""
    return _of_server(f"rate({metric}{{{_HERE}}}[$__rate_interval])")


def temperature() -> str:
    """The warmest sensors, in °C; empty in virtual machines."""
    return largest(f"max by ({names.BY_SERVER}, chip, sensor) (node_hwmon_temp_celsius{{{_HERE}}})")


def files() -> str:
    """Open files as a share of the kernel's limit."""
    return f"{gauge('node_filefd_allocated')} / on ({names.BY_SERVER}) {gauge('node_filefd_maximum')}"


def largest_services(series: str) -> str:
    """A recorded series of containers, summed by service: those that use most at the end of the range."""
    return largest(f'sum by ({names.BY_SERVICE}) ({series}{{{ON_SERVERS}, {names.SERVICE}!=""}})')


def _of_server(expr: str) -> str:
    return f"max by ({names.BY_SERVER}) ({expr})"


def network_faults(way: str, what: str) -> str:
    """Packets a second lost or damaged. Directions are `receive` and `transmit`, faults `errs` and `drop`."""
    return f"sum by ({names.BY_SERVER}) (rate(node_network_{way}_{what}_total{{{_WIRES}}}[$__rate_interval]))"


def disks_missing() -> str:
    """Members that arrays lack, by server; empty without arrays."""
    wanted = f"max by ({names.BY_DEVICE}) (node_md_disks_required{{{_HERE}}})"
    there = f'min by ({names.BY_DEVICE}) (node_md_disks{{{_HERE}, state="active"}})'
    return f"sum by ({names.BY_SERVER}) (clamp_min({wanted} - on ({names.BY_DEVICE}) {there}, 0))"


def up_for() -> str:
    """Seconds since each server booted."""
    return f"min by ({names.BY_SERVER}) (time() - node_boot_time_seconds{{{_HERE}}})"


def clock_off() -> str:
    """Seconds between each server's clock and that of Prometheus."""
    told = f"node_time_seconds{{{_HERE}}}"
    return f"max by ({names.BY_SERVER}) (abs({told} - timestamp({told})))"


def clock_error() -> str:
    """The kernel's estimate of its clock error in seconds; 16 means not synchronised."""
    return f"max by ({names.BY_SERVER}) (node_timex_maxerror_seconds{{{_HERE}}})"


def collectors() -> str:
    """1 for each working collector that alerts depend on, 0 for a failing one."""
    chosen = f'{_HERE}, collector=~"{"|".join(COLLECTORS)}"'
    return f"min by ({names.BY_SERVER}, collector) (node_scrape_collector_success{{{chosen}}})"


def containers() -> str:
    """Containers known to the Docker engine, by state."""
    return f"sum by (state) (engine_daemon_container_states_containers{{{_DOCKER}}})"
