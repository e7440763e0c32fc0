"""Third-party data for comparison: Grafana's schemas and saved dashboards, expositions of real exporters.

It is read from a directory next to the checkout and never copied into it. Tests that require it are marked
`third_party`; without it, tests/conftest.py deselects and reports them, and fails in CI.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

DATA: Final = Path(os.environ.get("BOXWATCH_SHARED") or Path(__file__).parents[3] / "shared") / "data"


def there() -> bool:
    """Whether all data is available."""
    return (DATA / "grafana").is_dir() and (DATA / "scrapes").is_dir()


def folder(name: str) -> Path:
    """One part of it: `grafana` or `scrapes`.

    Raises:
        FileNotFoundError: it is missing, so the test lacks the mark `third_party`.
    """
    found = DATA / name
    if not found.is_dir():
        raise FileNotFoundError(f"{found} is missing: mark the test @pytest.mark.third_party")
    return found
