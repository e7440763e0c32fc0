"""Containers → services: which belong together, which are replicas of each other, and which are components."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from boxwatch.discovery import classify
from boxwatch.discovery.classify import COOLIFY, OPTIONAL, OTHER, OWN, PROXY, TRAEFIK, Verdict
from boxwatch.discovery.draft import Draft, Part
from boxwatch.discovery.model import DEPLOYED, UUID, Container, LeftOut
from boxwatch.topology import kinds
from boxwatch.topology.units import MIB
from boxwatch.topology.wording import counted, listed

_Key = tuple[str, ...]
# nginx that only forwards connections.
_PROXY_MEMORY: Final = 32 * MIB
_NUMBERED: Final = re.compile(r"(?P<base>.*[^0-9-])-?(?P<number>[0-9]{1,4})")


def group(containers: Iterable[Container], server: str) -> tuple[list[Draft], list[LeftOut]]:
    """The services that the containers of one server are, without names and numbers, and what is none of them."""
    left = [LeftOut(one.name, why) for one in containers if (why := classify.omitted(one))]
    rest = sorted((one for one in containers if not classify.omitted(one)), key=lambda one: one.name)
    own = [one for one in rest if one.name in OWN and not one.labels.resource]
    databases = {one.name: one for one in rest if one.labels.type == "database"}
    proxies = [one for one in rest if classify.proxied_database(one) in databases]
    groups: defaultdict[_Key, list[Container]] = defaultdict(list)
    for one in rest:
        if one not in own and one not in proxies:
            groups[_key(one)].append(one)
    drafts = [
        *([_coolify(own, server)] if own else []),
        *(_draft(key, members, server, groups) for key, members in groups.items()),
        *(_database_proxy(one, databases[classify.proxied_database(one)], server) for one in proxies),
    ]
    return _with_replicas(drafts), left


def _key(container: Container) -> _Key:
    """What containers of one service have in common. Its first word says how they were started."""
    labels = container.labels
    if labels.swarm_service:
        return ("swarm", labels.swarm_service)
    if labels.resource and not labels.one_off:
        # Two resources may share a name, project and environment: the uuid tells them apart.
        identity = labels.compose_project or container.uuid or container.name
        place = (labels.project, labels.environment, labels.resource, identity)
        if labels.type in ("service", "database"):
            return (labels.type, *place)
        return ("application", *place, labels.compose_service if container.of_compose_file else "")
    if container.of_compose_file and not labels.one_off:
        return ("compose", labels.compose_project, labels.compose_service)
    return ("container", container.name)


def _draft(key: _Key, members: list[Container], server: str, groups: Mapping[_Key, object]) -> Draft:
    first = members[0]
    if key[0] == "service":
        return _stack(members, server)
    base = _base(key, first, groups)
    verdict = classify.verdict(first, base)
    kind, notes = verdict.kind, [verdict.why]
    if first.name == PROXY:
        base, notes = _proxy(kind)
    stable = {match["stable"] if (match := DEPLOYED.fullmatch(one.name)) else one.name for one in members}
    if len(members) > len(stable):
        notes.append(f"It had {counted(len(members), 'container')}, as during a deployment.")
    return Draft(
        kind=kind,
        servers=(server,),
        parts=(Part(containers=tuple(members), replicas=len(stable)),),
        base=base,
        project=first.labels.project,
        environment=first.labels.environment,
        replicas=len(stable),
        notes=(*_where(first), *notes),
    )


def _base(key: _Key, first: Container, groups: Mapping[_Key, object]) -> str:
    """The name that the service should have."""
    labels = first.labels
    if key[0] == "application" and key[-1]:
        # A compose application: all its services share one resource name.
        siblings = [one for one in groups if one[:-1] == key[:-1]]
        return f"{labels.resource}-{key[-1]}" if len(siblings) > 1 and key[-1] != labels.resource else labels.resource
    if labels.resource:
        return labels.resource
    if key[0] == "swarm":
        return key[1].rpartition("_")[2]
    if key[0] == "compose":
        siblings = [one for one in groups if one[:2] == key[:2]]
        if len(siblings) == 1:
            return first.title or key[2]
        named = first.title or ("" if UUID.fullmatch(key[1]) else key[1])
        return f"{named}-{key[2]}" if named not in ("", key[2]) else key[2]
    return first.title or first.name


def _where(container: Container) -> Iterator[str]:
    labels = container.labels
    if labels.type == "service":
        thing = "One-click stack"
    elif labels.type == "database":
        thing = "Database"
    elif labels.resource:
        thing = "Compose application" if container.of_compose_file else "Application"
    elif labels.swarm_service:
        yield f"Service {labels.swarm_service} of Docker Swarm."
        return
    elif container.name in OWN or container.name == PROXY:
        return
    else:
        yield (
            f"Container {container.name}, started by Docker Compose without Coolify."
            if labels.compose_project and not labels.managed
            else f"Container {container.name}, without a Coolify label that names its resource."
        )
        return
    place = f" in {labels.project}, {labels.environment}" if labels.project and labels.environment else ""
    yield f"{thing} {labels.resource}{place}."


def _proxy(kind: str) -> tuple[str, list[str]]:
    if kind == TRAEFIK:
        return TRAEFIK, ["The only entry point: TLS termination and routing. Coolify starts it without a limit."]
    return "proxy", ["Coolify's proxy. boxwatch has rules for Traefik alone, so its requests are not monitored."]


def _coolify(own: list[Container], server: str) -> Draft:
    """Coolify itself; on a server that it only manages, just its agent."""
    whole = any(one.name == COOLIFY for one in own)
    parts = tuple(
        Part(
            name=OWN[one.name] if len(own) > 1 else "",
            containers=(one,),
            # Not all may be optional: an outage would go unnoticed.
            optional=whole and OWN[one.name] in OPTIONAL,
        )
        for one in sorted(own, key=lambda one: list(OWN).index(one.name))
    )
    return Draft(
        kind=COOLIFY if whole else OTHER,
        servers=(server,),
        parts=parts,
        base=COOLIFY if whole else own[0].name,
        notes=(
            ("Coolify itself. It starts its own containers without a memory limit.",)
            if whole
            else ("Coolify's agent on a server that it manages.",)
        ),
    )


def _database_proxy(proxy: Container, database: Container, server: str) -> Draft:
    base = database.labels.resource or database.name
    return Draft(
        kind=OTHER,
        servers=(server,),
        parts=(Part(containers=(proxy,), memory=_PROXY_MEMORY),),
        base=f"{base}-proxy",
        project=database.labels.project,
        environment=database.labels.environment,
        notes=(f"Coolify's TCP proxy for the public port of the database {base}.",),
    )


def _stack(members: list[Container], server: str) -> Draft:
    """A one-click stack: all its containers share one coolify.resourceName, so the compose service tells them apart."""
    labels = members[0].labels
    by_service: defaultdict[str, list[Container]] = defaultdict(list)
    for one in members:
        by_service[one.labels.compose_service or one.name].append(one)
    verdicts = {service: classify.verdict(found[0], f"{service}") for service, found in by_service.items()}
    if len(by_service) == 1:
        (verdict,) = verdicts.values()
    else:
        verdict = _main(verdicts, by_service)
    notes = [f"{verdict.why}"]
    if len(by_service) > 1:
        notes += _parts_with_rules(verdict, verdicts)
    return Draft(
        kind=verdict.kind,
        servers=(server,),
        parts=tuple(
            Part(name=service if len(by_service) > 1 else "", containers=tuple(found))
            for service, found in by_service.items()
        ),
        base=labels.resource,
        project=labels.project,
        environment=labels.environment,
        notes=(*_where(members[0]), *notes),
    )


def _main(verdicts: Mapping[str, Verdict], by_service: Mapping[str, Sequence[Container]]) -> Verdict:
    """The kind of a whole stack."""
    found = {verdict.kind for verdict in verdicts.values()}
    if len(found) == 1:
        kind = next(iter(found))
        return next(iter(verdicts.values())) if kind == OTHER else Verdict(kind, f"All its components are {kind}.")
    watching = [verdict for verdict in verdicts.values() if verdict.kind == "monitoring"]
    if 2 * len(watching) > len(verdicts):
        return Verdict("monitoring", "Most of its components are monitoring.")
    routed = [service for service, members in by_service.items() if members[0].urls]
    facing = [service for service in routed if kinds.of(verdicts[service].kind).user_facing]
    if facing:
        return Verdict(verdicts[facing[0]].kind, f"The proxy routes {by_service[facing[0]][0].urls[0]} to it.")
    scraped = {verdict.kind for verdict in verdicts.values() if kinds.of(verdict.kind).scraped}
    if len(scraped) == 1 and not routed:
        kind = scraped.pop()
        return Verdict(kind, f"Its only component with rules of its own is {kind}.")
    return Verdict(OTHER, "Not classified: its components are of several kinds, and no route identifies the main one.")


def _parts_with_rules(main: Verdict, verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    for service, verdict in verdicts.items():
        kind = kinds.of(verdict.kind)
        if kind.scraped and kind.name != main.kind:
            yield (
                f"Its component {service} is {kind.title}, of which only RAM and state are monitored here. For its own "
                f"metrics make it a service of kind {kind.name}, and give its exporter the stack's network."
            )


def _with_replicas(drafts: list[Draft]) -> list[Draft]:
    """web-1 and web-2 are two replicas of web: Coolify runs one container per resource."""
    families: defaultdict[tuple[object, ...], list[Draft]] = defaultdict(list)
    for draft in drafts:
        families[_family(draft)].append(draft)
    found: list[Draft] = []
    for family, members in families.items():
        found += [_as_replicas(str(family[0]), members)] if _are_replicas(str(family[0]), members) else members
    return sorted(found, key=_order)


def _family(draft: Draft) -> tuple[object, ...]:
    """What replicas of one service have in common; databases and stacks have none."""
    one = draft.containers[0]
    plain = len(draft.parts) == 1 and draft.replicas == 1 and one.labels.type in ("", "application")
    if not plain or kinds.of(draft.kind).scraped or draft.kind == "monitoring" or one.labels.swarm_service:
        return (draft.base, id(draft))
    match = _NUMBERED.fullmatch(draft.base)
    name = match["base"] if match else draft.base
    started_by = ("coolify",) if one.labels.resource else ("compose", one.labels.compose_project)
    if not one.labels.resource and not one.labels.compose_service:
        return (draft.base, id(draft))
    composed = one.of_compose_file and bool(one.labels.resource)
    resource = one.labels.resource if composed else ""
    return (name, draft.project, draft.environment, draft.kind, one.limit, started_by, resource)


def _are_replicas(base: str, members: Sequence[Draft]) -> bool:
    """Whether the numbers at the end of the names count from the beginning: two sites of two years are no replicas."""
    if len(members) < 2 or len({draft.base for draft in members}) < len(members):  # noqa: PLR2004 - a pair
        return False
    numbers = []
    for draft in members:
        match = _NUMBERED.fullmatch(draft.base) if draft.base != base else None
        numbers.append(int(match["number"]) if match else None)
    counts = sorted(number for number in numbers if number is not None)
    first = counts[0]
    allowed = (1, 2) if None in numbers else (0, 1)
    return first in allowed and counts == list(range(first, first + len(counts)))


def _as_replicas(base: str, members: Sequence[Draft]) -> Draft:
    names = sorted((draft.base for draft in members), key=lambda name: (len(name), name))
    containers = tuple(container for draft in members for container in draft.containers)
    deploying = tuple(note for draft in members for note in draft.notes if "during a deployment" in note)
    first = members[0]
    return replace(
        first,
        base=base,
        replicas=len(members),
        parts=(Part(containers=containers, replicas=len(members)),),
        notes=(
            f"{listed(names)}, assumed to be replicas of one service; split them if they are not.",
            *(note for note in first.notes if note not in deploying and first.base not in note),
            *deploying[:1],
        ),
    )


# In a file one looks for the entry points first, for databases after applications, and for what is unknown last.
_ORDER: Final = (COOLIFY, TRAEFIK, "web", "admin", "api", "worker")


def _order(draft: Draft) -> tuple[int, str, str, str]:
    kind = kinds.of(draft.kind)
    rank = _ORDER.index(kind.name) if kind.name in _ORDER else len(_ORDER) + (2 * (not kind.scraped))
    return (rank + (kind.name == "monitoring"), draft.project, draft.base, draft.environment)
