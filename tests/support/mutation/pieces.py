"""A text with places that can be changed, and every text that results from one change.

A query is a sequence of pieces: plain text, or a `Place` with further pieces and its possible replacements. So
changes are made on the parsed query, without searching the text for operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a text that can be changed.

    Attributes:
        pieces: its current content.
        changes: (description, replacement) of each change.
        named: whether the place is an expression, by whose text a change inside it is found again.
    """

    pieces: Pieces
    changes: tuple[tuple[str, Pieces], ...] = ()
    named: bool = False


Pieces = tuple["str | Place", ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A text in which one place was changed.

    Attributes:
        what: the change: "> becomes >=".
        within: the innermost original expression around the place.
        text: the changed text.
    """

    what: str
    within: str
    text: str


def text_of(pieces: Pieces) -> str:
    """The text, unchanged."""
    return "".join(piece if isinstance(piece, str) else text_of(piece.pieces) for piece in pieces)


def changed(pieces: Pieces, before: str = "", after: str = "", within: str = "") -> Iterator[Changed]:
    """Every text with one change, in the order of the text; outer changes before inner ones."""
    texts = [text_of((piece,)) for piece in pieces]
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            continue
        left, right = before + "".join(texts[:number]), "".join(texts[number + 1 :]) + after
        around = texts[number] if piece.named else within
        for what, instead in piece.changes:
            yield Changed(what, around, left + text_of(instead) + right)
        yield from changed(piece.pieces, left, right, around)
