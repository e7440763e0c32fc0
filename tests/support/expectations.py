"""Expected messages of a test file: at its top, or in a separate file if it cannot contain comments.

In YAML `# expects: 12:13: services.web.memory: …`, in Jsonnet `// expects: …`, one line for each message, in order,
without the file's own name. `FILE.expects` holds the same lines for binary, empty or unchangeable files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_COMMENTS = {".yaml": "# expects: ", ".jsonnet": "// expects: "}


def subjects(folder: Path) -> list[Path]:
    """The files of a folder to load, without expectation files and imported files."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".expects")


def expected(path: Path) -> list[str]:
    """The messages expected for the file."""
    beside = _beside(path)
    if beside.exists():
        return beside.read_text(encoding="utf-8").splitlines()
    mark = _COMMENTS[path.suffix]
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


def restate(path: Path, messages: Sequence[str]) -> None:
    """Store the messages as the new expectation."""
    beside = _beside(path)
    if beside.exists():
        beside.write_text("".join(f"{message}\n" for message in messages), encoding="utf-8")
        return
    mark = _COMMENTS[path.suffix]
    lines = path.read_text(encoding="utf-8").split("\n")
    body = [line for line in lines if not line.startswith(mark)]
    path.write_text("\n".join([*(f"{mark}{message}" for message in messages), *body]), encoding="utf-8")


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.expects")
