"""What the commands that talk to a Grafana share: where it is, the token, and what is printed."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from boxwatch.publish.grafana.legacy import Legacy
    from boxwatch.publish.grafana.plan import Change

Command = TypeVar("Command", bound=Callable[..., Any])
TOKEN = "BOXWATCH_GRAFANA_TOKEN"  # noqa: S105 - the name of a variable
_SERVER = (
    click.option(
        "--url", envvar="BOXWATCH_GRAFANA_URL", required=True, help="Address of Grafana; or BOXWATCH_GRAFANA_URL."
    ),
    click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        help=f"File with the token of a service account; without it, {TOKEN}.",
    ),
    click.option(
        "--ca-file", type=click.Path(path_type=Path, exists=True), help="Certificates of a private authority."
    ),
    click.option("--timeout", type=click.FloatRange(min=0.1), default=30.0, help="Seconds to wait for an answer (30)."),
    click.option("--workers", type=click.IntRange(1, 64), default=8, help="Requests at a time (8)."),
    click.option("--verbose", is_flag=True, help="Show every request, on standard error."),
)


@dataclass(frozen=True)
class Live:
    """A Grafana that a command talks to.

    Attributes:
        url: its address.
        workers: requests at a time.
        api: over connections of which none is opened yet.
    """

    url: str
    workers: int
    api: Legacy


def server(command: Command) -> Callable[..., Any]:
    """Where the Grafana is, and how to get in: `live`."""

    @functools.wraps(command)
    def with_live(  # noqa: PLR0913 - one for each option
        *args: Any,  # noqa: ANN401 - click's
        url: str,
        token_file: Path | None,
        ca_file: Path | None,
        timeout: float,
        workers: int,
        verbose: bool,
        **others: Any,  # noqa: ANN401 - click's
    ) -> Any:  # noqa: ANN401 - the command's
        from boxwatch.publish.grafana.http import Access, Http  # noqa: PLC0415
        from boxwatch.publish.grafana.legacy import Legacy  # noqa: PLC0415

        way = Access(url, _token(token_file), str(ca_file) if ca_file else None, timeout, workers)
        http = Http(way, say=(lambda line: click.echo(line, err=True)) if verbose else None)
        return command(*args, live=Live(url, workers, Legacy(http)), **others)

    made: Callable[..., Any] = with_live
    for option in reversed(_SERVER):
        made = option(made)
    return made


def backups(command: Command) -> Command:
    """`--backups`, as `backups`."""
    return click.option(
        "--backups",
        type=click.Path(path_type=Path),
        default=Path(".boxwatch/backups"),
        envvar="BOXWATCH_BACKUPS",
        help="Where backups are kept (.boxwatch/backups).",
    )(command)


def overwrite(command: Command) -> Command:
    """`--overwrite-changed`, as `overwrite_changed`."""
    return click.option("--overwrite-changed", is_flag=True, help="Write over what was changed by hand.")(command)


def _token(file: Path | None) -> str:
    from boxwatch.errors import PublishError  # noqa: PLC0415

    if file is None:
        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise PublishError(f"no token: set {TOKEN}, or name a file with --token-file; a service account's is meant")
        return token
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        # What was read is not kept as the cause: it may be a secret in another encoding.
        raise PublishError(f"{file} cannot be read: give --token-file a file with the token") from None


def made(topology: Path | None, ext_str: tuple[str, ...]) -> list[dict[str, object]]:
    """The dashboards of a topology."""
    import json  # noqa: PLC0415

    from boxwatch.commands import options  # noqa: PLC0415
    from boxwatch.dashboards import catalogue  # noqa: PLC0415

    loaded = options.load(topology, ext_str)
    made = catalogue.files(loaded.topology, extra=options.extra_dashboards(loaded))
    return [json.loads(content) for content in made.values()]


_COLOURS = {"create": "green", "update": "yellow", "delete": "red", "refused": "red"}


def show(changes: Iterable[Change]) -> None:
    """What a plan would do, a line a panel; what somebody did by hand beside it."""
    from boxwatch.publish.grafana import difference  # noqa: PLC0415

    for change in changes:
        if change.kind == "unchanged":
            continue
        head = f"{change.kind} {change.title}"
        note = f": {change.problem}" if change.problem else ""
        click.echo(click.style(head, fg=_COLOURS[change.kind]) + note)
        for line in difference.lines(change.title, change.by_hand):
            click.echo(f"  by hand  {line}")
        for line in difference.lines(change.title, change.differences):
            click.echo(f"  {'ours     ' if change.by_hand else ''}{line}")


def as_json(changes: Iterable[Change]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {
            "uid": change.uid,
            "title": change.title,
            "change": change.kind,
            "problem": change.problem,
            "differences": [{"panel": each.place, "what": each.what} for each in change.differences],
            "by_hand": [{"panel": each.place, "what": each.what} for each in change.by_hand],
        }
        for change in changes
    ]
