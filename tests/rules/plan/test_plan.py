"""The plan's constants match the topology, for every server and service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.topologies import a_server, a_service, a_topology

from boxwatch.rules import names
from boxwatch.rules.plan import plan
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB, MIB


def _constants(topology: Topology) -> dict[tuple[str, ...], str]:
    """(name, label values in order) → expression."""
    return {
        (record.record, *(f"{key}={value}" for key, value in record.labels.items())): record.expr
        for record in plan.subject(topology).records
    }


def test_budget_and_replicas_of_a_service() -> None:
    """Budgets and replicas are recorded per component and for the service as a whole."""
    found = _constants(a_topology(services=(a_service(replicas=2, memory="1g"),)))

    web = ("server=main", "service=web")
    assert found[names.SERVICE_REPLICAS_DESIRED, *web] == "vector(2)"
    assert found[names.SERVICE_MEMORY_BUDGET, *web] == f"vector({2 * GIB})"
    assert found[names.COMPONENT_MEMORY_BUDGET, *web] == f"vector({GIB})"
    assert found[names.COMPONENT_MEMORY_LIMIT, *web] == f"vector({GIB})"
    assert found[names.COMPONENT_REPLICAS_DESIRED, *web, "identified_by=label"] == "vector(2)"


def test_totals_of_a_server() -> None:
    """The planned memory of a server is that of all its services plus the reserve."""
    services = (a_service(replicas=2), a_service("db", kind="postgres", memory="4g"))
    found = _constants(a_topology(services=services))

    assert found[names.SERVER_MEMORY_PLAN, "server=main"] == f"vector({32 * GIB})"
    assert found[names.SERVER_MEMORY_RESERVED, "server=main"] == f"vector({4 * GIB})"
    assert found[names.SERVER_MEMORY_BUDGET, "server=main"] == f"vector({6 * GIB})"
    assert found[names.SERVER_MEMORY_PLANNED, "server=main"] == f"vector({10 * GIB})"


def test_a_service_on_two_servers_is_planned_on_each() -> None:
    """The service has the same replicas and budget on both servers, and none on a third."""
    servers = (a_server(), a_server("second"), a_server("third"))
    found = _constants(a_topology(servers=servers, services=(a_service(server=["main", "second"]),)))

    on = {key[1] for key in found if key[0] == names.SERVICE_REPLICAS_DESIRED}
    assert on == {"server=main", "server=second"}
    assert found[names.SERVER_MEMORY_BUDGET, "server=third"] == "vector(0)"


def test_components_have_budgets_only_if_they_are_stated() -> None:
    """A component of several is not compared with the budget of the whole replica."""
    selectors = [
        {"name": "box-app", "component": "app", "memory": "512m"},
        {"name": "box-db", "component": "database"},
        {"name": "box-agent", "component": "agent", "optional": True},
    ]
    service = a_service("box", kind="other", containers=selectors)
    found = _constants(a_topology(services=(service,)))

    budgets = {key[3]: value for key, value in found.items() if key[0] == names.COMPONENT_MEMORY_BUDGET}
    desired = {key[3:]: value for key, value in found.items() if key[0] == names.COMPONENT_REPLICAS_DESIRED}
    assert budgets == {"component=app": f"vector({512 * MIB})"}
    assert desired == {
        ("component=app", "identified_by=name"): "vector(1)",
        ("component=database", "identified_by=name"): "vector(1)",
    }


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, f"vector({GIB})"), ("2g", f"vector({2 * GIB})"), ("none", None)]
)
def test_the_expected_limit(limit: str | None, expected: str | None) -> None:
    """The expected limit is the budget, unless the topology states another limit or none."""
    found = _constants(a_topology(services=(a_service(limit=limit),)))

    assert found.get((names.COMPONENT_MEMORY_LIMIT, "server=main", "service=web")) == expected


@pytest.mark.parametrize(
    ("kind", "cache", "pages"),
    [("web", "0", "1"), ("postgres", "1", "1"), ("monitoring", "1", "0"), ("coolify", "0", "0")],
)
def test_the_kind_decides_page_cache_and_paging(kind: str, cache: str, pages: str) -> None:
    """Databases rely on page cache; tools do not page anybody."""
    found = _constants(a_topology(services=(a_service("it", kind=kind),)))

    assert found[names.SERVICE_PAGE_CACHE_RECLAIMABLE, "server=main", "service=it"] == f"vector({cache})"
    assert found[names.SERVICE_PAGES, "server=main", "service=it"] == f"vector({pages})"


def test_a_threshold_of_a_service_is_its_own() -> None:
    """A service's own threshold leaves those of other services unchanged."""
    services = (a_service(thresholds={"memory_near_budget": "97%"}), a_service("api"))
    found = _constants(a_topology(services=services, thresholds={"memory_near_budget": "80%", "restarts": 5}))

    near = {key[2]: value for key, value in found.items() if key[0] == names.SERVICE_NEAR_BUDGET}
    restarts = {key[2]: value for key, value in found.items() if key[0] == names.SERVICE_RESTARTS_THRESHOLD}
    assert near == {"service=web": "vector(0.97)", "service=api": "vector(0.8)"}
    assert restarts == {"service=web": "vector(5)", "service=api": "vector(5)"}


