"""Rules that need more than one value at a time. Breaking one is an error.

Each rule takes the facts and yields mistakes; `RULES` lists them. Rules run on what is left of a file with mistakes in
single fields too, so each says which fields must be as written for it to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from boxwatch.topology.plan import ServerPlan, plan
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.units import human_memory
from boxwatch.topology.validation import overlaps
from boxwatch.topology.validation.components import components_agree, components_fit
from boxwatch.topology.validation.context import Facts
from boxwatch.topology.validation.measured import metrics_are_apart, objectives_can_be_measured, tunings_name_services
from boxwatch.topology.validation.notifications import (
    quiet_times_end,
    receivers_can_be_told,
    receivers_exist,
    reminders_come_after_messages,
)
from boxwatch.topology.wording import did_you_mean, listed

Rule = Callable[[Facts], Iterator[Mistake]]

# Finding the nearest name takes time; a file with more such mistakes has one cause.
_MOST_HINTS = 100
_MOST_TERMS = 6


def servers_exist(facts: Facts) -> Iterator[Mistake]:
    """A service runs on servers that the file names."""
    if facts.server_names is None:
        return
    known, hints = facts.server_names, 0
    for service in facts.topology.services:
        for index, server in enumerate(service.server):
            if server not in known:
                hints += 1
                hint = did_you_mean(server, sorted(known)) if hints <= _MOST_HINTS else ""
                path: Path = ("services", service.name, "server")
                yield Mistake(
                    path if len(service.server) == 1 else (*path, index),
                    f"`{server}` is not a server of this file",
                    hint or f"known here: {listed(sorted(known))}",
                )


def ports_are_free(facts: Facts) -> Iterator[Mistake]:
    """One port of a server belongs to one service. A parked service takes its port only when it runs again."""
    taken: dict[tuple[str, int], tuple[str, Path]] = {}
    for service in facts.topology.services:
        if service.replicas == 0:
            continue
        told: set[int] = set()
        for server in service.server:
            for index, port in enumerate(service.ports):
                path: Path = ("services", service.name, "ports", index)
                owner, first = taken.setdefault((server, port), (service.name, path))
                if first == path or port in told:
                    continue
                told.add(port)
                if owner == service.name:
                    yield Mistake(path, f"{port} is listed twice", "delete one of them")
                else:
                    message = f"{port} on {server} is the port of `{owner}` already, in {facts.line(first)}"
                    yield Mistake(path, message, "give one of them another port")


def plans_fit(facts: Facts) -> Iterator[Mistake]:
    """A plan is not larger than its server. Services in doubt are left out: they could only add to it."""
    certain = facts.topology.model_copy(update={"services": tuple(facts.certain_services("memory", "replicas"))})
    certain_servers = {server.name for server in facts.certain_servers("memory", "reserved")}
    for server in plan(certain).servers:
        # When the reserve alone is too much, that is what there is to say.
        if server.server in certain_servers and server.headroom < 0 and server.reserved < server.memory:
            too_much = human_memory(-server.headroom)
            message = f"{human_memory(server.memory)} is less than the plan: {arithmetic(server)}"
            hint = f"take {too_much} out of the plan, or add it to the server"
            yield Mistake(("servers", server.server, "memory"), message, hint)


def limits_allow_the_plan(facts: Facts) -> Iterator[Mistake]:
    """A limit is not smaller than the memory: Docker would kill the container before it reaches its budget."""
    for service in facts.certain_services("memory", "limit"):
        if isinstance(service.limit, int) and service.limit < service.memory:
            limit, memory = human_memory(service.limit), human_memory(service.memory)
            message = f"{limit} is less than the planned {memory}, so containers are killed before they use it"
            yield Mistake(("services", service.name, "limit"), message, f"write {memory} or more, or leave it out")


def selectors_say_something(facts: Facts) -> Iterator[Mistake]:
    """A selector names at least one label to look at."""
    for service in facts.certain_services("containers"):
        for index, selector in enumerate(service.containers):
            if not overlaps.claim(service.name, index, selector).patterns.keys() - overlaps.PLACES:
                path: Path = ("services", service.name, "containers", index)
                yield Mistake(path, "does not say which containers", "add `resource`, `compose_service` or `name`")


def selectors_are_apart(facts: Facts) -> Iterator[Mistake]:
    """A container belongs to one service, and to one component of it. Parked services count: theirs may still run."""
    told: set[tuple[Path, Path]] = set()
    claims: defaultdict[str, list[overlaps.Claim]] = defaultdict(list)
    for service in facts.certain_services("containers"):
        for index, selector in enumerate(service.selectors):
            one = overlaps.claim(service.name, index, selector)
            for server in service.server if one.patterns else ():
                claims[server].append(one)
    written = {service.name for service in facts.topology.services if service.containers}
    for on_one_server in claims.values():
        for overlap in overlaps.overlaps(on_one_server):
            first, second = (_selector_path(claim, written) for claim in (overlap.first, overlap.second))
            if (first, second) not in told:
                told.add((first, second))
                yield Mistake(second, *_told_apart(overlap, first, facts))


def servers_are_apart(facts: Facts) -> Iterator[Mistake]:
    """Two servers are not scraped at the same place: each would show the other's numbers."""
    taken: dict[str, str] = {}
    for server in facts.certain_servers("address", "exporters"):
        for target in (server.targets.node, server.targets.cadvisor):
            owner = taken.setdefault(target, server.name)
            if owner != server.name:
                said = "address" if server.address is not None else "exporters" if server.exporters else None
                path: Path = ("servers", server.name, said) if said else ("servers", server.name)
                message = f"would be scraped at {target}, like `{owner}` in {facts.line(('servers', owner))}"
                yield Mistake(path, message, "give each server but Prometheus' own an `address`", at_key=True)
                break


