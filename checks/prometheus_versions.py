"""The versions of Prometheus that rules are meant for, as a user states them: `2.42..3.16`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Version = tuple[int, int]

_RANGE: Final = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?(?:\.\.(?:(\d+)\.(\d+)(?:\.\d+)?)?)?", re.ASCII)
NEWEST: Final = (999, 0)


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions, both ends included.

    Attributes:
        oldest: its first, as (major, minor).
        newest: its last; NEWEST for all later ones.
    """

    oldest: Version = (2, 42)
    newest: Version = NEWEST


SUPPORTED: Final = Versions()


def parse(text: str) -> Versions:
    """`2.53`, `2.42..3.16` or `3.0..`.

    Raises:
        ValueError: it is none of these, or its end is before its start.
    """
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a version or a range; write 2.53, 2.42..3.5 or 3.0..")
    oldest = (int(found[1]), int(found[2]))
    newest = (int(found[3]), int(found[4])) if found[3] else NEWEST if ".." in text else oldest
    if newest < oldest:
        raise ValueError(f"{text!r} ends before it starts; write the older version first")
    return Versions(oldest, newest)
