"""Queries of the capacity dashboard: the plan against a week of reality.

A week is too long for a recording rule that is evaluated twice a minute and read twice a month, so these queries run
when somebody opens the dashboard, once, at the end of the time range.
"""

from __future__ import annotations

from boxwatch.dashboards.queries import MOST_ROWS, ON_SERVERS, at
from boxwatch.rules import names

_BY_SERVER = f"by ({names.BY_SERVER})"
_BY_SERVICE = f"by ({names.BY_SERVICE})"
_ON_SERVER = f"on ({names.BY_SERVER})"
_ON_SERVICE = f"on ({names.BY_SERVICE})"
# One point every five minutes: a percentile sorts its input, and 2000 points per series are enough.
_POINTS = "[7d:5m]"
_WEEK = "[7d]"


def _peak(series: str) -> str:
    return f"max_over_time({at(series)}{_WEEK})"


def _usual(series: str) -> str:
    return f"quantile_over_time(0.95, {at(series)}{_POINTS})"


def peak_of_servers() -> str:
    """The week's peak of each server's memory."""
    return f"sum {_BY_SERVER} ({_peak(names.SERVER_MEMORY_USED)})"


def usual_of_servers() -> str:
    """The level that each server's memory in use stayed below for 95 % of a week."""
    return f"sum {_BY_SERVER} ({_usual(names.SERVER_MEMORY_USED)})"


def headroom_at_peak() -> str:
    """RAM left at the week's peak, out of the kernel's total, by server."""
    total, peak = at(names.SERVER_MEMORY_TOTAL), _peak(names.SERVER_MEMORY_USED)
    return f"sum {_BY_SERVER} ({total} - {_ON_SERVER} {peak})"


def whole(by_server: str) -> str:
    """A value by server, summed over all chosen servers."""
    return f"sum({by_server})"


def first(by_server: str) -> str:
    """A value by server, of the server with the least."""
    return f"min({by_server})"


def peak_of_services() -> str:
    """The week's peak of each service's memory, all replicas together."""
    return f"sum {_BY_SERVICE} ({_peak(names.SERVICE_MEMORY_USED)})"


def usual_of_services() -> str:
    """The level that each service's memory stayed below for 95 % of a week."""
    return f"sum {_BY_SERVICE} ({_usual(names.SERVICE_MEMORY_USED)})"


def peak_share_of_services() -> str:
    """The week's peak of each service as a share of its budget."""
    budget = f"({at(names.SERVICE_MEMORY_BUDGET)} > 0)"
    return f"sum {_BY_SERVICE} ({_peak(names.SERVICE_MEMORY_USED)} / {_ON_SERVICE} {budget})"


def spare_of_services() -> str:
    """Each service's budget minus the week's peak; negative where the budget was too small."""
    budget = at(names.SERVICE_MEMORY_BUDGET)
    return f"sum {_BY_SERVICE} ({budget} - {_ON_SERVICE} {_peak(names.SERVICE_MEMORY_USED)})"


def outside_the_plan() -> str:
    """Memory of the largest containers that belong to no planned service, without builds."""
    chosen = f'{ON_SERVERS}, {names.SERVICE}="", {names.RESOURCE}!="{names.BUILD_RESOURCE}"'
    labels = f"{names.SERVER}, {names.RESOURCE}, {names.NAME}"
    return f"topk({MOST_ROWS}, max by ({labels}) ({names.CONTAINER_MEMORY_USED}{{{chosen}}}))"


def unlimited() -> str:
    """Memory of the largest containers without a limit."""
    none = f"{at(names.CONTAINER_MEMORY_LIMIT)} == 0"
    used = f"{at(names.CONTAINER_MEMORY_USED)} and on ({names.BY_CONTAINER}) ({none})"
    return f"topk({MOST_ROWS}, max by ({names.SERVER}, {names.SERVICE}, {names.NAME}) ({used}))"


def bytes_free_of_disks() -> str:
    """Bytes that services can still write, by disk."""
    return f"max by ({names.BY_DEVICE}) ({at(names.DEVICE_DISK_FREE)} * {at(names.DEVICE_DISK_SIZE)})"
