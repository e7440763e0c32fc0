"""The repository's root is the package: what that needs is kept by hand, and compared here."""

from __future__ import annotations

import configparser
import re
from importlib import metadata, resources
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _packages() -> set[str]:
    """Every folder with an __init__.py, below the rooms."""
    folders = {
        path.parent.relative_to(ROOT)
        for path in ROOT.rglob("__init__.py")
        if path.relative_to(ROOT).parts[0] not in {"tests", "build", "benchmarks", "examples"}
        and not path.relative_to(ROOT).parts[0].startswith(".")
    }
    return {".".join(("boxwatch", *folder.parts)) for folder in folders}


def test_every_package_is_listed() -> None:
    """An unlisted package works in the checkout and is missing from the wheel."""
    listed = set(_setup()["options"]["packages"].split())

    assert listed == _packages()


def test_type_checkers_see_every_room() -> None:
    """.src/boxwatch links to each room and root module, and to nothing else."""
    rooms = {package.split(".")[1] for package in _packages() if "." in package}
    modules = {path.name for path in ROOT.glob("*.py")} | {"py.typed"}
    links = {path.name: path.resolve() for path in (ROOT / ".src" / "boxwatch").iterdir()}

    assert links == {name: ROOT / name for name in rooms | modules}


def test_the_root_holds_no_stray_modules() -> None:
    """Every module in the root would become part of the package."""
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "assemble.py", "cli.py", "errors.py"}


def test_data_files_are_in_the_package() -> None:
    """Default topology and catalogue are read through the package, wherever it is installed."""
    assert resources.files("boxwatch.topology").joinpath("default.yaml").is_file()
    assert resources.files("boxwatch.exporters.catalogue").joinpath("cadvisor.json").is_file()


def test_version_and_changelog_agree() -> None:
    """The newest entry of the changelog is the version that is installed."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)

    assert newest is not None
    assert newest[1] == metadata.version("boxwatch") == _setup()["metadata"]["version"]
