"""Selectors: for each component the labels or names by which scraping recognises its containers, and no others.

Labels of Coolify come first, because they stay the same through deploys. Where they do not tell two services apart,
names do: by their stable part, or in the worst case whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from boxwatch.discovery.draft import Draft, Part
from boxwatch.discovery.matching import Matcher, Place
from boxwatch.discovery.model import DEPLOYED, Container
from boxwatch.topology import fields
from boxwatch.topology.forms import LONGEST_PATTERN
from boxwatch.topology.model import Service
from boxwatch.topology.validation import overlaps
from boxwatch.topology.wording import Unfit

# The regular expressions of a service get stricter with each step.
FAMILY, LABELS, STABLE_NAMES, NAMES = range(4)
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_NUMBERED: Final = re.compile(r"(?P<base>.*[^0-9-])(?P<dash>-?)(?P<number>[0-9]{1,4})")
_COMPOSE_NUMBER: Final = re.compile(r"(?P<stable>.+[-_])[0-9]{1,4}")
# Of no interest here.
_REQUIRED: Final[Mapping[str, str]] = MappingProxyType({"kind": "other", "server": "main", "memory": "6m"})

Keys = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Choice:
    """The selectors of one service at one step: (position of the part, keys)."""

    step: int
    keys: tuple[tuple[int, Keys], ...]


def select(drafts: Sequence[Draft]) -> list[Draft]:
    """The services with selectors that tell their containers apart; every container matches its own service first."""
    choices = [_choose(draft, FAMILY) for draft in drafts]
    for server in sorted({server for draft in drafts for server in draft.servers}):
        here = [number for number, draft in enumerate(drafts) if server in draft.servers]
        while loose := _to_tighten([drafts[number] for number in here], [choices[number] for number in here]):
            for position in loose:
                number = here[position]
                choices[number] = _choose(drafts[number], choices[number].step + 1)
    return [
        replace(draft, selectors=choice.keys, notes=(*draft.notes, *_warning(choice, draft)))
        for draft, choice in zip(drafts, choices, strict=True)
    ]


def _warning(choice: _Choice, draft: Draft) -> Iterator[str]:
    if choice.step == NAMES and any(DEPLOYED.fullmatch(one.name) for one in draft.containers):
        yield (
            "Its labels do not tell it apart, and its name changes with each deployment: rename the resource in "
            "Coolify, and select it by that name."
        )


def _to_tighten(drafts: Sequence[Draft], choices: Sequence[_Choice]) -> set[int]:
    """Positions of services whose selectors match containers of another, or fail to match their own."""
    models = [_model(draft, choice) for draft, choice in zip(drafts, choices, strict=True)]
    position = {draft.name: number for number, draft in enumerate(drafts)}

    def loose(*names: str) -> set[int]:
        return {position[name] for name in names if choices[position[name]].step < NAMES}

    claims = [
        overlaps.claim(model.name, index, selector)
        for model in models
        for index, selector in enumerate(model.selectors)
    ]
    for overlap in overlaps.overlaps(claims):
        first, second = overlap.first, overlap.second
        if first.patterns.keys() == second.patterns.keys():
            found = loose(first.service, second.service)
        else:
            # The one that says less is the one that takes too much.
            less, more = sorted((first, second), key=lambda claim: len(claim.patterns))
            found = loose(less.service) or loose(more.service)
        if found:
            return found
    return _misplaced(drafts, Matcher(models), loose)


def _misplaced(drafts: Sequence[Draft], matcher: Matcher, loose: Callable[..., set[int]]) -> set[int]:
    """The services to tighten so that a container that matches another than its own will match its own."""
    for draft in drafts:
        for part in draft.parts:
            for container in part.containers:
                place = matcher.place(container)
                if place != Place(draft.name, part.name):
                    found = loose(place.service if place else draft.name) or loose(draft.name)
                    if found:
                        return found
    return set()


def _model(draft: Draft, choice: _Choice) -> Service:
    selectors = [{**keys, "component": draft.parts[number].name or None} for number, keys in choice.keys]
    return Service.model_validate({**_REQUIRED, "name": draft.name, "containers": selectors})


def _choose(draft: Draft, step: int) -> _Choice:
    """The selectors of a service at a step, or at the first one after it that is possible."""
    for at in range(step, NAMES):
        found = [_keys(draft, part, at) for part in draft.parts]
        if all(found):
            return _Choice(at, tuple((number, keys) for number, each in enumerate(found) for keys in each))
    literal = [
        (number, {"name": names})
        for number, part in enumerate(draft.parts)
        for names in (_names(part, _literal) or [_escaped(f"{draft.name}-{part.name}")])
    ]
    return _Choice(NAMES, tuple(literal))


def _keys(draft: Draft, part: Part, step: int) -> list[Keys]:
    """Selectors of a part at one of the steps; empty if that step is impossible."""
    if not part.containers:
        # Planned, not running: the key in a compose file, and the name that the resource will have in Coolify.
        keys = {"compose_service": _escaped(part.name)}
        return [keys if step == FAMILY else {"resource": draft.base, **keys}] if step < STABLE_NAMES else []
    if step == STABLE_NAMES:
        return [{"name": names} for names in _names(part, _stable)]
    labels = [container.labels for container in part.containers]
    resources = sorted({one.resource for one in labels})
    places = {(one.project, one.environment) for one in labels}
    if not all(map(_usable, resources)) or len(places) > 1:
        return []
    project, environment = places.pop()
    keys = {"resource": _alternatives(resources, step)}
    composed = part.name or (part.containers[0].of_compose_file and labels[0].type != "service")
    if composed:
        services = sorted({one.compose_service for one in labels})
        if not all(map(_usable, services)):
            return []
        keys["compose_service"] = _alternatives(services, step)
    for key, text in (("project", project), ("environment", environment)):
        if text and not _usable(text):
            return []
        if text:
            keys[key] = _escaped(text)
    return [keys] if all(len(pattern) <= LONGEST_PATTERN for pattern in keys.values()) else []


def _alternatives(texts: Sequence[str], step: int) -> str:
    """A pattern for one name, or for a family such as web-1 and web-2, so that web-3 will be the third replica."""
    if len(texts) == 1:
        return _escaped(texts[0])
    numbered = [match for text in texts if (match := _NUMBERED.fullmatch(text))]
    heads = {(match["base"], match["dash"]) for match in numbered}
    if step == FAMILY and len(heads) == 1:
        base, dash = heads.pop()
        if len(numbered) == len(texts):
            return f"{_escaped(base)}{dash}[0-9]+"
        if set(texts) - {match[0] for match in numbered} == {base}:
            return f"{_escaped(base)}({dash}[0-9]+)?"
    return "|".join(map(_escaped, texts))


def _literal(container: Container) -> str:
    return _escaped(container.name)


def _stable(container: Container) -> str:
    """A pattern for the container's name that survives its next deployment."""
    swarm = container.labels.swarm_service
    if swarm and container.name.startswith(f"{swarm}."):
        return rf"{_escaped(swarm)}\.[0-9a-z]+\.[0-9a-z]+"
    deployed = DEPLOYED.fullmatch(container.name)
    if deployed:
        return f"{_escaped(deployed['stable'])}-[0-9T]+"
    numbered = _COMPOSE_NUMBER.fullmatch(container.name)
    service = container.labels.compose_service
    if numbered and service and numbered["stable"][:-1].endswith(service):
        return f"{_escaped(numbered['stable'])}[0-9]+"
    return _escaped(container.name)


def _names(part: Part, pattern: Callable[[Container], str]) -> list[str]:
    """Patterns for the names of a part's containers, each as long as a pattern may be."""
    found: list[str] = []
    for text in sorted({pattern(container) for container in part.containers}):
        if found and len(found[-1]) + 1 + len(text) <= LONGEST_PATTERN:
            found[-1] += f"|{text}"
        else:
            found.append(text)
    return found


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def _usable(text: str) -> bool:
    """Whether a selector can hold the value of a label. A semicolon separates labels when Prometheus joins them."""
    try:
        fields.pattern(_escaped(text))
    except Unfit:
        return False
    return ";" not in text