def some_service_runs(facts: Facts) -> Iterator[Mistake]:
    """The reserve of a server is not all of it."""
    for server in facts.certain_servers("memory", "reserved"):
        if server.reserved >= server.memory:
            message = (
                f"{human_memory(server.reserved)} leaves nothing of the {human_memory(server.memory)} for services"
            )
            yield Mistake(("servers", server.name, "reserved"), message)


RULES: Final[tuple[Rule, ...]] = (
    servers_exist,
    ports_are_free,
    plans_fit,
    some_service_runs,
    limits_allow_the_plan,
    selectors_say_something,
    selectors_are_apart,
    components_agree,
    components_fit,
    servers_are_apart,
    metrics_are_apart,
    objectives_can_be_measured,
    tunings_name_services,
    receivers_exist,
    receivers_can_be_told,
    quiet_times_end,
    reminders_come_after_messages,
)


def mistakes_in(facts: Facts) -> list[Mistake]:
    """Everything that any rule says about the facts."""
    return [mistake for rule in RULES for mistake in rule(facts)]


def arithmetic(server: ServerPlan) -> str:
    """The sum of a plan written out, largest terms first: `api 2 × 2 GB + web 1 GB + 4 GB reserved = 9 GB`."""
    rows = sorted((row for row in server.rows if row.total), key=lambda row: -row.total)
    terms = [
        f"{row.service} {row.replicas} × {human_memory(row.per_replica)}"
        if row.replicas > 1
        else f"{row.service} {human_memory(row.total)}"
        for row in rows[:_MOST_TERMS]
    ]
    if len(rows) > _MOST_TERMS:
        rest = sum(row.total for row in rows[_MOST_TERMS:])
        terms.append(f"{len(rows) - _MOST_TERMS} others {human_memory(rest)}")
    if server.reserved:
        terms.append(f"{human_memory(server.reserved)} reserved")
    return f"{' + '.join(terms)} = {human_memory(server.planned)}"


def _selector_path(claim: overlaps.Claim, written: set[str]) -> Path:
    """Where the selector is written; a default selector is where its service is."""
    path: Path = ("services", claim.service)
    return (*path, "containers", claim.position) if claim.service in written else path


def _told_apart(overlap: overlaps.Overlap, first: Path, facts: Facts) -> tuple[str, str]:
    same = overlap.first.service == overlap.second.service
    rival = f"component `{overlap.first.component}`" if same else f"`{overlap.first.service}`"
    patterns = " and ".join(f"{label} `{text}`" for label, text in overlap.second.patterns.items())
    stated = len(first) > 2  # noqa: PLR2004 - a path into `containers`
    rival_patterns = " and ".join(f"{label} `{text}`" for label, text in overlap.first.patterns.items())
    example = " and ".join(f"`{text}`" for text in overlap.both_match.values())
    both = f"both match {example}" if example else "are the same"
    default = "" if stated else ", its default"
    message = f"{patterns} takes containers of {rival} ({rival_patterns}{default}, {facts.line(first)}): {both}"
    return message, "make the two patterns exclude each other"
