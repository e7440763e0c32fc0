"""Servers → a topology in the making: the one place that knows every step."""

from __future__ import annotations

from collections.abc import Sequence

from boxwatch.discovery import budgets, details, docker, grouping, naming, selectors, servers, stack
from boxwatch.discovery.draft import Draft, DraftTopology
from boxwatch.discovery.model import Host, LeftOut
from boxwatch.errors import InputError


def discover(hosts: Sequence[Host], name: str = "") -> DraftTopology:
    """A topology of everything that runs on the servers, the first of which will run the monitoring.

    Args:
        hosts: the servers.
        name: name of the deployment; by default that of the first server.

    Raises:
        InputError: there is no container, or a server is too small for its own.
    """
    sources = tuple(dict.fromkeys(source for host in hosts for source in host.sources))
    if not any(host.containers for host in hosts):
        raise InputError(
            f"{' and '.join(sources) or 'the input'}: has no containers: run this as root on the server, where Docker "
            f"runs: {docker.COMMAND}"
        )
    found = servers.drafted(hosts)
    drafts: list[Draft] = []
    left_out: list[LeftOut] = []
    for host, server in zip(hosts, found, strict=True):
        grouped, left = grouping.group(host.containers, server.name)
        drafts += grouped
        left_out += [*left, *host.unseen]
    drafts = naming.named(_on_several_servers(drafts))
    drafts = details.detailed(drafts, frozenset(server.name for server in found if server.address))
    taken = [draft.name for draft in drafts]
    monitoring = stack.planned(drafts, found[0], naming.unique([*taken, stack.MONITORING])[-1])
    drafts = selectors.select([*drafts, *([monitoring] if monitoring else [])])
    wanted = budgets.wanted(drafts)
    found = list(servers.sized(found, wanted))
    drafts, remarks = budgets.budget(drafts, found)
    return DraftTopology(
        name=naming.valid(name or found[0].name, "box"),
        servers=tuple(server.with_note("", remarks.get(server.name, "")) for server in found),
        services=tuple(drafts),
        left_out=tuple(sorted(set(left_out))),
        sources=sources,
        stores=stack.stores(drafts),
    )


def _on_several_servers(drafts: Sequence[Draft]) -> list[Draft]:
    """One service for what runs in the same way on several servers, such as Coolify's proxy."""
    found: dict[tuple[object, ...], Draft] = {}
    for draft in drafts:
        shape = tuple((part.name, part.replicas, part.optional) for part in draft.parts)
        uuids = frozenset(one.uuid or one.name for one in draft.containers)
        key: tuple[object, ...] = (
            draft.base,
            draft.kind,
            draft.project,
            draft.environment,
            draft.replicas,
            shape,
            uuids,
        )
        same = found.get(key)
        if same is None or set(draft.servers) & set(same.servers):
            # On one server two of a kind are two services, whatever their names.
            found[(*key, len(found)) if same else key] = draft
        else:
            found[key] = same.joined(draft)
    return list(found.values())
