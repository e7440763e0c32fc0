"""RAM in use by containers, services and servers, compared with budget, limit and plan."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.memory import memory_proofs
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import CONTAINERS, NODE, expr, named_containers, per_container
from boxwatch.topology.model import Topology

ID = "memory"

_WORKING_SET = f"container_memory_working_set_bytes{{{CONTAINERS}}}"
# The working set includes active page cache. Without it, only memory that the kernel cannot reclaim is left (anonymous,
# shared and kernel memory), which is what the OOM killer judges. cAdvisor has had the metric since 0.50.
_UNRECLAIMABLE = (
    f"{_WORKING_SET}\n  - container_memory_total_active_file_bytes{{{CONTAINERS}}}"
)  # fmt: skip


def subject(topology: Topology) -> Subject:
    """The recorded series that the memory alerts and the dashboards read."""
    return Subject(
        id=ID,
        title="RAM as measured",
        groups=(
            Group(name="memory-containers", rules=_containers()),
            Group(name="memory-services", rules=(*_services(), *_servers())),
        ),
        measured=memory_proofs.measured(topology),
    )


def _containers() -> tuple[Record, ...]:
    return (
        Record(
            record=names.CONTAINER_MEMORY_WORKING_SET,
            expr=per_container(_WORKING_SET),
            doc="Memory of the container as docker stats shows it, bytes.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_UNRECLAIMABLE,
            expr=per_container(f"\n  {_UNRECLAIMABLE}\n"),
            doc="Memory of the container that the kernel cannot reclaim, bytes; the OOM killer judges by it.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_USED,
            # `and` selects the services whose page cache is left out; `or` adds the working set of all others, and of
            # every service where cAdvisor is too old for the metric.
            expr=expr(f"""
                (
                  max by ({names.BY_CONTAINER}) (
                    {_WORKING_SET}
                    - container_memory_total_active_file_bytes{{{CONTAINERS}}}
                  )
                  and on ({names.BY_SERVICE}) {names.SERVICE_PAGE_CACHE_RECLAIMABLE} == 1
                )
                or
                {per_container(_WORKING_SET)}
            """),
            doc="Memory counted towards the container's budget, bytes: the working set, minus active page cache for"
            " services whose page cache is reclaimable.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_LIMIT,
            expr=per_container(f"container_spec_memory_limit_bytes{{{CONTAINERS}}}"),
            doc="Memory limit in force for the container, bytes; 0 means none.",
        ),
        Record(
            record=names.CONTAINER_OOM_EVENTS,
            expr=per_container(f"increase(container_oom_events_total{{{CONTAINERS}}}[10m])"),
            doc="OOM kills in the container in the last 10 minutes.",
        ),
    )


def _services() -> tuple[Record, ...]:
    used = names.CONTAINER_MEMORY_USED
    return (
        Record(
            record=names.CONTAINER_MEMORY_BUDGET_RATIO,
            expr=f"{used}\n  / on ({names.BY_COMPONENT}) group_left () {names.COMPONENT_MEMORY_BUDGET}",
            doc="Share of its own budget that the container uses.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_LIMIT_RATIO,
            # A limit of 0 means no limit, so there is no ratio.
            expr=f"{names.CONTAINER_MEMORY_UNRECLAIMABLE} / ({names.CONTAINER_MEMORY_LIMIT} > 0)",
            doc="Share of its limit that the container uses and the kernel cannot reclaim.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_EXHAUSTION,
            # `group_right`: several containers share one budget. Only for containers that grow and are below it.
            expr=expr(f"""
                (
                  {names.COMPONENT_MEMORY_BUDGET}
                  - on ({names.BY_COMPONENT}) group_right () {used}
                  > 0
                )
                / (deriv({used}[6h]) > 0)
            """),
            doc="Seconds until the container reaches its budget if the trend of the last six hours continues.",
        ),
        Record(
            record=names.SERVICE_MEMORY_USED,
            expr=f'sum by ({names.BY_SERVICE}) ({used}{{service!=""}})',
            doc="Memory counted towards the service's budget, all its containers, bytes.",
        ),
        Record(
            record=names.SERVICE_MEMORY_BUDGET_RATIO,
            # The sum is repeated because rules of a group do not read each other (vmalert evaluates them in parallel).
            # A parked service has a budget of 0, so there is no ratio.
            expr=f'sum by ({names.BY_SERVICE}) ({used}{{service!=""}})\n'
            f"  / on ({names.BY_SERVICE}) ({names.SERVICE_MEMORY_BUDGET} > 0)",
            doc="Share of the service's budget for all replicas that its containers use together.",
        ),
    )


def _servers() -> tuple[Record, ...]:
    used = names.CONTAINER_MEMORY_USED
    total, available = f"node_memory_MemTotal_bytes{{{NODE}}}", f"node_memory_MemAvailable_bytes{{{NODE}}}"
    return (
        Record(
            record=names.SERVER_MEMORY_TOTAL,
            expr=f"max by ({names.BY_SERVER}) ({total})",
            doc="RAM that the kernel reports, bytes; slightly less than the server was sold with.",
        ),
        Record(
            record=names.SERVER_MEMORY_USED,
            expr=f"max by ({names.BY_SERVER}) ({total} - {available})",
            doc="RAM of the server in use and not reclaimable, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_CONTAINERS,
            expr=f"sum by ({names.BY_SERVER}) ({used})",
            doc="Memory of all containers as counted towards budgets, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_UNPLANNED,
            # 0 rather than no series while all containers are planned, so that panels show 0.
            expr=expr(f"""
                sum by ({names.BY_SERVER}) ({used}{{service="",resource!="{names.BUILD_RESOURCE}"}})
                or on ({names.BY_SERVER})
                0 * {named_containers()}
            """),
            doc="Memory of containers outside the plan, except builds, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_OVERHEAD,
            # Builds count as overhead, as in the plan. Both sides leave out page cache. Clamped to 0, because the two
            # exporters are not scraped at the same instant.
            expr=expr(f"""
                clamp_min(
                  max by ({names.BY_SERVER}) ({total} - {available})
                  - on ({names.BY_SERVER})
                  sum by ({names.BY_SERVER}) (
                    {names.CONTAINER_MEMORY_UNRECLAIMABLE}{{resource!="{names.BUILD_RESOURCE}"}}
                  ),
                  0
                )
            """),
            doc="RAM in use outside containers: operating system, Docker and builds, bytes.",
        ),
    )
