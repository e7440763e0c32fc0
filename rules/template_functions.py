"""Prometheus' template functions for numbers, for the descriptions that proofs expect.

Prometheus' own functions are the reference: promtool compares the texts exactly.
"""

from __future__ import annotations

from boxwatch.topology.units import KIB

_PARTS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_MINUTE = 60


def percentage(ratio: float) -> str:
    """A ratio, formatted like `humanizePercentage`."""
    return f"{ratio * 100:.4g}%"


def size(value: float) -> str:
    """A size in bytes, formatted like `humanize1024`, with its unit."""
    prefixes = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei")
    power = next((power for power in range(len(prefixes)) if value < KIB ** (power + 1)), len(prefixes) - 1)
    return f"{value / KIB**power:.4g}{prefixes[power]}B"


def short(value: float) -> str:
    """A number of at least 1, formatted like `humanize`."""
    prefixes = ("", "k", "M", "G", "T", "P", "E")
    power = next((power for power in range(len(prefixes)) if value < 1000 ** (power + 1)), len(prefixes) - 1)
    return f"{value / 1000**power:.4g}{prefixes[power]}"


def duration(seconds: float) -> str:
    """Seconds, formatted like `humanizeDuration`; negative ones are in the past."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds >= _MINUTE:
        left = int(seconds)
        parts: list[str] = []
        for unit, letter in _PARTS:
            count, left = divmod(left, unit)
            if count or parts:
                parts.append(f"{count}{letter}")
        return " ".join(parts)
    prefix = ""
    while 0 < seconds < 1 and prefix != "n":
        seconds, prefix = seconds * 1000, {"": "m", "m": "u", "u": "n"}[prefix]
    return f"{seconds:.4g}{prefix}s"
