"""The JSON text of a dashboard file: deterministic, and formatted for reading and diffs.

Keys are sorted. Whatever fits on one line is on one line, so that a threshold takes one line instead of four, and a
level is indented by one space: with two, a third of the file is indentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_WIDTH = 240
_INDENT = " "
# Created once: json.dumps with options creates an encoder on every call.
_line = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def write(dashboard: Mapping[str, object]) -> bytes:
    """The bytes of a dashboard's file, with a newline at the end."""
    # Half a surrogate pair, which JSON can write and UTF-8 cannot, is written as it came: `\ud800`.
    return (_value(dashboard, 0) + "\n").encode(errors="backslashreplace")


def _value(value: object, depth: int, taken: int = 0) -> str:
    """A value at a depth, after so many characters of its line: on one line if it fits."""
    if isinstance(value, dict):
        items = [(f"{_line(key)}: ", value[key]) for key in sorted(value)]
        start, end = "{}"
    elif isinstance(value, list):
        items = [("", item) for item in value]
        start, end = "[]"
    else:
        return _line(value)
    inner = "\n" + _INDENT * (depth + 1)
    parts = [name + _value(item, depth + 1, len(name)) for name, item in items]
    # A part of several lines leaves no room for the others.
    room = _WIDTH - 1 - depth * len(_INDENT) - taken - len("{}") - len(", ") * max(0, len(parts) - 1)
    if sum(map(len, parts)) <= room and not any("\n" in part for part in parts):
        return f"{start}{', '.join(parts)}{end}"
    return f"{start}{','.join([f'{inner}{part}' for part in parts])}\n{_INDENT * depth}{end}"
