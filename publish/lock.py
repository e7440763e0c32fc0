"""One publisher at a time: a lock that the kernel drops when its holder dies, however it dies."""

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
    """Hold the lock for as long as the block lasts. The file stays: removing it would let two hold "the" lock.

    Raises:
        PublishError: somebody else holds it, with who, or the file cannot be opened.
    """
    try:
        # Not inherited by the programs that we start (PEP 446), so that none of them holds the lock after us.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise PublishError(f"{path} cannot be opened: {error.strerror}; nothing was changed") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "somebody"
            raise PublishError(
                f"{holder} is publishing to {path.parent.parent} right now; nothing was changed: try again later"
            ) from error
        except OSError as error:
            raise PublishError(f"{path} cannot be locked: {error.strerror}; nothing was changed") from error
        # A full disk does not keep us from publishing: the name is only for the message.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
