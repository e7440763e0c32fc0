"""Alerts are right whatever the timing: first samples of counters, and the lag of one exporter behind another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.artefacts import complete_artefacts

_NODE = 'node_vmstat_oom_kill{job="node",server="main",instance="n:9100"}'
_CADVISOR = 'container_oom_events_total{job="cadvisor",server="main",instance="c:8080",service="web",name="w"}'
_REDIS = '{job="redis",server="main",service="redis",instance="r:1"'


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


_FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