@given(st.integers(min_value=1, max_value=12), st.integers(min_value=0, max_value=3))
def test_the_number_of_rules_is_linear_in_the_number_of_services(count: int, replicas: int) -> None:
    """Every service adds the same number of rules, whatever its replicas."""
    one = len(plan.subject(a_topology(services=(a_service("s", replicas=replicas, memory="64m"),))).records)
    services = tuple(a_service(f"s{chr(97 + number)}", replicas=replicas, memory="64m") for number in range(count))
    many = len(plan.subject(a_topology(services=services)).records)

    of_the_server = 5
    assert many - of_the_server == count * (one - of_the_server)


def test_only_user_facing_services_have_objectives() -> None:
    """A service's own objectives take precedence over the topology's."""
    services = (
        a_service(objectives={"availability": "99.9%", "latency_within": "300ms"}),
        a_service("worker", kind="worker"),
        a_service("jobs", kind="worker", user_facing=True),
    )
    found = _constants(a_topology(services=services, objectives={"availability": "99%", "latency": "90%"}))

    web, jobs = ("server=main", "service=web"), ("server=main", "service=jobs")
    assert found[names.SERVICE_AVAILABILITY, *web] == "vector(0.999)"
    assert found[names.SERVICE_LATENCY, *web] == "vector(0.9)"
    assert found[names.SERVICE_LATENCY_WITHIN, *web, "le=0.3"] == "vector(0.3)"
    assert found[names.SERVICE_AVAILABILITY, *jobs] == "vector(0.99)"
    assert not any("service=worker" in key for key in found if key[0] == names.SERVICE_AVAILABILITY)


def test_a_bound_in_whole_seconds_is_recorded_in_both_notations() -> None:
    """Prometheus 3 stores le="5.0" where 2.x and VictoriaMetrics store le="5"."""
    found = _constants(a_topology(objectives={"latency_within": "5s"}))

    bounds = [key[-1] for key in found if key[0] == names.SERVICE_LATENCY_WITHIN]
    assert bounds == ["le=5", "le=5.0"]


def test_services_record_how_many_routers_the_topology_names() -> None:
    """Routers are given by name, or by the compose services of a resource."""
    services = (
        a_service(routers=["shop", "shop-.*"]),
        a_service("stats", containers=({"compose_service": "grafana"},)),
        a_service("api"),
    )
    found = _constants(a_topology(services=services))

    assert {key[2]: expr for key, expr in found.items() if key[0] == names.SERVICE_ROUTERS} == {
        "service=web": "vector(2)",
        "service=stats": "vector(1)",
        "service=api": "vector(0)",
    }
