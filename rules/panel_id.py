"""The id of a panel, from its title: an alert links to the panel that shows it, whatever is added above.

Grafana keeps ids when a dashboard is stored and names panels by them in links (`?viewPanel=ID`). Counted from the top,
an id would be another panel's as soon as somebody writes a new one, and every link in an old message would lie.
"""

from __future__ import annotations

import zlib

# Four digits are read out and typed; of 25 titles two meet once in thirty dashboards, and then building says so.
_LARGEST = 9999


def panel_id(title: str) -> int:
    """The id of the panel with this title: 1 to 9999, the same in every dashboard, deployment and version."""
    return zlib.crc32(title.encode()) % _LARGEST + 1
