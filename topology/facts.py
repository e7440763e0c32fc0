"""What rules across fields work on: a topology, the places in its file, and what is in doubt.

So that one typing mistake does not hide the others, rules across fields run on what is left of a file with mistakes in
single fields. `mend` takes the wrong values out and puts harmless ones in where a value is needed; services and
servers in which it did so are in doubt, and rules that would draw a wrong conclusion from that leave them out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from boxwatch.topology.document import Path, Places
from boxwatch.topology.mistakes import Mistake
from boxwatch.topology.model import Server, Service, Topology

_STAND_INS: Mapping[str, Mapping[str, object]] = {
    "servers": {"cpus": 1, "memory": "1g", "disk": "100GB"},
    "services": {"kind": "other", "memory": "6m"},
}
_BODY = 2


@dataclass(frozen=True)
class Facts:
    """A topology, possibly mended, and what its file looks like.

    Attributes:
        topology: what is left when wrong values are taken out.
        places: where everything is written.
        server_names: every server that the file names, the dropped ones too.
        doubtful: paths of the services and servers whose values are not all as written.
    """

    topology: Topology
    places: Places
    server_names: frozenset[str]
    doubtful: frozenset[Path] = frozenset()

    def certain_servers(self) -> Iterator[Server]:
        """The servers whose every value is as written."""
        return (server for server in self.topology.servers if ("servers", server.name) not in self.doubtful)

    def certain_services(self) -> Iterator[Service]:
        """The services whose every value is as written."""
        return (service for service in self.topology.services if ("services", service.name) not in self.doubtful)

    @cached_property
    def by_server(self) -> Mapping[str, tuple[Service, ...]]:
        """Server → its services, the doubtful ones too."""
        found: defaultdict[str, list[Service]] = defaultdict(list)
        for service in self.topology.services:
            for server in service.server:
                found[server].append(service)
        return {server: tuple(services) for server, services in found.items()}

    def line(self, path: Path) -> str:
        """A place to mention in a sentence about another: `line 12`, with the file if it is in another one."""
        place, home = self.places.value(path), self.places.value(())
        where = f"line {place.line}" if place.line else "the file"
        return where if place.file == home.file else f"{place.file}, {where}"


def mend(value: Mapping[str, object], mistakes: Iterable[Mistake]) -> tuple[dict[str, object], frozenset[Path]]:
    """A copy of the value in which nothing is left that a mistake is about, and the bodies that were touched.

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
        doubtful.add((section, name))
        body = bodies.get(name)
        if len(path) == _BODY or not isinstance(body, dict) or path[_BODY] == "server":
            bodies.pop(name, None)
            continue
        field = str(path[_BODY])
        body.pop(field, None)
        if field in _STAND_INS[section]:
            body[field] = _STAND_INS[section][field]
    mended.setdefault("name", "nameless")
    return mended, frozenset(doubtful)
