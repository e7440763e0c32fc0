"""Imports point one way, and commands that need nothing import nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import rooms


def test_every_room_is_in_the_order() -> None:
    """A new room gets its place in support.rooms.ROOMS on purpose."""
    on_disk = {path.parent.name for path in rooms.ROOT.glob("*/__init__.py")} | {"assemble", "cli", "errors"}

    assert on_disk == set(rooms.ROOMS)


@pytest.mark.parametrize("module", rooms.modules())
def test_a_module_imports_only_rooms_before_its_own(module: str) -> None:
    """Architecture.md's direction: left of the arrow knows nothing of right (support.rooms.ROOMS)."""
    allowed = set(rooms.ROOMS[: rooms.ROOMS.index(rooms.room_of(module)) + 1])

    assert {name for name in rooms.graph()[module] if rooms.room_of(name) not in allowed} == set()


@pytest.mark.parametrize("room", rooms.ROOMS)
def test_the_inner_rooms_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    """`tools/rooms.py ROOM` draws the arrows; move what both sides need to the ground of the room."""
    assert rooms.circles(rooms.inside(room)) == ()


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Nor one hidden behind a late import or TYPE_CHECKING."""
    assert rooms.circles((module, other) for module, imported in rooms.graph().items() for other in imported) == ()


def test_a_circle_would_be_found() -> None:
    """The search itself."""
    assert rooms.circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == (("a", "b", "c"),)


@pytest.mark.parametrize(
    ("library", "owner"),
    [("grafanalib", "dashboards.render"), ("promql_parser", "promql.")],
    ids=str,
)
def test_a_library_has_one_owner(library: str, owner: str) -> None:
    """One module, or one room, sets the library's defaults right, guards it, and can replace it."""
    users = {
        name
        for name, path in rooms.modules().items()
        if f"import {library}" in (text := path.read_text(encoding="utf-8")) or f"from {library}" in text
    }

    assert users
    assert {name for name in users if not f"{name}.".startswith(owner)} == set()


def test_help_imports_no_library_that_only_a_command_needs() -> None:
    """`boxwatch --help` and completion answer at once."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from boxwatch.cli import main\n"
        "CliRunner().invoke(main, ['--help'])\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {
        "pydantic",
        "yaml",
        "grafanalib",
        "rich",
        "promql_parser",
        "re2",
        "_jsonnet",
        "prometheus_client",
        "urllib3",
    }
    assert heavy & set(done.stdout.split()) == set()
