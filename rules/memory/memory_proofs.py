"""Proofs of the recorded memory series, on a server with every kind of container."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample, series
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE, _HOUR = 60, 3600


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded memory series."""
    fixtures = Fixtures(length=15 * _MINUTE, thresholds=topology.thresholds)
    parts = _box(fixtures)
    web1, web2, side = _labels("web-1", "web"), _labels("web-2", "web"), _labels("web-side", "web", component="side")
    pg, pg_side = _labels("pg", "postgres"), _labels("pg-side", "postgres", component="side")
    build, parked = _labels("x7k2", "", names.BUILD_RESOURCE), _labels("parked-1", "parked")
    stray, stray2, far = _labels("adminer", ""), _labels("shell", ""), _labels("pg", "postgres", server="second")
    main, second = {"server": "main"}, {"server": "second"}
    same = ((web2, 0.5), (side, 0.125), (build, 1), (parked, 0.125), (stray, 0.25), (stray2, 0.125))
    container = {
        names.CONTAINER_MEMORY_WORKING_SET: ((web1, 1.0), (pg, 4), (pg_side, 0.5), (far, 4), *same),
        names.CONTAINER_MEMORY_UNRECLAIMABLE: ((web1, 0.75), (pg, 1), (pg_side, 0.25), (far, 3), *same),
        # Page cache counts for web and on the second server, but not for postgres on the first.
        names.CONTAINER_MEMORY_USED: ((web1, 1.0), (pg, 1), (pg_side, 0.25), (far, 4), *same),
        names.CONTAINER_MEMORY_LIMIT: ((web1, 1.0), (web2, 0), (side, 0.25)),
    }
    ratio = {
        names.CONTAINER_MEMORY_BUDGET_RATIO: ((web1, 1.0), (web2, 0.5), (pg, 0.25), (parked, 0.125)),
        names.CONTAINER_MEMORY_LIMIT_RATIO: ((web1, 0.75), (side, 0.5)),
        names.SERVICE_MEMORY_BUDGET_RATIO: ((_service("web"), 0.8125), (_service("postgres"), 0.3125)),
    }
    total = {
        names.SERVICE_MEMORY_USED: (
            (_service("web"), 1.625),
            (_service("postgres"), 1.25),
            (_service("parked"), 0.125),
            ({**second, "service": "postgres"}, 4),
        ),
        names.SERVER_MEMORY_TOTAL: ((main, 31), (second, 16)),
        names.SERVER_MEMORY_USED: ((main, 8), (second, 1.5)),
        names.SERVER_MEMORY_CONTAINERS: ((main, 4.375), (second, 4)),
        names.SERVER_MEMORY_UNPLANNED: ((main, 0.375), (second, 0)),
        # 8 in use, 3.125 of them by containers other than the build; on the second, less than its container uses.
        names.SERVER_MEMORY_OVERHEAD: ((main, 4.875), (second, 0)),
    }
    return (
        *(_shows(fixtures, parts, name, rows, GIB) for name, rows in {**container, **total}.items()),
        *(_shows(fixtures, parts, name, rows, 1) for name, rows in ratio.items()),
        *_without_active_file(topology),
        *_over_time(topology),
    )


def _labels(
    name: str, service: str, resource: str = "", *, component: str = "", server: str = "main"
) -> dict[str, str]:
    labels = {"server": server, "service": service, "resource": resource or name, "name": name}
    return {**labels, "component": component} if component else labels


def _service(service: str) -> dict[str, str]:
    return {"server": "main", "service": service}


_Rows = tuple[tuple[dict[str, str], float], ...]


def _shows(fixtures: Fixtures, parts: tuple[Series, ...], name: str, rows: _Rows, unit: int) -> Measured:
    return Measured(
        title=f"{name} has the expected values",
        expr=name,
        at=5 * _MINUTE,
        samples=tuple(sample(name, value * unit, **labels) for labels, value in rows),
        series=parts,
        interval=fixtures.interval,
    )


