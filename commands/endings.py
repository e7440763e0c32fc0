"""How the program ends where nobody waits for its end: exit codes, and output that goes nowhere."""

from __future__ import annotations

import os
import sys

# What shells say of a program that ended by the signal: 128 and its number.
INTERRUPTED = 130
PIPE_CLOSED = 141


def read_by_nobody() -> None:
    """Let what is left go nowhere, or Python would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        # There is none when a program is started with it closed.
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
