"""`boxwatch explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options, progress

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from boxwatch.rules.runbook import Page
    from boxwatch.topology.model import Topology


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Alert names of the topology in this directory; none if it is invalid, which the command itself reports."""
    del ctx, param
    from boxwatch.errors import BoxwatchError
    from boxwatch.rules import catalogue
    from boxwatch.topology import default, load

    try:
        loaded = load.load(Path(options.HERE)) if Path(options.HERE).exists() else default.load()
        made = catalogue.subjects(loaded.topology)
    except BoxwatchError:
        return []
    names = dict.fromkeys(alert.alert for subject in made for alert in subject.alerts)
    return [name for name in names if name.lower().startswith(incomplete.lower())]


@click.command(short_help="Show an alert's runbook.")
@click.argument("alert", required=False, shell_complete=_complete)
@options.topology
@options.as_json
def explain(alert: str | None, topology: Path | None, ext_str: tuple[str, ...], *, as_json: bool) -> None:
    """Print the runbook of ALERT for this topology; without ALERT, list all alerts.

    A runbook explains what the alert means, where to look first and what to do. It shows the rule with its threshold
    and the source of that number, and how to change or switch off the alert.

    \b
    Example:
      boxwatch explain
      boxwatch explain PostgresConnectionsHigh
      boxwatch explain ServiceDown staging.yaml --json | jq .variants
    """
    from boxwatch.rules import catalogue

    # An alert's name has neither a dot nor a slash.
    if alert is not None and topology is None and ("." in alert or "/" in alert):
        topology, alert = Path(alert), None
    loaded = options.load(topology, ext_str)
    book = catalogue.runbooks(catalogue.build(loaded.topology))
    if alert is None:
        _list(book, as_json=as_json)
        return
    page = book.get(alert)
    if page is None:
        raise click.BadParameter(_unknown(alert, book, loaded.topology), param_hint="ALERT")
    if as_json:
        options.print_json(page.to_json())
    elif progress.on_terminal(sys.stdout):
        from rich.markdown import Markdown

        from boxwatch.commands.terminal import Terminal

        Terminal().print(Markdown(page.markdown(), code_theme="ansi_dark"))
    else:
        click.echo(page.markdown(), nl=False)


def _list(book: dict[str, Page], *, as_json: bool) -> None:
    severities = {name: list(dict.fromkeys(one.severity for one in page.variants)) for name, page in book.items()}
    if as_json:
        options.print_json(
            [{"name": name, "severities": severities[name], "summary": page.summary} for name, page in book.items()]
        )
        return
    wide = max(map(len, book), default=0)
    texts = {name: ", ".join(words) for name, words in severities.items()}
    next_to = max(map(len, texts.values()), default=0)
    for name, page in book.items():
        click.echo(f"{name:{wide}}  {texts[name]:{next_to}}  {page.summary}")


def _unknown(alert: str, book: dict[str, Page], topology: Topology) -> str:
    from boxwatch.topology.wording import did_you_mean

    if alert in topology.alerts.rules:
        return f"{alert} is switched off in this topology, by `alerts.rules.{alert}`"
    hint = did_you_mean(alert, book) or "`boxwatch explain` lists them"
    return f"{alert!r} is not an alert of this topology ({hint})"
