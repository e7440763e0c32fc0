"""Replicas as recorded series: running, healthy, restarted, replaced.

Losing cAdvisor is not losing replicas: a count is 0 only while cAdvisor demonstrably sees containers, and absent
otherwise.
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import (
    CONTAINERS,
    PLANNED,
    expr,
    labelled_containers,
    named_containers,
    per_container,
)
from boxwatch.rules.replicas import replicas_proofs
from boxwatch.topology.model import Topology

ID = "replicas"

_START = "container_start_time_seconds"
_CREATION = "container_creation_time_seconds"
_HEALTH = "container_health_state"
_CPU = "container_cpu_usage_seconds_total"


def subject(topology: Topology) -> Subject:
    """The recorded series that the replica alerts and the dashboards read."""
    return Subject(
        id=ID,
        title="Replicas as measured",
        groups=(
            Group(name="replicas-containers", rules=(*_containers(), *_components())),
            Group(name="replicas-services", rules=_services()),
        ),
        measured=replicas_proofs.measured(topology),
    )


def _containers() -> tuple[Record, ...]:
    return (
        Record(
            record=names.CONTAINER_START_TIME,
            expr=per_container(f"{_START}{{{CONTAINERS}}}"),
            doc="Start time of the container, Unix seconds; its creation time before cAdvisor 0.57.",
        ),
        Record(
            record=names.CONTAINER_CPU,
            # One series per core on cgroup v1, a single `total` on v2: the sum is right for both.
            expr=f"sum by ({names.BY_CONTAINER}) (rate({_CPU}{{{CONTAINERS}}}[5m]))",
            doc="CPU cores that the container uses.",
        ),
        Record(
            record=names.SERVER_CONTAINERS_VISIBLE,
            expr=expr(f"""
                ({named_containers()} > bool 0)
                or on ({names.BY_SERVER})
                0 * {names.SERVER_CONTAINERS_PLAN}
            """),
            doc="1 while cAdvisor names the containers of the server, 0 while it is blind or down.",
        ),
    )


def _components() -> tuple[Record, ...]:
    by = names.BY_COMPONENT
    desired = names.COMPONENT_REPLICAS_DESIRED
    running = f"count by ({by}) ({_START}{{{PLANNED}}})"
    # A service that never started has no series to count, so the zeros come from the plan: only on servers where
    # cAdvisor names containers and, for services recognised by a label, exports the labels of any container at all.
    # Otherwise a cAdvisor started without its label flags would look like an outage of everything.
    composed = f'count by ({names.BY_SERVER}) ({_START}{{{CONTAINERS},{names.RESOURCE}!=""}})'
    zero = (
        f'0 * max by ({by}) ({desired}{{{names.IDENTIFIED_BY}="label"}})\n'
        f"and on ({names.BY_SERVER})\n{labelled_containers()}\n"
        "or\n"
        f'0 * max by ({by}) ({desired}{{{names.IDENTIFIED_BY}="compose"}})\n'
        f"  and on ({names.BY_SERVER}) {composed}\n"
        "or\n"
        f'0 * max by ({by}) ({desired}{{{names.IDENTIFIED_BY}="name"}})\n'
        f"  and on ({names.BY_SERVER}) {named_containers()}"
    )
    return (
        Record(
            record=names.COMPONENT_REPLICAS_RUNNING,
            expr=f"{running}\nor\n{zero}",
            doc="Running containers of the component; 0 if there are none, absent while cAdvisor cannot see them.",
        ),
        Record(
            record=names.COMPONENT_REPLICAS_HEALTHY,
            # 1 is healthy, -1 means no health check, 0 is starting or unhealthy (cAdvisor 0.55 and later).
            expr=expr(f"""
                count by ({by}) ({_HEALTH}{{{PLANNED}}} != 0)
                or
                0 * count by ({by}) ({_HEALTH}{{{PLANNED}}})
            """),
            doc="Running containers of the component, except those known to be unhealthy or starting.",
        ),
        Record(
            record=names.COMPONENT_RESTARTS,
            # Per container, because a reboot restarts every replica once and is no crash loop. A restart changes the
            # start time since cAdvisor 0.57 and resets the CPU counter in every version (usually: a start that uses
            # more CPU than the previous life hides the reset), so the larger number counts. Total usage, not user time,
            # which can stay 0 (measured on cAdvisor 0.49 to 0.60). A deploy makes a new series, except under a name
            # that stays (service stacks, databases, "consistent container names"): there, the creation time tells a
            # new container from a restart. Before 0.57 there is no creation time; the start time is the creation time.
            expr=expr(f"""
                max by ({by}) (
                  clamp_min(
                    max by ({names.BY_CONTAINER}) (
                      label_replace(changes({_START}{{{PLANNED}}}[15m]), "seen_by", "start_time", "", "")
                      or
                      label_replace(resets({_CPU}{{{PLANNED}}}[15m]), "seen_by", "cpu", "", "")
                    )
                    - on ({names.BY_CONTAINER})
                    (
                      {per_container(f"changes({_CREATION}{{{PLANNED}}}[15m])")}
                      or
                      0 * {per_container(f"changes({_START}{{{PLANNED}}}[15m])")}
                      or
                      0 * {per_container(f"resets({_CPU}{{{PLANNED}}}[15m])")}
                    ),
                    0
                  )
                )
            """),
            doc="Restarts in the last 15 minutes of the component's most restarted container.",
        ),
        Record(
            record=names.COMPONENT_REPLACEMENTS,
            # Containers that ran within the last hour and are gone.
            expr=expr(f"""
                count by ({by}) (
                  {per_container(f"max_over_time({_START}{{{PLANNED}}}[1h])")}
                  unless
                  {per_container(f"{_START}{{{PLANNED}}}")}
                )
                or
                0 * count by ({by}) ({_START}{{{PLANNED}}})
            """),
            doc="Containers of the component that were replaced or removed in the last hour.",
        ),
    )


def _services() -> tuple[Record, ...]:
    return (
        Record(
            record=names.SERVICE_REPLICAS_RUNNING,
            # A replica needs all its components, so the scarcest required component decides.
            expr=expr(f"""
                min by ({names.BY_SERVICE}) (
                  {names.COMPONENT_REPLICAS_RUNNING}
                  and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED}
                )
            """),
            doc="Running replicas of the service, complete with all required components.",
        ),
    )
