"""Entry point of `boxwatch`: Ctrl-C and a closed pipe end it at any moment, without a traceback.

Nothing is imported before Ctrl-C is taken care of but what Python has loaded for itself. While commands run it is
Python's own KeyboardInterrupt, so that they can clean up.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys

from boxwatch.commands import endings

# typing takes long to load.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import FrameType

    Code = str | int | None


def main() -> None:
    """Run the command line and exit."""
    # Where SIGINT is ignored, as under nohup, it stays so.
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _at_once)
    # Imported by name, so that no import points from commands to cli.
    cli = importlib.import_module("boxwatch.cli")

    interrupted = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupted.append(number)
        signal.default_int_handler(number, frame)

    code: Code = 0
    try:
        if ours:
            signal.signal(signal.SIGINT, interrupt)
        cli.main()
    except SystemExit as exit_:
        code = exit_.code
    except KeyboardInterrupt:
        code = endings.INTERRUPTED
    if ours:
        signal.signal(signal.SIGINT, _at_once)
    # A command that was interrupted and cleaned up has failed; one that completed all the same has not.
    sys.exit(_flushed(endings.INTERRUPTED if interrupted and code else code))


def _at_once(_number: int, _frame: object) -> None:
    """Exit at once: while modules load, and after the command, there is nothing to clean up."""
    os._exit(endings.INTERRUPTED)


def _flushed(code: Code) -> Code:
    """Flush the output; the exit code of a closed pipe if its reader is gone."""
    try:
        for stream in (sys.stdout, sys.stderr):
            # None if the program was started with the stream closed.
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        endings.read_by_nobody()
        return endings.PIPE_CLOSED
    return code
