"""Field converters for metrics paths, in the manner of `boxwatch.topology.fields`."""

from __future__ import annotations

import re
from typing import Final

from boxwatch.topology.wording import Unfit, kind_of

LONGEST_PATH: Final = 500
# No character that ends a URL path, that Prometheus expands as a reference, or that YAML parsers misread.
PATH_PATTERN: Final = r"/[A-Za-z0-9._~/%+@:,=&-]*"
_PATH = re.compile(PATH_PATTERN, re.ASCII)


def path(value: object) -> str:
    """The absolute path of a metrics page or file, without characters special to URLs or shells."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not a path", "write /metrics")
    if len(value) > LONGEST_PATH or not _PATH.fullmatch(value):
        raise Unfit("is not a valid path", "start with / and use only letters, digits and . _ ~ - /")
    return value
