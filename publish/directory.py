"""Output to a directory, as plan and apply.

Writes only files that differ, each atomically, and removes only files it wrote itself: the manifest `.boxwatch.json`
lists them. A file that boxwatch did not write is never overwritten.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from boxwatch.errors import OutputError
from boxwatch.publish import atomic

MANIFEST = ".boxwatch.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do to a directory.

    Attributes:
        directory: the output directory.
        files: path → content of every generated file.
        written: paths that are new or differ, in order.
        unchanged: paths that are up to date.
        removed: paths that boxwatch wrote and no longer generates.
        overwritten: paths in `written` that were changed manually since.
        kept: paths that are no longer generated but stay because they were changed manually.
        before: content on disk of every path to be overwritten or removed.
        manifest: path → digest of every file boxwatch wrote there.
    """

    directory: Path
    files: Mapping[str, bytes]
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    overwritten: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    before: Mapping[str, bytes] = field(default_factory=dict)
    manifest: Mapping[str, str] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether the directory is out of date."""
        return bool(self.written or self.removed)


def plan(files: Mapping[str, bytes], directory: Path) -> Plan:
    """Compare the generated files with a directory. Reads only.

    Raises:
        OutputError: the directory cannot be used, or contains foreign files at our paths.
    """
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory} is a file: give --out a directory")
    ours = _read_manifest(directory)
    on_disk = {path: _read(directory, path) for path in {*files, *ours}}
    foreign = [path for path in files if path not in ours and on_disk[path] not in (None, files[path])]
    if foreign:
        raise OutputError(
            "not overwritten, because boxwatch did not write them: "
            + ", ".join(str(directory / path) for path in sorted(foreign))
            + "; move them away, or pass another directory as --out"
        )
    gone = sorted(path for path in ours if path not in files and on_disk[path] is not None)
    touched = {path for path in ours if (disk := on_disk[path]) is not None and _digest(disk) != ours[path]}
    written = tuple(path for path in files if on_disk[path] != files[path])
    removed = tuple(path for path in gone if path not in touched)
    return Plan(
        directory=directory,
        files=files,
        written=written,
        unchanged=tuple(path for path in files if on_disk[path] == files[path]),
        removed=removed,
        overwritten=tuple(path for path in written if path in touched),
        kept=tuple(path for path in gone if path in touched),
        before={path: disk for path in (*written, *removed) if (disk := on_disk[path]) is not None},
        manifest=ours,
    )


def apply(plan: Plan) -> None:
    """Apply a plan. If killed at any moment, each file is still either old or new as a whole.

    Raises:
        OutputError: a file could not be written; files not reached are unchanged.
    """
    new = {path: _digest(content) for path, content in plan.files.items()}
    if not plan.differs and plan.manifest == new:
        return
    try:
        plan.directory.mkdir(parents=True, exist_ok=True)
        # New paths enter the manifest before they are written, so that an interrupted build still owns its files.
        _write_manifest(plan.directory, {**new, **plan.manifest})
        for path in plan.written:
            target = plan.directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            atomic.replace(target, plan.files[path])
        for path in plan.removed:
            (plan.directory / path).unlink(missing_ok=True)
            _remove_empty(plan.directory, (plan.directory / path).parent)
        _write_manifest(plan.directory, new)
    except OSError as error:
        place = error.filename or plan.directory
        raise OutputError(f"{place} could not be written: {error.strerror}; nothing is half written") from error


def diff(plan: Plan) -> Iterator[str]:
    """The plan's changes as a unified diff, line by line."""
    for path in sorted((*plan.written, *plan.removed)):
        old, new = plan.before.get(path, b""), plan.files.get(path, b"")
        yield from difflib.unified_diff(
            old.decode(errors="replace").splitlines(),
            new.decode(errors="replace").splitlines(),
            f"a/{path}" if path in plan.before else "/dev/null",
            f"b/{path}" if path in plan.files else "/dev/null",
            lineterm="",
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(directory: Path, path: str) -> bytes | None:
    try:
        return (directory / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{directory / path} cannot be read: {error.strerror}; move it away") from error


def _read_manifest(directory: Path) -> dict[str, str]:
    content = _read(directory, MANIFEST)
    if content is None:
        return {}
    broken = OutputError(
        f"{directory / MANIFEST} is not in boxwatch's format, so boxwatch cannot tell which files are its own: "
        "restore it, or remove it together with the generated files"
    )
    try:
        document = json.loads(content)
        found = document["files"]
        if document["version"] != _VERSION or not isinstance(found, dict):
            raise broken
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise broken from error
    for path, digest in found.items():
        # The manifest decides what may be deleted: a path outside the directory is an attack or an accident.
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or not parts.parts or not isinstance(digest, str):
            raise broken
    return dict(found)


def _write_manifest(directory: Path, files: Mapping[str, str]) -> None:
    document = {
        "comment": "Files written by boxwatch, which it may replace or remove. Keep this file with them.",
        "version": _VERSION,
        "files": dict(sorted(files.items())),
    }
    atomic.replace(directory / MANIFEST, (json.dumps(document, indent=2) + "\n").encode())


def _remove_empty(root: Path, folder: Path) -> None:
    """Remove directories left empty by a removed file, up to the output directory itself."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
