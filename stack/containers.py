"""The `service`, `component` and `resource` labels of containers, made at scrape time from the topology's selectors.

cAdvisor identifies a container by its Docker name and, where its flags allow it, by labels that Coolify and compose set
(`container_label_coolify_resourceName`; cAdvisor replaces characters that are invalid in label names with `_`, keeping
case). Names and labels differ by kind of resource and change with deployments, so they are mapped once, here, to stable
labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.topology.container_labels import (
    COMPOSE_SERVICE,
    COOLIFY_ENVIRONMENT,
    COOLIFY_PROJECT,
    COOLIFY_PULL_REQUEST,
    COOLIFY_RESOURCE,
)
from boxwatch.topology.model import Selector, Service, Topology

# Docker labels that cAdvisor must export (--whitelisted_container_labels).
WHITELISTED_LABELS = (
    COOLIFY_RESOURCE, COOLIFY_PROJECT, COOLIFY_ENVIRONMENT, COOLIFY_PULL_REQUEST, COMPOSE_SERVICE,
)  # fmt: skip

_RESOURCE = "container_label_coolify_resourceName"
_PROJECT = "container_label_coolify_projectName"
_ENVIRONMENT = "container_label_coolify_environmentName"
_PULL_REQUEST = "container_label_coolify_pullRequestId"
_COMPOSE = "container_label_com_docker_compose_service"
# 0 is no preview.
_PREVIEW = "[1-9][0-9]*"


def relabelling(topology: Topology, server: str) -> list[Config]:
    """`metric_relabel_configs` for the cAdvisor of one server, in order."""
    return [
        # Raw cgroups, which would count every container's memory twice. Series without a container (machine_*,
        # cadvisor_version_info) stay.
        relabel(["__name__", names.NAME], "container_.*;", action="drop"),
        relabel([_COMPOSE], "(.+)", names.RESOURCE, "$1"),
        relabel([_RESOURCE], "(.+)", names.RESOURCE, "$1"),
        *(
            rule
            # Of a service's selectors the first match wins, so they are reversed: in Prometheus the last rule does.
            for service in topology.services_on(server)
            for selector in reversed(service.selectors)
            for rule in _select(service, selector)
        ),
        # A preview carries its application's resource name, but is no replica of it and has its own memory.
        relabel([_PULL_REQUEST], _PREVIEW, names.SERVICE, ""),
        relabel([_PULL_REQUEST], _PREVIEW, names.COMPONENT, ""),
        relabel([_PULL_REQUEST, names.NAME], f"{_PREVIEW};(.+)", names.RESOURCE, "$1"),
        # Coolify's build containers have random names and no labels.
        relabel(["image"], "(?:.*/)?coolify-helper(?:[:@].*)?", names.RESOURCE, names.BUILD_RESOURCE),
        # Labels that change with every deployment and add nothing to those above.
        {"regex": "id|container_label_.*|container_env_.*", "action": "labeldrop"},
    ]


def _select(service: Service, selector: Selector) -> Iterator[Config]:
    keys = [
        (label, pattern)
        for label, pattern in (
            (_RESOURCE, selector.resource),
            (_COMPOSE, selector.compose_service),
            (names.NAME, selector.name),
            (_PROJECT, selector.project),
            (_ENVIRONMENT, selector.environment),
        )
        if pattern is not None
    ]
    sources = [label for label, _ in keys]
    # Each part keeps its own alternatives to itself: `a|b` beside another key must not become `x;a` or `b`.
    regex = keys[0][1] if len(keys) == 1 else ";".join(f"(?:{pattern})" for _, pattern in keys)
    yield relabel(sources, regex, names.SERVICE, service.name)
    if len(service.components) > 1 or selector.component:
        yield relabel(sources, regex, names.COMPONENT, selector.component or "")
