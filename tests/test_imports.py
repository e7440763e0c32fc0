"""Imports point one way, and commands that need nothing import nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each room may import those before it, and itself. The order of architecture: left of the arrow knows nothing of right.
ROOMS = (
    "errors",
    "promql",
    "topology",
    "exporters",
    "rules",
    "dashboards",
    "stack",
    "checks",
    "assemble",
    "publish",
    "commands",
    "cli",
)


def _modules() -> list[Path]:
    return [
        path
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0].removesuffix(".py") in ROOMS and "__pycache__" not in path.parts
    ]


def _imported(path: Path) -> set[str]:
    """Rooms of boxwatch that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "boxwatch" else [f"boxwatch.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("boxwatch.")}
    return found


def test_every_room_is_in_the_order() -> None:
    """A new room is placed on purpose."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"assemble", "cli", "errors"}

    assert rooms == set(ROOMS)


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_rooms_before_its_own(path: Path) -> None:
    """Topology ← exporters ← rules ← dashboards ← stack ← checks ← assemble ← publish ← commands ← cli."""
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    allowed = set(ROOMS[: ROOMS.index(room) + 1])

    assert _imported(path) - allowed == set()


def test_only_the_house_style_imports_grafanalib() -> None:
    """So that one module can set its defaults right, and be replaced."""
    users = {
        str(path.relative_to(ROOT))
        for path in _modules()
        if "import grafanalib" in (text := path.read_text(encoding="utf-8")) or "from grafanalib" in text
    }

    assert users == {"dashboards/render.py"}


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
