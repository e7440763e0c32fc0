"""Rules for services that are made of several containers.

Only some components of a service may have memory of their own: the others share what is left. What is stated must fit
into the service's memory, and must leave something where a component states none.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.topology.model import Selector, Service
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.units import human_memory
from boxwatch.topology.validation.context import Facts
from boxwatch.topology.wording import listed


def components_agree(facts: Facts) -> Iterator[Mistake]:
    """Selectors of one component say the same about it, and at least one component must run."""
    for service in facts.certain_services("containers"):
        yield from _same_everywhere(service, facts)
        if service.containers and all(selector.optional for selector in service.containers):
            message = "are all optional, so nothing would be missed if the service were gone"
            yield Mistake(("services", service.name, "containers"), message, "make one of them required")


def components_fit(facts: Facts) -> Iterator[Mistake]:
    """The components' memory adds up to no more than the service's."""
    for service in facts.certain_services("memory", "containers"):
        stated = [part for part in service.components if part.memory is not None]
        total = sum(part.memory or 0 for part in stated)
        if not stated or total < service.memory:
            same = len({selector.memory for selector in service.containers}) == 1
            if len(service.components) == 1 and stated and same:
                yield _one_component(service, stated[0])
            continue
        terms = " + ".join(f"{part.component or 'one'} {human_memory(part.memory or 0)}" for part in stated)
        path: Path = ("services", service.name, "memory")
        memory = human_memory(service.memory)
        if total > service.memory:
            message = f"{memory} is less than its components: {terms} = {human_memory(total)}"
            yield Mistake(path, message, "it is the RAM of one replica with all its components")
        elif len(stated) < len(service.components):
            rest = listed([f"`{part.component or 'one'}`" for part in service.components if part.memory is None])
            message = f"{memory} is used up by its components: {terms}, which leaves nothing for {rest}"
            yield Mistake(path, message, "raise it, or lower a component's memory")


def _one_component(service: Service, part: Selector) -> Mistake:
    index = service.containers.index(part)
    own, whole = human_memory(part.memory or 0), human_memory(service.memory)
    message = f"{own} is not the {whole} of the service, which has only this component"
    return Mistake(("services", service.name, "containers", index, "memory"), message, "delete it")


def _same_everywhere(service: Service, facts: Facts) -> Iterator[Mistake]:
    first: dict[str | None, int] = {}
    for index, selector in enumerate(service.containers):
        known_at = first.setdefault(selector.component, index)
        known = service.containers[known_at]
        path: Path = ("services", service.name, "containers", index)
        name = f"component `{selector.component}`" if selector.component else "the service"
        before = facts.line(("services", service.name, "containers", known_at))
        if selector.memory != known.memory:
            message = f"has {_size(selector.memory)} for {name}, and {before} has {_size(known.memory)}"
            yield Mistake((*path, "memory"), message, "write the same memory in each selector of a component")
        if selector.optional != known.optional:
            word = "optional" if selector.optional else "required"
            yield Mistake(path, f"makes {name} {word}, and {before} does not", "say the same in each selector of it")


def _size(memory: int | None) -> str:
    return "no memory" if memory is None else human_memory(memory)
