"""The API token: read from a file or the environment, reread when the file changes, never shown."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure

# Sanctum tokens are `<id>|<40 characters><crc>`. Spaces and line breaks are invalid: they would end the header, and
# http.client would quote the value in its error. So are quotes and backslashes: escaped, the token would escape
# redaction.
_TOKEN: Final = re.compile(r"[A-Za-z0-9|_.~+/=:-]{8,512}")
_MAX_FILE: Final = 4096
_LEAST: Final = 8
_KNOWN: Final = 4  # tokens remembered for redaction: an old one may still be in an error

HIDDEN: Final = "[token]"


class Secret:
    """A string hidden from repr, str, format and the locals of a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Store the value."""
        self._value = value

    def reveal(self) -> str:
        """The value, for the one header that carries it."""
        return self._value

    def traces(self) -> tuple[str, ...]:
        """Strings to redact everywhere: the token, and its part after the id, which authenticates as well."""
        tail = self._value.rpartition("|")[2]
        return (self._value, tail) if len(tail) >= _LEAST else (self._value,)

    def __repr__(self) -> str:
        """Return a placeholder."""
        return HIDDEN

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Compare the values."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """Hash the value."""
        return hash(self._value)


def valid(text: str) -> bool:
    """Whether the text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


class FixedToken:
    """A token from the environment, fixed for the lifetime of the process."""

    def __init__(self, value: str) -> None:
        """Store the token; `read` rejects an invalid one, so that the exporter starts and exposes the reason."""
        self._secret = Secret(value.strip())

    def read(self) -> Secret:
        """The token."""
        if not valid(self._secret.reveal()):
            raise Failure(
                names.NO_TOKEN,
                "no_token",
                "the token is empty or malformed: it must be one word of at least 8 characters",
            )
        return self._secret

    def known(self) -> tuple[str, ...]:
        """Strings to redact."""
        return self._secret.traces() if self._secret.reveal() else ()


class TokenFile:
    """A token in a file, reread when the file changes: Coolify's tokens expire after 30 days by default."""

    def __init__(self, path: Path) -> None:
        """Store the path; `read` opens it, so that a missing file is an exposed reason and does not end the process."""
        self.path = path
        self._held: tuple[tuple[int, int, int], Secret] | None = None
        self._known: tuple[Secret, ...] = ()

    def read(self) -> Secret:
        """The file's current token; costs one stat while the file is unchanged. Thread-safe."""
        held = self._held
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if held is None or held[0] != stamp:
                held = self._held = (stamp, self._load())
                self._known = (held[1], *(secret for secret in self._known if secret != held[1]))[:_KNOWN]
        except OSError as error:
            detail = os.strerror(error.errno) if error.errno else type(error).__name__
            raise Failure(names.NO_TOKEN, "no_token", f"cannot read {self.path}: {detail}") from None
        return held[1]

    def _load(self) -> Secret:
        # A pipe would be waited for, and read once only.
        with open(self.path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Failure(names.NO_TOKEN, "no_token", f"{self.path} is not a regular file")
            text = file.read(_MAX_FILE).decode("ascii", "replace").strip()
        if not valid(text):
            raise Failure(
                names.NO_TOKEN,
                "no_token",
                f"{self.path} contains no token: it must contain one line with only the token",
            )
        return Secret(text)

    def known(self) -> tuple[str, ...]:
        """Strings to redact: of the last tokens that were read, without reading the file."""
        return tuple(trace for secret in self._known for trace in secret.traces())


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


Token = FixedToken | TokenFile
