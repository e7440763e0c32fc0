"""Alerts are right whatever the timing: first samples of counters, and the lag of one exporter behind another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import rotation
from support.artefacts import complete_artefacts
from support.topologies import complete

from boxwatch.rules import catalogue
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.kinds import Kind
from boxwatch.topology.settings import Alerts

_NODE = 'node_vmstat_oom_kill{job="node",server="main",instance="n:9100"}'
_CADVISOR = 'container_oom_events_total{job="cadvisor",server="main",instance="c:8080",service="web",name="w"}'
_REDIS = '{job="redis",server="main",service="redis",instance="r:1"'


# Kinds with an alert that says they do not answer, beside that of their containers.
_KINDS = tuple(system.kind for system in SYSTEMS if system.kind.down and not system.kind.about_others)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rule files of the complete deployment."""
    directory = tmp_path_factory.mktemp("rules")
    for path, content in complete_artefacts().items():
        if path.startswith("prometheus/rules/"):
            (directory / Path(path).name).write_bytes(content)
    return directory


def _firing(  # noqa: PLR0913 - each is a part of a promtool test
    rules: Path, files: tuple[str, ...], alert: str, series: dict[str, str], looks: dict[int, bool], *, step: int = 30
) -> None:
    """Fail unless the alert fires, or is silent, at each of these seconds."""
    expr = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    document = {
        "rule_files": [str(rules / f"{name}.yaml") for name in files],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": f"{step}s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": expr,
                        "eval_time": f"{seconds}s",
                        "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                    }
                    for seconds, fires in looks.items()
                ],
            }
        ],
    }
    test = rules / "timing.yaml"
    test.write_text(yaml.safe_dump(document), encoding="utf-8")
    run = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


