"""The token: read from a file or the environment, reread when the file changes, never shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure

# Sanctum tokens are `<id>|<40 characters><crc>`. No space and no line break: they would end the header, and http.client
# would quote the value in its error. No quote and no backslash: they would be escaped, and then not be recognised where
# the token must not appear.
_TOKEN: Final = re.compile(r"[A-Za-z0-9|_.~+/=:-]{8,512}")
_MAX_FILE: Final = 4096
_LEAST: Final = 8

HIDDEN: Final = "[token]"


class Secret:
    """A string that does not show itself: not in repr, str, format or a traceback's locals."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value out of sight."""
        self._value = value

    def reveal(self) -> str:
        """The value, for the one header that carries it."""
        return self._value

    def traces(self) -> tuple[str, ...]:
        """What must not be seen anywhere: the token, and its part after the id, which is as good."""
        tail = self._value.rpartition("|")[2]
        return (self._value, tail) if len(tail) >= _LEAST else (self._value,)

    def __repr__(self) -> str:
        """A placeholder."""
        return HIDDEN

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Equal if the values are."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """As the value's."""
        return hash(self._value)


def valid(text: str) -> bool:
    """Whether the text can be a token."""
    return _TOKEN.fullmatch(text) is not None


class FixedToken:
    """A token that was given once, through the environment."""

    def __init__(self, value: str) -> None:
        """Refuse what cannot be a token when it is asked for, so that the page can say so."""
        self._secret = Secret(value.strip())

    def read(self) -> Secret:
        """The token."""
        if not valid(self._secret.reveal()):
            raise Failure(
                names.NO_TOKEN, "no_token", "the token is empty, or not a token: one word of 8 characters or more"
            )
        return self._secret


class TokenFile:
    """A token in a file, reread when the file changes: Coolify's tokens expire after 30 days by default."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet: a file that is missing is a reason on the page, not an end of the process."""
        self.path = path
        self._held: tuple[tuple[int, int, int], Secret] | None = None

    def read(self) -> Secret:
        """The token as the file has it now; costs one stat when the file is unchanged. Safe in several threads."""
        held = self._held
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if held is None or held[0] != stamp:
                held = self._held = (stamp, self._load())
        except OSError as error:
            detail = os.strerror(error.errno) if error.errno else type(error).__name__
            raise Failure(names.NO_TOKEN, "no_token", f"{self.path} cannot be read: {detail}") from None
        return held[1]

    def _load(self) -> Secret:
        with self.path.open("rb") as file:
            text = file.read(_MAX_FILE).decode("ascii", "replace").strip()
        if not valid(text):
            raise Failure(names.NO_TOKEN, "no_token", f"{self.path} holds no token: it wants one line, the token alone")
        return Secret(text)


Token = FixedToken | TokenFile
