"""Grafana for commands: URL and access, and a plan for dashboards as an operation."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options
from boxwatch.commands.connection import FILE, ConnectionSettings, Option, secret, to_backups
from boxwatch.commands.execute import Say, Watch

if TYPE_CHECKING:
    from boxwatch.publish.grafana.api import Api
    from boxwatch.publish.grafana.choose import Which
    from boxwatch.publish.grafana.http import Http
    from boxwatch.publish.grafana.plan import Change, Plan
    from boxwatch.rules.built import Built
    from boxwatch.topology.load import Loaded

URL, TOKEN = "BOXWATCH_GRAFANA_URL", "BOXWATCH_GRAFANA_TOKEN"

GRAFANA_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--grafana",
        "grafana_url",
        metavar="URL",
        help=f"Grafana, for dashboards; defaults to ${URL} if no other server is named.",
    ),
    click.option(
        "--grafana-token-file",
        "grafana_token_file",
        type=FILE,
        metavar="FILE",
        help=f"File with a service account token; overrides ${TOKEN}.",
    ),
    click.option(
        "--grafana-api",
        type=click.Choice(["auto", "apis", "legacy"]),
        default="auto",
        help="Grafana API to use; auto asks the server: /apis from Grafana 12 on.",
    ),
    click.option("--workers", type=click.IntRange(1, 64), default=8, help="Concurrent requests to Grafana (8)."),
)


@dataclass(frozen=True, slots=True)
class GrafanaOptions:
    """Grafana's options as given."""

    grafana_url: str | None
    grafana_token_file: Path | None
    grafana_api: Which
    workers: int

    def live(self, url: str, settings: ConnectionSettings) -> Live:
        """The Grafana the options describe.

        Raises:
            PublishError: the URL, the token or the certificates cannot be used.
        """
        from boxwatch.errors import PublishError
        from boxwatch.publish.grafana.http import Access, Http

        token = secret(self.grafana_token_file, TOKEN)
        if token is None:
            raise PublishError(
                f"no token for Grafana: set {TOKEN} to a service account token, "
                "or pass a file with --grafana-token-file"
            )
        access = Access(url, token, str(settings.ca) if settings.ca else None, settings.timeout, self.workers)
        http = Http(access, say=(lambda line: click.echo(line, err=True)) if settings.verbose else None)
        return Live(url, self.workers, http, self.grafana_api, self._again(settings))

    def _again(self, settings: ConnectionSettings) -> str:
        """The options with which another command connects in the same way."""
        given = {
            "--grafana-token-file": self.grafana_token_file,
            "--grafana-api": None if self.grafana_api == "auto" else self.grafana_api,
            "--ca-file": settings.ca,
        }
        return "".join(f" {option} {shlex.quote(str(value))}" for option, value in given.items() if value is not None)


@dataclass(frozen=True)
class Live:
    """A Grafana that a command connects to.

    Attributes:
        url: its URL.
        workers: concurrent requests.
        http: connection pool; nothing has been sent yet.
        which: the API to use.
        again: options with which another command connects in the same way, as typed.
    """

    url: str
    workers: int
    http: Http
    which: Which
    again: str = ""

    @functools.cached_property
    def api(self) -> Api:
        """The API, chosen once by asking the server.

        Raises:
            PublishError: the server cannot be reached.
        """
        from boxwatch.publish.grafana.choose import choose

        return choose(self.http, self.which)


@dataclass(frozen=True, slots=True)
class GrafanaOperation:
    """A plan for dashboards."""

    live: Live
    plan: Plan
    backups: Path = Path()
    text: str = ""
    name: str = "Grafana"
    doing: str = "dashboards written"

    @property
    def needed(self) -> bool:
        """Whether the plan writes anything."""
        return bool(self.plan.writes)

    @property
    def refused(self) -> bool:
        """Whether a dashboard needs the user's decision first."""
        return bool(self.plan.refused)

    @property
    def notes(self) -> tuple[str, ...]:
        """None: each dashboard's line shows its own."""
        return ()

    def show(self) -> Iterator[str]:
        """One line per panel, with manual changes next to ours."""
        yield from lines(self.plan.changes)
        same = sum(change.kind == "unchanged" for change in self.plan.changes)
        yield f"Grafana: {len(self.plan.writes)} to write, {len(self.plan.refused)} refused, {same} unchanged"

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {"needed": self.needed, "refused": self.refused, "changes": as_json(self.plan.changes)}

    def apply(self, say: Say, watch: Watch) -> str:
        """Raises PublishError with what failed; the others are written."""
        from boxwatch.errors import PublishError
        from boxwatch.publish.grafana import apply, backup

        outcomes, kept = apply.apply(
            self.live.api,
            self.plan,
            url=self.live.url,
            backups=self.backups,
            text=self.text,
            workers=self.live.workers,
            watch=watch,
        )
        for outcome in outcomes:
            say(f"  {'failed' if outcome.error else 'done  '} {outcome.change.kind} {outcome.change.title}")
        failed = [outcome.error for outcome in outcomes if outcome.error]
        if failed:
            raise PublishError("\n".join([*failed, f"replaced dashboards are backed up in {kept}"]))
        back = f"boxwatch rollback --grafana {shlex.quote(self.live.url)}{self.live.again}{to_backups(self.backups)}"
        if not backup.is_only(self.backups, self.live.url):
            back += f" --deployment {self.plan.deployment}"
        say(f"Done: Grafana has the dashboards. Roll back with: {back}")
        return ""


def made(loaded: Loaded, built: Built) -> list[dict[str, object]]:
    """The dashboards of a topology, including the user's own next to it."""
    from boxwatch.dashboards import catalogue

    files = catalogue.files(built, extra=options.extra_dashboards(loaded))
    return [json.loads(content) for content in files.values()]


_COLOURS = {"create": "green", "update": "yellow", "delete": "red", "refused": "red"}


def lines(changes: Iterable[Change]) -> Iterator[str]:
    """A plan's changes, one line per panel, with manual changes next to ours."""
    from boxwatch.publish.grafana import difference

    for change in changes:
        if change.kind == "unchanged":
            continue
        head = f"{change.kind} {change.title}"
        note = f": {change.problem}" if change.problem else ""
        yield click.style(head, fg=_COLOURS[change.kind]) + note
        for line in difference.lines(change.title, change.manual):
            yield f"  manual   {line}"
        for line in difference.lines(change.title, change.differences):
            yield f"  {'ours     ' if change.manual else ''}{line}"


def as_json(changes: Iterable[Change]) -> list[dict[str, object]]:
    """A plan's changes as JSON."""
    return [
        {
            "uid": change.uid,
            "title": change.title,
            "change": change.kind,
            "problem": change.problem,
            "differences": [{"panel": each.place, "what": each.what} for each in change.differences],
            "by_hand": [{"panel": each.place, "what": each.what} for each in change.manual],
        }
        for change in changes
    ]
