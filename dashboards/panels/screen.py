"""Sizes in pixels: how wide a panel is on a screen.

In Grafana 12.4 its menu takes 300 pixels, the page's padding and scroll bar 32, and the gaps between panels 8.
"""

from __future__ import annotations

# The narrowest common laptop, with Grafana's menu open; a wide screen, likewise.
NARROW, WIDE = 1366, 1920
COLUMNS = 24
_MENU, _PADDING, _GAP = 300, 32, 8


def panel_width(columns: int, screen: int) -> int:
    """The outer width of a panel."""
    return (screen - _MENU - _PADDING + _GAP) * columns // COLUMNS - _GAP
