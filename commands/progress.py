"""Progress display: a bar on a terminal, occasional lines in logs, nothing for JSON."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import click

# Logs get one line per this many items; a deployment of usual size gets none.
_EVERY = 100


@contextlib.contextmanager
def shown(doing: str, *, hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show progress on standard error while the block runs: yields a callback for (done, total).

    Args:
        doing: label of the count, such as `dashboards read`.
        hidden: show nothing, for --json and --quiet.
    """
    if hidden:
        yield lambda _done, _total: None
    elif on_terminal(sys.stderr):
        with _bar(doing) as watch:
            yield watch
    else:
        yield _lines(doing)


def on_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal."""
    return stream.isatty()


@contextlib.contextmanager
def _bar(doing: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # The bar disappears at the end; permanent lines report the results.
    with Progress(*columns, console=Console(stderr=True, force_terminal=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(doing: str) -> Callable[[int, int], None]:
    last = 0

    def watch(done: int, total: int) -> None:
        nonlocal last
        if done // _EVERY > last // _EVERY:
            click.echo(f"{doing}: {done} of {total}", err=True)
        last = done

    return watch
