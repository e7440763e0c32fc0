"""Constraints on services of several containers.

Only some components of a service may state their memory: the others share the rest. The stated memory must fit into
the service's, and must leave some for components that state none.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.topology.model import Selector, Service
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.units import human_memory
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.wording import listed


def components_agree(context: ValidationContext) -> Iterator[Issue]:
    """Selectors of one component agree, and at least one component is required."""
    for service in context.certain_services("containers"):
        yield from _same_everywhere(service, context)
        if service.containers and all(selector.optional for selector in service.selectors):
            message = "are all optional, so an outage of the service would go unnoticed"
            yield Issue(("services", service.name, "containers"), message, "make one of them required")


def components_fit(context: ValidationContext) -> Iterator[Issue]:
    """The components' memory does not exceed the service's."""
    for service in context.certain_services("memory", "containers"):
        stated = [part for part in service.components if part.memory is not None]
        total = sum(part.memory or 0 for part in stated)
        if not stated or total < service.memory:
            same = len({selector.memory for selector in service.selectors}) == 1
            if len(service.components) == 1 and stated and same:
                yield _one_component(service, stated[0])
            continue
        terms = " + ".join(f"{part.component or 'one'} {human_memory(part.memory or 0)}" for part in stated)
        path: Path = ("services", service.name, "memory")
        memory = human_memory(service.memory)
        if total > service.memory:
            message = f"{memory} is less than its components: {terms} = {human_memory(total)}"
            yield Issue(path, message, "state the RAM of one replica with all its components")
        elif len(stated) < len(service.components):
            rest = listed([f"`{part.component or 'one'}`" for part in service.components if part.memory is None])
            message = f"{memory} is used up by its components: {terms}, which leaves nothing for {rest}"
            yield Issue(path, message, "raise it, or lower a component's memory")


def _one_component(service: Service, part: Selector) -> Issue:
    index = service.selectors.index(part)
    own, whole = human_memory(part.memory or 0), human_memory(service.memory)
    message = f"{own} differs from the {whole} of the service, which has only this component"
    return Issue(("services", service.name, "containers", index, "memory"), message, "delete it")


def _same_everywhere(service: Service, context: ValidationContext) -> Iterator[Issue]:
    first: dict[str | None, int] = {}
    for index, selector in enumerate(service.selectors):
        known_at = first.setdefault(selector.component, index)
        known = service.selectors[known_at]
        path: Path = ("services", service.name, "containers", index)
        name = f"component `{selector.component}`" if selector.component else "the service"
        before = context.line(("services", service.name, "containers", known_at))
        if selector.memory != known.memory:
            message = f"has {_size(selector.memory)} for {name}, but {before} has {_size(known.memory)}"
            yield Issue((*path, "memory"), message, "write the same memory in every selector of a component")
        if selector.optional != known.optional:
            word = "optional" if selector.optional else "required"
            yield Issue(path, f"makes {name} {word}, but {before} does not", "write the same in every selector of it")


def _size(memory: int | None) -> str:
    return "no memory" if memory is None else human_memory(memory)