_START, _LIMIT = "container_start_time_seconds", "container_spec_memory_limit_bytes"
_WORKING_SET, _ACTIVE_FILE = "container_memory_working_set_bytes", "container_memory_total_active_file_bytes"
_OOM = "container_oom_events_total"
# name, working set and active page cache in GiB, labels
_CONTAINERS: tuple[tuple[str, float, float, dict[str, str]], ...] = (
    ("web-1", 1.0, 0.25, {}),
    # Another, earlier scrape of the same container.
    ("web-1", 0.5, 0.25, {"instance": "again:8080"}),
    ("web-2", 0.5, 0, {}),
    ("web-side", 0.125, 0, {"component": "side"}),
    ("pg", 4, 3, {"service": "postgres"}),
    ("pg", 2, 1.5, {"service": "postgres", "instance": "again:8080"}),
    ("pg-side", 0.5, 0.25, {"service": "postgres", "component": "side"}),
    ("parked-1", 0.125, 0, {"service": "parked"}),
    ("x7k2", 1, 0, {"service": "", "resource": names.BUILD_RESOURCE}),
    ("adminer", 0.25, 0, {"service": ""}),
    ("shell", 0.125, 0, {"service": ""}),
    ("pg", 4, 1, {"service": "postgres", "server": "second"}),
)


def _box(fixtures: Fixtures) -> tuple[Series, ...]:
    """Replicas of web, a database full of page cache, a build and containers outside the plan, on two servers."""

    def constant(metric: str, gib: float, name: str = "web-1", **labels: str) -> Series:
        return fixtures.container(metric, flat(gib * GIB, fixtures.count), name, **labels)

    return (
        *fixtures.service(),
        *fixtures.service("postgres", replicas=1, memory=4 * GIB, page_cache_reclaimable=True),
        fixtures.constant(names.SERVICE_PAGE_CACHE_RECLAIMABLE, 0, server="second", service="postgres"),
        # A parked service has a budget of 0, so there is no ratio.
        *fixtures.service("parked", replicas=0),
        *(constant(_WORKING_SET, size, name, **labels) for name, size, _, labels in _CONTAINERS),
        *(constant(_ACTIVE_FILE, size, name, **labels) for name, _, size, labels in _CONTAINERS),
        *(constant(_START, 0, name, **labels) for name, _, _, labels in _CONTAINERS),
        constant(_LIMIT, 1),
        constant(_LIMIT, 0.5, instance="again:8080"),
        constant(_LIMIT, 0, "web-2"),
        constant(_LIMIT, 0.25, "web-side", component="side"),
        # Servers where cAdvisor shows nothing, or only raw cgroups.
        constant(_START, 0, server="third", job="other"),
        constant(_START, 0, "", server="fourth"),
        *_kernel(fixtures, 31, 23),
        *_kernel(fixtures, 30, 23, instance="again:9100"),
        *_kernel(fixtures, 16, 14.5, server="second"),
    )


def _kernel(fixtures: Fixtures, total: float, available: float, **labels: str) -> tuple[Series, ...]:
    """A server's memory according to node_exporter, in GiB."""
    of = {"job": names.JOB_NODE, "instance": "node-exporter:9100", "server": "main", **labels}
    return (
        series("node_memory_MemTotal_bytes", flat(total * GIB, fixtures.count), **of),
        series("node_memory_MemAvailable_bytes", flat(available * GIB, fixtures.count), **of),
    )


def _without_active_file(topology: Topology) -> tuple[Measured, ...]:
    fixtures = Fixtures(length=15 * _MINUTE, thresholds=topology.thresholds)
    only = (
        *fixtures.service("postgres", replicas=1, memory=4 * GIB, page_cache_reclaimable=True),
        fixtures.container(_WORKING_SET, flat(GIB, fixtures.count), "pg", service="postgres"),
    )
    name = names.CONTAINER_MEMORY_USED
    return (
        Measured(
            title="memory in use is the working set where cAdvisor is too old to report page cache",
            expr=name,
            at=5 * _MINUTE,
            samples=(sample(name, GIB, **_labels("pg", "postgres")),),
            series=only,
            interval=fixtures.interval,
        ),
    )


