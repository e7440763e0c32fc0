"""`python -m boxwatch.exporters.coolify`, the entry point of the image."""

from __future__ import annotations

import sys

from boxwatch.exporters.coolify.command import main

if __name__ == "__main__":
    sys.exit(main())
