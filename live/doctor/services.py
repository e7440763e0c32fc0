"""Planned services: each matched to its containers, or why not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from boxwatch.discovery.matching import Matcher
from boxwatch.discovery.model import DEPLOYED, Container, Labels
from boxwatch.live.doctor import questions
from boxwatch.live.doctor.containers import containers, labels_key, names_key
from boxwatch.live.doctor.examined import Examined, config_key
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample
from boxwatch.rules import names
from boxwatch.topology.model import Selector, Server, Service
from boxwatch.topology.wording import counted, listed

ID: Final = "services"
_SCOPES: Final = ("project", "environment")
# What a name may have at its end without being another one: web, Web, web-1, web_prod, my-web.
_PARTS: Final = re.compile(r"[a-z]+|[0-9]+")
_SYNTAX: Final = re.compile(r"\(.*?\)\??|\[.*?\]|[\\^$.*+?|]")
_GENERIC: Final = frozenset({"app", "prod", "production", "staging", "main", "server", "service", "latest", "new"})


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a service has too few containers, and what to do."""

    what: str
    action: str


def lines(examined: Examined) -> Iterator[Line]:
    """One line per service and server, and one per server about containers of no service."""
    for server in examined.topology.servers if examined.prometheus.knows(questions.CONTAINERS) else ():
        for service in examined.topology.services_on(server.name):
            yield _service(examined, server, service)
        yield from _outside(examined, server)


def _keys(examined: Examined, server: str) -> tuple[str, ...]:
    """The lines without which no container can be matched: scraping, its names and its relabelling."""
    pools = (one.pool for one in examined.expected if (one.job, one.server) == (names.JOB_CADVISOR, server))
    return (*examined.of_job(names.JOB_CADVISOR, server), names_key(server), *map(config_key, pools))


def _service(examined: Examined, server: Server, service: Service) -> Line:
    found = [one for one in containers(examined, server.name) if one[names.SERVICE] == service.name]
    key, where = f"service:{server.name}:{service.name}", f"{service.name} on {server.name}"
    after = _keys(examined, server.name)
    if service.replicas == 0:
        parked = "is parked" if not found else f"is parked, but has {counted(len(found), 'container')}"
        return Line(
            check=ID, key=key, state="warning" if found else "ok", where=where, what=parked, after=after,
            action="set `replicas` in the topology, or stop the containers" if found else "",
        )  # fmt: skip
    missing = [
        part for part in service.components if not part.optional and _running(found, part, service) < service.replicas
    ]
    if not missing:
        return Line(
            check=ID, key=key, state="ok", where=where, what=f"has {counted(len(found), 'container')}", after=after
        )  # fmt: skip
    running = sum(_running(found, part, service) for part in missing)
    reason = _reason(examined, server, service, missing)
    planned = service.replicas * len(missing)
    parts = [part.component for part in missing if part.component and len(service.components) > 1]
    of = f" of {listed(parts)}" if parts else ""
    count = "has no container" if not running else f"has {running} of {planned} containers"
    return Line(
        check=ID, key=key, state="problem", where=where, what=f"{count}{of}: {reason.what}", action=reason.action,
        after=(*after, labels_key(server.name)) if any(map(_by_label, missing)) else after,
    )  # fmt: skip


def _by_label(part: Selector) -> bool:
    return bool(part.resource or part.compose_service)


def _running(found: Sequence[Sample], part: Selector, service: Service) -> int:
    """Containers of a component; during a deployment, the old and the new one of a resource count once."""
    several = len(service.components) > 1 or bool(part.component)
    own = {one["name"] for one in found if not several or one[names.COMPONENT] == (part.component or "")}
    return len({match["stable"] if (match := DEPLOYED.fullmatch(name)) else name for name in own})


def _reason(examined: Examined, server: Server, service: Service, missing: Sequence[Selector]) -> _Reason:
    """The first that applies, the most certain ones first."""
    strangers = _strangers(examined, server.name)
    described = _described(examined, server.name)
    for found in (
        _not_relabelled(server, service, strangers),
        _stopped(examined, server, service),
        _elsewhere(examined, server, service),
        _other_scope(server, service, described),
        _other_name(service, missing, [*described, *strangers]),
    ):
        if found is not None:
            return found
    return _Reason(
        "no container resembles it",
        f"deploy it, or correct `containers` of {service.name} in the topology: {_selected(missing)}",
    )


def _selected(missing: Sequence[Selector]) -> str:
    return listed([
        ", ".join(f"{key} {value}" for key in ("resource", "compose_service", "name") if (value := getattr(one, key)))
        for one in missing
    ])  # fmt: skip


def _strangers(examined: Examined, server: str) -> list[Container]:
    """Containers that Prometheus sees and gives to no service."""
    return [_container(one) for one in containers(examined, server) if not one[names.SERVICE]]


def _container(sample: Sample) -> Container:
    """What Prometheus knows of a container. Its `resource` is Coolify's, or else the compose file's."""
    resource = sample[names.RESOURCE]
    return Container(
        name=sample["name"], image=sample["image"], labels=Labels(resource=resource, compose_service=resource)
    )  # fmt: skip


