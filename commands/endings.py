"""Exit codes of interrupted commands, and what happens to output after the pipe is closed."""

from __future__ import annotations

import os
import sys

# As shells report a program killed by a signal: 128 plus its number.
INTERRUPTED = 130
PIPE_CLOSED = 141


def read_by_nobody() -> None:
    """Discard the remaining output, or Python would print an error at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        # None if the program was started with the stream closed.
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
