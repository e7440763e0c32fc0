"""What an unquoted word of YAML means.

Readers of YAML disagree: to one that follows version 1.1 `no` is false, `0777` is 511, `1:30` is 90 and `2024-01-01` a
date; to one that follows 1.2 they are text, or another number. Here only what every reader agrees on is anything but
text: `true`, `false`, `null`, `~`, nothing, and plain decimal numbers. `misread` says, where text cannot stand, what
happened to the rest.
"""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Eighteen digits fit every field with room; more would only cost time.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})", re.ASCII)

_TRUE = re.compile(r"y|yes|on|true|1", re.IGNORECASE)
_FALSE = re.compile(r"n|no|off|false|0", re.IGNORECASE)
_NUMBERS = (
    (re.compile(r"[-+]?[0-9]{19,}", re.ASCII), "is a number with too many digits", ""),
    (re.compile(r"[-+]?[0-9][0-9,]*_[0-9_,]*", re.ASCII), "has underscores in the number", "write it without them"),
    (re.compile(r"[-+]?0[0-9]+", re.ASCII), "starts with 0, which some read as octal", "write it without the zero"),
    (re.compile(r"[-+]?0[xob][0-9a-f]+", re.ASCII | re.IGNORECASE), "is not a decimal number", "write it in decimal"),
    (re.compile(r"[-+]?[0-9.]+e[-+]?[0-9]+", re.ASCII | re.IGNORECASE), "is in powers of ten", "write it out"),
    (re.compile(r"[-+]?\.(?:inf|nan)", re.ASCII | re.IGNORECASE), "is no finite number", "write digits"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*", re.ASCII), "is a date", "write digits"),
)


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def misread_boolean(text: str) -> str:
    """Of text where `true` or `false` belongs: what to write; empty if it means neither."""
    if _TRUE.fullmatch(text):
        return "write true, without quotes"
    return "write false, without quotes" if _FALSE.fullmatch(text) else ""


def misread_number(text: str) -> tuple[str, str]:
    """Of text where a whole number belongs: what it is taken for, and what to write; empty if it is just text."""
    if _INTEGER.fullmatch(text.strip()):
        return "is text", f"write {int(text)} without quotes"
    for form, reason, hint in _NUMBERS:
        if form.fullmatch(text):
            return reason, hint
    return "", ""
