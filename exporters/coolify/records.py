"""Streaming JSON: reads a response record by record, in bounded memory.

`/applications` sends about 16 KB an application, because its status accessor loads the server with its settings
(Coolify 4.3.11, app/Models/Application.php); a thousand applications are 16 MB. Only the current record is in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure

# One record: the largest real ones carry a proxy configuration or, up to 4.1.2, the log of a deployment.
MAX_RECORD: Final = 4 << 20
# Memory goes by values, not by bytes: a record of 250,000 keys took 217 MB. Real ones have a few hundred; logs are one.
_MAX_VALUES: Final = 20_000
_COUNTED: Final = 1 << 17  # shorter ones cannot hold too many
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?')
T = TypeVar("T")
_NUMBER: Final = ("", *"0123456789.eE+-")
_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()


def bad(message: str) -> Failure:
    """The failure for a complete response that cannot be parsed."""
    return Failure(names.BAD_PAYLOAD, "200", message)


class _Text:
    """The body as text; only the part being read is in memory."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False

    def _more(self, least: int = 1) -> bool:
        """Read at least `least` more characters; False at the end of the body."""
        parts = [self._text[self._at :]]
        missing = least
        while missing > 0 and not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            try:
                parts.append(self._decoder.decode(chunk or b"", final=self._ended))
            except UnicodeDecodeError:
                raise bad("the response is not UTF-8") from None
            missing -= len(parts[-1])
        self._text, self._at = "".join(parts), 0
        return missing < least

    def peek(self) -> str:
        """The next character that is not whitespace; empty at the end of the body."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        """Consume one character, which must be `expected`."""
        if self.peek() != expected:
            raise bad("the response is not JSON, or is truncated")
        self._at += 1

    def value(self) -> object:
        """The next complete value."""
        self.peek()
        while True:
            if len(self._text) - self._at > _COUNTED:
                self._check_values()
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise bad("the response is nested too deeply") from None
            except ValueError:
                value, end = None, -1
            # A number at the end of the text read so far may continue: `0` with `.5`, `1` with `e3`.
            if end >= 0 and (self._ended or self._text[end : end + 1] not in _NUMBER):
                self._at = end
                return value
            held = len(self._text) - self._at
            if held > MAX_RECORD:
                raise bad(f"a record of the response is longer than {MAX_RECORD} characters, or is not JSON")
            # Doubled each time, so that reading a long record costs only a few times its length.
            if not self._more(max(held, 1)) and self._ended and end < 0:
                raise bad("the response is not JSON, or is truncated")

    def _check_values(self) -> None:
        bare = _STRINGS.sub("", self._text[self._at :])
        if sum(map(bare.count, ",[{")) > _MAX_VALUES:
            raise bad(f"a record of the response has more than {_MAX_VALUES} values")

    def members(self) -> Iterator[str]:
        """The names of an object's members; the caller must read each value before the next name."""
        self.take("{")
        while self.peek() != "}":
            name = self.value()
            if not isinstance(name, str):
                raise bad("the response is not JSON")
            self.take(":")
            yield name
            if self.peek() != "}":
                self.take(",")
        self.take("}")

    def items(self) -> Iterator[object]:
        """The items of an array, or of an object with numeric names, into which PHP turns a list with gaps.

        GET /deployments sorts without renumbering, so two active deployments may come as `{"1": …, "0": …}`
        (Coolify 4.3.11, app/Http/Controllers/Api/DeployController.php; coollabsio/coolify#10077).
        """
        if self.peek() == "{":
            empty = True
            for name in self.members():
                if not (name.isascii() and name.isdigit()):
                    raise bad("the response is an object instead of a list")
                empty = False
                yield self.value()
            if empty:  # PHP writes an empty list as [], so this is not Coolify's response
                raise bad("the response is an empty object instead of a list")
            return
        self.take("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.take(",")
        self.take("]")

    def end(self) -> None:
        """Check that nothing follows."""
        if self.peek():
            raise bad("the response continues after the JSON")


def records(chunks: Iterable[bytes], wrapper: str = "") -> Iterator[object]:
    """The items of a list, or of the list under the name `wrapper` in an object."""
    text = _Text(chunks)
    if not wrapper:
        yield from text.items()
    else:
        found = False
        for name in text.members():
            if name == wrapper and not found:
                found = True
                yield from text.items()
            else:
                text.value()
        if not found:
            raise bad(f"the response has no `{wrapper}`")
    text.end()


def nested(
    chunks: Iterable[bytes], inner: str, read: Callable[[object], T | None]
) -> Iterator[tuple[dict[str, object], list[T]]]:
    """The objects of a list, whose list `inner` is of any length: each of its items is read and dropped.

    Yields each object without that list, and what `read` returned for its items, without None.
    """
    text = _Text(chunks)
    text.take("[")
    while text.peek() != "]":
        record: dict[str, object] = {}
        found: list[T] = []
        for name in text.members():
            if name == inner and text.peek() in "[{":
                found.extend(item for item in map(read, text.items()) if item is not None)
            else:
                record[name] = text.value()
            if len(record) > _MAX_VALUES:
                raise bad(f"a record of the response has more than {_MAX_VALUES} values")
        yield record, found
        if text.peek() != "]":
            text.take(",")
    text.take("]")
    text.end()


def document(chunks: Iterable[bytes]) -> dict[str, object]:
    """A body consisting of one object."""
    text = _Text(chunks)
    if text.peek() != "{":
        raise bad("the response is not an object")
    value = text.value()
    text.end()
    return value if isinstance(value, dict) else {}


def line(chunks: Iterable[bytes]) -> str:
    """A body consisting of one short line of text, as sent by /version."""
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_RECORD:
            raise bad("the response is too long")
    return body.decode("utf-8", "replace").strip()
