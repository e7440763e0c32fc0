"""Panel ids, derived from titles, so that links from alerts stay valid when panels are added.

Grafana keeps ids when it stores a dashboard, and links refer to panels by id (`?viewPanel=ID`). Ids counted from the
top would shift with every new panel, and links in old messages would open the wrong one.
"""

from __future__ import annotations

import zlib

# Four digits can be read out and typed. With 25 titles, one dashboard in thirty has a collision; the build reports it.
_LARGEST = 9999


def panel_id(title: str) -> int:
    """The id of the panel with this title: 1 to 9999, the same in every dashboard, deployment and version."""
    return zlib.crc32(title.encode()) % _LARGEST + 1
