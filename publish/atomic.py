"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def replace(target: Path, content: bytes) -> None:
    """Write a file beside its place and put it there in one rename.

    Raises:
        OSError: it could not be written; the target is as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes it private; these files are read by Prometheus and Grafana, which run as other users.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def sync(directory: Path) -> None:
    """Make the names in a directory survive a power cut: a rename alone is in memory only.

    Raises:
        OSError: the directory could not be synchronised.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
