"""Pieces of PromQL that several subjects share, and the wording that goes with them.

Everything is grouped by what identifies it on any number of servers, so that a second server changes no rule, and
constants join with `on (…)` on just those labels.
"""

from __future__ import annotations

import textwrap

from boxwatch.rules import names

# Raw cgroups have no name; a scrape of cAdvisor without them is what the stack's configuration stores, and the matcher
# keeps the rules right for who scrapes with another one.
CONTAINERS = f'job="{names.JOB_CADVISOR}",name!=""'
PLANNED = f'{CONTAINERS},service!=""'
NODE = f'job="{names.JOB_NODE}"'
TRAEFIK = f'job="{names.JOB_TRAEFIK}"'

# How the texts of alerts call what they are about. `component` is absent where a replica is one container.
SERVICE = "{{ $labels.service }}{{ with $labels.component }}/{{ . }}{{ end }} on {{ $labels.server }}"
CONTAINER = (
    "{{ $labels.name }}{{ with $labels.service }} of {{ . }}{{ end }}{{ with $labels.component }}/{{ . }}{{ end }}"
    " on {{ $labels.server }}"
)


def expr(text: str) -> str:
    """A PromQL text as it is written in the source, without its indentation."""
    return textwrap.dedent(text).strip()


def per_container(selector: str) -> str:
    """One value a container, whatever else the series carries (instance, image, device)."""
    return f"max by ({names.BY_CONTAINER}) ({selector})"


def named_containers() -> str:
    """How many containers cAdvisor names on each server; no result for a server on which it is blind.

    Counted on the start time, which carries no timestamp of its own, so that removed containers leave with the next
    scrape (cAdvisor 0.60, lib/metrics/prometheus.go).
    """
    return f"count by ({names.BY_SERVER}) (container_start_time_seconds{{{CONTAINERS}}})"


def labelled_containers() -> str:
    """How many containers of each server show the Coolify label by which services are recognised.

    Where cAdvisor exports the compose label alone, the resource is the compose service: Coolify calls that like the
    container, or a service that the plan recognises by it or by its name has it. Neither shows that resources are seen.
    """
    resources = f'container_start_time_seconds{{{CONTAINERS},{names.RESOURCE}!=""'
    alike = (
        f'label_replace(max by ({names.BY_SERVER}, {names.RESOURCE}) ({resources},service=""}}),'
        f' "{names.NAME}", "$1", "{names.RESOURCE}", "(.+)")'
    )
    return expr(f"""
        count by ({names.BY_SERVER}) (
          {resources},service=""}}
          unless on ({names.BY_SERVER}, {names.RESOURCE}, {names.NAME}) {alike}
          or
          {resources},service!=""}}
          unless on ({names.BY_SERVICE}) {names.COMPONENT_REPLICAS_DESIRED}{{{names.IDENTIFIED_BY}=~"compose|name"}}
        )
    """)


def labels_missing() -> str:
    """Containers of each server on which services are recognised by a label of Coolify's and none shows one."""
    desired = f'{names.COMPONENT_REPLICAS_DESIRED}{{{names.IDENTIFIED_BY}="label"}}'
    return "\n".join(
        (
            named_containers(),
            f"unless on ({names.BY_SERVER})",
            labelled_containers(),
            f"and on ({names.BY_SERVER})",
            f"count by ({names.BY_SERVER}) ({desired} > 0)",
        )
    )


def number(value: float) -> str:
    """The shortest exact notation of a number."""
    return str(int(value)) if value == int(value) else repr(value)


def nothing_runs() -> str:
    """Services of which a component that should run has no container: what *ServiceDown* fires for, after its grace."""
    return (
        f"({names.COMPONENT_REPLICAS_RUNNING} == 0"
        f" and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 0)"
    )
