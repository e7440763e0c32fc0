"""What a topology says of a service besides its RAM: ports, public address, scrape target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from boxwatch.discovery.classify import COOLIFY, PROXY, TRAEFIK
from boxwatch.discovery.draft import Draft
from boxwatch.discovery.model import DEPLOYED
from boxwatch.topology import fields, kinds
from boxwatch.topology.wording import Unfit, listed

NOT_SCRAPED: Final = "none"
_ENTRY_POINTS: Final = (80, 443)
# Coolify's API and UI on the server (4.3); inside its container it is another.
_COOLIFY_PORT: Final = 8000


def detailed(drafts: Sequence[Draft], remote: frozenset[str]) -> list[Draft]:
    """The services with ports, addresses and scrape targets.

    Args:
        drafts: the services, with names.
        remote: servers that have an address, at which an exporter of each kind answers once.
    """
    taken: dict[tuple[str, int], str] = {}
    found = [_published(draft, taken) for draft in drafts]
    found = [_listening(draft, taken) for draft in found]
    shared: set[tuple[str, str]] = set()
    return [_measured(_addressed(draft), remote, shared) for draft in found]


def _is_proxy(draft: Draft) -> bool:
    return any(container.name == PROXY for container in draft.containers) or draft.kind == TRAEFIK


def _published(draft: Draft, taken: dict[tuple[str, int], str]) -> Draft:
    """Ports of the server, which belong to one service each; unlike those inside of containers."""
    published: dict[int, bool] = {}
    for port in (port for one in draft.containers for port in one.published):
        published[port.port] = published.get(port.port, False) or port.public
    entry = [port for port in _ENTRY_POINTS if published.get(port)] if _is_proxy(draft) else []
    if draft.kind == COOLIFY and not any(one.published or one.listens for one in draft.containers):
        # Its API says nothing of its own ports.
        published = {_COOLIFY_PORT: False}
    ports = _free(entry or sorted(published), draft, taken)
    public = sorted(port for port, anyone in published.items() if anyone and port not in entry)
    exposed = bool(entry) and set(entry) <= set(ports)
    return replace(draft, ports=ports, exposed=exposed).remarked("ports", *_warned(public, ports))


def _warned(public: Sequence[int], ports: Sequence[int]) -> Iterator[str]:
    """Docker publishes past the server's own firewall, so this may be more than somebody meant."""
    if public:
        among = "" if set(public) <= set(ports) else " too"
        yield (
            f"Reachable from outside, past the server's firewall: {listed([str(port) for port in public])}{among}. "
            "If that is intended, add `exposed: true`."
        )


def _listening(draft: Draft, taken: dict[tuple[str, int], str]) -> Draft:
    """Ports inside of containers, where no other service has the same number: a topology knows each port once."""
    if draft.kind == COOLIFY or _is_proxy(draft):
        return draft
    usual = kinds.of(draft.kind).port
    # Those that lead to a port of the server are that port; clients inside use the usual one all the same.
    mapped = {port.inner for one in draft.containers for port in one.published} - {usual}
    inner = sorted({port for one in draft.containers for port in one.listens} - mapped - set(draft.ports))
    also = [port for port in inner if any((server, port) in taken for server in draft.servers)]
    owners = sorted({taken[server, port] for server in draft.servers for port in also if (server, port) in taken})
    notes = []
    if also and owners != [draft.name]:
        numbers = listed([str(port) for port in also])
        notes.append(
            f"It also listens on {numbers}, which {listed(owners)} lists: each port is listed once per server."
        )
    ports = (*draft.ports, *_free(inner, draft, taken))
    return replace(draft, ports=tuple(sorted(ports, key=lambda port: port != usual))).remarked("ports", *notes)


def _free(ports: Sequence[int], draft: Draft, taken: dict[tuple[str, int], str]) -> tuple[int, ...]:
    free = tuple(port for port in ports if not any((server, port) in taken for server in draft.servers))
    taken |= {(server, port): draft.name for server in draft.servers for port in free}
    return free


def _addressed(draft: Draft) -> Draft:
    urls = sorted({url for container in draft.containers for url in container.urls})
    return replace(draft, url=urls[0] if urls else "")


def _measured(draft: Draft, remote: frozenset[str], shared: set[tuple[str, str]]) -> Draft:
    """The service with its scrape target, where the usual one would be wrong: an alert on it would be false."""
    kind = kinds.of(draft.kind)
    if not kind.scraped:
        return draft
    if draft.kind == TRAEFIK:
        if any(one.name == PROXY and one.metrics_on for one in draft.containers):
            return draft
        return _not_scraped(
            draft, "Its metrics are not enabled: enable them as in docs/exporters/traefik.md, then delete this line."
        )
    if kind.target.startswith("{}:"):
        return _self_served(draft, int(kind.target.rpartition(":")[2]), guarded=kind.guarded)
    far = {(server, kind.name) for server in draft.servers if server in remote}
    if far & shared:
        return _not_scraped(
            draft, f"Another {kind.name} of its server has the usual scrape target: write host:port here."
        )
    shared |= far
    return draft


def _self_served(draft: Draft, port: int, *, guarded: bool) -> Draft:
    """A service that serves its metrics itself, under its container's name."""
    if guarded:
        return _not_scraped(
            draft,
            "Its metrics need a token: docs/exporters/databases.md; then replace this line with `metrics_token_file`.",
        )
    names = [one.name for one in draft.containers]
    if len(names) == 1 and len(draft.servers) == 1 and not DEPLOYED.fullmatch(names[0]):
        try:
            return replace(draft, metrics=fields.host_port(f"{names[0]}:{port}"))
        except Unfit:
            pass
    return _not_scraped(draft, "The host name by which Prometheus reaches it is unknown: write host:port here.")


def _not_scraped(draft: Draft, why: str) -> Draft:
    return replace(draft, metrics=NOT_SCRAPED).remarked("metrics", why)