_FEW = settings(rotation.examples(4), suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FEW
@given(born=st.integers(1, 40), value=st.integers(1, 10**6), error=st.sampled_from(["OOM", "MISCONF"]))
def test_the_first_refusals_fire_whenever_they_occur_and_however_many_there_are(
    rules: Path, born: int, value: int, error: str
) -> None:
    """A counter that appears with its first event counts as an increase, and the alert resolves ten minutes later."""
    series = {f"redis_up{_REDIS}}}": "1x90", f'redis_errors_total{_REDIS},err="{error}"}}': f"_x{born} {value}x80"}
    looks = {born * 30 - 30: False, born * 30 + 240: True, born * 30 + 900: False}

    _firing(rules, ("redis", "plan"), "RedisWritesRefused", series, looks)


@_FEW
@given(born=st.integers(1, 40), value=st.integers(1, 10**6))
def test_old_refusals_of_a_newly_added_target_page_nobody(rules: Path, born: int, value: int) -> None:
    """The refusals of a new target may be of any age."""
    series = {
        f"redis_up{_REDIS}}}": f"_x{born} 1x80",
        f'redis_errors_total{_REDIS},err="OOM"}}': f"_x{born} {value}x80",
    }

    _firing(rules, ("redis", "plan"), "RedisWritesRefused", series, {born * 30 + 30 * n: False for n in range(30)})


@_FEW
@given(
    lag=st.integers(0, 2),
    first=st.integers(5, 20),
    kills=st.lists(st.integers(0, 3), min_size=1, max_size=12).filter(any),
)
def test_attributed_kills_are_not_the_servers_whatever_the_lag(
    rules: Path, lag: int, first: int, kills: list[int]
) -> None:
    """Kills that cAdvisor attributes never fire ServerOomKilled, although it lags the kernel by up to a minute."""
    total, values = 0, []
    for kill in kills:
        total += kill
        values.append(str(total))
    course = f"{' '.join(values)} {total}x60"
    series = {_NODE: f"0x{first - 1} {course}", _CADVISOR: f"0x{first + lag - 1} {course}"}
    files = ("plan", "memory", "memory_plan")

    _firing(rules, files, "ServerOomKilled", series, {30 * n: False for n in range(60)})
    _firing(rules, files, "ServerOomKilled", {_NODE: series[_NODE]}, {(first + len(kills)) * 30 + 360: True})


@_FEW
@given(probe=st.integers(0, 6), cadvisor=st.integers(0, 12), minutes=st.integers(5, 12))
def test_a_stopped_proxy_fires_and_the_urls_behind_it_do_not_whatever_the_phases(
    rules: Path, probe: int, cadvisor: int, minutes: int
) -> None:
    """The prober may notice at once, and the count of replicas 60 s later, after a scrape and a rule evaluation."""
    at, end = minutes * 12, 12 * 40
    of = 'server="main",service="web",instance="https://shop.example.com"'
    container = 'container_start_time_seconds{job="cadvisor",server="main",instance="c:8080"'
    proxy = '{server="main",service="traefik"'
    series = {
        f'probe_success{{job="probe",{of}}}': f"1x{at + probe - 1} 0x{end}",
        f'probe_http_status_code{{job="probe",{of}}}': f"200x{at + probe - 1} 0x{end}",
        f'{container},service="web",resource="web",name="web-u1"}}': f"7x{2 * end}",
        f'{container},service="traefik",name="coolify-proxy"}}': f"7x{at + cadvisor - 1} stale",
        f"service:pages:bool{proxy}}}": f"1x{2 * end}",
        'service:pages:bool{server="main",service="web"}': f"1x{2 * end}",
        f'service:info:plan{proxy},kind="traefik"}}': f"1x{2 * end}",
        f'component:replicas:desired{proxy},identified_by="name"}}': f"1x{2 * end}",
    }
    files = ("replicas", "replica_health", "probes")

    _firing(rules, files, "ProbeFailed", series, {30 * n: False for n in range(2 * minutes + 40)}, step=5)
    _firing(rules, files, "ServiceDown", series, {minutes * 60 + 420: True}, step=5)


@_FEW
@given(
    exporter=st.integers(0, 6), cadvisor=st.integers(0, 12), minutes=st.integers(5, 12), kind=st.sampled_from(_KINDS)
)
def test_a_database_whose_container_stops_is_told_once_whatever_the_phases(
    rules: Path, exporter: int, cadvisor: int, minutes: int, kind: Kind
) -> None:
    """As a service that is down, though its exporter may see it first."""
    at, end = minutes * 12, 12 * 40
    of = 'server="main",service="db"'
    system = next(one for one in SYSTEMS if one.kind is kind)
    up = system.reached or f'up{{job="{kind.job}"}}'
    container = 'container_start_time_seconds{job="cadvisor",server="main",instance="c:8080"'
    series = {
        # The exporter answers all the time, unless it is the service itself.
        f'up{{job="{kind.job}",{of}}}': f"1x{2 * end}",
        f"{up.removesuffix('}')},{of}}}": f"1x{at + exporter - 1} 0x{end}",
        f'{container},service="web",resource="web",name="web-u1"}}': f"7x{2 * end}",
        f'{container},service="db",name="db-u1"}}': f"7x{at + cadvisor - 1} stale",
        f"service:pages:bool{{{of}}}": f"1x{2 * end}",
        f'component:replicas:desired{{{of},identified_by="name"}}': f"1x{2 * end}",
    }
    files = ("worked", "replicas", "replica_health", kind.rules[0])
    (down,) = kind.down or ()

    _firing(rules, files, down, series, {30 * n: False for n in range(2 * minutes + 40)}, step=5)
    _firing(rules, files, "ServiceDown", series, {minutes * 60 + 420: True}, step=5)


_SINGLE = {
    "RedisWritesRefused": ("redis", f'redis_errors_total{_REDIS},err="OOM"}}'),
    "RedisConnectionsRejected": ("redis", f"redis_rejected_connections_total{_REDIS}}}"),
    "ElasticsearchBreakerTripped": (
        "elasticsearch_capacity",
        'elasticsearch_breakers_tripped{job="elasticsearch",server="main",service="es",breaker="parent"}',
    ),
    "ElasticsearchRequestsRejected": (
        "elasticsearch_capacity",
        'elasticsearch_thread_pool_rejected_count{job="elasticsearch",server="main",service="es",type="write"}',
    ),
}


@settings(_FEW, max_examples=rotation.examples(3).max_examples)
@given(alert=st.sampled_from(sorted(_SINGLE)), wait=st.integers(0, 90), phase=st.integers(0, 1))
def test_a_single_event_fires_however_long_its_alert_waits(
    tmp_path_factory: pytest.TempPathFactory, alert: str, wait: int, phase: int
) -> None:
    """The window in which it is looked for is longer than the `for` that the topology asks for."""
    file, counter = _SINGLE[alert]
    alerts = Alerts.model_validate({"rules": {alert: {"for": f"{wait * 60}s"}}})
    built = catalogue.build(complete().model_copy(update={"alerts": alerts}))
    directory = tmp_path_factory.mktemp("tuned")
    (directory / f"{file}.yaml").write_bytes(catalogue.rule_files(built)[f"prometheus/rules/{file}.yaml"])
    series = {counter: f"7x{20 + phase} 8x300", f"redis_up{_REDIS}}}": "1x330"}

    _firing(directory, (file,), alert, series, {600: False, 660 + wait * 60 + 90: True, 660 + wait * 60 + 900: False})
