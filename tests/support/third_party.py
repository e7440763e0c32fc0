"""Third-party data that tests compare with: Grafana's schemas and saved dashboards, pages of real exporters.

It is read where it lies, beside the checkout, and never copied into it. Tests that need it are marked `third_party`;
without it tests/conftest.py leaves them out and says so, and fails in CI.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

DATA: Final = Path(os.environ.get("BOXWATCH_SHARED") or Path(__file__).parents[3] / "shared") / "data"


def there() -> bool:
    """Whether all of it is at hand."""
    return (DATA / "grafana").is_dir() and (DATA / "scrapes").is_dir()


def folder(name: str) -> Path:
    """One part of it: `grafana` or `scrapes`.

    Raises:
        FileNotFoundError: it is not there, so the test that asks lacks its mark.
    """
    found = DATA / name
    if not found.is_dir():
        raise FileNotFoundError(f"{found} is missing: mark the test @pytest.mark.third_party")
    return found
