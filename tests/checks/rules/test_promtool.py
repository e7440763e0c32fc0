"""What the real promtool refuses becomes findings that say which file, and which proof."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.artefacts import complete_artefacts

from boxwatch.checks.rules import promtool
from boxwatch.errors import ToolError

Program = Callable[[str], str]

_RULE = b"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n"
_PROOF = b"""rule_files: [../rules/a.yaml]
tests:
- name: fires when it is down
  interval: 1m
  input_series: [{series: up, values: 1x5}]
  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [{exp_labels: {}}]}]
"""


def _found(files: dict[str, bytes], program: Program) -> list[tuple[str, str]]:
    return [(finding.file, finding.message) for finding in promtool.check(files, program("promtool"))]


def test_a_proof_that_does_not_hold_is_named(program: Program) -> None:
    """By its title."""
    files = {"prometheus/rules/a.yaml": _RULE, "prometheus/tests/a.yaml": _PROOF}

    assert _found(files, program) == [("prometheus/tests/a.yaml", "the proof does not hold: fires when it is down")]


def test_a_rule_file_that_does_not_load_is_found(program: Program) -> None:
    """With what promtool says."""
    (finding,) = promtool.check({"prometheus/rules/a.yaml": _RULE.replace(b"up ==", b"up = =")}, program("promtool"))

    assert finding.message == "promtool check rejects it"
    assert "could not parse expression" in finding.hint


def test_a_configuration_that_does_not_load_is_found(program: Program) -> None:
    """An unknown key."""
    assert _found({"prometheus/prometheus.yml": b"global: {nonsense: 1}\n"}, program) == [
        ("prometheus/prometheus.yml", "promtool check rejects it")
    ]


def test_the_default_configuration_and_rules_are_accepted(program: Program) -> None:
    """The proofs have a test of their own."""
    files = {path: content for path, content in complete_artefacts().items() if "/tests/" not in path}

    assert _found(files, program) == []


def test_a_promtool_that_cannot_be_run_is_an_error() -> None:
    """And not silence."""
    with pytest.raises(ToolError, match=r"could not be run on prometheus/prometheus\.yml"):
        list(promtool.check({"prometheus/prometheus.yml": b""}, "/nowhere/promtool"))
