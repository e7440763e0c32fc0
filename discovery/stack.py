"""The monitoring stack itself, where none runs yet: a service that the topology plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from boxwatch.discovery.details import NOT_SCRAPED
from boxwatch.discovery.draft import Draft, Part, ServerDraft
from boxwatch.topology import kinds
from boxwatch.topology.units import GIB, MIB

MONITORING: Final = "monitoring"
# Where one of these runs, so does a stack.
_STORES: Final = frozenset({"prometheus", "victoria-metrics"})
# Shares of the default topology's 2 GB.
_PARTS: Final = (
    ("prometheus", 896 * MIB),
    ("grafana", 512 * MIB),
    ("cadvisor", 256 * MIB),
    ("alertmanager", 96 * MIB),
    ("node-exporter", 48 * MIB),
    ("blackbox-exporter", 48 * MIB),
)
# On a server with less RAM than this, with fewer series and fewer people before its dashboards.
_SMALL_SERVER: Final = 8 * GIB
_SMALL_PARTS: Final = {"prometheus": 448 * MIB, "grafana": 320 * MIB, "cadvisor": 160 * MIB}
_EXPORTER: Final = 48 * MIB
_EXPORTERS: Final = {"redis": 32 * MIB, "coolify": 64 * MIB}


def stores(drafts: Sequence[Draft]) -> tuple[str, ...]:
    """Names of the services that store metrics."""
    return tuple(draft.name for draft in drafts if any(one.repository in _STORES for one in draft.containers))


def planned(drafts: Sequence[Draft], server: ServerDraft, name: str) -> Draft | None:
    """The stack as a service of the server; None if one runs.

    Args:
        drafts: the services that run, with names and scrape targets.
        server: the server for it; its RAM is 0 if it is unknown.
        name: its name, which no other service has.
    """
    if stores(drafts):
        return None
    return Draft(
        name=name,
        kind=MONITORING,
        servers=(server.name,),
        base=MONITORING,
        parts=tuple(Part(name=part, memory=memory) for part, memory in (*_core(server), *_exporters(drafts))),
        notes=("The monitoring stack, which does not run yet. Its components are the services of its compose file.",),
    )


def _core(server: ServerDraft) -> Iterator[tuple[str, int]]:
    small = 0 < server.memory < _SMALL_SERVER
    for name, memory in _PARTS:
        yield name, _SMALL_PARTS.get(name, memory) if small else memory


def _exporters(drafts: Sequence[Draft]) -> Iterator[tuple[str, int]]:
    """The exporter of each service that has one of its own."""
    for draft in drafts:
        kind = kinds.of(draft.kind)
        host = kind.target.partition(":")[0]
        if kind.scraped and host.endswith("-exporter") and draft.metrics != NOT_SCRAPED:
            yield host.format(draft.name), _EXPORTERS.get(kind.name, _EXPORTER)
