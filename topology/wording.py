"""Wording of messages about user input: kinds of values, quoted values, counts, suggestions."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

_LONGEST_SHOWN = 50
# Against more names than this, a file with a thousand slips would be slow; no suggestion is made then.
_MOST_COMPARED = 2000
_LIKENESS = 0.65
# Messages end up in the logs of CI. What stands before an @ in an address, what follows a webhook's host or a bot's
# number, and parameters of that kind in URLs: whatever key they stand at.
_CREDENTIALS = (
    (re.compile(r"//[^/@]*@"), "//…@"),
    (re.compile(r"(?<!/)\b[^\s/@:]+:[^\s/@]+@(?=[\w.\[-])"), "…@"),
    (re.compile(r"\b((?:[\w-]+\.)*(?:hooks\.slack\.com|discord(?:app)?\.com|api\.telegram\.org|hc-ping\.com|nosnch\.in))/\S+"),
     r"\1/…"),
    (re.compile(r"\b(?:bot)?[0-9]{6,}:[\w-]{20,}"), "…"),
    (re.compile(r"([?&][\w.-]*(?:token|key|secret|passw|auth|sig)[\w.-]*=)[^&\s]+", re.IGNORECASE), r"\1…"),
)  # fmt: skip


class Unfit(ValueError):  # noqa: N818 - named as the verdict it is
    """A value written by the user does not fit its field.

    Attributes:
        message: what is wrong, as a predicate whose subject is the value.
        hint: what to write instead; may be empty.
        meant: values that were likely meant, as one writes them, which the hint names.
        examples: values of the kind, which the hint names where none was likely meant.
    """

    def __init__(
        self, message: str, hint: str = "", *, meant: Sequence[str] = (), examples: Sequence[str] = ()
    ) -> None:
        """Keep both parts separate; `str()` joins them into one sentence. Without a hint, the values are the hint."""
        named = tuple(meant) or tuple(examples)
        self.message, self.hint = message, hint or (f"write {either(named)}" if named else "")
        self.meant, self.examples = tuple(meant), tuple(examples)
        super().__init__(f"{message}: {self.hint}" if self.hint else message)

    def only(self, accepts: Callable[[str], bool]) -> Unfit:
        """A copy that suggests only values that are accepted."""
        meant = tuple(filter(accepts, self.meant))
        examples = tuple(filter(accepts, self.examples))
        given, left = (self.meant, meant) if self.meant else (self.examples, examples)
        return Unfit(self.message, self.hint if given == left else "", meant=meant, examples=examples)


class Hidden:
    """A value that may be a secret: messages name its kind and never quote it.

    Attributes:
        kind: the kind of the value, in a YAML author's words.
    """

    def __init__(self, value: object) -> None:
        """Keep only the kind."""
        self.kind = kind_of(value)


def kind_of(value: object) -> str:
    """The value's kind in YAML terms: `a number`, `a list`, `empty`."""
    if value is None:
        return "empty"
    if isinstance(value, Hidden):
        return value.kind
    for types, word in (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
    ):
        if isinstance(value, types):
            return word
    return f"a {type(value).__name__}"


def shown(value: object) -> str:
    """A value in back quotes as written: on one line, clipped, without invisible characters or passwords."""
    if value is None or isinstance(value, (list, tuple, dict, Hidden)):
        return kind_of(value)
    text = str(value).lower() if isinstance(value, bool) else without_credentials(str(value))
    return f"`{clipped(text)}`" if text else "empty text"


def without_credentials(text: str) -> str:
    """A text without what can be seen to be a secret in it."""
    for form, instead in _CREDENTIALS:
        text = form.sub(instead, text)
    return text


def clipped(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """The beginning of a text, on one line, without invisible characters."""
    return visible(text[:longest] + ("…" if len(text) > longest else ""))


def visible(text: str) -> str:
    """The text with every character that is invisible, or looks like a space, written as an escape."""
    return "".join(
        character if character == " " or (character.isprintable() and not character.isspace()) else _escape(character)
        for character in text
    )


def invisible_in(text: str) -> str:
    """The name of the first character that is invisible or looks like a space; empty if there is none."""
    for character in text:
        if character != " " and (character.isspace() or not character.isprintable()):
            return _named(character)
    return ""


def foreign_in(text: str) -> str:
    """The name of the first character that is not printable ASCII; empty if there is none."""
    for character in text:
        if not " " <= character <= "~":
            return _named(character)
    return ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean `replicas`?` for the closest known word; empty if none is close."""
    return _nearest(word, tuple(known))


# A slip copied throughout a file is looked up once.
@functools.lru_cache(maxsize=4096)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    if len(known) > _MOST_COMPARED or len(word) > _LONGEST_SHOWN:
        return ""
    folded = {name.replace("-", "_"): name for name in reversed(known)}
    near = difflib.get_close_matches(word.lower().replace("-", "_"), folded, n=1, cutoff=_LIKENESS)
    return f"did you mean `{folded[near[0]]}`?" if near else ""


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def listed(words: Sequence[str], most: int = 12) -> str:
    """`a, b and c`; a long list is cut after the first ones, with the number of the rest."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(number: int, noun: str) -> str:
    """`1 service`, `2 services`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _named(character: str) -> str:
    return f"{unicodedata.name(character, 'control character').lower()}, U+{ord(character):04X}"


def _escape(character: str) -> str:
    code = ord(character)
    return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(
        character, f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"
    )
