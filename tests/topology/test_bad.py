"""Every file under tests/topologies/bad is rejected with exactly the messages it states."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.expectations import expected, restate, subjects

from boxwatch.errors import TopologyError
from boxwatch.topology.load import load

BAD = Path(__file__).parents[1] / "topologies" / "bad"
FILES = subjects(BAD)


def messages(name: str) -> list[str]:
    """The errors for the file, without its name."""
    with pytest.raises(TopologyError) as caught:
        load(Path(name))
    return [str(problem).removeprefix(f"{name}:").lstrip() for problem in caught.value.problems]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_says_everything_that_is_wrong_and_where(
    path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The loader reports exactly the expected messages. It runs in the folder, so that they name files without it."""
    monkeypatch.chdir(BAD)
    said = messages(path.name)
    if said != expected(path) and request.config.getoption("--update-golden"):
        restate(path, said)
        # A change in the number of messages shifts line numbers.
        restate(path, messages(path.name))
        pytest.fail(f"{path.name} was rewritten; review the diff and run the tests again")
    assert said == expected(path), (
        f"{path.name}: review, then make golden ARGS='tests/topology/test_bad.py -k {path.name}'"
    )
    assert all("\n" not in message for message in said)


def test_there_are_more_than_a_hundred_of_them() -> None:
    """The corpus keeps its size, and each file expects at least one message."""
    assert len(FILES) > 300
    assert all(expected(path) for path in FILES)
