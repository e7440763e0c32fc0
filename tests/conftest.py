"""Fixtures that every room uses, and the one place that decides which tests a run leaves out."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support import rotation, scheduling, third_party

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]
Program = Callable[[str], str]

# Mark → why tests that carry it may be left out.
_REASONS = {
    "thorough": "they prove in full what a run samples: `make test-all` runs them",
    "third_party": f"they compare with third-party data, and {third_party.DATA} is not there: set BOXWATCH_SHARED",
}
_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags of this suite."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what the code makes")
    parser.addoption("--thorough", action="store_true", help="run everything that is otherwise sampled, in full")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose how property tests draw examples, and refuse to run in CI without the data.

    Raises:
        pytest.UsageError: CI lacks third-party data, and CI leaves nothing out for want of something.
    """
    # No test fails for being slow: the machines are shared, and speed is measured in benchmarks/.
    settings.register_profile("default", settings.get_profile("default"), deadline=None, derandomize=False)
    # What fails is due to the change: CI takes the same examples every time.
    settings.register_profile("ci", deadline=None, derandomize=True, database=None)
    settings.register_profile("thorough", deadline=None, derandomize=False, max_examples=1000)
    config.stash[_LEFT_OUT] = {}
    if config.getoption("--thorough"):
        settings.load_profile("thorough")
    else:
        settings.load_profile("ci" if _in_ci() else "default")
    # Trylast, so that pytest-randomly has drawn its seed.
    rotation.begin(0 if _in_ci() else int(config.getoption("randomly_seed", 0)))
    if _in_ci() and not third_party.there():
        raise pytest.UsageError(
            f"{third_party.DATA} is missing, and CI leaves nothing out: say where in BOXWATCH_SHARED"
        )


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Scheduling:  # noqa: ANN401 - xdist's own
    """Let real servers run one after the other."""
    return scheduling.Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not for this run."""
    absent = {
        "thorough": not config.getoption("--thorough"),
        "third_party": not third_party.there(),
    }
    kept, left, reasons = [], [], Counter[str]()
    for item in items:
        reason = next((mark for mark, gone in absent.items() if gone and item.get_closest_marker(mark)), None)
        if reason:
            reasons[reason] += 1
            left.append(item)
        else:
            kept.append(item)
    config.stash[_LEFT_OUT] = dict(reasons)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = dict(reasons)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - xdist is optional, and so are its types
    """Learn from a worker what it left out; all leave out the same."""
    if "left_out" in getattr(node, "workeroutput", {}):
        node.config.stash[_LEFT_OUT] |= node.workeroutput["left_out"]


def pytest_report_header() -> str:
    """Say how to take the same samples again."""
    return f"boxwatch: samples of seed {rotation.seed()} (BOXWATCH_SEED={rotation.seed()} takes them again)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and why."""
    for mark, number in sorted(config.stash[_LEFT_OUT].items()):
        terminalreporter.write_line(f"boxwatch: {number} tests were left out: {_REASONS[mark]}", yellow=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with its stored copy: `golden("rules/memory.yaml", text)`.

    With --update-golden the copy is rewritten and the test still fails where it differed, so that an update is never
    mistaken for a pass: run the tests again.
    """
    mend = f"to store what the code makes now: make golden ARGS='{request.node.nodeid}'; then review the diff"

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        stored = path.read_text(encoding="utf-8") if path.exists() else None
        if stored != text and request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            pytest.fail(f"{name} was rewritten; review the diff and run the tests again")
        assert stored is not None, f"{name} is not stored yet; {mend}"
        assert text == stored, f"{name} differs; {mend}"

    return compare


@pytest.fixture(scope="session")
def program() -> Program:
    """Find a real program: `program("promtool")` is its path. Missing ones skip the test, except in CI."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            if _in_ci():
                pytest.fail(f"{name} is missing, and CI skips nothing: `make tools` brings it")
            pytest.skip(f"{name} is not installed: `make tools` brings it")
        return path

    return find
