"""Converters for how a service's metrics are scraped, as in `boxwatch.topology.fields`."""

from __future__ import annotations

import re
from typing import Final

from boxwatch.topology.wording import Unfit, kind_of

LONGEST_PATH: Final = 500
# Nothing that ends a path in a URL, that Prometheus takes for a reference, or that YAML readers misread.
PATH_PATTERN: Final = r"/[A-Za-z0-9._~/%+@:,=&-]*"
_PATH = re.compile(PATH_PATTERN, re.ASCII)


def path(value: object) -> str:
    """The path of a page, or of a file: absolute, and without characters that a URL or a shell takes for others."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, and should be a path", "write /metrics")
    if len(value) > LONGEST_PATH or not _PATH.fullmatch(value):
        raise Unfit("is not a path", "begin it with /, and use letters, digits and . _ ~ - / in it")
    return value
