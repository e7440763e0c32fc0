"""Fixtures that every room uses: golden files, and the real programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]
Program = Callable[[str], str]


def pytest_configure() -> None:
    """Let no property test fail for being slow: the machines are shared, and speed is measured in benchmarks/."""
    settings.register_profile("boxwatch", deadline=None)
    settings.load_profile("boxwatch")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites golden files."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what the code makes")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with its stored copy: `golden("rules/memory.yaml", text)`.

    With --update-golden the copy is rewritten and the test still fails where it differed, so that an update is never
    mistaken for a pass: run the tests again.
    """

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        stored = path.read_text(encoding="utf-8") if path.exists() else None
        if stored != text and request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            pytest.fail(f"{name} was rewritten; review the diff and run the tests again")
        assert stored is not None, f"{name} is not stored yet: pytest --update-golden"
        assert text == stored, f"{name} differs from what the code makes: review, then pytest --update-golden"

    return compare


@pytest.fixture(scope="session")
def program() -> Program:
    """Find a real program: `program("promtool")` is its path. Missing ones skip the test, except in CI."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            if os.environ.get("CI"):
                pytest.fail(f"{name} is missing, and CI skips nothing: tools/prometheus.sh brings it")
            pytest.skip(f"{name} is not installed")
        return path

    return find
