"""Reads Coolify's records field by field: missing fields are None, invalid ones are counted.

Coolify's OpenAPI document is wrong in many places (types, nullability, entire structures), so records are not
validated against it and no client is generated from it. Only fields needed for metrics are read; all others, including
secrets, are dropped with the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify.failure import utc

MAX_TEXT: Final = 128
# Names: the length of Coolify's columns. A shorter one would not be spelled as in the container labels.
MAX_NAME: Final = 255
# Uuids become part of paths, so only letters, digits and dashes are valid.
_UUID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_DIGITS: Final = re.compile(r"-?[0-9]{1,18}")
# Limits are free text in Coolify, and Docker's own parser reads them (docker/go-units, RAMInBytes).
_NUMBER: Final = r"\s*([0-9]{1,15}\.?[0-9]{0,9}|\.[0-9]{1,9})"
_SIZE: Final = re.compile(rf"{_NUMBER} ?([kmgtp]?)(?:i?b)?\s*", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_LARGEST: Final = 1 << 62
_CPUS: Final = re.compile(rf"{_NUMBER}\s*", re.ASCII)
_MAX_CORES: Final = 1e6
_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}
_EARLIEST: Final = 946684800.0  # 2000: earlier timestamps are invalid
_LATEST: Final = 4102444800.0  # 2100

Complain = Callable[[str], None]


def clean(text: str, most: int = MAX_TEXT) -> str:
    """The text as a label value: truncated, without control characters and lone surrogates."""
    bounded = text[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else " " for character in bounded).strip()


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object. Each method reads one field, and calls `complain` with its name if its type is wrong."""

    record: dict[str, object]
    complain: Complain

    def text(self, key: str, most: int = MAX_TEXT) -> str | None:
        """A short text, usable as a label value."""
        value = self.record.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            return clean(value, most)
        self.complain(key)
        return None

    def name(self, key: str = "name") -> str | None:
        """A name as entered in Coolify."""
        return self.text(key, MAX_NAME)

    def uuid(self, key: str = "uuid") -> str | None:
        """An identifier that can be part of a path."""
        value = self.record.get(key)
        if isinstance(value, str) and _UUID.fullmatch(value):
            return value
        self.complain(key)
        return None

    def integer(self, key: str) -> int | None:
        """An integer, also as text: `"application_id": "12"`. 0 is valid."""
        value = self.record.get(key)
        if value is None:
            return None
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62:
            return value
        self.complain(key)
        return None

    def count(self, key: str) -> int | None:
        """A non-negative integer."""
        value = self.integer(key)
        if value is None or value >= 0:
            return value
        self.complain(key)
        return None

    def flag(self, key: str) -> bool | None:
        """A boolean; those that Coolify does not cast arrive as 0 and 1, as text from some databases."""
        value = self.record.get(key)
        if value is None or isinstance(value, bool):
            return value
        flag = _FLAGS.get(str(value).lower()) if isinstance(value, (int, str)) else None
        if flag is None:
            self.complain(key)
        return flag

    def time(self, key: str) -> float | None:
        """A timestamp in seconds since 1970."""
        value = self.record.get(key)
        if value is None or value == "":
            return None
        moment = utc(value) if isinstance(value, str) else None
        if moment is not None and _EARLIEST < moment < _LATEST:
            return moment
        self.complain(key)
        return None

    def size(self, key: str) -> int | None:
        """A memory limit in bytes, as Docker reads it: `0`, `512m`, `1.5g`, `512 MiB`."""
        value = self.record.get(key)
        if value is None or value == "":
            return None
        match = _SIZE.fullmatch(str(value)) if isinstance(value, (str, int)) else None
        size = float(match[1]) * _UNITS[match[2].lower()] if match else _LARGEST
        if size < _LARGEST:
            return int(size)
        self.complain(key)
        return None

    def cores(self, key: str) -> float | None:
        """A CPU limit in cores: `0`, `0.5`, `.5`."""
        value = self.record.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _MAX_CORES:
            return float(value)
        if isinstance(value, str) and _CPUS.fullmatch(value) and float(value) < _MAX_CORES:
            return float(value)
        self.complain(key)
        return None

    def child(self, key: str) -> Fields:
        """A nested object; empty if missing."""
        value = self.record.get(key)
        if isinstance(value, dict):
            return Fields(value, self.complain)
        # PHP serialises an empty object as an empty array.
        if value is not None and value != []:
            self.complain(key)
        return Fields({}, self.complain)

    def children(self, key: str) -> Iterator[Fields]:
        """A nested list of objects; also an object, into which PHP turns a list with gaps."""
        value = self.record.get(key)
        items = value.values() if isinstance(value, dict) else value
        if items is None:
            return
        if isinstance(items, (str, bytes)) or not hasattr(items, "__iter__"):
            self.complain(key)
            return
        for item in items:
            if isinstance(item, dict):
                yield Fields(item, self.complain)
            else:
                self.complain(key)
