"""Values that the tests of Coolify's traps read from the exposition."""

from __future__ import annotations

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify
from support.coolify import Rig


def app(fake: FakeCoolify, name: str = "web-1") -> payloads.Record:
    """One of the fake's applications."""
    return next(app for app in fake.applications if app["name"] == name)


def states(rig: Rig) -> set[str]:
    """The states that any resource has."""
    return {labels["state"] for labels, value in rig.values(names.RESOURCE_STATE) if value == 1}


def healths(rig: Rig) -> set[str]:
    """The healths that any resource has."""
    return {labels["state"] for labels, value in rig.values(names.RESOURCE_HEALTH) if value == 1}


def unparsed(rig: Rig) -> dict[tuple[str, str], float]:
    """Source and field → number of values that could not be parsed."""
    return {(labels["source"], labels["field"]): value for labels, value in rig.values(names.UNPARSED)}


def total(rig: Rig, kind: str = "deployment", result: str = "finished", resource: str = "web-1") -> float | None:
    """The number of deployments with this result."""
    return rig.value(names.DEPLOYMENTS, resource=resource, kind=kind, result=result)
