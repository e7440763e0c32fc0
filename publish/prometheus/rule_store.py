"""The rules on disk: one file that Prometheus reads, switched in one rename, with what is needed to go back.

    DIR/boxwatch.yaml              the live set; `rule_files` names it, or DIR/*.yaml. A container must mount DIR: a
                                   file that is mounted by itself stays the old one
    DIR/.boxwatch/lock             held while somebody publishes
    DIR/.boxwatch/state.json       which set was confirmed last, which before that, and what is under way
    DIR/.boxwatch/sets/<sha256>    sets that a restore or a rollback needs
    DIR/.boxwatch/next, back       the new and the old set, written before the switch: both ways are only renames,
                                   so that a full disk stops neither

What is under way is entered before the switch and struck out after the read-back. A publisher that was killed at any
moment leaves the whole old or the whole new file, and an entry that tells the next run from where to go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import atomic
from boxwatch.publish.prometheus.rule_state import NOTHING, Observed, State, digest
from boxwatch.publish.rule_set import LIVE


class Store:
    """The directory that Prometheus reads rules from."""

    def __init__(self, directory: Path) -> None:
        """Nothing is read or written yet."""
        self.directory = directory
        self.live = directory / LIVE
        self._own = directory / ".boxwatch"
        self._sets = self._own / "sets"
        self._state = self._own / "state.json"
        self._next, self._back = self._own / "next", self._own / "back"

    @property
    def lock(self) -> Path:
        """The lock's file; its folder is made.

        Raises:
            PublishError: the directory is not there or cannot be written.
        """
        self._check()
        try:
            self._sets.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _untouched(self._own, error) from error
        return self._own / "lock"

    def observe(self) -> Observed:
        """What is there now. Reads only.

        Raises:
            PublishError: the directory cannot be used, or its state is not as it was written.
        """
        self._check()
        state = self._read_state()
        return Observed(_read(self.live), state, tuple(sorted(self._needless(state))))

    def content(self, name: str) -> bytes | None:
        """A stored set; None for NOTHING.

        Raises:
            PublishError: it is not there, or is not what its name says.
        """
        if name == NOTHING:
            return None
        content = _read(self._sets / name)
        if content is None or digest(content) != name:
            raise PublishError(f"{self._sets / name} is missing or damaged, so it cannot be brought back")
        return content

    def baseline(self, seen: Observed) -> bytes | None:
        """The set to go back to: what was live before a publish that was cut off, else what is live."""
        if seen.state.before is not None:
            # Where that set was lost, the live one is the best there is; it must not block the next publish.
            with contextlib.suppress(PublishError):
                return self.content(seen.state.before)
        return seen.live

    def prepare(self, seen: Observed, new: bytes | None) -> State:
        """Write everything that a switch and the way back need, and enter what is about to happen.

        Raises:
            PublishError: something could not be written; the live file is as it was.
        """
        old = self.baseline(seen)
        entered = replace(
            seen.state,
            before=digest(old),
            pending=tuple(dict.fromkeys((*seen.state.pending, digest(new)))),
        )
        try:
            _remove(self._needless(entered))
            for content, staged in ((new, self._next), (old, self._back)):
                if content is not None:
                    self._keep(content)
                    atomic.replace(staged, content)
            atomic.sync(self._sets)
            self._write_state(entered)
        except OSError as error:
            raise _untouched(self._own, error) from error
        return entered

    def switch(self, new: bytes | None) -> None:
        """Make the new set live.

        Raises:
            PublishError: it could not be; the live file is as it was.
        """
        try:
            self._put(self._next, new)
        except OSError as error:
            raise _untouched(self.live, error) from error

    def restore(self, old: bytes | None) -> None:
        """Make the old set live again.

        Raises:
            PublishError: it could not be; the next run tries again.
        """
        try:
            self._put(self._back, old)
        except OSError as error:
            raise PublishError(
                f"{self.live} could not be restored: {error.strerror}; correct that and run the command again"
            ) from error

    def close(self, state: State, *, confirmed: bytes | None = None, keep: bool = False) -> None:
        """Strike out what was under way. `keep` says that the old set stays; otherwise `confirmed` is the current one.

        Raises:
            PublishError: it could not be written; the next run reads back again, and does it then.
        """
        done = replace(state, before=None, pending=())
        if not keep and digest(confirmed) != state.current:
            done = replace(done, current=digest(confirmed), previous=state.before)
        elif not keep and state.before != state.current:
            # The confirmed set was confirmed before, and something else was live in between: an edit by hand.
            done = replace(done, previous=state.before)
        try:
            self._write_state(done)
            _remove(self._needless(done))
        except OSError as error:
            raise PublishError(
                f"{self.live} is in place, but {self._state} could not be written: {error.strerror}; "
                "run the command again when that is corrected"
            ) from error

    def clean(self) -> None:
        """Remove leftovers, where nothing else is to be done.

        Raises:
            PublishError: one could not be removed.
        """
        try:
            _remove(self._needless(self._read_state()))
        except OSError as error:
            raise _untouched(self._own, error) from error

    def _check(self) -> None:
        if not self.directory.is_dir():
            raise PublishError(
                f"{self.directory} is no directory: make the one that Prometheus reads rules from, and name "
                f"{self.live} in rule_files of its configuration"
            )

    def _put(self, staged: Path, content: bytes | None) -> None:
        if content is None:
            self.live.unlink(missing_ok=True)
        else:
            staged.replace(self.live)
        atomic.sync(self.directory)

    def _keep(self, content: bytes) -> None:
        target = self._sets / digest(content)
        if _read(target) != content:
            atomic.replace(target, content)

    def _needless(self, state: State) -> Iterator[Path]:
        """What no restore or rollback needs, such as the leftovers of a publisher that was killed."""
        if not self._sets.is_dir():
            return
        needed = {*state.known, state.previous}
        yield from (path for path in self._sets.iterdir() if path.name not in needed)
        yield from (path for path in self._own.iterdir() if path.name.startswith("."))
        if state.before is None:
            yield from (path for path in (self._next, self._back) if path.exists())

    def _read_state(self) -> State:
        content = _read(self._state)
        try:
            return State() if content is None else State.read(content)
        except ValueError as error:
            raise PublishError(
                f"{self._state} is not as boxwatch writes it: restore it, or remove {self._own} and move {self.live} "
                "away to begin anew, without a way back"
            ) from error

    def _write_state(self, state: State) -> None:
        atomic.replace(self._state, state.written())
        atomic.sync(self._own)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PublishError(f"{path} cannot be read: {error.strerror}; nothing was changed") from error


def _untouched(path: Path, error: OSError) -> PublishError:
    return PublishError(f"{path} could not be written: {error.strerror}; the rules are as they were")
