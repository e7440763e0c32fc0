"""Values as Grafana writes them."""

from __future__ import annotations

from math import isfinite
from typing import Final

_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SPANS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))
_THOUSAND: Final = 1000.0
_HUNDRED: Final = 100.0
_KIB: Final = 1024.0


def text(value: float, unit: str = "none") -> str:
    """A value with its unit; `-` for one that is unknown."""
    if not isfinite(value):
        return "-"
    if unit in ("bytes", "decbytes"):
        return _bytes(value)
    if unit in ("percentunit", "percent"):
        return f"{_short(value * 100 if unit == 'percentunit' else value)} %"
    if unit in ("s", "dtdurations"):
        return _span(value)
    return _short(value)


def _short(value: float) -> str:
    if value == int(value) and abs(value) < _THOUSAND:
        return str(int(value))
    if abs(value) >= _THOUSAND**2:
        return f"{value / _THOUSAND**2:.1f} M"
    if abs(value) >= _THOUSAND:
        return f"{value / _THOUSAND:.1f} k"
    return f"{value:.3g}"


def _bytes(value: float) -> str:
    size, unit = value, 0
    while abs(size) >= _KIB and unit < len(_BINARY) - 1:
        size, unit = size / _KIB, unit + 1
    return f"{size:.0f} {_BINARY[unit]}" if abs(size) >= _HUNDRED else f"{size:.3g} {_BINARY[unit]}"


def _span(value: float) -> str:
    for length, name in _SPANS:
        if abs(value) >= length:
            return f"{value / length:.3g} {name}"
    return "0 s"
