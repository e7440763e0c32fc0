"""What the dashboard of servers asks beside recorded series."""

from __future__ import annotations

from boxwatch.dashboards.queries import ON_SERVERS
from boxwatch.rules import names
from boxwatch.rules.host.host import WIRES
from boxwatch.rules.host.host_state import COLLECTORS
from boxwatch.rules.patterns.fragments import NODE
from boxwatch.topology.model import Topology

_HERE = f"{NODE}, {ON_SERVERS}"
_DOCKER = f'job="{names.JOB_DOCKER}", {ON_SERVERS}'
# What is written to an array or a mapped device is written to its members too.
_WHOLE_DISKS = f'{_HERE}, device!~"loop.*|ram.*|dm-.*|md.*|sr.*|zram.*"'
_WIRES = f"{WIRES}, {ON_SERVERS}"


def called(topology: Topology, word: str) -> str:
    """How a series of one number a server is called: where there is one server, by what it is."""
    return word if len(topology.servers) == 1 else f"{word} {{{{{names.SERVER}}}}}"


def recorded(series: str) -> str:
    """A recorded series of the chosen servers."""
    return f"max by ({names.BY_SERVER}) ({series}{{{ON_SERVERS}}})"


def least(series: str) -> str:
    """The lowest of a recorded series, on the server and disk that has it."""
    return f"min by ({names.BY_SERVER}) ({series}{{{ON_SERVERS}}})"


def cpu_by_mode() -> str:
    """CPUs busy in each mode, all chosen servers together; 1 is one CPU."""
    return f'sum by (mode) (rate(node_cpu_seconds_total{{{_HERE}, mode!="idle"}}[$__rate_interval]))'


def disk_busy() -> str:
    """Share of the time in which each disk had something to do."""
    return f"max by ({names.BY_DEVICE}) (rate(node_disk_io_time_seconds_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


def disk_bytes(way: str) -> str:
    """Bytes a second, `read` or `written`, all disks of a server."""
    return f"sum by ({names.BY_SERVER}) (rate(node_disk_{way}_bytes_total{{{_WHOLE_DISKS}}}[$__rate_interval]))"


def network_faults(way: str, what: str) -> str:
    """Packets a second that were lost or damaged: way `receive` or `transmit`, what `errs` or `drop`."""
    return f"sum by ({names.BY_SERVER}) (rate(node_network_{way}_{what}_total{{{_WIRES}}}[$__rate_interval]))"


def disks_missing() -> str:
    """Disks that arrays lack, by server; nothing where there is no array."""
    wanted = f"max by ({names.BY_DEVICE}) (node_md_disks_required{{{_HERE}}})"
    there = f'min by ({names.BY_DEVICE}) (node_md_disks{{{_HERE}, state="active"}})'
    return f"sum by ({names.BY_SERVER}) (clamp_min({wanted} - on ({names.BY_DEVICE}) {there}, 0))"


def up_for() -> str:
    """Seconds since each server was started."""
    return f"min by ({names.BY_SERVER}) (time() - node_boot_time_seconds{{{_HERE}}})"


def clock_off() -> str:
    """Seconds by which each server's clock differs from that of Prometheus."""
    told = f"node_time_seconds{{{_HERE}}}"
    return f"max by ({names.BY_SERVER}) (abs({told} - timestamp({told})))"


def clock_error() -> str:
    """Seconds by which the kernel thinks that its clock may be wrong; 16 is not synchronised."""
    return f"max by ({names.BY_SERVER}) (node_timex_maxerror_seconds{{{_HERE}}})"


def collectors() -> str:
    """1 for each collector that works, 0 for one that does not, of those that the alerts look at."""
    chosen = f'{_HERE}, collector=~"{"|".join(COLLECTORS)}"'
    return f"min by ({names.BY_SERVER}, collector) (node_scrape_collector_success{{{chosen}}})"


def containers() -> str:
    """Containers that the Docker engine knows, by state."""
    return f"sum by (state) (engine_daemon_container_states_containers{{{_DOCKER}}})"
