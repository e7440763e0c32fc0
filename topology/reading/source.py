"""Reading a user-supplied file as text, with a bounded size whatever the file is."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from boxwatch.errors import Problem, TopologyError

# A topology of 10,000 services takes 1.5 MB.
LARGEST_FILE = 4 * 2**20

# YAML's characters without the exotic line breaks (NEL, LS, PS): parsers count them as lines, editors do not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n|\r|\n")
_NAMES = {
    "\0": "NUL",
    "\x1b": "escape",
    "\x7f": "delete",
    "\x85": "next line",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
    "\ufeff": "byte order mark",
}
_FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "a PDF"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"SQLite format 3\0", "an SQLite database"),
)
_ENCODINGS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, without its byte order mark.

    Raises:
        TopologyError: the file cannot be read, is not a regular file, is larger than 4 MiB, or is not UTF-8 text.
    """
    return decode(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file of at most 4 MiB. Pipes and devices are rejected before they can block or flood.

    Raises:
        TopologyError: the file cannot be read, is not a regular file, or is larger than 4 MiB.
    """
    file = str(path)
    try:
        # O_NONBLOCK: opening a pipe without a writer would block for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise refusal(file, *_why_unopened(path, error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise refusal(file, *_why_irregular(status.st_mode))
        if status.st_size > LARGEST_FILE:
            raise refusal(file, _too_large(f"{status.st_size / 2**20:.1f} MiB"))
        content = bytearray()
        # A file may grow while it is read, and files in /proc report a size of 0.
        while len(content) <= LARGEST_FILE and (part := os.read(descriptor, LARGEST_FILE + 1 - len(content))):
            content += part
    except OSError as error:
        raise refusal(file, f"cannot be read: {_reason(error)}") from error
    finally:
        os.close(descriptor)
    if len(content) > LARGEST_FILE:
        raise refusal(file, _too_large("more than 4 MiB"))
    return bytes(content)


def decode(content: bytes, file: str) -> str:
    """Bytes as text: UTF-8, with or without a byte order mark, without control characters.

    Raises:
        TopologyError: carries the line and column of the first invalid byte or character.
    """
    for mark, encoding in _ENCODINGS:
        if content.startswith(mark):
            raise refusal(file, f"is {encoding} text", "save it as UTF-8")
    foreign = next((f" and looks like {what}" for magic, what in _FOREIGN if content.startswith(magic)), "")
    body = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        message = f"is not UTF-8 text{foreign}: the byte 0x{body[error.start]:02x} is invalid there"
        raise _refusal_at(file, before, message, "" if foreign else "save it as UTF-8") from error
    match = _FORBIDDEN.search(text)
    if match is not None:
        raise _refusal_at(file, text[: match.start()], *_why_forbidden(match.group(), text, foreign))
    return text


def refusal(file: str, message: str, hint: str = "") -> TopologyError:
    """An error about a whole file."""
    return TopologyError((Problem(file, 0, 0, "", message, hint),))


def _refusal_at(file: str, before: str, message: str, hint: str) -> TopologyError:
    breaks = list(_LINE_BREAK.finditer(before))
    column = len(before) - (breaks[-1].end() if breaks else 0) + 1
    return TopologyError((Problem(file, len(breaks) + 1, column, "", message, hint),))


def _why_forbidden(character: str, text: str, foreign: str) -> tuple[str, str]:
    if foreign:
        return f"is not text{foreign}", ""
    if character == "\0" and text.count("\0") > len(text) // 4:
        return "is UTF-16 or UTF-32 text, or binary", "save it as UTF-8"
    code = f"U+{ord(character):04X}"
    name = f"{code}, {_NAMES[character]}" if character in _NAMES else code
    return f"contains an invalid character ({name})", "delete it"


def _why_unopened(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return f"is a symbolic link to {path.readlink()}, which does not exist", ""
        return "does not exist", "run `boxwatch init` to create a commented one"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied", "check the permissions with `ls -l`"
    if isinstance(error, NotADirectoryError):
        return "does not exist: part of the path is a file", ""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a symbolic link to itself", ""
    return f"cannot be opened: {_reason(error)}", ""


def _why_irregular(mode: int) -> tuple[str, str]:
    if stat.S_ISDIR(mode):
        return "is a directory", "name the topology file in it"
    if stat.S_ISFIFO(mode):
        return "is a pipe", "write its content to a file first"
    return "is a device, not a file", ""


def _too_large(size: str) -> str:
    return f"is too large for a topology: {size}; the maximum is 4 MiB"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
