"""State between publishes, and the observation a plan is based on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

# The digest of an absent file.
NOTHING = ""
_VERSION = 1
_DIGITS = frozenset("0123456789abcdef")
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class State:
    """State kept between publishes; sets are identified by digest.

    Attributes:
        current: the set confirmed last.
        previous: the set before it, which a rollback restores; None before the first publish.
        before: the live set when the publish in progress began; None if none is in progress.
        pending: sets that may have become live since then.
    """

    current: str = NOTHING
    previous: str | None = None
    before: str | None = None
    pending: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Sets that may be live without any manual change."""
        return frozenset({self.current, *self.pending} | ({self.before} if self.before is not None else set()))

    @classmethod
    def read(cls, content: bytes) -> State:
        """Parse a state file.

        Raises:
            ValueError: it is not in our format.
        """
        try:
            document = json.loads(content)
            document["pending"] = tuple(document["pending"])
            version = document.pop("version")
            state = cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError("unexpected keys or values") from error
        # Names become paths: one that is not a digest is an attack or an accident.
        if version != _VERSION or not all(
            _is_name(name) for name in (state.current, state.previous, state.before, *state.pending)
        ):
            raise ValueError("unexpected version, or a name that is not a digest")
        return state

    def written(self) -> bytes:
        """The state as file content."""
        return (json.dumps({"version": _VERSION, **asdict(self)}, indent=2) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Observed:
    """The directory as observed, on which a plan is based.

    Attributes:
        live: content of the live file; None if there is none.
        state: the stored state.
        leftovers: files of a publisher that was killed before it recorded what it was about to do.
    """

    live: bytes | None
    state: State
    leftovers: tuple[Path, ...] = ()

    @property
    def cut_off(self) -> bool:
        """Whether a publish was interrupted."""
        return self.state.before is not None

    @property
    def manual(self) -> bool:
        """Whether the live file was changed or written manually. A removed file does not count."""
        return self.live is not None and digest(self.live) not in self.state.known


def digest(content: bytes | None) -> str:
    """The identifier of a set."""
    return NOTHING if content is None else hashlib.sha256(content).hexdigest()


def _is_name(name: object) -> bool:
    return (
        name is None
        or name == NOTHING
        or (isinstance(name, str) and len(name) == _DIGEST_LENGTH and set(name) <= _DIGITS)
    )
