"""Coolify as a monitored system."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify_names
from boxwatch.rules import names
from boxwatch.rules.coolify import (
    coolify,
    coolify_backups,
    coolify_deployments,
    coolify_resources,
    coolify_servers,
    coolify_tasks,
)
from boxwatch.rules.coolify.coolify_healthy_day import coolify_itself
from boxwatch.rules.patterns.system import Cause, System
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

_KIND = kinds.of("coolify")


def relabelling(topology: Topology) -> list[Config]:
    """Assigns each Coolify resource to the service whose containers it creates."""
    return [
        relabel([coolify_names.RESOURCE], selector.resource, names.SERVICE, service.name)
        for service in topology.services
        for selector in reversed(service.selectors)
        if selector.resource is not None
    ]


SYSTEM = System(
    name=_KIND.name,
    subjects=(
        coolify.subject,
        coolify_deployments.subject,
        coolify_resources.subject,
        coolify_servers.subject,
        coolify_backups.subject,
        coolify_tasks.subject,
    ),
    healthy_day=coolify_itself,
    switch_on="start the exporter with a `read` token, `boxwatch exporter coolify --token-file FILE` "
    "(docs/exporters/coolify.md)",
    during="while Coolify is updated, deploys and takes a backup",
    worse=(
        Cause(
            ("CoolifyServerUnreachable",),
            ("CoolifyServerUnusable", "CoolifyProxyNotRunning", "CoolifySentinelOutdated"),
            ("account", "coolify_server"),
        ),
        Cause(("CoolifySchedulerDead",), ("ScheduledTaskOverdue",), ("account",)),
    ),
    blinds=(Cause(_KIND.down or (), (*_KIND.rules[1:], "CoolifySourceFailing"), (names.SERVER, "account")),),
    relabelling=relabelling,
)
