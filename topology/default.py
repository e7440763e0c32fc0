"""The bundled default topology: one server, with comments that say when to change each setting."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from boxwatch.errors import OutputError
from boxwatch.topology import load as loading
from boxwatch.topology.load import Loaded

# Its name in messages: it has no path to edit.
NAMED: Final = "the bundled default topology"


def text(*, minimal: bool = False) -> str:
    """The default topology verbatim, comments included, for `boxwatch init`; or the minimal one."""
    name = "minimal.yaml" if minimal else "default.yaml"
    return resources.files("boxwatch.topology").joinpath(name).read_text(encoding="utf-8")


def template() -> Loaded:
    """The topology of the one-click template: what every server that Coolify runs has."""
    text = resources.files("boxwatch.topology").joinpath("template.yaml").read_text(encoding="utf-8")
    return loading.parse(text, "the topology of the one-click template")


def load() -> Loaded:
    """The default topology. Loading it gives no warnings."""
    return loading.parse(text(), NAMED)


def write(file: Path, *, minimal: bool = False) -> None:
    """Write a copy of the file for the user to edit.

    Args:
        file: where to.
        minimal: the least that one can begin with, in place of every knob.

    Raises:
        OutputError: the file exists or cannot be written; nothing was changed.
    """
    create(file, text(minimal=minimal))


def create(file: Path, content: str) -> None:
    """Write a new file.

    Raises:
        OutputError: the file exists or cannot be written; nothing was changed.
    """
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(content)
    except FileExistsError as error:
        raise OutputError(f"{file} exists and was left unchanged: choose another name, or move it away") from error
    except OSError as error:
        raise OutputError(f"{file} could not be written: {error.strerror}") from error
