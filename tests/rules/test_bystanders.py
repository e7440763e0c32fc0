"""What stands beside a case and must not matter."""

from __future__ import annotations

from boxwatch.rules import bystanders, names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.world import World
from boxwatch.topology.settings import Thresholds


def _beside(*series: Series) -> list[str]:
    return [one.series for one in bystanders.beside(Case("fires", series, 60))]


def test_a_metric_of_a_container_has_another_job_and_a_raw_cgroup_beside_it() -> None:
    """A matcher that is missing lets their absurd values in."""
    world = World(length=60, thresholds=Thresholds())

    assert _beside(world.container("container_start_time_seconds", "1x1")) == [
        (
            'container_start_time_seconds{image="app:1",instance="cadvisor:8080",job="bystander",name="bystander",'
            'resource="web-1",server="main",service="web"}'
        ),
        'container_start_time_seconds{id="/",job="cadvisor",server="main"}',
    ]


def test_a_constant_has_another_server_service_and_component_beside_it() -> None:
    """A join that forgets one of the labels finds two matches."""
    constant = Series(f'{names.COMPONENT_REPLICAS_DESIRED}{{server="main",service="web"}}', "2x1")

    assert _beside(constant) == [
        'component:replicas:desired{server="bystander",service="web"}',
        'component:replicas:desired{server="main",service="bystander"}',
        'component:replicas:desired{component="bystander",server="main",service="web"}',
    ]


def test_what_the_case_says_itself_is_left_as_it_is() -> None:
    """And what nobody could confuse has nothing beside it."""
    web = Series('service:pages:bool{server="main",service="web"}', "1x1")
    other = Series('service:pages:bool{server="bystander",service="web"}', "1x1")
    plan = Series('server:memory_bytes:plan{server="main"}', "1x1")

    assert other.series not in _beside(web, other)
    assert _beside(plan) == []
