"""The arithmetic of the plan."""

from __future__ import annotations

import json

from support.topologies import a_server, a_service, a_topology

from boxwatch.topology.plan import Row, plan
from boxwatch.topology.units import GIB


def test_a_row_multiplies_memory_by_replicas() -> None:
    """A row has the memory per replica and in total."""
    topology = a_topology(services=[a_service(replicas=3, memory="2g")])
    assert plan(topology).servers[0].rows == (Row("web", "web", "main", 3, 2 * GIB, 6 * GIB, assumed=False),)


def test_stated_assumed_and_reserved_are_told_apart() -> None:
    """Stated includes the reserve; assumed is the estimate."""
    services = [a_service(), a_service("api", memory="2g", assumed=True)]
    (server,) = plan(a_topology(services=services)).servers
    assert (server.services_stated, server.services_assumed, server.reserved) == (GIB, 2 * GIB, 4 * GIB)
    assert (server.stated, server.planned, server.headroom) == (5 * GIB, 7 * GIB, 25 * GIB)


def test_a_parked_service_has_a_row_and_takes_nothing() -> None:
    """A parked service is planned, but not expected to run."""
    (server,) = plan(a_topology(services=[a_service(replicas=0)])).servers
    assert [row.total for row in server.rows] == [0]
    assert server.planned == server.reserved


def test_a_service_on_two_servers_counts_on_both() -> None:
    """Replicas count per server."""
    servers = [a_server(), a_server("second", address="10.0.0.2"), a_server("idle", address="10.0.0.3")]
    made = plan(a_topology(servers=servers, services=[a_service(server=["main", "second"], replicas=2)]))
    assert [[row.total for row in server.rows] for server in made.servers] == [[2 * GIB], [2 * GIB], []]
    assert [row.server for server in made.servers for row in server.rows] == ["main", "second"]


def test_headroom_is_negative_when_the_plan_is_too_large() -> None:
    """The loader rejects such a plan; the arithmetic supports it."""
    assert plan(a_topology(services=[a_service(memory="40g")])).servers[0].headroom == -12 * GIB


def test_the_json_form_has_every_sum_in_bytes() -> None:
    """The JSON form is for programs, in bytes."""
    topology = a_topology(
        servers=[a_server(stated_total="6g")],
        services=[a_service(), a_service("api", replicas=2, memory="512m", assumed=True)],
    )
    made = plan(topology).to_json()
    assert json.loads(json.dumps(made)) == made
    assert made == {
        "name": "test",
        "servers": [
            {
                "name": "main",
                "cpus": 8,
                "disk_bytes": 500 * 10**9,
                "memory_bytes": 32 * GIB,
                "reserved_bytes": 4 * GIB,
                "services_stated_bytes": GIB,
                "services_assumed_bytes": GIB,
                "stated_bytes": 5 * GIB,
                "stated_total_bytes": 6 * GIB,
                "planned_bytes": 6 * GIB,
                "headroom_bytes": 26 * GIB,
                "services": [
                    {
                        "name": "web",
                        "kind": "web",
                        "replicas": 1,
                        "memory_per_replica_bytes": GIB,
                        "memory_bytes": GIB,
                        "assumed": False,
                    },
                    {
                        "name": "api",
                        "kind": "web",
                        "replicas": 2,
                        "memory_per_replica_bytes": GIB // 2,
                        "memory_bytes": GIB,
                        "assumed": True,
                    },
                ],
            }
        ],
    }
