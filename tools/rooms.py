#!/usr/bin/env python3
"""Print the import arrows between rooms as a Mermaid graph: `tools/rooms.py`, or `tools/rooms.py rules` for one room.

docs/contributing/rooms.md contains this output; `make golden` updates it. Exit code 1 if rooms have circular imports.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if __name__ == "__main__":
    from support import rooms

    found = rooms.inside(sys.argv[1]) if len(sys.argv) > 1 else rooms.top()
    print(rooms.mermaid(found))
    for circle in rooms.circles(found):
        print(f"circle: {' → '.join((*circle, circle[0]))}", file=sys.stderr)
    sys.exit(bool(rooms.circles(found)))
