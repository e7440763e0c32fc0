"""Valid objects for tests to vary: `a_topology(services=[a_service(memory="2g")])`.

Values are written as in the file (`"1g"`, `"5m"`, `"90%"`) or as numbers of bytes and seconds; the models convert them.
"""

from __future__ import annotations

from boxwatch.topology import default, kinds
from boxwatch.topology.model import Selector, Server, Service, Topology


def a_server(name: str = "main", **changes: object) -> Server:
    """8 vCPU, 32 GB and 500 GB of disk, with 4 GB reserved: the server of the default deployment."""
    values = {"name": name, "cpus": 8, "memory": "32g", "disk": "500GB", "reserved": "4g"}
    return Server.model_validate(values | changes)


def a_service(name: str = "web", **changes: object) -> Service:
    """One replica of a web application with 1 GB on the server `main`."""
    return Service.model_validate({"name": name, "kind": "web", "server": "main", "memory": "1g"} | changes)


def a_selector(**changes: object) -> Selector:
    """The Coolify resource `web`, unless other keys are given."""
    return Selector.model_validate(changes or {"resource": "web"})


def a_topology(**changes: object) -> Topology:
    """One service on one server.

    `servers` and `services` take sequences of models: `a_topology(services=[a_service(), a_service("api")])`.
    """
    values: dict[str, object] = {"name": "test", "servers": (a_server(),), "services": (a_service(),)}
    return Topology.model_validate(values | changes)


def complete() -> Topology:
    """The default deployment with a service of every kind, public URLs, and the public address of its server."""
    topology = default.load().topology
    there = {service.kind for service in topology.services}
    more = (
        a_service(kind.name, kind=kind.name, memory="64m", ports=[] if kind.port is None else [kind.port])
        for kind in kinds.KINDS
        if kind.name not in there
    )
    return topology.model_copy(
        update={
            "servers": tuple(one.model_copy(update={"public_address": "203.0.113.7"}) for one in topology.servers),
            "services": tuple(
                one.model_copy(update={"url": f"https://{one.name}.example.com"}) if one.faces_users else one
                for one in (*topology.services, *more)
            ),
        }
    )
