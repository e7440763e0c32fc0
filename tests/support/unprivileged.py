"""What a user without root's rights meets, also where the tests run as root, who may write everywhere."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

# `nobody` of most systems; it only has to be somebody who owns nothing.
_NOBODY = 65534


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Without root's rights for as long as the block lasts, in this process.

    What the block imports should be imported already: a checkout of root's may be closed to others.
    """
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A new folder of somebody without rights, who may not enter pytest's."""
    with tempfile.TemporaryDirectory(prefix="boxwatch-tests-") as made:
        if os.geteuid() == 0:
            os.chown(made, _NOBODY, -1)
        yield Path(made)
