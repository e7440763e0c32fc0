"""What is remembered between two publishes, and what a plan was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

# The digest of "there is no file".
NOTHING = ""
_VERSION = 1
_DIGITS = frozenset("0123456789abcdef")
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between runs; sets are named by their digest.

    Attributes:
        current: the set that was confirmed last.
        previous: the one before it, which a rollback brings back; None when nothing was published yet.
        before: the set that was live when what is under way began; None when nothing is under way.
        pending: sets that may be live since then.
    """

    current: str = NOTHING
    previous: str | None = None
    before: str | None = None
    pending: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Sets that may be live without anybody's hand in it."""
        return frozenset({self.current, *self.pending} | ({self.before} if self.before is not None else set()))

    @classmethod
    def read(cls, content: bytes) -> State:
        """A state as it was written.

        Raises:
            ValueError: it was not written by us.
        """
        try:
            document = json.loads(content)
            document["pending"] = tuple(document["pending"])
            version = document.pop("version")
            state = cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError("it has other keys or values than a state has") from error
        # Names become paths: one that is no digest is an attack or an accident.
        if version != _VERSION or not all(
            _is_name(name) for name in (state.current, state.previous, state.before, *state.pending)
        ):
            raise ValueError("it has another version, or a name that is none")
        return state

    def written(self) -> bytes:
        """The state as a file."""
        return (json.dumps({"version": _VERSION, **asdict(self)}, indent=2) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Observed:
    """What a plan was made from.

    Attributes:
        live: the live file; None where there is none.
        state: what is remembered.
        leftovers: files that a publisher left which was killed before it entered what it was about to do.
    """

    live: bytes | None
    state: State
    leftovers: tuple[Path, ...] = ()

    @property
    def cut_off(self) -> bool:
        """A publish began and did not end."""
        return self.state.before is not None

    @property
    def manual(self) -> bool:
        """Somebody changed the live file, or wrote it. One that was removed is just not there."""
        return self.live is not None and digest(self.live) not in self.state.known


def digest(content: bytes | None) -> str:
    """The name of a set."""
    return NOTHING if content is None else hashlib.sha256(content).hexdigest()


def _is_name(name: object) -> bool:
    return (
        name is None
        or name == NOTHING
        or (isinstance(name, str) and len(name) == _DIGEST_LENGTH and set(name) <= _DIGITS)
    )
