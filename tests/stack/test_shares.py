"""The memory of monitoring, divided among the parts of the stack."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import stacks
from support.topologies import a_selector, a_service

from boxwatch.stack import compose, shares
from boxwatch.stack.images import PROMETHEUS
from boxwatch.stack.part import Part, share
from boxwatch.topology import default
from boxwatch.topology.load import parse
from boxwatch.topology.model import Service
from boxwatch.topology.units import MIB


def _part(name: str, least: int, usual: int) -> Part:
    return Part(name=name, image=PROMETHEUS, share=share(least, usual), port=1)


_PARTS = (_part("prometheus", 256, 512), _part("grafana", 256, 512), _part("node-exporter", 32, 48))


def _planned(memory: str, **components: str) -> Service:
    containers = [a_selector(compose_service=name, component=name, memory=size) for name, size in components.items()]
    rest = [a_selector(compose_service="rest", component="rest")] if components else []
    return a_service("monitoring", kind="monitoring", memory=memory, containers=[*containers, *rest])


def _limits(service: Service) -> dict[str, int]:
    return {name: limit // MIB for name, limit in shares.split(service, _PARTS).limits.items()}


def test_parts_get_their_least_share_when_memory_is_scarce() -> None:
    """Nothing is left to give."""
    assert _limits(_planned("544m")) == {"prometheus": 256, "grafana": 256, "node-exporter": 32}


def test_parts_grow_together_to_their_usual_share() -> None:
    """Half of what is wished for is there, and each part gets half of its wish; crumbs are Prometheus'."""
    assert _limits(_planned("808m")) == {"prometheus": 384, "grafana": 384, "node-exporter": 40}


def test_prometheus_gets_what_is_left() -> None:
    """Its memory grows with the number of series; that of the others does not."""
    assert _limits(_planned("2g")) == {"prometheus": 2048 - 560, "grafana": 512, "node-exporter": 48}


def test_a_component_keeps_the_memory_that_the_topology_states() -> None:
    """For a container of the stack, and for one that is none."""
    assert _limits(_planned("2g", grafana="300m", sidecar="100m")) == {
        "prometheus": 2048 - 300 - 100 - 48,
        "grafana": 300,
        "node-exporter": 48,
    }


def test_memory_that_prometheus_does_not_get_stays_free() -> None:
    """Where its own memory is stated, nobody else needs the rest."""
    assert _limits(_planned("2g", prometheus="1g")) == {"prometheus": 1024, "grafana": 512, "node-exporter": 48}


@given(memory=st.integers(min_value=64, max_value=1 << 16))
def test_limits_add_up_to_the_plan_or_do_not_fit(memory: int) -> None:
    """Whatever the plan gives; and nobody gets less than the least share."""
    found = shares.split(_planned(f"{memory}m"), _PARTS)

    assert all(found.limits[part.name] >= part.share.least for part in _PARTS)
    assert found.fits == (memory >= 544)
    assert found.total == (memory * MIB if found.fits else 544 * MIB)


@given(first=st.integers(min_value=544, max_value=4096), more=st.integers(min_value=0, max_value=512))
def test_more_memory_takes_none_from_anyone(first: int, more: int) -> None:
    """Raising the plan lowers no limit by more than a rounded mebibyte."""
    before, after = _limits(_planned(f"{first}m")), _limits(_planned(f"{first + more}m"))

    assert all(after[name] >= before[name] - len(_PARTS) for name in before)


def test_a_plan_that_is_too_small_is_refused_with_the_sum() -> None:
    """At the place of the number, with every part, and with both ways out."""
    loaded = parse(
        json.dumps(
            {
                "name": "small",
                "servers": {"main": {"cpus": 2, "memory": "4g", "disk": "40GB"}},
                "services": {"monitoring": {"kind": "monitoring", "server": "main", "memory": "512m"}},
            }
        ),
        "small.yaml",
    )
    (problem,) = stacks.refusal(loaded)

    assert problem.startswith("small.yaml:1:")
    assert (
        "services.monitoring.memory: 512 MB is less than the parts of the stack need: prometheus 256 MB + " in problem
    )
    assert "+ blackbox-exporter 40 MB = 776 MB" in problem
    assert "(raise it to 776m, or build with --no-stack if you run these programs yourself)" in problem


def test_other_components_are_part_of_the_sum() -> None:
    """Their memory is spent, whoever runs them."""
    (issue,) = shares.problems(_planned("600m", sidecar="100m"), _PARTS)

    assert "other components 100 MB = 644 MB" in issue.message
    assert "raise it to 644m" in issue.hint


@pytest.mark.parametrize("name", ["default", "minimal"])
def test_the_bundled_topologies_plan_enough(name: str) -> None:
    """For every part with its usual or at least its least share."""
    loaded = default.load() if name == "default" else stacks.minimal()
    plan = compose.planned(loaded.topology)

    assert stacks.refusal(loaded) == ()
    assert plan is not None
    assert plan[2].fits
    assert all(limit == math.floor(limit / MIB) * MIB for limit in plan[2].limits.values())
