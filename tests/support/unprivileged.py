"""Runs code without root's privileges, even if the tests run as root, who may write everywhere."""

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
    """Drop root's privileges in this process for the duration of the block.

    Import everything the block needs beforehand: other users may be unable to read root's checkout.
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
    """A new directory owned by an unprivileged user, who cannot enter pytest's."""
    with tempfile.TemporaryDirectory(prefix="boxwatch-tests-") as made:
        if os.geteuid() == 0:
            os.chown(made, _NOBODY, -1)
        yield Path(made)
