"""Version ordering."""

from __future__ import annotations

import re


def version_order(version: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts 1.9.0 before 1.11.1, and 2.0.0rc1 before 2.0.0."""
    parts = re.findall(r"([0-9]+)|([a-z~]+)", version)
    # The end of a version sorts between a word (rc, ~) and a number.
    return (*((int(number), "") if number else (-2, word) for number, word in parts), (-1, ""))
