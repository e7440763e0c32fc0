"""Values of the stack's variables: from a file as Docker Compose reads it, or each from a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from boxwatch.errors import InputError

_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_QUOTES: Final = "'\""
# Coolify writes values into the compose file, in which Docker Compose replaces `$`, and in single quotes into a file.
# `{{` begins one of its shared variables.
_FORBIDDEN: Final[Mapping[str, str]] = {"$": "`$`", "'": "a single quote", "{{": "`{{`"}
_LARGEST: Final = 1 << 16


def from_file(path: Path) -> dict[str, str]:
    """The variables of a file with NAME=VALUE lines.

    Raises:
        InputError: the file cannot be read, or a line is no such line. The message quotes nothing of it.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(f"{path}:{number}: is not NAME=VALUE")
        name, value = match.groups()
        if value[:1] in _QUOTES and value[:1] and len(value) > 1 and value.endswith(value[0]):
            value = value[1:-1]
        found[name] = value
    return found


def from_secret(path: Path) -> str:
    """The one line of a file with a secret.

    Raises:
        InputError: the file cannot be read, is empty, or has several lines.
    """
    lines = _text(path).strip().splitlines()
    if len(lines) != 1:
        raise InputError(f"{path} must contain the secret on one line, and nothing else")
    return lines[0].strip()


def problems(values: Mapping[str, str]) -> Iterator[str]:
    """The values that would not arrive in a container as they are, without the values."""
    for name, value in values.items():
        for part, named in _FORBIDDEN.items():
            if part in value:
                yield f"the value of {name} contains {named}, which Coolify or Docker Compose would change: use another"
        if not value.isprintable() or value != value.strip():
            yield f"the value of {name} has a control character or a space at an end, which Coolify would change"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file") from None
