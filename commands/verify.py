"""`boxwatch verify`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import files, options
from boxwatch.commands.connection import FILE, secret
from boxwatch.commands.grafana import TOKEN
from boxwatch.commands.live_options import LiveOptions, live

if TYPE_CHECKING:
    from boxwatch.live.verify.items import Subject
    from boxwatch.publish.grafana.http import Http

# Those of boxwatch.live.verify.report, which is loaded when it is needed.
_FORMATS = ("text", "json", "junit", "github", "gitlab")


@click.command(short_help="Ask a running Prometheus whether every panel and rule has data, and if not, why.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[TOPOLOGY] [FILE]...")
@live
@click.option("--grafana", "grafana_url", metavar="URL", help="Verify the dashboards of this Grafana as they stand.")
@click.option(
    "--grafana-token-file",
    "grafana_token_file",
    type=FILE,
    metavar="FILE",
    help=f"File with a service account token; overrides ${TOKEN}. The role Viewer is enough.",
)
@click.option("--uid", "uids", multiple=True, metavar="UID", help="With --grafana: only this dashboard. Repeatable.")
@click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="Select this value of a variable; NAME=* selects each value in turn. Repeatable.",
)
@click.option("--format", "style", type=click.Choice(_FORMATS), default="text", help="Output format.")
@options.as_json
@click.option("--all", "everything", is_flag=True, help="Also list what has nothing to report.")
@options.ext_str
def verify(  # noqa: PLR0913 - one for each option
    *,
    paths: tuple[Path, ...],
    live: LiveOptions,
    grafana_url: str | None,
    grafana_token_file: Path | None,
    uids: tuple[str, ...],
    variables: tuple[str, ...],
    style: str,
    as_json: bool,
    everything: bool,
    ext_str: tuple[str, ...],
) -> None:
    """Ask a running Prometheus whether targets are up, rules are healthy, and every rule and panel has data.

    Without FILE, verifies the rules and dashboards of the topology. FILE is a dashboard (JSON, classic or schema v2), a
    rule file, or a directory of such files, of any origin. With --grafana, verifies the dashboards as they stand there,
    through their own data sources.

    Variables are expanded as Grafana does when a dashboard is opened, and repeated panels are repeated. Every empty
    query gets a reason, found by queries: an unknown metric, the matcher that excludes everything, a target that is
    down, a window of less than two scrapes, a rule that is missing or too young, labels that do not match, a service
    that does not run, or nothing to report, which is fine. Exits with 1 if something is broken.

    \b
    Example:
      boxwatch verify --prometheus http://localhost:9090
      boxwatch verify --prometheus http://localhost:9090 dashboards/ rules/ --format junit > verify.xml
      boxwatch verify --prometheus http://localhost:9090 service.json --var 'service=*'
      boxwatch verify --grafana https://grafana.example.com --grafana-token-file token
    """
    from boxwatch.live.verify import grafana, items, report, servers
    from boxwatch.live.verify.verify import verify as verified

    given = dict(_pair(each) for each in variables)
    http = _http(grafana_url, grafana_token_file, live) if grafana_url else None
    named = live.server() if live.prometheus_url or http is None else None
    if uids and http is None:
        raise click.UsageError("--uid needs --grafana.")
    here = http is None or bool(paths)
    lines = style in ("github", "gitlab")
    subject = (
        _of_files(paths, ext_str, lines=lines) if here or http is None else items.Subject(grafana.boards(http, uids))
    )
    _known(given, {each.name for board in subject.boards.values() for each in board.variables})
    sources = grafana.sources(http, live.concurrency) if http else None
    default = named or next(each.server for each in sorted(sources or (), key=lambda each: not each.default))
    records = {rule.name: rule.expr for file in subject.rules for rule in file.records}
    verdict = verified(subject, servers.Servers(default, sources, records), given)
    if as_json or style == "json":
        options.print_json(report.to_json(verdict))
    else:
        for line in report.lines(verdict, style, everything=everything):
            click.echo(line)
    if verdict.broken:
        sys.exit(1)


def _pair(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--var")
    return name, (value,)


def _known(given: Iterable[str], names: Collection[str]) -> None:
    """Raises click.BadParameter for a variable that no dashboard has."""
    from boxwatch.topology.wording import did_you_mean

    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            message = f"no dashboard has the variable {name}{f' ({hint})' if hint else ''}"
            raise click.BadParameter(message, param_hint="--var")


def _http(url: str, token_file: Path | None, live: LiveOptions) -> Http:
    from boxwatch.errors import PublishError
    from boxwatch.publish.grafana.http import Access, Http

    token = secret(token_file, TOKEN)
    if token is None:
        raise PublishError(f"no token for Grafana: set {TOKEN}, or pass a file with --grafana-token-file")
    return Http(Access(url, token, str(live.ca) if live.ca else None, live.timeout, live.concurrency))


def _of_files(paths: tuple[Path, ...], ext_str: tuple[str, ...], *, lines: bool) -> Subject:
    """The named files; without any, everything that the topology generates."""
    from boxwatch.live.verify import reading

    topology, given = files.sort(paths)
    if given:
        if topology is not None:
            raise click.UsageError(f"a topology and files: pass either {topology} or the files")
        return reading.of_files(given, lines=lines)
    loaded = options.load(topology, ext_str)
    from boxwatch.assemble import assemble

    extra, own = options.extra_dashboards(loaded), options.extra_rules(loaded)
    return reading.of_plan(assemble(loaded.topology, extra=extra, own=own, stack=False))
