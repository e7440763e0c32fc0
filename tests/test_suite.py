"""The suite's own selection: what is shared out to workers, and what an ordinary run draws and traces."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import rotation, scheduling, tracing

_HERE = Path(__file__).parent.parent


class _Item:
    """A test as far as selection looks at it."""

    def __init__(self, nodeid: str, *marks: pytest.Mark) -> None:
        self.nodeid = nodeid
        self._marks = {mark.name: mark for mark in marks}

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self._marks.get(name)


def _cases(number: int, *marks: pytest.Mark) -> list[pytest.Item]:
    return [_Item(f"tests/test_a.py::test_b[{case:03}]", *marks) for case in range(number)]  # type: ignore[misc]


def test_real_servers_run_in_two_groups_and_other_modules_each_as_one() -> None:
    """Modules share what they build, except those that would leave a worker alone at the end."""
    real = {scheduling.group(f"tests/real/{path.name}::test_a[1]") for path in (_HERE / "tests/real").glob("test_*.py")}

    assert real == {"tests/real/1", "tests/real/2"}
    assert scheduling.group("tests/test_docs.py::test_a[1]") == "tests/test_docs.py"
    assert scheduling.group(f"{scheduling.LONG[0]}::test_a[1]") == f"{scheduling.LONG[0]}::test_a[1]"


def test_long_modules_exist_and_start_first() -> None:
    """Real servers before all others, because they wait."""
    tests: list[pytest.Item] = [_Item(f"{module}::test_a") for module in scheduling.LONG]  # type: ignore[misc]
    real, other = _Item("tests/real/test_a.py::test_a"), _Item("tests/test_docs.py::test_a")

    assert [module for module in scheduling.LONG if not (_HERE / module).is_file()] == []
    assert scheduling.longest_first([other, *reversed(tests), real]) == [real, *tests, other]  # type: ignore[list-item]


def test_every_sampled_case_is_drawn_by_some_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Always so many, whatever the order, and none left out forever."""
    monkeypatch.delenv("BOXWATCH_SEED", raising=False)
    cases, before = _cases(12, pytest.mark.sampled(3).mark), rotation.seed()
    try:
        left = []
        for seed in range(60):
            rotation.begin(seed)
            left.append(rotation.undrawn(cases))
            assert left[-1] == rotation.undrawn(list(reversed(cases)))
    finally:
        rotation.begin(before)

    assert {len(each) for each in left} == {9}
    assert frozenset.intersection(*left) == frozenset()


def test_tests_without_the_mark_are_all_drawn() -> None:
    """A sample is asked for."""
    assert rotation.undrawn(_cases(12)) == frozenset()


@pytest.mark.parametrize(("number", "traced"), [(2, 2), (3, 1), (1, 0), (100, 2)])
def test_coverage_of_repeated_cases_is_measured_for_as_many_as_asked(number: int, traced: int) -> None:
    """And always of the same ones."""
    cases = _cases(number, pytest.mark.repeats(traced=traced).mark)
    untraced = tracing.untraced(cases)

    assert len(untraced) == number - min(traced, number)
    assert {case.nodeid for case in tracing.untraced(list(reversed(cases)))} == {case.nodeid for case in untraced}
    assert tracing.untraced(_cases(number)) == []
