"""Prometheus' directory on disk: releases, and the link that makes one of them live.

    DIR/prometheus.yml                 a link to .boxwatch/current/prometheus.yml
    DIR/.boxwatch/current              a link to the live release: one rename switches configuration and rules
    DIR/.boxwatch/releases/<sha256>/   prometheus.yml, rules/boxwatch.yaml and guards (see `release`)

Everything else in DIR is left alone. Start Prometheus with --config.file=DIR/prometheus.yml; a container must mount
DIR. Before the first publish, prometheus.yml may be a file: it is replaced by the link, and restored by a rollback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import atomic
from boxwatch.publish.prometheus.release import CONFIG, CURRENT, RULES, Release
from boxwatch.publish.store import Store, read
from boxwatch.publish.store_state import State, digest

_HINT = "create the one with Prometheus' prometheus.yml"
_LINK = Path(CURRENT) / CONFIG
_GUARD = b"# Lets Prometheus reject a configuration of another release. Do not edit.\ngroups: []\n"
# An unknown key: Prometheus shows it in its log.
_FOREIGN = b"this_is_another_release_and_was_switched_during_the_reload: reload again\n"


class ReleaseStore(Store):
    """The directory of a Prometheus."""

    def __init__(self, directory: Path) -> None:
        """Nothing is read or written yet."""
        super().__init__(directory, CONFIG, contents="configuration and rules", hint=_HINT)
        self._current = self._own / "current"
        self._releases = self._own / "releases"
        self._entry = self._own / "entry"

    @property
    def is_linked(self) -> bool:
        """Whether prometheus.yml is our link."""
        return self.live.is_symlink() and self.live.readlink() == _LINK

    def _read_live(self) -> bytes | None:
        if not self.is_linked:
            config = read(self.live)
            return None if config is None else Release(config, None).packed()
        release = self._own / self._current.readlink() if self._current.is_symlink() else self._current
        config = read(release / CONFIG)
        return None if config is None else Release(config, read(release / RULES) or b"").packed()

    def _stage(self, staged: Path, content: bytes, entered: State) -> None:
        release = Release.unpacked(content)
        if release.rules is None:
            atomic.replace(staged, release.config)
            return
        files = {CONFIG: release.config, RULES: release.rules}
        files |= {f"rules/{name}": _GUARD for name in release.guards}
        folder = self._folder(digest(content), files)
        (folder / "rules").mkdir(parents=True, exist_ok=True)
        files |= {f"rules/{name}": _FOREIGN for name in self._guards(entered) - release.guards}
        for name, wanted in files.items():
            if read(folder / name) != wanted:
                atomic.replace(folder / name, wanted)
        for each in (folder / "rules", folder, self._releases):
            atomic.sync(each)
        _link(staged, folder.relative_to(self._own))
        _link(self._entry, _LINK)

    def _folder(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Where a release goes: never into the live directory, should somebody have edited files there."""
        live = self._own / self._current.readlink() if self._current.is_symlink() else None
        folder = self._releases / name
        if folder == live and any(read(folder / path) != content for path, content in files.items()):
            return self._releases / f"{name}.again"
        return folder

    def _guards(self, entered: State) -> frozenset[str]:
        """The guards of every release that may have been live lately."""
        found: set[str] = set()
        for name in {*entered.known, entered.previous or ""}:
            with contextlib.suppress(PublishError):
                content = self.content(name)
                found |= Release.unpacked(content).guards if content is not None else set()
        return frozenset(found)

    def _put(self, staged: Path, content: bytes | None) -> None:
        if content is None or Release.unpacked(content).rules is None:
            super()._put(staged, content)
            return
        staged.replace(self._current)
        atomic.sync(self._own)
        if not self.is_linked:
            self._entry.replace(self.live)
            atomic.sync(self.directory)

    def _needless(self, state: State) -> Iterator[Path]:
        yield from super()._needless(state)
        needed = {*state.known, state.previous}
        if self._releases.is_dir():
            live = self._current.readlink().name if self._current.is_symlink() else ""
            yield from (each for each in self._releases.iterdir() if each.name != live and each.name not in needed)
        if state.before is None and os.path.lexists(self._entry):
            yield self._entry

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            if path.parent == self._releases:
                shutil.rmtree(path)
            else:
                super()._remove([path])


def _link(path: Path, target: Path) -> None:
    """Create or replace a link; the name it is prepared under counts as a leftover."""
    new = path.with_name(f".{path.name}.link")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)
