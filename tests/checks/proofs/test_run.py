"""Proofs in a real promtool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.proofs import FILES, broken

from boxwatch.checks.proofs import read, run
from boxwatch.errors import ToolError

Program = Callable[[str], str]


def test_proofs_that_hold_have_no_problem(program: Program) -> None:
    """And each file is told of when it is done."""
    seen: list[tuple[int, int]] = []
    found = run.run(FILES, read.read(FILES).proofs, program("promtool"), lambda *at: seen.append(at))

    assert [(one.proof.name, one.problem) for one in found] == [("it is high", ""), ("the sum", "")]
    assert seen == [(1, 1)]


@pytest.mark.parametrize(
    ("old", "new", "fails", "said"),
    [
        ("9x5", "4x5", "it is high", "got:[]"),
        ("value: 4", "value: 5", "the sum", "4E+00"),
    ],
)
def test_the_proof_that_does_not_hold_is_named(old: str, new: str, fails: str, said: str, program: Program) -> None:
    """Alert or recorded series, whatever promtool calls it."""
    files = broken(old, new)
    found = run.run(files, read.read(files).proofs, program("promtool"))

    (verdict,) = (one for one in found if one.problem)
    assert verdict.proof.name == fails
    assert said in verdict.problem


def test_rules_that_do_not_load_fail_every_proof(program: Program) -> None:
    """With what is wrong with them."""
    files = {**FILES, "prometheus/rules/used.yaml": FILES["prometheus/rules/used.yaml"].replace(b"record:", b"rekord:")}
    found = run.run(files, read.read(FILES).proofs, program("promtool"))

    assert all("rekord" in one.problem for one in found)


def test_a_proof_is_run_with_the_rules_that_it_reads_and_no_others(program: Program, tmp_path: Path) -> None:
    """Directly or through others; all of them when it looks at whatever fires."""
    high, total = read.read(FILES).proofs
    runner = run.Runner(program("promtool"), FILES, tmp_path)

    def loaded(proof: read.Proof) -> list[str]:
        holds, said = runner.test("one", [proof])
        assert holds, said
        groups = yaml.safe_load((tmp_path / "one-rules.yaml").read_text(encoding="utf-8"))["groups"]
        return [rule.get("record") or rule["alert"] for group in groups for rule in group["rules"]]

    assert loaded(high) == ["job:used:sum", "job:used:twice", "High"]
    assert loaded(total) == ["job:used:sum"]
    assert loaded(replace(total, reads=frozenset())) == ["job:used:sum", "job:used:twice", "High"]


def test_a_promtool_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    """And no verdict."""
    with pytest.raises(ToolError, match=r"could not be run on used-1m\.yaml"):
        run.run(FILES, read.read(FILES).proofs, str(tmp_path / "nothing"))
