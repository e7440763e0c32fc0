"""Constraints across fields. A violation is an error.

Each constraint takes the context and yields issues; `RULES` lists them. They also run on the rest of a file with issues
in single fields, so each states which fields it needs as written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from boxwatch.topology.plan import ServerPlan, plan
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.units import human_memory
from boxwatch.topology.validation import overlaps
from boxwatch.topology.validation.components import components_agree, components_fit
from boxwatch.topology.validation.containers import (
    exporters_have_containers,
    nothing_is_planned_of_no_container,
    notifications_are_sent,
    parts_that_do_not_exist_run_nowhere,
)
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.validation.measured import metrics_are_apart, objectives_can_be_measured, tunings_name_services
from boxwatch.topology.validation.notifications import (
    quiet_times_end,
    receivers_are_complete,
    receivers_exist,
    reminders_come_after_messages,
    routes_say_something,
)
from boxwatch.topology.wording import did_you_mean, listed

Rule = Callable[[ValidationContext], Iterator[Issue]]

# Finding the closest name takes time; more such errors in one file have a common cause.
_MOST_HINTS = 100
_MOST_TERMS = 6


def servers_exist(context: ValidationContext) -> Iterator[Issue]:
    """Every server named by a service is defined in the file."""
    if context.server_names is None:
        return
    known, hints = context.server_names, 0
    for service in context.topology.services:
        for index, server in enumerate(service.server):
            if server not in known:
                hints += 1
                hint = did_you_mean(server, sorted(known)) if hints <= _MOST_HINTS else ""
                path: Path = ("services", service.name, "server")
                yield Issue(
                    path if len(service.server) == 1 else (*path, index),
                    f"`{server}` is not a server of this file",
                    hint or f"defined here: {listed(sorted(known))}",
                )


def ports_are_free(context: ValidationContext) -> Iterator[Issue]:
    """A port of a server belongs to one service. A parked service does not occupy its port."""
    taken: dict[tuple[str, int], tuple[str, Path]] = {}
    for service in context.topology.services:
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
                    yield Issue(path, f"{port} is listed twice", "delete one of them")
                else:
                    message = f"{port} on {server} is already the port of `{owner}`, in {context.line(first)}"
                    yield Issue(path, message, "give one of them another port")


def plans_fit(context: ValidationContext) -> Iterator[Issue]:
    """A plan fits its server. Doubtful services are left out: they could only add to it."""
    certain = context.topology.model_copy(update={"services": tuple(context.certain_services("memory", "replicas"))})
    certain_servers = {server.name for server in context.certain_servers("memory", "reserved")}
    for server in plan(certain).servers:
        # If the reserve alone exceeds the server, that is the error to report.
        if server.server in certain_servers and server.headroom < 0 and server.reserved < server.memory:
            too_much = human_memory(-server.headroom)
            message = f"{human_memory(server.memory)} is less than the plan: {arithmetic(server)}"
            hint = f"remove {too_much} from the plan, or add it to the server"
            yield Issue(("servers", server.server, "memory"), message, hint)


def limits_allow_the_plan(context: ValidationContext) -> Iterator[Issue]:
    """A limit is at least the memory: otherwise the kernel kills the container before it reaches its budget."""
    for service in context.certain_services("memory", "limit"):
        if isinstance(service.limit, int) and service.limit < service.memory:
            limit, memory = human_memory(service.limit), human_memory(service.memory)
            message = f"{limit} is less than the planned {memory}, so containers are killed before they use it"
            yield Issue(("services", service.name, "limit"), message, f"write {memory} or more, or delete the line")


def selectors_say_something(context: ValidationContext) -> Iterator[Issue]:
    """A selector names at least one label."""
    for service in context.certain_services("containers"):
        for index, selector in enumerate(service.containers or ()):
            if not overlaps.claim(service.name, index, selector).patterns.keys() - overlaps.PLACES:
                path: Path = ("services", service.name, "containers", index)
                yield Issue(path, "selects no containers", "add `resource`, `compose_service` or `name`")


def selectors_are_apart(context: ValidationContext) -> Iterator[Issue]:
    """A container belongs to one service and one component. Parked services count: their containers may still run."""
    told: set[tuple[Path, Path]] = set()
    claims: defaultdict[str, list[overlaps.Claim]] = defaultdict(list)
    for service in context.certain_services("containers"):
        for index, selector in enumerate(service.selectors):
            one = overlaps.claim(service.name, index, selector)
            for server in service.server if one.patterns else ():
                claims[server].append(one)
    written = {service.name for service in context.topology.services if service.containers}
    for on_one_server in claims.values():
        for overlap in overlaps.overlaps(on_one_server):
            first, second = (_selector_path(claim, written) for claim in (overlap.first, overlap.second))
            if (first, second) not in told:
                told.add((first, second))
                yield Issue(second, *_told_apart(overlap, first, context))


def servers_are_apart(context: ValidationContext) -> Iterator[Issue]:
    """Two servers do not share a scrape target: each would report the other's metrics."""
    taken: dict[str, str] = {}
    for server in context.certain_servers("address", "exporters"):
        for target in filter(None, (server.targets.node, server.targets.cadvisor)):
            owner = taken.setdefault(target, server.name)
            if owner != server.name:
                said = "address" if server.address is not None else "exporters" if server.exporters else None
                path: Path = ("servers", server.name, said) if said else ("servers", server.name)
                message = f"would be scraped at {target}, like `{owner}` in {context.line(('servers', owner))}"
                yield Issue(path, message, "give each server except Prometheus' own an `address`", at_key=True)
                break


def some_service_runs(context: ValidationContext) -> Iterator[Issue]:
    """The reserve of a server leaves memory for services."""
    for server in context.certain_servers("memory", "reserved"):
        if server.reserved >= server.memory:
            message = f"{human_memory(server.reserved)} leaves none of the {human_memory(server.memory)} for services"
            yield Issue(("servers", server.name, "reserved"), message)


RULES: Final[tuple[Rule, ...]] = (
    servers_exist,
    nothing_is_planned_of_no_container,
    exporters_have_containers,
    notifications_are_sent,
    parts_that_do_not_exist_run_nowhere,
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
    receivers_are_complete,
    routes_say_something,
    quiet_times_end,
    reminders_come_after_messages,
)


def issues_in(context: ValidationContext) -> list[Issue]:
    """The issues found by all constraints."""
    return [issue for rule in RULES for issue in rule(context)]


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
    """Path of the selector; for a default selector, that of its service."""
    path: Path = ("services", claim.service)
    return (*path, "containers", claim.position) if claim.service in written else path


def _told_apart(overlap: overlaps.Overlap, first: Path, context: ValidationContext) -> tuple[str, str]:
    same = overlap.first.service == overlap.second.service
    rival = f"component `{overlap.first.component}`" if same else f"`{overlap.first.service}`"
    patterns = " and ".join(f"{label} `{text}`" for label, text in overlap.second.patterns.items())
    stated = len(first) > 2  # noqa: PLR2004 - a path into `containers`
    rival_patterns = " and ".join(f"{label} `{text}`" for label, text in overlap.first.patterns.items())
    example = " and ".join(f"`{text}`" for text in overlap.both_match.values())
    both = f"both match {example}" if example else "are the same"
    default = "" if stated else ", its default"
    message = (
        f"{patterns} also matches containers of {rival} ({rival_patterns}{default}, {context.line(first)}): {both}"
    )
    return message, "make the two patterns exclude each other"
