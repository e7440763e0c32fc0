"""Names of services, components and servers: valid in a topology, unique, and as close as possible to Coolify's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from boxwatch.discovery.draft import Draft, Part
from boxwatch.exporters.coolify.slug import slug
from boxwatch.topology.forms import LONGEST_NAME

# Leaves room for `-exporter`, a component of the monitoring stack.
_LONGEST: Final = LONGEST_NAME - len("-exporter")
# Where a name occurs in several environments, this one keeps it.
_MAIN: Final = "production"
_BARE: Final = re.compile(r"[^a-z0-9]+")


def valid(text: str, otherwise: str) -> str:
    """The text as a name: lower-case words with dashes, beginning with a letter, not too long."""
    plain = _BARE.sub("-", slug(text.replace(".", "-"))).strip("-")
    if not plain:
        return otherwise
    if not plain[0].isalpha():
        plain = f"{otherwise}-{plain}"
    return plain[:_LONGEST].rstrip("-")


def unique(names: Iterable[str]) -> list[str]:
    """The names, with numbers after those that repeat an earlier one."""
    taken: set[str] = set()
    found = []
    for name in names:
        chosen, number = name, 2
        while chosen in taken:
            end = f"-{number}"
            chosen, number = f"{name[: _LONGEST - len(end)].rstrip('-')}{end}", number + 1
        taken.add(chosen)
        found.append(chosen)
    return found


def named(drafts: Sequence[Draft]) -> list[Draft]:
    """The services with names, and their components too."""
    rivals: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        rivals[valid(draft.base, "service")].append(draft)
    names = unique(_name(draft, rivals[valid(draft.base, "service")]) for draft in drafts)
    return [replace(draft, name=name, parts=_named_parts(draft)) for draft, name in zip(drafts, names, strict=True)]


def _name(draft: Draft, rivals: Sequence[Draft]) -> str:
    if len(rivals) == 1:
        return valid(draft.base, "service")
    environment = "" if draft.environment == _MAIN else draft.environment
    places = {(other.project, other.environment) for other in rivals}
    within_one_project = len({project for project, _ in places}) == 1
    words = (draft.base, environment) if within_one_project else (draft.project, draft.base, environment)
    return valid("-".join(filter(None, words)), "service")


def _named_parts(draft: Draft) -> tuple[Part, ...]:
    names = unique(valid(part.name, "part") for part in draft.parts)
    return tuple(replace(part, name=name if part.name else "") for part, name in zip(draft.parts, names, strict=True))
