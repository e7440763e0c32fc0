"""The topology that comes with boxwatch: one server, commented so that each knob says when one would change it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from boxwatch.errors import OutputError
from boxwatch.topology import load as loading
from boxwatch.topology.load import Loaded

# What messages call it: it has no path that anybody could edit.
NAMED: Final = "the bundled default topology"


def text(*, minimal: bool = False) -> str:
    """The file as it is written, comments and all, for `boxwatch init`; or the least that one can begin with."""
    name = "minimal.yaml" if minimal else "default.yaml"
    return resources.files("boxwatch.topology").joinpath(name).read_text(encoding="utf-8")


def load() -> Loaded:
    """The default topology. It gives no warnings."""
    return loading.parse(text(), NAMED)


def write(file: Path, *, minimal: bool = False) -> None:
    """Write the file for somebody to edit.

    Args:
        file: where to.
        minimal: the least that one can begin with, in place of every knob.

    Raises:
        OutputError: there is something of that name already, or it cannot be written; nothing was changed.
    """
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text(minimal=minimal))
    except FileExistsError as error:
        raise OutputError(f"{file} exists and is left as it is: name another file, or move it away") from error
    except OSError as error:
        raise OutputError(f"{file} could not be written: {error.strerror}") from error
