"""Constraints on what runs in no container, and on parts that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.topology.model import Service
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.wording import listed

# Keys of a service that say something about its containers.
_OF_CONTAINERS: Final = ("limit", "page_cache", "thresholds")


def nothing_is_planned_of_no_container(context: ValidationContext) -> Iterator[Issue]:
    """A service without containers has no key about them, which would have no effect."""
    for service in context.certain_services("containers"):
        if service.containers is None:
            for key in _OF_CONTAINERS:
                if key in service.model_fields_set and getattr(service, key) != type(service).model_fields[key].default:
                    path: Path = ("services", service.name, key)
                    yield Issue(path, "has no effect: the service runs in no container", "delete it", at_key=True)
        elif service.containers and (reason := _runs_on_none(context, service)):
            yield Issue(("services", service.name, "containers"), reason, "write `none`, or delete one of the two")


def _runs_on_none(context: ValidationContext, service: Service) -> str:
    servers = [one for one in context.certain_servers("containers") if one.name in service.server]
    if len(servers) < len(service.server) or any(one.containers is None for one in servers):
        return ""
    where = listed([f"`{one.name}`" for one in servers])
    return f"lists containers, but no containers run on {where}"


def exporters_have_containers(context: ValidationContext) -> Iterator[Issue]:
    """A server without containers has no exporter of them."""
    for server in context.certain_servers("containers", "exporters"):
        for key in ("cadvisor", "docker"):
            if server.containers == "none" and server.exporters is not None and getattr(server.exporters, key):
                path: Path = ("servers", server.name, "exporters", key)
                yield Issue(path, "measures containers, and none run on this server", "write `none`")


def notifications_are_sent(context: ValidationContext) -> Iterator[Issue]:
    """Without Alertmanager nothing sends notifications."""
    topology = context.topology
    if topology.stack.alertmanager is None and topology.notifications is not None:
        path: Path = ("stack", "alertmanager")
        yield Issue(path, "is `none`, so nothing sends `notifications`", "write its address, or delete `notifications`")


# Part of the stack → its usual service in a compose file, which is also its usual component.
_PARTS: Final = (
    ("prometheus", "prometheus"),
    ("alertmanager", "alertmanager"),
    ("grafana", "grafana"),
    ("blackbox", "blackbox-exporter"),
)


def parts_that_do_not_exist_run_nowhere(context: ValidationContext) -> Iterator[Issue]:
    """A part of the stack that is `none` is no component of a service: it would be reported as down for ever."""
    stack = context.topology.stack
    gone = {name: key for key, name in _PARTS if getattr(stack, key) is None}
    for service in context.certain_services("containers") if gone else ():
        for number, selector in enumerate(service.containers or ()):
            key = gone.get(selector.component or "")
            if service.kind == "monitoring" and key and not selector.optional:
                path: Path = ("services", service.name, "containers", number)
                message = f"is {selector.component}, but `stack.{key}` is `none`"
                yield Issue(path, message, "delete it, or the other")
