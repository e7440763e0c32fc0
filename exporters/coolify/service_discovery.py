"""Prometheus' HTTP service discovery: what Coolify knows as targets, so that a new server is scraped without a build.

The format is that of `http_sd_configs`. Prometheus keeps its last targets while the answer is an error, so there is one
whenever a list is not known to be complete: an empty answer would drop every target.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from boxwatch.exporters.coolify.snapshot import Snapshot

_PREFIX = "__meta_coolify_"
Group = dict[str, object]
Make = Callable[[Snapshot, Mapping[str, str], str], Iterator[Group]]


def servers(snapshots: Iterable[Snapshot], query: Mapping[str, str]) -> bytes | None:
    """The servers of all accounts; None while a list is unknown. `port` completes the addresses."""
    return _document(snapshots, query, _servers)


def resources(snapshots: Iterable[Snapshot], query: Mapping[str, str]) -> bytes | None:
    """The resources of all accounts by their host name in Coolify's networks; None while a list is unknown.

    `type` and `subtype` select some (`?type=database&subtype=redis`), `port` completes the addresses.
    """
    return _document(snapshots, query, _resources)


def _document(snapshots: Iterable[Snapshot], query: Mapping[str, str], groups: Make) -> bytes | None:
    shown = tuple(snapshots)
    if not shown or not all(snapshot.complete for snapshot in shown):
        return None
    port = query.get("port", "")
    ending = f":{port}" if port.isascii() and port.isdigit() else ""
    found = [group for snapshot in shown for group in groups(snapshot, query, ending)]
    return json.dumps(found, separators=(",", ":")).encode()


def _servers(snapshot: Snapshot, query: Mapping[str, str], ending: str) -> Iterator[Group]:
    for server, *_ in snapshot.servers:
        if query.get("role", server.role) == server.role:
            yield {
                "targets": [f"{_host(server.address)}{ending}"],
                "labels": {
                    f"{_PREFIX}account": snapshot.account,
                    f"{_PREFIX}server": server.name,
                    f"{_PREFIX}uuid": server.uuid,
                    f"{_PREFIX}role": server.role,
                    f"{_PREFIX}host": "true" if server.coolify_host else "false",
                },
            }


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _resources(snapshot: Snapshot, query: Mapping[str, str], ending: str) -> Iterator[Group]:
    for shown in snapshot.resources:
        _, kind, project, environment, resource, uuid = shown.labels
        subtype = shown.resource.subtype
        if query.get("type", kind) != kind or query.get("subtype", subtype) != subtype:
            continue
        domains = [f"{scheme}://{domain}" for scheme, domain in shown.resource.domains]
        domains += [f"{scheme}://{host}" for part in shown.resource.parts for scheme, host in part.domains]
        yield {
            "targets": [f"{uuid}{ending}"],
            "labels": {
                f"{_PREFIX}account": snapshot.account,
                f"{_PREFIX}type": kind,
                f"{_PREFIX}subtype": subtype,
                f"{_PREFIX}project": project,
                f"{_PREFIX}environment": environment,
                f"{_PREFIX}resource": resource,
                f"{_PREFIX}uuid": uuid,
                f"{_PREFIX}server": shown.server,
                f"{_PREFIX}state": shown.status.state,
                # Surrounded by commas, as Prometheus does, so that a regular expression finds one.
                f"{_PREFIX}urls": f",{','.join(domains)}," if domains else "",
            },
        }
