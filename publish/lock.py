"""A lock that admits one publisher at a time; the kernel releases it when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from boxwatch.errors import PublishError


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock for the duration of the block. The file stays: removing it would let two processes hold "the" lock.

    Raises:
        PublishError: another publisher holds it (the message names it), or the file cannot be opened.
    """
    try:
        # Child processes do not inherit it (PEP 446), so none of them holds the lock after us.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise PublishError(f"{path} cannot be opened: {error.strerror}; nothing was changed") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "somebody"
            raise PublishError(
                f"{holder} is publishing to {path.parent.parent}; nothing was changed: try again later"
            ) from error
        except OSError as error:
            raise PublishError(f"{path} cannot be locked: {error.strerror}; nothing was changed") from error
        # A full disk must not stop a publish: the name only serves the message.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
