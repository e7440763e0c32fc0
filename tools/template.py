#!/usr/bin/env python
"""Write the one-click template for Coolify's catalogue, and its logo, where its repository has them.

Usage: tools/template.py DIR, with a checkout of Coolify as DIR, or any directory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from boxwatch.assemble import assemble
from boxwatch.stack import template
from boxwatch.topology import default


def main(folder: Path) -> None:
    """Write both files."""
    topology = default.template().topology
    for path, content in template.files(topology, assemble(topology)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        print(folder / path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/coolify"))
