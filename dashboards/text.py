"""A dashboard as the text of its file: made to be read and compared by people, the same for the same dashboard.

JSON with keys in order; but what fits a line stands on one, so that a threshold is a line and not four, and a level
is one space deep: with two, a third of the file is indentation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WIDTH = 120
_INDENT = " "
# Made once: json.dumps with options makes an encoder for every call.
_line = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def write(dashboard: Mapping[str, object]) -> bytes:
    """The bytes of a dashboard's file, with a newline at the end."""
    return ("".join(_value(dashboard, 0)) + "\n").encode()


def _value(value: object, depth: int, taken: int = 0) -> Iterator[str]:
    line = _line(value)
    if not isinstance(value, dict | list) or len(line) + depth * len(_INDENT) + taken < _WIDTH:
        yield line
        return
    start, end = "{}" if isinstance(value, dict) else "[]"
    inner = "\n" + _INDENT * (depth + 1)
    yield start
    if isinstance(value, dict):
        for index, key in enumerate(sorted(value)):
            name = f"{_line(key)}: "
            yield f"{',' if index else ''}{inner}{name}"
            yield from _value(value[key], depth + 1, len(name))
    else:
        for index, item in enumerate(value):
            yield f"{',' if index else ''}{inner}"
            yield from _value(item, depth + 1)
    yield "\n" + _INDENT * depth + end
