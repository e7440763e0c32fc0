"""A live file on disk, switched in one rename, and everything needed to restore it.

The rules of a Prometheus, for example:

    DIR/boxwatch.yaml              the live set; `rule_files` lists it, or DIR/*.yaml. A container must mount DIR:
                                   a file mounted by itself never changes
    DIR/.boxwatch/lock             held during a publish
    DIR/.boxwatch/state.json       the set confirmed last, the one before, and the publish in progress
    DIR/.boxwatch/sets/<sha256>    sets needed for a restore or rollback
    DIR/.boxwatch/next, back       the new and the old set, written before the switch: switching and restoring are
                                   pure renames, so a full disk stops neither

A publish is recorded before the switch and cleared after the read-back. If the publisher is killed, the live file is
the old or the new one as a whole, and the record tells the next run where to continue.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import atomic
from boxwatch.publish.rule_set import LIVE
from boxwatch.publish.store_state import NOTHING, Observed, State, digest

OWN = ".boxwatch"
_HINT = f"create the one Prometheus reads rules from, and list DIR/{LIVE} in rule_files of its configuration"


class Store:
    """A directory that a server reads a file from."""

    def __init__(
        self, directory: Path, live: str = LIVE, *, contents: str = "rules", hint: str = _HINT, own: str = OWN
    ) -> None:
        """Nothing is read or written yet.

        Args:
            directory: the directory, as we see it.
            live: name of the live file.
            contents: what it holds, as messages name it.
            hint: what to do if the directory DIR does not exist.
            own: name of our own directory in it.
        """
        self.directory = directory
        self.live = directory / live
        self._contents, self._hint = contents, hint
        self._own = directory / own
        self._sets = self._own / "sets"
        self._state = self._own / "state.json"
        self._next, self._back = self._own / "next", self._own / "back"

    @property
    def lock(self) -> Path:
        """The lock file; its directory is created.

        Raises:
            PublishError: the directory does not exist or cannot be written.
        """
        self._check()
        try:
            self._sets.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._untouched(self._own, error) from error
        return self._own / "lock"

    def observe(self) -> Observed:
        """Observe the present state. Reads only.

        Raises:
            PublishError: the directory cannot be used, or its state file is not in our format.
        """
        self._check()
        state = self._read_state()
        return Observed(self._read_live(), state, tuple(sorted(self._needless(state))))

    def content(self, name: str) -> bytes | None:
        """A stored set; None for NOTHING.

        Raises:
            PublishError: it is missing, or does not match its digest.
        """
        if name == NOTHING:
            return None
        content = read(self._sets / name)
        if content is None or digest(content) != name:
            raise PublishError(f"{self._sets / name} is missing or damaged, so it cannot be restored")
        return content

    def baseline(self, seen: Observed) -> bytes | None:
        """The set to restore on failure: the one live before an interrupted publish, otherwise the live one."""
        if seen.state.before is not None:
            # If that set was lost, the live one is the best available; it must not block the next publish.
            with contextlib.suppress(PublishError):
                return self.content(seen.state.before)
        return seen.live

    def prepare(self, seen: Observed, new: bytes | None) -> State:
        """Write everything needed to switch and to restore, and record the publish.

        Raises:
            PublishError: a file could not be written; the live file is unchanged.
        """
        old = self.baseline(seen)
        entered = replace(
            seen.state,
            before=digest(old),
            pending=tuple(dict.fromkeys((*seen.state.pending, digest(new)))),
        )
        try:
            self._remove(self._needless(entered))
            for content in (new, old):
                if content is not None:
                    self._keep(content)
            for content, staged in ((new, self._next), (old, self._back)):
                if content is not None:
                    self._stage(staged, content, entered)
            atomic.sync(self._sets)
            self._write_state(entered)
        except OSError as error:
            raise self._untouched(self._own, error) from error
        return entered

    def switch(self, new: bytes | None) -> None:
        """Make the new set live.

        Raises:
            PublishError: the switch failed; the live file is unchanged.
        """
        try:
            self._put(self._next, new)
        except OSError as error:
            raise self._untouched(self.live, error) from error

    def restore(self, old: bytes | None) -> None:
        """Make the old set live again.

        Raises:
            PublishError: the restore failed; the next run retries it.
        """
        try:
            self._put(self._back, old)
        except OSError as error:
            raise PublishError(
                f"{self.live} could not be restored: {error.strerror}; correct that, then run the command again"
            ) from error

    def close(self, state: State, *, confirmed: bytes | None = None, keep: bool = False) -> None:
        """Clear the record of a publish. With `keep` the old set stays current; otherwise `confirmed` becomes current.

        Raises:
            PublishError: the state could not be written; the next run reads back again and writes it then.
        """
        done = replace(state, before=None, pending=())
        if not keep and digest(confirmed) != state.current:
            done = replace(done, current=digest(confirmed), previous=state.before)
        elif not keep and state.before != state.current:
            # The set had been confirmed before, and something else was live in between: a manual change.
            done = replace(done, previous=state.before)
        try:
            self._write_state(done)
            self._remove(self._needless(done))
        except OSError as error:
            raise PublishError(
                f"{self.live} is in place, but {self._state} could not be written: {error.strerror}; "
                "correct that, then run the command again"
            ) from error

    def clean(self) -> None:
        """Remove leftovers when there is nothing else to do.

        Raises:
            PublishError: a leftover could not be removed.
        """
        try:
            self._remove(self._needless(self._read_state()))
        except OSError as error:
            raise self._untouched(self._own, error) from error

    def _check(self) -> None:
        if not self.directory.is_dir():
            raise PublishError(f"{self.directory} is not a directory: {self._hint.replace('DIR', str(self.directory))}")

    def _read_live(self) -> bytes | None:
        return read(self.live)

    def _stage(self, staged: Path, content: bytes, entered: State) -> None:  # noqa: ARG002 - for stores of several files
        atomic.replace(staged, content)

    def _put(self, staged: Path, content: bytes | None) -> None:
        if content is None:
            self.live.unlink(missing_ok=True)
        else:
            staged.replace(self.live)
        atomic.sync(self.directory)

    def _keep(self, content: bytes) -> None:
        target = self._sets / digest(content)
        if read(target) != content:
            atomic.replace(target, content)

    def _needless(self, state: State) -> Iterator[Path]:
        """Files that no restore or rollback needs, such as the leftovers of a killed publisher."""
        if not self._sets.is_dir():
            return
        needed = {*state.known, state.previous}
        yield from (path for path in self._sets.iterdir() if path.name not in needed)
        yield from (path for path in self._own.iterdir() if path.name.startswith("."))
        if state.before is None:
            yield from (path for path in (self._next, self._back) if os.path.lexists(path))

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            path.unlink(missing_ok=True)

    def _read_state(self) -> State:
        content = read(self._state)
        try:
            return State() if content is None else State.read(content)
        except ValueError as error:
            raise PublishError(
                f"{self._state} is not in boxwatch's format: restore it, or remove {self._own} and move {self.live} "
                "away to start over, which gives up the rollback"
            ) from error

    def _untouched(self, path: Path, error: OSError) -> PublishError:
        state = f"the {self._contents} {be(self._contents)} unchanged"
        return PublishError(f"{path} could not be written: {error.strerror}; {state}")

    def _write_state(self, state: State) -> None:
        atomic.replace(self._state, state.written())
        atomic.sync(self._own)


def read(path: Path) -> bytes | None:
    """The content of a file; None if there is none.

    Raises:
        PublishError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublishError(f"{path} cannot be read: {error.strerror}; nothing was changed") from error


def be(contents: str) -> str:
    """The verb that follows the name of the contents."""
    return "are" if contents.endswith("s") else "is"
