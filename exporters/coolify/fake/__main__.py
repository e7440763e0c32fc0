"""`python -m boxwatch.exporters.coolify.fake`."""

from __future__ import annotations

import sys

from boxwatch.exporters.coolify.fake.server import main

if __name__ == "__main__":
    sys.exit(main())
