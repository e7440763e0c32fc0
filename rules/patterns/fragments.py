"""Fragments of PromQL that several subjects share, and the texts that go with them.

Everything is grouped by labels that identify it on any number of servers, so that a second server changes no rule, and
constants are joined with `on (…)` on exactly those labels.
"""

from __future__ import annotations

import textwrap

from boxwatch.rules import names

# Raw cgroups have no name. The stack's scrape configuration drops them; this matcher keeps rules correct without it.
CONTAINERS = f'job="{names.JOB_CADVISOR}",name!=""'
PLANNED = f'{CONTAINERS},service!=""'
NODE = f'job="{names.JOB_NODE}"'
TRAEFIK = f'job="{names.JOB_TRAEFIK}"'

# The subject of an alert, for texts. `component` is absent where a replica is a single container.
SERVICE = "{{ $labels.service }}{{ with $labels.component }}/{{ . }}{{ end }} on {{ $labels.server }}"
CONTAINER = (
    "{{ $labels.name }}{{ with $labels.service }} of {{ . }}{{ end }}{{ with $labels.component }}/{{ . }}{{ end }}"
    " on {{ $labels.server }}"
)


def counted(singular: str, plural: str, number: str = "$value") -> str:
    """A number with a noun, for texts: `1 replica`, `2 replicas`."""
    return f"{{{{ {number} }}}} {one_or_many(singular, plural)}"


def one_or_many(singular: str, plural: str) -> str:
    """A word that depends on whether the alert's value is 1, for texts."""
    return f"{{{{ if eq $value 1.0 }}}}{singular}{{{{ else }}}}{plural}{{{{ end }}}}"


def planned(record: str, labels: str, form: str = "") -> str:
    """The number of the plan next to which a text states the one measured.

    Args:
        record: the recorded constant.
        labels: the labels by which it is looked up, as in `names.BY_COMPONENT`.
        form: template function that formats it.
    """
    by = labels.split(", ")
    selector = ",".join(f"{label}=%q" for label in by)
    values = " ".join(f"$labels.{label}" for label in by)
    pipe = f" | {form}" if form else ""
    return (
        f"{{{{ with printf `{record}{{{selector}}}` {values} | query }}}}{{{{ . | first | value{pipe} }}}}{{{{ end }}}}"
    )


def expr(text: str) -> str:
    """A PromQL query as written in the source, without its indentation."""
    return textwrap.dedent(text).strip()


def per_container(selector: str) -> str:
    """One value per container, whatever other labels its series have (instance, image, device)."""
    return f"max by ({names.BY_CONTAINER}) ({selector})"


def named_containers() -> str:
    """Number of containers that cAdvisor names on each server; no result for servers where it is blind.

    Counts start times, which carry no timestamp of their own, so that removed containers disappear with the next scrape
    (cAdvisor 0.60, lib/metrics/prometheus.go).
    """
    return f"count by ({names.BY_SERVER}) (container_start_time_seconds{{{CONTAINERS}}})"


def labelled_containers() -> str:
    """Number of containers on each server with the Coolify label by which services are recognised.

    Where cAdvisor exports only the compose label, the resource is the compose service: either Coolify gave it the name
    of the container, or it belongs to a service that the plan recognises by compose label or by name. Neither proves
    that Coolify's label is exported.
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
    """Containers of each server where services are recognised by Coolify's label but no container has it."""
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
    """A number in its shortest exact notation."""
    return str(int(value)) if value == int(value) else repr(value)


def nothing_runs() -> str:
    """Services with a desired component that has no container: *ServiceDown* fires for them after its grace."""
    return (
        f"({names.COMPONENT_REPLICAS_RUNNING} == 0"
        f" and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 0)"
    )
