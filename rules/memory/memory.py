"""RAM: what containers, services and servers use, held against budget, limit and plan."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.memory import memory_proofs
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import CONTAINERS, NODE, expr, named_containers, per_container
from boxwatch.topology.model import Topology

ID = "memory"

_WORKING_SET = f"container_memory_working_set_bytes{{{CONTAINERS}}}"
# Working set still holds active page cache; without it remains what the kernel cannot take back (anonymous memory,
# shared memory, kernel memory): that is what the OOM killer judges. cAdvisor has the metric since 0.50.
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
            doc="What docker stats shows as memory of the container, bytes.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_UNRECLAIMABLE,
            expr=per_container(f"\n  {_UNRECLAIMABLE}\n"),
            doc="Memory that the kernel cannot take back from the container, bytes: what the OOM killer judges.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_USED,
            # `and` picks the services whose page cache is left out; `or` gives all others, and everything where
            # cAdvisor is too old for the metric, their working set.
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
            doc="Memory that is held against the container's budget, bytes: the working set, for services whose page"
            " cache is reclaimable without active page cache.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_LIMIT,
            expr=per_container(f"container_spec_memory_limit_bytes{{{CONTAINERS}}}"),
            doc="Memory limit that is in force for the container, bytes; 0 is none.",
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
            # A limit of 0 is no limit, and no share of it.
            expr=f"{names.CONTAINER_MEMORY_UNRECLAIMABLE} / ({names.CONTAINER_MEMORY_LIMIT} > 0)",
            doc="Share of its limit that the container uses and the kernel cannot take back.",
        ),
        Record(
            record=names.CONTAINER_MEMORY_EXHAUSTION,
            # `group_right`: several containers share one budget. Only for what still grows and is not there yet.
            expr=expr(f"""
                (
                  {names.COMPONENT_MEMORY_BUDGET}
                  - on ({names.BY_COMPONENT}) group_right () {used}
                  > 0
                )
                / (deriv({used}[6h]) > 0)
            """),
            doc="Seconds until the container reaches its budget if the trend of the last six hours goes on.",
        ),
        Record(
            record=names.SERVICE_MEMORY_USED,
            expr=f'sum by ({names.BY_SERVICE}) ({used}{{service!=""}})',
            doc="Memory that is held against the service's budget, all its containers, bytes.",
        ),
        Record(
            record=names.SERVICE_MEMORY_BUDGET_RATIO,
            # The sum is repeated: rules of one group do not read each other (vmalert evaluates them side by side).
            # A parked service has a budget of 0 and no share of it.
            expr=f'sum by ({names.BY_SERVICE}) ({used}{{service!=""}})\n'
            f"  / on ({names.BY_SERVICE}) ({names.SERVICE_MEMORY_BUDGET} > 0)",
            doc="Share of the service's budget, all replicas together, that its containers use.",
        ),
    )


def _servers() -> tuple[Record, ...]:
    used = names.CONTAINER_MEMORY_USED
    total, available = f"node_memory_MemTotal_bytes{{{NODE}}}", f"node_memory_MemAvailable_bytes{{{NODE}}}"
    return (
        Record(
            record=names.SERVER_MEMORY_TOTAL,
            expr=f"max by ({names.BY_SERVER}) ({total})",
            doc="RAM that the kernel reports, bytes; a little less than the machine was sold with.",
        ),
        Record(
            record=names.SERVER_MEMORY_USED,
            expr=f"max by ({names.BY_SERVER}) ({total} - {available})",
            doc="RAM of the server that is in use and cannot be taken back, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_CONTAINERS,
            expr=f"sum by ({names.BY_SERVER}) ({used})",
            doc="Memory of all containers as held against budgets, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_UNPLANNED,
            # 0 and not nothing while all containers are planned, so that a panel shows 0.
            expr=expr(f"""
                sum by ({names.BY_SERVER}) ({used}{{service="",resource!="{names.BUILD_RESOURCE}"}})
                or on ({names.BY_SERVER})
                0 * {named_containers()}
            """),
            doc="Memory of containers that are not in the plan, builds left out, bytes.",
        ),
        Record(
            record=names.SERVER_MEMORY_OVERHEAD,
            # Builds count as overhead, as the plan says. Both sides leave page cache out. Not below 0: the two
            # exporters are not read at the same instant.
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
            doc="RAM in use beside the containers: operating system, Docker, builds, bytes.",
        ),
    )
