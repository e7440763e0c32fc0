"""Queries of the server dashboard that read no recorded series."""

from __future__ import annotations

from boxwatch.dashboards.queries import ON_SERVERS
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
    """CPUs busy in each mode, all chosen servers together; 1 is one CPU."""
    return f'sum by (mode) (rate(node_cpu_seconds_total{{{_HERE}, mode!="idle"}}[$__rate_interval]))'


def disk_busy() -> str:
    """Share of time during which each disk was busy."""
    return f"max by ({names.BY_DEVICE}) (rate(node_disk_io_time_seconds_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


def disk_bytes(way: str) -> str:
    """Bytes a second, `read` or `written`, all disks of a server."""
    return f"sum by ({names.BY_SERVER}) (rate(node_disk_{way}_bytes_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


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
