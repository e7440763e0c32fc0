"""The JSON text of a dashboard file: deterministic, and formatted for reading and diffs.

Keys are sorted. Whatever fits on one line is on one line, so that a threshold takes one line instead of four, and a
level is indented by one space: with two, a third of the file is indentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_WIDTH = 240
_INDENT = " "
# Created once: json.dumps with options creates an encoder on every call.
_line = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def write(dashboard: Mapping[str, object]) -> bytes:
    """The bytes of a dashboard's file, with a newline at the end."""
    return ("".join(_value(dashboard, 0)) + "\n").encode()


def _short(value: object, room: int) -> str | None:
    """The value on one line; None if a mapping or list does not fit."""
    if isinstance(value, dict):
        ends, items = "{}", ((f"{_line(key)}: ", value[key]) for key in sorted(value))
    elif isinstance(value, list):
        ends, items = "[]", (("", item) for item in value)
    else:
        return _line(value)
    parts: list[str] = []
    room -= len(ends)
    if room < 0:
        return None
    for name, item in items:
        line = _short(item, room - len(name))
        if line is None:
            return None
        parts.append(name + line)
        room -= len(name) + len(line) + (len(", ") if len(parts) > 1 else 0)
        if room < 0:
            return None
    return ends[0] + ", ".join(parts) + ends[1]


def _value(value: object, depth: int, taken: int = 0) -> Iterator[str]:
    line = _short(value, _WIDTH - 1 - depth * len(_INDENT) - taken)
    if line is not None:
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
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{',' if index else ''}{inner}"
            yield from _value(item, depth + 1)
    yield "\n" + _INDENT * depth + end