def _described(examined: Examined, server: str) -> list[Container]:
    """Running containers of no service as Docker describes them, which it does with all their labels."""
    host = examined.seen.hosts.get(server)
    matcher = Matcher(examined.topology.services_on(server))
    return [one for one in host.containers if one.runs and matcher.place(one) is None] if host else []


def _not_relabelled(server: Server, service: Service, strangers: Sequence[Container]) -> _Reason | None:
    """A container that the topology selects, and the running relabelling does not."""
    place = _matcher(server, service)
    found = next((one for one in strangers if place.place(one)), None)
    if found is None or _has_scope(service):
        return None
    return _Reason(
        f"{found.name} would be one, but the running relabelling does not give it to {service.name}",
        "publish the built configuration: `boxwatch publish --prometheus-dir DIR`",
    )


def _has_scope(service: Service) -> bool:
    """Whether a selector reads a label that Prometheus drops after relabelling."""
    return any(getattr(one, key) for one in service.selectors for key in _SCOPES)


def _matcher(server: Server, service: Service, *, scoped: bool = True) -> Matcher:
    selectors = service.selectors
    if not scoped:
        selectors = tuple(one.model_copy(update=dict.fromkeys(_SCOPES)) for one in selectors)
    return Matcher((service.model_copy(update={"containers": selectors, "server": (server.name,)}),))


def _stopped(examined: Examined, server: Server, service: Service) -> _Reason | None:
    host = examined.seen.hosts.get(server.name)
    matcher = _matcher(server, service)
    stopped = [one for one in host.containers if not one.runs and matcher.place(one)] if host else []
    if not stopped:
        return None
    first = stopped[0]
    code = f" with code {first.exit_code}" if first.exit_code is not None else ""
    return _Reason(f"{first.name} is {first.state}{code}", f"read `docker logs {first.name}`, then start it in Coolify")


def _elsewhere(examined: Examined, server: Server, service: Service) -> _Reason | None:
    """A container of another server that has the service's name or matches its selectors."""
    matcher = _matcher(server, service)
    for one in examined.prometheus.answer(questions.CONTAINERS):
        other = one[names.SERVER]
        if other in (server.name, "") or other in service.server:
            continue
        if one[names.SERVICE] == service.name or (not one[names.SERVICE] and matcher.place(_container(one))):
            return _Reason(
                f"{one['name']} runs on {other}",
                f"set `server: {other}` for {service.name} in the topology, or move it",
            )
    return None


def _other_scope(server: Server, service: Service, described: Sequence[Container]) -> _Reason | None:
    """A container with the right name, of another project or environment."""
    if not _has_scope(service):
        return None
    right, any_scope = _matcher(server, service), _matcher(server, service, scoped=False)
    for one in described:
        if any_scope.place(one) and not right.place(one):
            place = f"project {one.labels.project or 'none'}, environment {one.labels.environment or 'none'}"
            return _Reason(
                f"{one.name} has its name, but is of {place}",
                f"correct `project` and `environment` of {service.name} in the topology",
            )
    return None


def _other_name(service: Service, missing: Sequence[Selector], found: Sequence[Container]) -> _Reason | None:
    """A container whose label differs by case, a suffix or a number."""
    for part in missing:
        for key in ("resource", "compose_service", "name"):
            pattern = getattr(part, key)
            if not pattern:
                continue
            for one in found:
                text = {
                    "resource": one.labels.resource,
                    "compose_service": one.labels.compose_service,
                    "name": one.name,
                }[key]
                if text and _resembles(pattern, text, service.name):
                    return _Reason(
                        f"{one.name} has the {_KEYS[key]} `{text}`, which `{pattern}` does not match",
                        f"write `{key}: {re.escape(text)}` in `containers` of {service.name}, or rename it in Coolify",
                    )
    return None


_KEYS: Final = {"resource": "resource name", "compose_service": "compose service", "name": "name"}


def _resembles(pattern: str, text: str, name: str) -> bool:
    """Whether a text that does not match is close: the same words in another case, with a suffix or a number."""
    words = set(_PARTS.findall(text.lower())) - _GENERIC
    stems = (_PARTS.findall(_SYNTAX.sub(" ", pattern).lower()), _PARTS.findall(name))
    letters = [{word for word in stem if word.isalpha()} - _GENERIC for stem in stems]
    return re2.fullmatch(pattern, text) is None and any(stem and stem <= words for stem in letters)


def _outside(examined: Examined, server: Server) -> Iterator[Line]:
    """Containers that belong to no service, in one line."""
    found = sorted(
        one["name"]
        for one in containers(examined, server.name)
        if not one[names.SERVICE] and one[names.RESOURCE] != names.BUILD_RESOURCE
    )
    if found:
        yield Line(
            check=ID, key=f"outside:{server.name}", state="warning", where=f"containers of {server.name}",
            what=f"{counted(len(found), 'container')} outside the plan: {listed(found, 6)}",
            action="add them to the topology: `boxwatch discover --check TOPOLOGY` describes them",
            after=(*_keys(examined, server.name), labels_key(server.name)),
        )  # fmt: skip
