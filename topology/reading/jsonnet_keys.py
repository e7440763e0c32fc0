"""Places of the keys of a Jsonnet value, as far as the source text shows them.

A Jsonnet value is computed, so nothing records which text a part of it came from. But keys are nearly always written
out, nested as in the result, or in a helper that makes one part. So each key in the text is recorded with the keys
around it, and a path of the value is looked up by its longest recorded suffix.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from boxwatch.topology.reading.document import Path, Place

# A key in the text: the enclosing keys and list positions, then its own name. None stands for a computed key, which
# matches any.
_Row = tuple[str | int | None, ...]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<block>\|\|\|-?[ \t]*\n.*?\n[ \t]*\|\|\|)
    |(?P<raw>@"(?:[^"]|"")*"|@'(?:[^']|'')*')
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9][0-9.eE]*)
    |(?P<colon>\+?:{1,3})
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = "{[(", "}])"
_NO_KEYS = frozenset({"local", "assert", "for", "if"})


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@dataclass(slots=True)
class _Frame:
    """An open bracket: the current key or position, and whether a key is expected next."""

    bracket: str
    at: str | int | None = None
    counts: bool = False
    key_next: bool = False


@dataclass(frozen=True)
class KeyPlaces:
    """Places of a value computed from source texts: file as named → text, the main file first."""

    texts: dict[str, str]

    def value(self, path: Path) -> Place:
        """Place of the key that the value belongs to."""
        return self.key(path)

    def key(self, path: Path) -> Place:
        """Place of the last key of the path, or of its nearest ancestor; the whole file if none is found."""
        for length in range(len(path), 0, -1):
            wanted = path[:length]
            found = [(len(row), place) for row, place in self._rows[wanted[-1]] if _ends(wanted, row)]
            if found:
                longest = [place for length, place in found if length == max(found)[0]]
                # The main file takes precedence, and within a file an override stands below what it overrides.
                return [place for place in longest if place.file == longest[0].file][-1]
        return Place(next(iter(self.texts)), 0, 0)

    @cached_property
    def _rows(self) -> defaultdict[str | int | None, list[tuple[_Row, Place]]]:
        rows: defaultdict[str | int | None, list[tuple[_Row, Place]]] = defaultdict(list)
        for file, text in self.texts.items():
            for row, start in _keys(text):
                line = text.count("\n", 0, start) + 1
                rows[row[-1]].append((row, Place(file, line, start - text.rfind("\n", 0, start))))
        return rows


def _ends(path: Path, row: _Row) -> bool:
    """Whether the row of keys is a suffix of the path."""
    return len(row) <= len(path) and all(
        part is None or part == wanted for part, wanted in zip(reversed(row), reversed(path), strict=False)
    )


def _keys(text: str) -> Iterator[tuple[_Row, int]]:
    """Each literal key with the keys around it, and its offset in the text."""
    tokens = [
        _Token(match.lastgroup or "", match.group(), match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    frames: list[_Frame] = []
    for index, token in enumerate(tokens):
        top = frames[-1] if frames else None
        if token.text in _OPENING and token.kind == "other":
            if top is not None and top.key_next:
                top.key_next, top.at = False, None
            indexes = token.text == "[" and index > 0 and _is_value(tokens[index - 1])
            counts = token.text == "[" and not indexes
            frames.append(_Frame(token.text, 0 if counts else None, counts, key_next=token.text == "{"))
        elif token.text in _CLOSING and token.kind == "other":
            if frames:
                frames.pop()
        elif top is None:
            continue
        elif token.text == ",":
            _advance(top)
        elif top.key_next:
            top.key_next = False
            top.at = _key_at(tokens, index)
            if top.at is not None:
                yield _row(frames), token.start


def _advance(frame: _Frame) -> None:
    """Step over a comma."""
    if frame.counts and isinstance(frame.at, int):
        frame.at += 1
    frame.key_next = frame.bracket == "{"


def _key_at(tokens: Sequence[_Token], index: int) -> str | None:
    """The key at a token of an object, if a colon follows it."""
    token = tokens[index]
    if token.text in _NO_KEYS or index + 1 == len(tokens) or tokens[index + 1].kind != "colon":
        return None
    if token.kind == "word":
        return token.text
    if token.kind == "string":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1])
    return token.text[2:-1] if token.kind == "raw" else None


def _is_value(token: _Token) -> bool:
    """Whether a bracket after the token indexes it."""
    return token.kind in ("word", "string", "raw") or token.text in _CLOSING


def _row(frames: Sequence[_Frame]) -> _Row:
    return tuple(frame.at for frame in frames if frame.bracket == "{" or frame.counts)
