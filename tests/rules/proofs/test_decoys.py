"""Decoys: series that are added to a case and must not matter."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.proofs import decoys
from boxwatch.rules.proofs.fixtures import Fixtures
from boxwatch.topology.settings import Thresholds


def _decoys(*series: Series) -> list[str]:
    return [one.series for one in decoys.for_case(Case("fires", series, 60))]


def test_a_container_metric_gets_other_jobs_and_raw_cgroups_as_decoys() -> None:
    """A missing matcher lets the decoys' absurd values in."""
    fixtures = Fixtures(length=60, thresholds=Thresholds())
    labels = 'image="app:1",instance="cadvisor:8080"'
    named = 'resource="web-1",server="main",service="web"'

    assert _decoys(fixtures.container("container_start_time_seconds", "1x1")) == [
        f'container_start_time_seconds{{{labels},job="decoy",name="decoy",{named}}}',
        f'container_start_time_seconds{{{labels},job="decoy-low",name="decoy-low",{named}}}',
        'container_start_time_seconds{id="/",job="cadvisor",server="main"}',
        'container_start_time_seconds{id="/system.slice",job="cadvisor",server="main",service="web"}',
    ]


def test_every_series_with_a_job_gets_other_jobs_as_decoys() -> None:
    """One decoy rises absurdly; the other is 0, or falls if it is a counter."""
    series = (Series('pg_up{job="postgres"}', "1x1"), Series('redis_commands_total{job="redis"}', "1x1"))
    found = decoys.for_case(Case("fires", series, 60))

    assert {one.series: one.values for one in found} == {
        'pg_up{job="decoy"}': "9000000000000000+1000000000000x2",
        'pg_up{job="decoy-low"}': "0x2",
        'redis_commands_total{job="decoy"}': "9000000000000000+1000000000000x2",
        'redis_commands_total{job="decoy-low"}': "9000000000000000-1000000000000x2",
    }


def test_metrics_of_every_job_get_no_decoys() -> None:
    """Rules on `up` read any job."""
    assert _decoys(Series('up{job="postgres"}', "1x1"), Series('scrape_duration_seconds{job="node"}', "1x1")) == []


def test_a_label_with_quotes_and_braces_is_read_whole() -> None:
    """Label values are parsed with the escapes of the exposition format."""
    assert _decoys(Series(r'x{a="{\"b\"}",job="j"}', "1x1"))[0] == r'x{a="{\"b\"}",job="decoy"}'


def test_a_recording_rule_gets_no_decoys_with_a_result_of_their_own() -> None:
    """A parked service would add a row to the result."""
    constant = Series(f'{names.COMPONENT_REPLICAS_DESIRED}{{server="main",service="web"}}', "2x1")
    raw = Series('node_memory_MemTotal_bytes{job="node",server="main"}', "1x1")

    assert decoys.for_record((constant,), 2) == ()
    assert len(decoys.for_record((raw,), 2)) == 2


def test_a_constant_gets_another_server_service_and_component_as_decoys() -> None:
    """A join that forgets one of the labels finds two matches."""
    constant = Series(f'{names.COMPONENT_REPLICAS_DESIRED}{{server="main",service="web"}}', "2x1")

    assert _decoys(constant) == [
        'component:replicas:desired{server="decoy",service="web"}',
        'component:replicas:desired{server="main",service="decoy"}',
        'component:replicas:desired{component="decoy",server="main",service="web"}',
    ]


def test_series_of_the_case_itself_are_left_unchanged() -> None:
    """A decoy never replaces a series of the case, and constants of a server need none."""
    web = Series('service:pages:bool{server="main",service="web"}', "1x1")
    other = Series('service:pages:bool{server="decoy",service="web"}', "1x1")
    plan = Series('server:memory_bytes:plan{server="main"}', "1x1")

    assert other.series not in _decoys(web, other)
    assert _decoys(plan) == []
