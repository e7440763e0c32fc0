"""A crash loop pages once, as a loop or as an outage, whatever the lives of the process and the phases of scrapes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.artefacts import complete_artefacts

_SCRAPE = 30
_LENGTH = 45 * 60
# Docker's back-off doubles from a tenth of a second up to a minute.
_FIRST, _LONGEST = 0.1, 60.0
_PAGES = 'alertstate="firing",severity="critical",service="web"'
_LOOP = f'ALERTS{{alertname="ServiceCrashLooping",{_PAGES}}}'
_DOWN = f'ALERTS{{alertname="ServiceDown",{_PAGES}}}'
_FILES = ("replicas", "replica_health", "replica_stability")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules about replicas of the complete deployment."""
    directory = tmp_path_factory.mktemp("rules")
    for name in _FILES:
        (directory / f"{name}.yaml").write_bytes(complete_artefacts()[f"prometheus/rules/{name}.yaml"])
    return directory


def _starts(life: float, phase: float, begin: int) -> str:
    """The start time of a container as scrapes see it: there until `begin`, then in a crash loop."""
    lives: list[tuple[float, float]] = [(0, begin)]
    wait = _FIRST
    while lives[-1][1] < _LENGTH:
        start = lives[-1][1] + wait
        lives.append((start, start + life))
        wait = min(wait * 2, _LONGEST)
    seen = []
    for scrape in range(_LENGTH // _SCRAPE + 1):
        at = scrape * _SCRAPE + phase
        seen.append(next((f"{1000 + start:.1f}" for start, end in lives if start <= at < end), "_"))
    # What is gone leaves with the next scrape.
    return " ".join("stale" if one == "_" != before else one for before, one in zip(["_", *seen], seen, strict=False))


def _evaluate(rules: Path, start: str, expr: str, expected: dict[int, bool]) -> str:
    """What promtool finds wrong about an expression having results at these seconds; empty if nothing."""
    plan = 'server="main",service="web"'
    container = 'container_start_time_seconds{job="cadvisor",server="main",instance="c:8080"'
    count = _LENGTH // _SCRAPE + 1
    series = {
        f'{container},service="web",resource="web",name="web-u1"}}': start,
        f'{container},service="api",resource="api",name="api-u1"}}': f"7x{count}",
        f"service:pages:bool{{{plan}}}": f"1x{count}",
        f"service:restarts:threshold{{{plan}}}": f"3x{count}",
        f'component:replicas:desired{{{plan},identified_by="name"}}': f"1x{count}",
    }
    document = {
        "rule_files": [str(rules / f"{name}.yaml") for name in _FILES],
        "evaluation_interval": f"{_SCRAPE}s",
        "tests": [
            {
                "interval": f"{_SCRAPE}s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"count({expr})",
                        "eval_time": f"{at}s",
                        "exp_samples": [{"labels": "{}", "value": 1}] if there else [],
                    }
                    for at, there in expected.items()
                ],
            }
        ],
    }
    test = rules / "loop.yaml"
    test.write_text(yaml.safe_dump(document), encoding="utf-8")
    run = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr if run.returncode else ""


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    life=st.sampled_from([0.3, 1.0, 3.0, 8.0, 20.0, 30.0, 45.0, 60.0, 90.0, 150.0]),
    phase=st.floats(0, _SCRAPE, exclude_max=True),
    begin=st.integers(15 * 60, 16 * 60),
)
def test_neither_of_two_pages_joins_the_other(rules: Path, life: float, phase: float, begin: int) -> None:
    """Which one it is depends on what scrapes see; the other stays silent while that one fires."""
    start = _starts(life, phase, begin)
    every = range(_SCRAPE, _LENGTH, _SCRAPE)

    def joins(one: str, other: str) -> str:
        on = "on (server, service)"
        return f"({one} unless {on} {one} offset {_SCRAPE}s) and {on} {other} and {on} {other} offset {_SCRAPE}s"

    for one, other in ((_LOOP, _DOWN), (_DOWN, _LOOP)):
        assert _evaluate(rules, start, joins(one, other), dict.fromkeys(every, False)) == ""
    # And one of them does.
    assert _evaluate(rules, start, f"{_LOOP} or {_DOWN}", {begin + 20 * 60: True}) == ""
