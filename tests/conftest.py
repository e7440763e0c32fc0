"""Shared fixtures, and the only place that decides which tests a run deselects."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support import rotation, scheduling, third_party, tracing

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]
Program = Callable[[str], str]

# Mark → reason for deselecting its tests.
_REASONS = {
    "thorough": "a normal run samples them; run `make test-all` for all",
    "third_party": f"they require third-party data, which is missing from {third_party.DATA}: set BOXWATCH_SHARED",
}
_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's flags."""
    parser.addoption("--update-golden", action="store_true", help="update the golden files from the current code")
    parser.addoption("--thorough", action="store_true", help="run all cases that are otherwise sampled")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose how property tests draw examples, and require third-party data in CI.

    Raises:
        pytest.UsageError: CI lacks third-party data; CI skips no test because something is missing.
    """
    # No test fails for being slow: hosts are shared, and benchmarks/ measures speed.
    settings.register_profile("default", settings.get_profile("default"), deadline=None, derandomize=False)
    # CI uses the same examples every time, so that any failure is due to the change.
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
            f"{third_party.DATA} is missing, and CI skips no test: set BOXWATCH_SHARED to its location"
        )


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Scheduling:  # noqa: ANN401 - xdist's own
    """Share tests out to workers in groups, the longest first."""
    return scheduling.Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that this run leaves out, and put the longest first."""
    absent = {
        "thorough": not config.getoption("--thorough"),
        "third_party": not third_party.there(),
    }
    undrawn = rotation.undrawn(items) if absent["thorough"] else frozenset[str]()
    kept, left, reasons = [], [], Counter[str]()
    for item in items:
        reason = next((mark for mark, gone in absent.items() if gone and item.get_closest_marker(mark)), None)
        if item.nodeid in undrawn:
            reason = reason or "thorough"
        if reason:
            reasons[reason] += 1
            left.append(item)
        else:
            kept.append(item)
    if config.pluginmanager.hasplugin("_cov") and not config.getoption("--thorough"):
        # pytest-cov pauses for these; its mark is known only where it is active.
        for item in tracing.untraced(kept):
            item.add_marker(pytest.mark.no_cover)
    config.stash[_LEFT_OUT] = dict(reasons)
    if left:
        config.hook.pytest_deselected(items=left)
    items[:] = scheduling.longest_first(kept)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = dict(reasons)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - xdist is optional, and so are its types
    """Collect the numbers of deselected tests from a worker; they are the same in all workers."""
    if "left_out" in getattr(node, "workeroutput", {}):
        node.config.stash[_LEFT_OUT] |= node.workeroutput["left_out"]


def pytest_report_header() -> str:
    """Report how to reproduce the samples."""
    return f"boxwatch: samples drawn with seed {rotation.seed()} (set BOXWATCH_SEED={rotation.seed()} to reproduce)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report which tests were deselected, and why."""
    for mark, number in sorted(config.stash[_LEFT_OUT].items()):
        terminalreporter.write_line(f"boxwatch: {number} tests deselected: {_REASONS[mark]}", yellow=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with its golden file: `golden("rules/memory.yaml", text)`.

    With --update-golden the file is rewritten and the test still fails if it differed, so that an update is never
    mistaken for a pass: run the tests again.
    """
    mend = f"run make golden ARGS='{request.node.nodeid}' to update it, then review the diff"

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        stored = path.read_text(encoding="utf-8") if path.exists() else None
        if stored != text and request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            pytest.fail(f"{name} was rewritten; review the diff and run the tests again")
        assert stored is not None, f"{name} does not exist; {mend}"
        assert text == stored, f"{name} differs; {mend}"

    return compare


@pytest.fixture(scope="session")
def program() -> Program:
    """Find a real program: `program("promtool")` returns its path. A missing one skips the test, or fails it in CI."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            if _in_ci():
                pytest.fail(f"{name} is missing, and CI skips no test: run `make tools`")
            pytest.skip(f"{name} is not installed: run `make tools`")
        return path

    return find
