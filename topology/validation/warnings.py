"""What a colleague would mention without insisting: warnings. Each is about something that is likely a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from boxwatch.topology import kinds
from boxwatch.topology.plan import Plan, plan
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.units import format_duration, human_memory
from boxwatch.topology.validation import overlaps
from boxwatch.topology.validation.context import Facts
from boxwatch.topology.validation.notifications import receivers_are_used
from boxwatch.topology.validation.samples import is_literal
from boxwatch.topology.wording import counted

Caution = Callable[[Facts, Plan], Iterator[Mistake]]

# A server that is used to 90 % is what node_exporter's own mixin warns about (memoryHighUtilizationThreshold: 90);
# a plan that leaves less would have it warn without end.
SENSIBLE_HEADROOM: Final = 0.10
# One scrape may fail without anything being wrong.
_FEWEST_SCRAPES = 2
# `web-*`: a star, and nothing else that would make it a regular expression.
_GLOB = re.compile(r"[a-z0-9_-]*\*[a-z0-9_-]*", re.ASCII | re.IGNORECASE)


def stated_total_agrees(_facts: Facts, the_plan: Plan) -> Iterator[Mistake]:
    """The stated total is the sum of the lines."""
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
        yield Mistake(("servers", server.server, "stated_total"), message, "correct a line or the total")


def servers_are_used(_facts: Facts, the_plan: Plan) -> Iterator[Mistake]:
    """A server has services."""
    for server in the_plan.servers:
        if not server.rows:
            message = "has no services, so only the machine itself is watched"
            yield Mistake(("servers", server.server), message, "name it in the `server` of a service", at_key=True)


def headroom_is_left(_facts: Facts, the_plan: Plan) -> Iterator[Mistake]:
    """A tenth of the RAM is free for spikes, page cache and deploys, which run old and new side by side."""
    for server in the_plan.servers:
        if 0 <= server.headroom < SENSIBLE_HEADROOM * server.memory:
            share = f"{100 * server.headroom / server.memory:.0f}%"
            message = (
                f"{human_memory(server.memory)} leaves {human_memory(server.headroom)} ({share}) beside the planned "
                f"{human_memory(server.planned)}: too little for spikes and for deploys, which run old and new at once"
            )
            yield Mistake(("servers", server.server, "memory"), message, "leave a tenth free")


def limits_can_be_reached(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """A limit is no larger than the server."""
    memory = {server.name: server.memory for server in facts.topology.servers}
    for service in facts.topology.services:
        smallest = min((memory[name] for name in service.server), default=0)
        if isinstance(service.limit, int) and service.limit > smallest:
            limit, whole = human_memory(service.limit), human_memory(smallest)
            message = f"{limit} never takes effect: the server has {whole}"
            yield Mistake(("services", service.name, "limit"), message, "write `none` if no limit is meant")


def exposed_services_have_ports(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """An exposed service says on which ports."""
    for service in facts.topology.services:
        if service.exposed and not service.ports:
            path: Path = ("services", service.name, "exposed")
            yield Mistake(path, "exposes nothing: the service has no ports", "add its `ports`")


def named_containers_suffice(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """Docker gives a container's name once, so one literal name cannot be two replicas."""
    for service in facts.topology.services:
        for part in service.components:
            names = [one.name for one in service.selectors if one.component == part.component]
            literal = {name for name in names if name is not None and is_literal(name)}
            if len(literal) == len(set(names)) and len(literal) < service.replicas:
                expected = f"expects {counted(service.replicas, 'replica')}"
                message = f"{expected}, and its containers' names match {counted(len(literal), 'container')} at most"
                path: Path = ("services", service.name, "replicas")
                yield Mistake(path, message, "add the other containers' names, or a pattern such as app-[0-9]+")
                break


def patterns_are_no_globs(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """A star after a letter or dash repeats it: `web-*` matches `web--` and not `web-1`."""
    for service in facts.topology.services:
        for index, selector in enumerate(service.containers):
            for label in overlaps.LABELS:
                pattern = getattr(selector, label)
                if pattern is not None and _GLOB.fullmatch(pattern):
                    path: Path = ("services", service.name, "containers", index, label)
                    repeated = pattern[pattern.index("*") - 1]
                    message = f"`{pattern}` is a regular expression: its star only repeats the `{repeated}` before it"
                    yield Mistake(path, message, f"write `{pattern.replace('*', '.*')}`")


def outages_outlast_a_scrape(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """Nobody is woken because of one failed scrape."""
    topology = facts.topology
    for field in ("outage_grace", "deploy_grace"):
        seconds = getattr(topology.alerts, field)
        if seconds < _FEWEST_SCRAPES * topology.scrape_interval:
            interval = format_duration(topology.scrape_interval)
            message = (
                f"{format_duration(seconds)} is less than two scrapes of {interval}, so one failed scrape can fire it"
            )
            hint = f"write {format_duration(_FEWEST_SCRAPES * topology.scrape_interval)} or more"
            yield Mistake(("alerts", field), message, hint)


def receivers_are_named(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """A receiver is told something."""
    yield from receivers_are_used(facts)


def engines_are_scraped(facts: Facts, _plan: Plan) -> Iterator[Mistake]:
    """What has metrics of its own is scraped, unless the file says that it is not."""
    topology = facts.topology
    for service in topology.services:
        missing = len(service.server) - len(topology.metrics_of(service))
        if service.metrics is None and kinds.of(service.kind).scraped and missing:
            path: Path = ("services", service.name)
            message = f"is not scraped: another {service.kind} is taken to answer at the usual place"
            yield Mistake(path, message, "say in `metrics` where its exporter answers", at_key=True)


CAUTIONS: Final[tuple[Caution, ...]] = (
    stated_total_agrees,
    servers_are_used,
    headroom_is_left,
    limits_can_be_reached,
    exposed_services_have_ports,
    named_containers_suffice,
    patterns_are_no_globs,
    outages_outlast_a_scrape,
    engines_are_scraped,
    receivers_are_named,
)


def cautions_for(facts: Facts) -> list[Mistake]:
    """Everything worth mentioning about a topology without mistakes."""
    the_plan = plan(facts.topology)
    return [mistake for caution in CAUTIONS for mistake in caution(facts, the_plan)]