def _over_time(topology: Topology) -> tuple[Measured, ...]:
    fixtures = Fixtures(length=30 * _MINUTE, thresholds=topology.thresholds)
    return (
        Measured(
            title="OOM kills are counted over ten minutes, across counter resets",
            # Rounded, because increase() extrapolates to the edges of its window.
            expr=f"round({names.CONTAINER_OOM_EVENTS})",
            at=12 * _MINUTE,
            samples=(
                Sample(labels=_labels("web-1", "web"), value=2),
                Sample(labels=_labels("web-2", "web"), value=0),
                Sample(labels=_labels("web-3", "web"), value=1),
                Sample(labels=_labels("web-side", "web", component="side"), value=0),
            ),
            series=(
                fixtures.container(_OOM, f"0x8 2x{fixtures.count - 9}"),
                fixtures.container(_OOM, f"0x8 1x{fixtures.count - 9}", instance="again:8080"),
                fixtures.container(_OOM, flat(0, fixtures.count), "web-2"),
                fixtures.container(_OOM, f"5x15 1x{fixtures.count - 16}", "web-3"),
                fixtures.container(_OOM, flat(0, fixtures.count), "web-side", component="side"),
            ),
            interval=fixtures.interval,
        ),
        *_exhaustion(topology),
    )


def _exhaustion(topology: Topology) -> tuple[Measured, ...]:
    """The trend of containers with a budget of 1 GiB each, evaluated after seven hours."""
    fixtures = Fixtures(length=8 * _HOUR, thresholds=topology.thresholds, interval=10 * _MINUTE)
    name, at = names.CONTAINER_MEMORY_EXHAUSTION, 7 * _HOUR
    step = fixtures.interval * 1000
    end, late = GIB // 2 + at * 1000, GIB // 2 + 12 * step
    parts = (
        *fixtures.service(),
        fixtures.container(_WORKING_SET, f"{GIB // 2}+{step}x{fixtures.count}"),
        # Shrinking; flat; exactly at its budget; one byte below it.
        fixtures.container(_WORKING_SET, f"{GIB // 2}-{step}x{fixtures.count}", "web-2"),
        fixtures.container(_WORKING_SET, flat(GIB // 2, fixtures.count), "web-3"),
        fixtures.container(_WORKING_SET, f"{GIB - at * 1000}+{step}x{fixtures.count}", "web-4"),
        fixtures.container(_WORKING_SET, f"{GIB - 1 - at * 1000}+{step}x{fixtures.count}", "web-5"),
    )
    others = (
        *fixtures.service(),
        # Half a byte per second, and 1000 bytes per second for only two hours.
        fixtures.container(_WORKING_SET, f"{GIB // 2}+{fixtures.interval // 2}x{fixtures.count}", "slow"),
        fixtures.container(_WORKING_SET, f"{GIB // 2}x29 {GIB // 2}+{step}x12 {late}x6", "late"),
    )
    return (
        Measured(
            title="the time until the budget is reached follows the trend; it is absent without growth",
            expr=f"round({name})",
            at=at,
            samples=(
                Sample(labels=_labels("web-1", "web"), value=round((GIB - end) / 1000)),
                Sample(labels=_labels("web-5", "web"), value=0),
            ),
            series=parts,
            interval=fixtures.interval,
        ),
        Measured(
            title="the slightest growth counts as a trend, taken over six hours",
            # Over six hours the slope is 270 bytes per second; over three it would be 730.
            expr=f'{name}{{name="slow"}} > bool 0 or {name}{{name="late"}} > bool {(GIB - late) / 450}',
            at=at,
            samples=(
                Sample(labels=_labels("slow", "web"), value=1),
                Sample(labels=_labels("late", "web"), value=1),
            ),
            series=others,
            interval=fixtures.interval,
        ),
    )
