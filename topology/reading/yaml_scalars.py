"""The meaning of unquoted YAML scalars.

YAML parsers disagree: in version 1.1 `no` is false, `0777` is 511, `1:30` is 90 and `2024-01-01` a date; in 1.2 they
are text, or another number. Here only scalars on which all parsers agree are anything but text: `true`, `false`,
`null`, `~`, nothing, and plain decimal numbers. Where text is not allowed, `misread_…` explains the rest.
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
# Eighteen digits are plenty for every field; more would only cost time.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})", re.ASCII)

_TRUE = re.compile(r"y|yes|on|true|1", re.IGNORECASE)
_FALSE = re.compile(r"n|no|off|false|0", re.IGNORECASE)
_NUMBERS = (
    (re.compile(r"[-+]?[0-9]{19,}", re.ASCII), "is a number with too many digits", ""),
    (re.compile(r"[-+]?[0-9][0-9,]*_[0-9_,]*", re.ASCII), "has underscores in the number", "remove them"),
    (re.compile(r"[-+]?0[0-9]+", re.ASCII), "starts with 0, which some parsers read as octal", "remove the zero"),
    (re.compile(r"[-+]?0[xob][0-9a-f]+", re.ASCII | re.IGNORECASE), "is not a decimal number", "write it in decimal"),
    (re.compile(r"[-+]?[0-9.]+e[-+]?[0-9]+", re.ASCII | re.IGNORECASE), "is in scientific notation", "write it out"),
    (re.compile(r"[-+]?\.(?:inf|nan)", re.ASCII | re.IGNORECASE), "is not a finite number", "write digits"),
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
    """The hint for text in place of `true` or `false`; empty if it means neither."""
    if _TRUE.fullmatch(text):
        return "write true, without quotes"
    return "write false, without quotes" if _FALSE.fullmatch(text) else ""


def misread_number(text: str) -> tuple[str, str]:
    """Message and hint for text in place of a whole number; empty if it is just text."""
    if _INTEGER.fullmatch(text.strip()):
        return "is text", f"write {int(text)} without quotes"
    for form, reason, hint in _NUMBERS:
        if form.fullmatch(text):
            return reason, hint
    return "", ""
