"""Warnings: likely problems that do not make a topology invalid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from boxwatch.topology import kinds
from boxwatch.topology.plan import Plan, plan
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.units import format_duration, human_memory
from boxwatch.topology.validation import overlaps
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.validation.notifications import receivers_are_used, routes_name_labels
from boxwatch.topology.validation.samples import is_literal
from boxwatch.topology.wording import counted

WarningRule = Callable[[ValidationContext, Plan], Iterator[Issue]]

# node_exporter's own mixin warns at 90 % memory use (memoryHighUtilizationThreshold: 90); a plan with less headroom
# would trigger that permanently.
SENSIBLE_HEADROOM: Final = 0.10
# A single failed scrape is normal.
_FEWEST_SCRAPES = 2
# `web-*`: a star, and no other sign of a regular expression.
_GLOB = re.compile(r"[a-z0-9_-]*\*[a-z0-9_-]*", re.ASCII | re.IGNORECASE)


def stated_total_agrees(_context: ValidationContext, the_plan: Plan) -> Iterator[Issue]:
    """The stated total equals the sum of the lines."""
    for server in the_plan.servers:
        if server.stated_total is None or server.stated_total == server.planned:
            continue
        terms = [f"{human_memory(server.services_stated)} of services stated"]
        if server.services_assumed:
            terms.append(f"{human_memory(server.services_assumed)} assumed")
        if server.reserved:
            terms.append(f"{human_memory(server.reserved)} reserved")
        total = human_memory(server.stated_total)
        more = "more" if server.planned > server.stated_total else "less"
        gap = human_memory(abs(server.planned - server.stated_total))
        message = f"{' + '.join(terms)} = {human_memory(server.planned)} ≠ {total}: the lines add up to {gap} {more}"
        yield Issue(("servers", server.server, "stated_total"), message, "correct a line or the total")


def servers_are_used(_context: ValidationContext, the_plan: Plan) -> Iterator[Issue]:
    """Every server has services."""
    for server in the_plan.servers:
        if not server.rows:
            message = "has no services, so only the server itself is monitored"
            yield Issue(("servers", server.server), message, "name it in the `server` of a service", at_key=True)


def headroom_is_left(_context: ValidationContext, the_plan: Plan) -> Iterator[Issue]:
    """A tenth of the RAM is free for spikes, page cache and deploys, which run old and new replicas side by side."""
    for server in the_plan.servers:
        if 0 <= server.headroom < SENSIBLE_HEADROOM * server.memory:
            share = f"{100 * server.headroom / server.memory:.0f}%"
            message = (
                f"{human_memory(server.memory)} leaves {human_memory(server.headroom)} ({share}) above the planned "
                f"{human_memory(server.planned)}: too little for spikes and for deploys, which run old and new together"
            )
            yield Issue(("servers", server.server, "memory"), message, "leave at least a tenth free")


def limits_can_be_reached(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """A limit is not larger than the server."""
    memory = {server.name: server.memory for server in context.topology.servers}
    for service in context.topology.services:
        smallest = min((memory[name] for name in service.server), default=0)
        if isinstance(service.limit, int) and service.limit > smallest:
            limit, whole = human_memory(service.limit), human_memory(smallest)
            message = f"{limit} never takes effect: the server has {whole}"
            yield Issue(("services", service.name, "limit"), message, "write `none` for no limit")


def exposed_services_have_ports(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """An exposed service states its ports."""
    for service in context.topology.services:
        if service.exposed and not service.ports:
            path: Path = ("services", service.name, "exposed")
            yield Issue(path, "has no effect: the service has no ports", "add its `ports`")


def named_containers_suffice(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """Container names are unique in Docker, so one literal name cannot be two replicas."""
    for service in context.topology.services:
        for part in service.components:
            names = [one.name for one in service.selectors if one.component == part.component]
            literal = {name for name in names if name is not None and is_literal(name)}
            if len(literal) == len(set(names)) and len(literal) < service.replicas:
                expected = f"expects {counted(service.replicas, 'replica')}"
                message = f"{expected}, but its container names match at most {counted(len(literal), 'container')}"
                path: Path = ("services", service.name, "replicas")
                yield Issue(path, message, "add the other container names, or use a pattern such as app-[0-9]+")
                break


def patterns_are_no_globs(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """A star repeats the letter or dash before it: `web-*` matches `web--`, not `web-1`."""
    for service in context.topology.services:
        for index, selector in enumerate(service.containers or ()):
            for label in overlaps.LABELS:
                pattern = getattr(selector, label)
                if pattern is not None and _GLOB.fullmatch(pattern):
                    path: Path = ("services", service.name, "containers", index, label)
                    repeated = pattern[pattern.index("*") - 1]
                    message = f"`{pattern}` is a regular expression: its star only repeats the `{repeated}` before it"
                    yield Issue(path, message, f"write `{pattern.replace('*', '.*')}`")


def outages_outlast_a_scrape(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """A single failed scrape does not page."""
    topology = context.topology
    for field in ("outage_grace", "deploy_grace"):
        seconds = getattr(topology.alerts, field)
        if seconds < _FEWEST_SCRAPES * topology.scrape_interval:
            interval = format_duration(topology.scrape_interval)
            message = (
                f"{format_duration(seconds)} is less than two scrapes of {interval}: one failed scrape can fire it"
            )
            hint = f"write {format_duration(_FEWEST_SCRAPES * topology.scrape_interval)} or more"
            yield Issue(("alerts", field), message, hint)


def receivers_are_named(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """Every receiver is used, and every route's labels are those of an alert."""
    yield from receivers_are_used(context)
    yield from routes_name_labels(context)


def backing_services_are_scraped(context: ValidationContext, _plan: Plan) -> Iterator[Issue]:
    """A service with metrics of its own is scraped, unless the file says otherwise."""
    topology = context.topology
    for service in topology.services:
        missing = len(service.server) - len(topology.metrics_of(service))
        if service.metrics is None and kinds.of(service.kind).scraped and missing:
            path: Path = ("services", service.name)
            message = f"is not scraped: the usual target belongs to another {service.kind}"
            yield Issue(path, message, "set `metrics` to the host:port of its exporter", at_key=True)


WARNINGS: Final[tuple[WarningRule, ...]] = (
    stated_total_agrees,
    servers_are_used,
    headroom_is_left,
    limits_can_be_reached,
    exposed_services_have_ports,
    named_containers_suffice,
    patterns_are_no_globs,
    outages_outlast_a_scrape,
    backing_services_are_scraped,
    receivers_are_named,
)


def warnings_for(context: ValidationContext) -> list[Issue]:
    """The warnings about a valid topology."""
    the_plan = plan(context.topology)
    return [issue for rule in WARNINGS for issue in rule(context, the_plan)]
