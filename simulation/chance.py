"""Repeatable chance: the same seed and keys give the same number, on any machine and in any order of questions."""

from __future__ import annotations

import functools
import hashlib

_STEPS = 2**32


@functools.lru_cache(maxsize=1 << 16)
def chance(*keys: object) -> float:
    """A number from 0 up to 1."""
    digest = hashlib.blake2b("\0".join(map(str, keys)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / _STEPS


def between(low: float, high: float, *keys: object) -> float:
    """A number from `low` up to `high`."""
    return low + (high - low) * chance(*keys)
