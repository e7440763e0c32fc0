"""The model: repeatable, in motion, and within its plan on an ordinary day."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rotation import examples
from support.simulated import START, box, box_targets
from support.topologies import a_selector, a_service, a_topology

from boxwatch.errors import InputError
from boxwatch.simulation import lives, scenarios
from boxwatch.simulation.chance import between, chance
from boxwatch.simulation.faults import Fault
from boxwatch.simulation.flow import Change, Flow, daily
from boxwatch.simulation.slots import Slot, slots

_DAY = 86400.0


def _slot(resource: str) -> Slot:
    return next(slot for slot in box().slots if slot.resource == resource)


def test_the_same_moment_has_the_same_values() -> None:
    """Another process, another order of questions: the box is a function of seed and time."""
    fresh = {target.job: target for target in box_targets(seed=2)}
    now = START - 1234.5
    for target in box_targets():
        if target.samples is not None:
            assert list(target.samples(now) or ()) == list(target.samples(now) or ())
    node = next(target for target in box_targets() if target.job == "node")
    assert node.samples is not None
    other = fresh["node"].samples
    assert other is not None
    assert list(node.samples(now) or ()) != list(other(now) or ())


def test_chance_depends_on_all_of_its_keys() -> None:
    """And stays between its bounds."""
    assert chance(1, "a") == chance(1, "a") != chance(1, "b")
    assert 5 <= between(5, 7, "x") < 7


@examples(50)
@given(seed=st.floats(0, 1), since=st.floats(0, 10 * _DAY), length=st.floats(1, _DAY))
def test_a_total_is_the_sum_of_its_parts(seed: float, since: float, length: float) -> None:
    """A counter read twice shows what flowed between, whatever changed meanwhile."""
    changes = (Change(since + length / 3, since + length / 2, 3.0), Change(since, since + 60, extra=2.0))
    flow = daily(5.0, seed).changed(*changes)
    middle, end = since + length * 0.4, since + length
    assert flow.total(since, middle) + flow.total(middle, end) == pytest.approx(flow.total(since, end))
    assert flow.times(2).total(since, end) == pytest.approx(2 * flow.total(since, end))
    assert flow.total(end, since) == 0
    assert flow.rate(middle) > 0


def test_a_change_multiplies_and_adds_while_it_lasts() -> None:
    """From its beginning to its end."""
    flow = Flow(10.0, changes=(Change(100, 200, 0.5, 1.0),))

    assert [flow.rate(now) for now in (99, 100, 199, 200)] == [10, 6, 6, 10]
    assert flow.total(0, 300) == 2600


def test_an_ordinary_day_stays_within_the_plan() -> None:
    """No container near its budget, disk and RAM half free: nothing to warn of."""
    for hour in range(24):
        now = START - _DAY + hour * 3600
        for life in box().running(now, "main"):
            used, _ = box().memory(life, now)
            assert 0.1 < used / life.slot.budget < 0.85, life.name
        whole, available = box().host_memory(now, "main")
        assert available > 0.3 * whole
        size, free = box().disk(now, "main")
        assert free > 0.45 * size


def test_a_deploy_overlaps_and_renames_the_container() -> None:
    """As Coolify rolls: the new one runs before the old one ends."""
    found = box().lives(_slot("web-1"))
    assert len(found) > 3
    for old, new in pairwise(found):
        assert old.started < new.started < old.ends < inf
        assert old.name != new.name
    assert found[-1].ends == inf


def test_a_fault_stops_and_starts_the_same_container() -> None:
    """`docker start` keeps name and creation."""
    slot = _slot("web-1")
    one, two = lives.lives(slot, (), (Fault("stopped", 100, 200, "web-1"), Fault("stopped", 0, 9, "api-1")), 50)

    assert (one.ends, two.started, two.ends) == (100, 200, inf)
    assert (one.name, one.created) == (two.name, two.created)
    assert two.kills == 0


def test_a_crash_loop_restarts_every_time() -> None:
    """Eight seconds of life, then Docker's pause."""
    found = lives.lives(_slot("web-1"), (), (Fault("crashing", 100, 300, "web-1"),), 50)

    assert len(found) == 9
    assert {later.started - earlier.ends for earlier, later in pairwise(found)} == {17}
    assert not any(life.kills for life in found)


def test_a_leak_ends_in_kills_and_a_repaired_container() -> None:
    """Counted by the kernel until the repair, which is no kill."""
    found = lives.lives(_slot("admin"), (), (Fault("leaking", 100, 800, "admin", 300),), 50)

    assert [life.kills for life in found] == [0, 1, 2, 2]
    leaking = box("leak-to-oom")
    (fault,) = leaking.faults
    (first, *_) = (life for life in leaking.lives(next(one for one in leaking.slots if one.resource == "admin")))
    before, near = (leaking.memory(first, at)[0] for at in (fault.begins - 1, fault.begins + fault.amount - 5))
    assert before < 0.6 * first.slot.limit
    assert near > 0.99 * first.slot.limit


def test_names_are_those_that_the_selectors_match() -> None:
    """Numbered for several replicas, plain for one, fixed for Coolify's own."""
    topology = a_topology(
        services=[
            a_service("web", replicas=2),
            a_service("shop"),
            a_service("db", kind="postgres", containers=[a_selector(resource="postgres(ql)?|pg")], limit="none"),
            a_service("proxy", kind="traefik", containers=[a_selector(name="coolify-proxy")]),
            a_service("app", containers=[a_selector(project="blog", compose_service="front", environment="staging")]),
        ]
    )
    found = slots(topology)

    assert [slot.key for slot in found] == ["web-1", "web-2", "shop", "postgres", "coolify-proxy", "app"]
    assert [slot.application for slot in found] == [True, True, True, False, False, False]
    assert [slot.limit > 0 for slot in found] == [True, True, True, False, True, True]
    assert found[3].database == "postgresql"
    assert (found[5].project, found[5].environment) == ("blog", "staging")
    assert found[5].docker_name(0) == f"front-{found[5].uuid}"


def test_a_pattern_without_a_name_is_an_error_with_a_way_out() -> None:
    """Not a traceback, and it says where."""
    odd = a_topology(services=[a_service("web", containers=[a_selector(resource="[xyz]{4}")])])

    with pytest.raises(InputError, match=r"services\.web\.containers: the demo finds no name that '\[xyz\]\{4\}'"):
        slots(odd)


def test_scenarios_name_what_a_topology_lacks() -> None:
    """And which scenarios there are."""
    small = a_topology(services=[a_service("web")])

    with pytest.raises(InputError, match="needs a service of kind redis"):
        scenarios.scenario("redis-full", small)
    with pytest.raises(InputError, match="needs a user-facing application with 2 or more replicas"):
        scenarios.scenario("replica-lost", small)
    with pytest.raises(InputError, match="needs a user-facing application with one replica"):
        scenarios.scenario("service-down", a_topology(services=[a_service("web", replicas=2)]))
    with pytest.raises(InputError, match="there is no scenario 'nothing': choose one of calm, replica-lost"):
        scenarios.scenario("nothing", small)


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_a_scenario_has_time_for_what_it_expects(name: str) -> None:
    """Its faults begin after the calm and end before it does; what it expects, our rules have."""
    found = box(name).scenario
    assert found.name == name
    assert found.line.endswith(".")
    assert all(scenarios.CALM <= fault.begins <= fault.ends < found.ends for fault in found.faults)
    assert found.faults
