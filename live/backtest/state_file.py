"""The state of an interrupted backtest, so that the same command continues it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from boxwatch.errors import InputError, OutputError
from boxwatch.live.backtest.machine import Firing, Machine, Open

_VERSION = 1
# Seconds between two writes: of an interrupted backtest no more than that is lost.
_PAUSE = 2.0


class StateFile:
    """What is done, in a file that is replaced in one rename. Safe for use by several threads."""

    def __init__(self, path: Path | None, title: str) -> None:
        """Read it, if it exists.

        Args:
            path: the file; None to keep nothing.
            title: what the backtest is of; a file of another one is not continued.

        Raises:
            InputError: the file is no such state.
        """
        self._path, self._title = path, title
        self._lock = threading.Lock()
        self._written = time.monotonic()
        self._done: dict[str, Any] = {}
        self.begun: tuple[float, float] | None = None
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] == _VERSION and document["title"] == self._title:
                self._done = dict(document["done"])
                self.begun = (float(document["start"]), float(document["end"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path} is no state of a backtest: remove it, or pass another file") from error

    def start(self, start: float, end: float) -> tuple[float, float]:
        """The time range: that of the interrupted backtest, or else the given one."""
        self.begun = self.begun or (start, end)
        return self.begun

    def machine(self, key: str, wait: float, keep: float) -> tuple[Machine, int]:
        """The state of one rule, and how many of its evaluations are done."""
        found = self._done.get(key)
        made = Machine(wait, keep)
        if found is None:
            return made, 0
        made.firings = [
            Firing(each[0], each[1], each[2], each[3], (each[4][0], each[4][1])) for each in found["firings"]
        ]
        made.pending, made.longest = found["pending"], found["longest"]
        for each in found["open"]:
            made.open[frozenset(each[0].items())] = Open(*each)
        return made, int(found["next"])

    def keep(self, key: str, machine: Machine, following: int) -> None:
        """Remember the state of one rule; it is written now and then.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._path is None:
            return
        state = {
            "next": following,
            "firings": [[dict(f.labels), f.active, f.start, f.end, list(f.extreme)] for f in machine.firings],
            "open": [[o.labels, o.active, o.fired, o.missing, o.lowest, o.highest] for o in machine.open.values()],
            "pending": machine.pending,
            "longest": machine.longest,
        }
        with self._lock:
            self._done[key] = state
            if time.monotonic() - self._written >= _PAUSE:
                self._write()

    def write(self) -> None:
        """Write what is not written yet."""
        if self._path is not None:
            with self._lock:
                self._write()

    def remove(self) -> None:
        """Remove the file of a backtest that is complete."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._path is None or self.begun is None:
            return
        start, end = self.begun
        document = {"version": _VERSION, "title": self._title, "start": start, "end": end, "done": self._done}
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_text(json.dumps(document), encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error
        self._written = time.monotonic()
