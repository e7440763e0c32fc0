"""What rules across fields work on: a topology, the places in its file, and what is in doubt.

So that one typing mistake does not hide the others, rules across fields run on what is left of a file with mistakes in
single fields. `mend` takes the wrong values out and puts harmless ones in where a value is needed; the fields in which
it did so are in doubt, and a rule leaves out what it would draw a wrong conclusion from.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from boxwatch.topology.model import Server, Service, Topology
from boxwatch.topology.reading.document import Path, Places
from boxwatch.topology.reading.problems import Mistake

_STAND_INS: Mapping[str, Mapping[str, object]] = {
    "servers": {"cpus": 1, "memory": "1g", "disk": "100GB"},
    "services": {"kind": "other", "memory": "6m"},
}
_STAND_IN = "stand-in"
_BODY = 2
# A key that is not known may have been meant for any field.
ANY_FIELD: Final = "*"
_FIELDS: Mapping[str, Container[str]] = {"servers": Server.model_fields, "services": Service.model_fields}


@dataclass(frozen=True)
class Facts:
    """A topology, possibly mended, and what its file looks like.

    Attributes:
        topology: what is left when wrong values are taken out.
        places: where everything is written.
        server_names: every server that the file names, the dropped ones too; None when that is in doubt.
        doubtful: paths of the fields that are not as written; `*` stands for all fields of a body with an unknown key.
    """

    topology: Topology
    places: Places
    server_names: frozenset[str] | None
    doubtful: frozenset[Path] = frozenset()

    def certain_servers(self, *fields: str) -> Iterator[Server]:
        """The servers of which these fields are as written."""
        return (server for server in self.topology.servers if self._is_certain("servers", server.name, fields))

    def certain_services(self, *fields: str) -> Iterator[Service]:
        """The services of which these fields are as written."""
        return (service for service in self.topology.services if self._is_certain("services", service.name, fields))

    def _is_certain(self, section: str, name: str, fields: tuple[str, ...]) -> bool:
        return not any((section, name, field) in self.doubtful for field in (ANY_FIELD, *fields))

    def line(self, path: Path) -> str:
        """A place to mention in a sentence about another: `line 12`, with the file if it is in another one."""
        place, home = self.places.value(path), self.places.value(())
        where = f"line {place.line}" if place.line else "the file"
        return where if place.file == home.file else f"{place.file}, {where}"


def mend(value: Mapping[str, object], mistakes: Iterable[Mistake]) -> tuple[dict[str, object], frozenset[Path]]:
    """A copy of the value in which nothing is left that a mistake is about, and the fields that were touched.

    A service whose server is unknown, or a body that is none, is dropped altogether.
    """
    mended: dict[str, object] = {
        section: {name: dict(body) if isinstance(body, dict) else None for name, body in bodies.items()}
        if section in _STAND_INS and isinstance(bodies, dict)
        else bodies
        for section, bodies in value.items()
    }
    doubtful: set[Path] = set()
    for mistake in mistakes:
        path = mistake.path
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
        # Services can be compared with each other without knowing where they run.
        mended["servers"] = {_STAND_IN: _STAND_INS["servers"]}
        doubtful.add(("servers", _STAND_IN, ANY_FIELD))
    return mended, frozenset(doubtful)
