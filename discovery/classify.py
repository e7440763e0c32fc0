"""What a container is: its kind of service with the evidence for it, or the reason for which a topology omits it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from boxwatch.discovery.model import Container
from boxwatch.topology import kinds
from boxwatch.topology.kinds import KINDS, Kind

OTHER: Final = "other"
COOLIFY: Final = "coolify"
TRAEFIK: Final = "traefik"
PROXY: Final = "coolify-proxy"
# Coolify's own containers (4.3), each a component of the service `coolify`; those that not every server has are
# optional.
OWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "coolify": "app",
        "coolify-db": "database",
        "coolify-redis": "redis",
        "coolify-realtime": "realtime",
        "coolify-sentinel": "sentinel",
        "coolify-log-drain": "log-drain",
    }
)
OPTIONAL: Final = frozenset({"sentinel", "log-drain"})
# Builds and backups of Coolify; cAdvisor's relabelling recognises them by the same image.
_HELPER: Final = "coolify-helper"
# nginx that Coolify starts beside a database that is publicly available.
_TCP_PROXY: Final = re.compile(r"(?P<database>.+)-proxy")
_WORDS: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind of service, and the evidence for it.

    Attributes:
        kind: name of the kind.
        why: evidence, as a sentence for a comment.
    """

    kind: str
    why: str


def omitted(container: Container) -> str:
    """Why a container has no place in a plan; empty if it has one."""
    preview = container.labels.pull_request
    if preview:
        of = f" of {container.labels.resource}" if container.labels.resource else ""
        return f"preview of pull request {preview}{of}"
    if container.repository == _HELPER:
        return "Coolify's helper for builds and backups, which exits by itself"
    if container.runs:
        return ""
    if container.exit_code is not None:
        return f"not running: {container.state} with code {container.exit_code}"
    return f"not running: {container.state or 'its state is unknown'}"


def proxied_database(container: Container) -> str:
    """Name of the database container whose public port the container serves; empty if it is no such proxy."""
    match = _TCP_PROXY.fullmatch(container.name)
    return match["database"] if match and container.repository == "nginx" else ""


def verdict(container: Container, name: str) -> Verdict:
    """The kind of a container's service.

    Args:
        container: the container.
        name: name of the service: of its resource in Coolify, or its own.
    """
    kind = kinds.of_image(container.repository)
    if kind is not None and _is_decided_by_image(kind):
        return Verdict(kind.name, f"Image {container.image}.")
    subject = container.subject or container.labels.database_type
    typed = kinds.of_coolify_type(subject) if subject else None
    if typed is not None and typed.name != OTHER:
        return Verdict(typed.name, f"Type in Coolify: {subject}.")
    if typed is not None or subject:
        return Verdict(OTHER, f"boxwatch has no rules for {subject} yet: RAM, replicas and restarts are monitored.")
    return _application(container, name, kind)


def _is_decided_by_image(kind: Kind) -> bool:
    """Whether an image leaves no doubt about the kind: nginx may serve a site, a Redis image serves Redis."""
    return kind.name != OTHER


def _application(container: Container, name: str, known: Kind | None) -> Verdict:
    if container.incomplete:
        return Verdict(
            OTHER,
            "A compose application: Coolify's API does not list its containers, so pass --from-docker as well.",
        )
    routed = bool(container.urls)
    named = _named(name)
    if named is not None and (routed or not named.user_facing):
        evidence = f"Its name suggests {named.name}" + (", and the proxy routes to it." if routed else ".")
        return Verdict(named.name, evidence)
    if routed:
        return Verdict("web", f"The proxy routes {container.urls[0]} to it.")
    if known is not None:
        return Verdict(
            OTHER, f"Image {container.image}: boxwatch has no rules for it, and the proxy has no route to it."
        )
    if named is not None:
        return Verdict(OTHER, f"Its name suggests {named.name}, but the proxy has no route to it.")
    image = f"its image {container.image}" if container.image else "its image, whose name is unknown,"
    return Verdict(
        OTHER, f"Not classified: neither {image} nor its name indicates a kind, and the proxy has no route to it."
    )


def _named(name: str) -> Kind | None:
    """The kind that a word of the name stands for, of those that run the user's own code: the last one wins.

    `redis-commander` is no Redis: kinds of third-party software follow from the image alone.
    """
    words = _WORDS.findall(name.lower())
    own = [kind for kind in KINDS if not kind.images and not kind.scraped]
    return next(
        (kind for word in reversed(words) for kind in own if word == kind.name or word in kind.aliases),
        None,
    )
