"""What stands beside a case and must not matter."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.proofs import decoys
from boxwatch.rules.proofs.fixtures import World
from boxwatch.topology.settings import Thresholds


def _beside(*series: Series) -> list[str]:
    return [one.series for one in decoys.beside(Case("fires", series, 60))]


def test_a_metric_of_a_container_has_other_jobs_and_raw_cgroups_beside_it() -> None:
    """A matcher that is missing lets their absurd values in."""
    world = World(length=60, thresholds=Thresholds())
    labels = 'image="app:1",instance="cadvisor:8080"'
    named = 'resource="web-1",server="main",service="web"'

    assert _beside(world.container("container_start_time_seconds", "1x1")) == [
        f'container_start_time_seconds{{{labels},job="bystander",name="bystander",{named}}}',
        f'container_start_time_seconds{{{labels},job="bystander-low",name="bystander-low",{named}}}',
        'container_start_time_seconds{id="/",job="cadvisor",server="main"}',
        'container_start_time_seconds{id="/system.slice",job="cadvisor",server="main",service="web"}',
    ]


def test_every_series_with_a_job_has_other_jobs_beside_it() -> None:
    """One rises absurdly; the other is 0, and falls where it is a counter."""
    series = (Series('pg_up{job="postgres"}', "1x1"), Series('redis_commands_total{job="redis"}', "1x1"))
    found = decoys.beside(Case("fires", series, 60))

    assert {one.series: one.values for one in found} == {
        'pg_up{job="bystander"}': "9000000000000000+1000000000000x2",
        'pg_up{job="bystander-low"}': "0x2",
        'redis_commands_total{job="bystander"}': "9000000000000000+1000000000000x2",
        'redis_commands_total{job="bystander-low"}': "9000000000000000-1000000000000x2",
    }


def test_what_every_job_has_is_left_alone() -> None:
    """Rules on `up` are about any job."""
    assert _beside(Series('up{job="postgres"}', "1x1"), Series('scrape_duration_seconds{job="node"}', "1x1")) == []


def test_a_label_with_quotes_and_braces_is_read_whole() -> None:
    """As exposition escapes them."""
    assert _beside(Series(r'x{a="{\"b\"}",job="j"}', "1x1"))[0] == r'x{a="{\"b\"}",job="bystander"}'


def test_beside_a_measured_series_stands_nothing_that_has_a_result_of_its_own() -> None:
    """A parked service would be one more row of it."""
    constant = Series(f'{names.COMPONENT_REPLICAS_DESIRED}{{server="main",service="web"}}', "2x1")
    raw = Series('node_memory_MemTotal_bytes{job="node",server="main"}', "1x1")

    assert decoys.beside_measured((constant,), 2) == ()
    assert len(decoys.beside_measured((raw,), 2)) == 2


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
