"""Where people read: rich's console, as the commands use it."""

from __future__ import annotations

from rich.console import Console


class Terminal(Console):
    """Standard output. That nobody reads it any more is said as everywhere else (`boxwatch.cli`)."""

    def on_broken_pipe(self) -> None:
        """Let the command line decide; rich itself would exit with 1.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError
