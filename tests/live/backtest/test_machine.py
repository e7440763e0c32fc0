"""The state machine is Prometheus' own: held to a port of its code, and to promtool."""

from __future__ import annotations

import json
import math
import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import rotation

from boxwatch.live.backtest.machine import Machine

Program = Callable[[str], str]


def _reference(results: Sequence[bool], wait: float, keep: float) -> list[bool]:
    """AlertingRule.Eval of Prometheus 2.42 for one instance, evaluated every second: whether it fires each time."""
    state, active, missing, fires = "inactive", 0.0, math.nan, []
    for at, result in enumerate(map(bool, results)):
        if result and state == "inactive":
            state, active, missing = "pending", float(at), math.nan
        if not result:
            keeping = False
            if state == "firing" and keep > 0:
                missing = float(at) if math.isnan(missing) else missing
                keeping = at - missing < keep
            if state != "inactive" and not keeping:
                state = "inactive"
        else:
            missing = math.nan
        if result and state == "pending" and at - active >= wait:
            state = "firing"
        fires.append(state == "firing")
    return fires


def _fires(results: Sequence[bool], wait: float, keep: float, *ends: int) -> list[bool]:
    """The same by the machine, in chunks that end at some evaluations."""
    machine = Machine(wait, keep)
    begin = 0
    for end in (*sorted(ends), len(results)):
        times = [float(at) for at in range(begin, end)]
        values = {at - begin: 1.0 for at in range(begin, end) if results[at]}
        machine.run(times, [({"__name__": "x", "a": "b"}, values)] if values else [])
        begin = end
    found = machine.end()
    assert all(each.labels == {"a": "b"} for each in found)
    return [any(one.start <= at and (one.end is None or at < one.end) for one in found) for at in range(len(results))]


_RESULTS = st.lists(st.booleans(), min_size=1, max_size=40)
_SECONDS = st.integers(0, 6)


@given(_RESULTS, _SECONDS, _SECONDS)
def test_it_fires_as_prometheus_does(results: list[bool], wait: int, keep: int) -> None:
    """Whatever the pattern, `for` and `keep_firing_for`."""
    assert _fires(results, wait, keep) == _reference(results, wait, keep)


@given(_RESULTS, _SECONDS, _SECONDS, st.lists(st.integers(0, 40), max_size=5))
def test_chunks_change_nothing(results: list[bool], wait: int, keep: int, ends: list[int]) -> None:
    """The state goes from one chunk to the next, even through empty ones."""
    ends = [min(end, len(results)) for end in ends]

    assert _fires(results, wait, keep, *ends) == _fires(results, wait, keep)


def test_instances_are_independent() -> None:
    """Each has its own time; values are kept."""
    machine = Machine(2)

    machine.run([0, 1, 2, 3, 4], [({"a": "1"}, {0: 5, 1: 7, 2: 6, 3: 6}), ({"a": "2"}, {3: 1.0, 4: 1.0})])

    (one,) = machine.end()
    assert (one.labels, one.active, one.start, one.end, one.extreme) == ({"a": "1"}, 0, 2, 4, (5, 7))
    assert (machine.pending, machine.longest) == (0, 0)


def test_what_was_too_short_is_counted() -> None:
    """With the longest time, which says how far `for` is from firing."""
    machine = Machine(5)

    machine.run([0, 1, 2, 3, 4, 5], [({}, {0: 1, 2: 1, 3: 1})])

    assert (machine.end(), machine.pending, machine.longest) == ((), 2, 2)


def _cases(seed: int) -> list[tuple[list[bool], int, int]]:
    draw = random.Random(seed)  # noqa: S311 - no secret
    return [
        ([draw.random() < share for _ in range(20)], draw.randrange(6), draw.randrange(6))
        for share in (0.3, 0.6, 0.8)
        for _ in range(10)
    ]


def test_it_fires_as_promtool_says(tmp_path: Path, program: Program) -> None:
    """Thirty patterns in one run of `promtool test rules`, looked at after every evaluation."""
    cases = _cases(rotation.seed())
    rules, series, checks = [], [], []
    for number, (results, wait, keep) in enumerate(cases):
        rule = {"alert": f"A{number}", "expr": f"x{number} == 1", "for": f"{wait}m", "keep_firing_for": f"{keep}m"}
        rules.append({key: value for key, value in rule.items() if value != "0m"})
        series.append({"series": f"x{number}", "values": " ".join(str(int(each)) for each in results)})
        for minute, fires in enumerate(_fires(results, wait, keep)):
            expected: list[dict[str, object]] = [{"exp_labels": {}}] if fires else []
            checks.append({"eval_time": f"{minute}m", "alertname": f"A{number}", "exp_alerts": expected})
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}), encoding="utf-8")
    test = {"interval": "1m", "input_series": series, "alert_rule_test": checks}
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(json.dumps(document), encoding="utf-8")

    done = subprocess.run(
        [program("promtool"), "test", "rules", str(tmp_path / "test.yaml")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert any(any(_fires(*each)) for each in cases)
