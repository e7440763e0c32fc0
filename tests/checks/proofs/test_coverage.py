"""What of the rules the proofs exercise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.proofs import FILES, broken

from boxwatch.checks.proofs import coverage, read
from boxwatch.errors import ToolError

Program = Callable[[str], str]


def _missing(found: coverage.Coverage) -> list[tuple[str, str]]:
    return [(part.rule.title, part.direction) for part in found.missing]


def test_each_operator_has_two_directions_and_each_record_a_result() -> None:
    """Also those inside others."""
    found = list(coverage.parts(read.read(FILES).rules))

    assert [(part.rule.title, part.direction) for part in found] == [
        ("job:used:sum", "gives a result"),
        ("job:used:sum", "left"),
        ("job:used:sum", "right"),
        ("job:used:twice", "gives a result"),
        ("High/warning", "keeps"),
        ("High/warning", "holds back"),
    ]
    assert found[4].probe == "(job:used:twice > 10) unless on (job) (silenced)"
    assert found[5].probe == "(job:used:twice > 10) and on (job) (silenced)"


def test_a_direction_that_no_proof_takes_is_missing(program: Program) -> None:
    """The fallback has nothing to fall back from, and nothing is held back."""
    found = coverage.measure(FILES, read.read(FILES), program("promtool"))

    assert _missing(found) == [("job:used:sum", "right"), ("High/warning", "holds back")]


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ('other{job="b"}', [("High/warning", "holds back")]),
        # It is there, and gives nothing that the other does not give.
        ('other{job="a"}', [("job:used:sum", "right"), ("High/warning", "holds back")]),
        ('silenced{job="a"}', [("job:used:sum", "right"), ("High/warning", "keeps")]),
    ],
)
def test_what_a_proof_takes_is_exercised(more: str, left: list[tuple[str, str]], program: Program) -> None:
    """Measured by what is there at the moment of the look, whether the proof holds or not."""
    first = '  - series: used{job="a"}\n    values: 9x5\n'
    files = broken(first, f"{first}  - series: {more}\n    values: 1x5\n")
    found = coverage.measure(files, read.read(files), program("promtool"))

    assert _missing(found) == left


def test_a_record_that_never_has_a_result_is_missing(program: Program) -> None:
    """However often it is looked at."""
    files = broken("used{job=", "unused{job=")
    found = coverage.measure(files, read.read(files), program("promtool"))

    assert ("job:used:sum", "gives a result") in _missing(found)


def test_a_promtool_that_says_something_else_is_an_error(program: Program) -> None:
    """Rather than a coverage of 0."""
    files = {**FILES, "prometheus/rules/used.yaml": FILES["prometheus/rules/used.yaml"].replace(b"record:", b"rekord:")}

    with pytest.raises(ToolError, match=r"promtool could not look into prometheus/tests/used-1m\.yaml"):
        coverage.measure(files, read.read(FILES), program("promtool"))
