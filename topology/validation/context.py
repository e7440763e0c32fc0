"""Context of constraints across fields: a topology, the places in its file, and its doubtful fields.

So that one typing error does not hide the others, constraints also run on the rest of a file with issues in single
fields. `mend` removes the invalid values and substitutes harmless ones where a value is required; these fields are
doubtful, and a constraint skips those that would lead to a wrong conclusion.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from boxwatch.topology.model import Server, Service, Topology
from boxwatch.topology.reading.document import Path, Places
from boxwatch.topology.reading.problems import Issue

_STAND_INS: Mapping[str, Mapping[str, object]] = {
    "servers": {"cpus": 1, "memory": "1g", "disk": "100GB"},
    "services": {"kind": "other", "memory": "6m"},
}
_STAND_IN = "stand-in"
_BODY = 2
# An unknown key may have been meant for any field.
ANY_FIELD: Final = "*"
_FIELDS: Mapping[str, Container[str]] = {"servers": Server.model_fields, "services": Service.model_fields}


@dataclass(frozen=True)
class ValidationContext:
    """A topology, possibly mended, and its file.

    Attributes:
        topology: the topology without its invalid values.
        places: line and column of every key and value.
        server_names: every server in the file, including dropped ones; None if doubtful.
        doubtful: paths of the fields that were mended; `*` stands for all fields of a body with an unknown key.
    """

    topology: Topology
    places: Places
    server_names: frozenset[str] | None
    doubtful: frozenset[Path] = frozenset()

    def certain_servers(self, *fields: str) -> Iterator[Server]:
        """The servers whose given fields are as written."""
        return (server for server in self.topology.servers if self._is_certain("servers", server.name, fields))

    def certain_services(self, *fields: str) -> Iterator[Service]:
        """The services whose given fields are as written."""
        return (service for service in self.topology.services if self._is_certain("services", service.name, fields))

    def _is_certain(self, section: str, name: str, fields: tuple[str, ...]) -> bool:
        return not any((section, name, field) in self.doubtful for field in (ANY_FIELD, *fields))

    def line(self, path: Path) -> str:
        """A reference to a place within a message: `line 12`, with the file if it differs."""
        place, home = self.places.value(path), self.places.value(())
        where = f"line {place.line}" if place.line else "the file"
        return where if place.file == home.file else f"{place.file}, {where}"


def mend(value: Mapping[str, object], issues: Iterable[Issue]) -> tuple[dict[str, object], frozenset[Path]]:
    """A copy of the value without the invalid parts, and the mended fields.

    Services with an unknown server, and bodies that are not mappings, are dropped.
    """
    mended: dict[str, object] = {
        section: {name: dict(body) if isinstance(body, dict) else None for name, body in bodies.items()}
        if section in _STAND_INS and isinstance(bodies, dict)
        else bodies
        for section, bodies in value.items()
    }
    doubtful: set[Path] = set()
    for issue in issues:
        path = issue.path
        bodies = mended.get(str(path[0])) if path else None
        if len(path) < _BODY or path[0] not in _STAND_INS or not isinstance(bodies, dict):
            mended.pop(str(path[0]) if path else "", None)
            continue
        section, name = str(path[0]), str(path[1])
        field = str(path[_BODY]) if len(path) > _BODY else ANY_FIELD
        doubtful.add((section, name, field if field in _FIELDS[section] else ANY_FIELD))
        body = bodies.get(name)
        if len(path) == _BODY or not isinstance(body, dict) or path[_BODY] == "server":
            bodies.pop(name, None)
            continue
        body.pop(field, None)
        if field in _STAND_INS[section]:
            body[field] = _STAND_INS[section][field]
    mended.setdefault("name", _STAND_IN)
    if not mended.get("servers"):
        # Services can be compared with each other even if their servers are unknown.
        mended["servers"] = {_STAND_IN: _STAND_INS["servers"]}
        doubtful.add(("servers", _STAND_IN, ANY_FIELD))
    return mended, frozenset(doubtful)
