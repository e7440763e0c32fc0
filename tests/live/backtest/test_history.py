"""A long history is asked in chunks that the server accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.fake_prometheus import FakePrometheus

from boxwatch.errors import BoxwatchError, InputError, OutputError
from boxwatch.live.backtest import report
from boxwatch.live.backtest.history import POINTS, Grid, chunks
from boxwatch.live.backtest.machine import Machine
from boxwatch.live.backtest.state_file import StateFile
from boxwatch.live.samples import Series
from boxwatch.live.source import Prometheus, QueryError


class _Counting(Prometheus):
    """Answers every evaluation of a range, up to a number of points."""

    def __init__(self, most: int) -> None:
        super().__init__(FakePrometheus(), 1)
        self.most = most
        self.asked: list[int] = []

    def query_range(self, expr: str, start: float, end: float, step: float) -> tuple[Series, ...]:
        count = round((end - start) / step) + 1
        self.asked.append(count)
        if count > self.most:
            raise QueryError("query processing would load too many samples")
        return (Series({"q": expr}, tuple((start + step * number, 1.0) for number in range(count))),)


def test_the_evaluations_of_a_group_have_its_phase() -> None:
    """The first is the first within the time range."""
    grid = Grid.of(30, 12.5, 100, 200)

    assert [grid.at(number) for number in range(grid.count)] == [102.5, 132.5, 162.5, 192.5]
    assert grid.number(162.5) == 2
    assert Grid.of(30, 0, 90, 120).start == 90


@pytest.mark.parametrize("most", [11_000, 3_000, 60])
def test_every_evaluation_is_asked_once(most: int) -> None:
    """A chunk that the server refuses is asked in smaller ones."""
    source = _Counting(most)
    grid = Grid(0, 30, 25_000 if most > 1000 else 700)

    found = [number for chunk in chunks(source, "x", grid) for _, values in chunk.series for number in values]

    assert found == list(range(grid.count))
    assert max(source.asked) <= POINTS


def test_a_server_that_refuses_the_smallest_chunk_is_an_error() -> None:
    """Its own words."""
    with pytest.raises(BoxwatchError, match="too many samples"):
        list(chunks(_Counting(10), "x", Grid(0, 30, 1000)))


def test_a_state_is_kept_and_read_back(tmp_path: Path) -> None:
    """Everything that the machine knows; of another backtest nothing is continued."""
    path = tmp_path / "state.json"
    state = StateFile(path, "t")
    assert state.start(1, 2) == (1, 2)
    machine = Machine(1, 2)
    machine.run([0, 1, 2, 3, 4, 5, 6], [({"a": "b"}, {0: 1.0, 1: 3.0, 5: 1.0, 6: 2.0}), ({"c": "d"}, {2: 1.0})])
    state.keep("k", machine, 7)
    state.write()

    again = StateFile(path, "t")

    assert again.start(5, 6) == (1, 2)
    assert again.machine("k", 1, 2) == (machine, 7)
    assert StateFile(path, "other").start(5, 6) == (5, 6)
    assert machine.firings
    assert machine.open
    again.remove()
    assert not path.exists()


def test_a_state_is_written_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption loses no more than seconds."""
    monkeypatch.setattr("boxwatch.live.backtest.state_file._PAUSE", 0)
    path = tmp_path / "state.json"
    state = StateFile(path, "t")
    state.start(1, 2)

    state.keep("k", Machine(1), 3)

    assert json.loads(path.read_text(encoding="utf-8"))["done"]["k"]["next"] == 3


def test_files_that_are_no_state_are_errors(tmp_path: Path) -> None:
    """Nothing is overwritten, and what cannot be written is said."""
    path = tmp_path / "state.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is no state of a backtest"):
        StateFile(path, "t")
    state = StateFile(tmp_path / "none" / "state.json", "t")
    state.start(1, 2)
    with pytest.raises(OutputError, match="cannot be written"):
        state.write()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (720, "12 min"), (12000, "3 h 20 min"), (10800, "3 h"), (187200, "2 d 4 h"), (172800, "2 d")],
)
def test_a_length_is_read_at_a_glance(seconds: float, text: str) -> None:
    """With one unit, or two where the second says something."""
    assert report.span(seconds) == text
