"""Sample texts that a regular expression matches.

A regular expression engine can decide whether two expressions share a match only for a given text. These are the texts
that matter for container names: each alternative, each optional part with and without, first and last character of
each class. Syntax that this small parser does not support yields no samples. Callers keep only texts that the real
engine matches.
"""

from __future__ import annotations

import itertools
import re
from typing import Final

MOST_SAMPLES: Final = 12
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPES = {"d": "09", "w": "a0", "s": " "}
_COUNT = re.compile(r"\{([0-9]{1,3})(,?)([0-9]{0,3})\}")
_DEEPEST = 20
_LONGEST = 200


def is_literal(pattern: str) -> bool:
    """Whether the pattern matches only itself."""
    return _SPECIAL.search(pattern) is None


def samples(pattern: str) -> list[str]:
    """Up to twelve texts that the pattern probably matches."""
    if is_literal(pattern):
        return [pattern]
    try:
        texts, end = _alternatives(pattern, 0, 0)
    except _NotUnderstood:
        return []
    return texts if end == len(pattern) else []


class _NotUnderstood(Exception):  # noqa: N818 - never leaves this module
    pass


def _alternatives(pattern: str, start: int, depth: int) -> tuple[list[str], int]:
    if depth > _DEEPEST:
        raise _NotUnderstood
    found: list[list[str]] = []
    while True:
        texts, start = _sequence(pattern, start, depth)
        found.append(texts)
        if start == len(pattern) or pattern[start] == ")":
            # One of each alternative before the second of any.
            turns = itertools.chain.from_iterable(itertools.zip_longest(*found))
            return [text for text in turns if text is not None][:MOST_SAMPLES], start
        start += 1


def _sequence(pattern: str, start: int, depth: int) -> tuple[list[str], int]:
    texts = [""]
    while start < len(pattern) and pattern[start] not in "|)":
        parts, start = _atom(pattern, start, depth)
        parts, start = _repeated(parts, pattern, start)
        texts = [head + tail for tail in parts for head in texts][:MOST_SAMPLES]
    return texts, start


def _atom(pattern: str, start: int, depth: int) -> tuple[list[str], int]:
    character = pattern[start]
    if character == "(":
        start += 3 if pattern.startswith("(?:", start) else 1
        texts, end = _alternatives(pattern, start, depth + 1)
        if not pattern.startswith(")", end):
            raise _NotUnderstood
        return texts, end + 1
    if character == "[":
        return _class(pattern, start + 1)
    if character == "\\":
        return _escape(pattern[start + 1 : start + 2]), start + 2
    if character in "^$":
        return [""], start + 1
    if character in "*+?{":
        raise _NotUnderstood
    return (["a", "0", "-"] if character == "." else [character]), start + 1


def _escape(letter: str) -> list[str]:
    if letter in _ESCAPES:
        return list(_ESCAPES[letter])
    if letter == "" or letter.isalnum():
        raise _NotUnderstood
    return [letter]


def _class(pattern: str, start: int) -> tuple[list[str], int]:
    end = pattern.find("]", start + 1)
    body = pattern[start:end]
    if end < 0 or body.startswith("^") or "[" in body:
        raise _NotUnderstood
    characters: list[str] = []
    index = 0
    while index < len(body):
        if body[index] == "\\":
            characters += _escape(body[index + 1 : index + 2])
            index += 2
        elif body[index + 1 : index + 2] == "-" and index + 2 < len(body):
            characters += [body[index], body[index + 2]]
            index += 3
        else:
            characters.append(body[index])
            index += 1
    return list(dict.fromkeys(characters))[:MOST_SAMPLES], end + 1


def _repeated(texts: list[str], pattern: str, start: int) -> tuple[list[str], int]:
    following = pattern[start : start + 1]
    if following == "" or following not in "*+?{":
        return texts, start
    if following == "{":
        match = _COUNT.match(pattern, start)
        if match is None:
            raise _NotUnderstood
        least, end = int(match[1]), match.end()
        if least * max(map(len, texts)) > _LONGEST:
            raise _NotUnderstood
        texts = [text * least for text in texts]
    else:
        end = start + 1
        if following != "+":
            texts = ["", *texts]
    return texts, end + 1 if pattern.startswith("?", end) else end
