"""Numbers as Prometheus' template functions write them, for the descriptions that proofs expect.

Prometheus' own functions are the reference: promtool compares to the letter.
"""

from __future__ import annotations

from boxwatch.topology.units import KIB

_PARTS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_MINUTE = 60


def percentage(ratio: float) -> str:
    """What `humanizePercentage` makes of a ratio."""
    return f"{ratio * 100:.4g}%"


def size(value: float) -> str:
    """What `humanize1024` makes of a size, with its unit."""
    prefixes = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei")
    power = next((power for power in range(len(prefixes)) if value < KIB ** (power + 1)), len(prefixes) - 1)
    return f"{value / KIB**power:.4g}{prefixes[power]}B"


def short(value: float) -> str:
    """What `humanize` makes of a number from 1 up."""
    prefixes = ("", "k", "M", "G", "T", "P", "E")
    power = next((power for power in range(len(prefixes)) if value < 1000 ** (power + 1)), len(prefixes) - 1)
    return f"{value / 1000**power:.4g}{prefixes[power]}"


def duration(seconds: float) -> str:
    """What `humanizeDuration` makes of seconds; what is below 0 lies behind."""
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
