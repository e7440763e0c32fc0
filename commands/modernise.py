"""`boxwatch modernise`."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import files, options
from boxwatch.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxwatch.grafana.tree import Node

_DIFFERS = 3


@click.command(short_help="Convert dashboards to the current schema.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="OUT", help="Output file or directory.")
@click.option(
    "--schema",
    type=click.Choice(options.SCHEMAS),
    default="v1",
    help="Dashboard schema: v1 (classic), v2 (Grafana 13) or v2beta1 (Grafana 12.2 to 12.4).",
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; show what would change, and exit 3 on differences."
)
@click.option("--json", "as_json", is_flag=True, help="Report what was dropped as JSON on standard error.")
@click.option("--verbose", is_flag=True, help="Name each key that was dropped, with the reason.")
def modernise(  # noqa: PLR0913 - one for each option
    *, paths: tuple[Path, ...], out: Path | None, schema: str, only_check: bool, as_json: bool, verbose: bool
) -> None:
    """Convert dashboards to the form in which current Grafana stores them.

    FILE is dashboard JSON of any schema version, written by grafanalib or a mixin, exported, or from Grafana's API; or
    a directory of such files. Old panels, options, data sources and thresholds are migrated; obsolete keys and nulls
    are removed. Current dashboards stay unchanged.

    A panel of AngularJS whose settings have no known equivalent stays marked, with all its keys: Grafana converts it
    when it opens the page. Keys that no Grafana reads are dropped; their number is printed, --verbose names them.

    A single dashboard is printed unless --out is given. Several require --out, which may be their own directory.

    \b
    Example:
      boxwatch modernise old.json > new.json
      boxwatch modernise dashboards/ --out dashboards/
      boxwatch modernise dashboards/ --check
    """
    from boxwatch.grafana import document, json_text
    from boxwatch.grafana import modernise as modern
    from boxwatch.grafana.schema_v2 import resource

    if only_check and (out is not None or schema != "v1"):
        raise click.UsageError("--check compares with the files themselves: omit --out and --schema")
    given = {path: document.read(str(path), content).dashboard for path, content in files.dashboards(paths).items()}
    made = {path: modern.modernise(dashboard) for path, dashboard in given.items()}
    _report(given, made, as_json=as_json, verbose=verbose)
    if only_check:
        _show(given, made)
        return
    written = {
        path: json_text.write(dashboard if schema == "v1" else resource.to_v2(dashboard, schema))
        for path, dashboard in made.items()
    }
    if out is not None:
        _write(dict(_targets(written, paths, out)))
    elif len(written) == 1:
        click.echo(b"".join(written.values()), nl=False)
    else:
        raise click.UsageError(f"{len(written)} dashboards need an output directory: pass --out DIR")


def _report(given: dict[Path, Node], made: dict[Path, Node], *, as_json: bool, verbose: bool) -> None:
    """Name what was dropped on standard error, where it does not mix with the dashboard."""
    from boxwatch.grafana.losses import losses
    from boxwatch.topology.wording import counted

    found = {path: losses(given[path], made[path]) for path in given}
    if as_json:
        report = {
            str(path): [{"where": one.where, "key": one.key, "reason": one.reason} for one in each]
            for path, each in found.items()
        }
        click.echo(json.dumps(report, indent=2), err=True)
        return
    for path, each in found.items():
        for one in each if verbose else ():
            click.echo(f"{path}: {one.where}: dropped {one.key}: {one.reason}", err=True)
    total = sum(map(len, found.values()))
    if total and not verbose:
        click.echo(f"{counted(total, 'obsolete key')} dropped; --verbose names them", err=True)


def _show(given: dict[Path, Node], made: dict[Path, Node]) -> None:
    from boxwatch.grafana import json_text

    differing = [path for path in given if given[path] != made[path]]
    for path in differing:
        before, after = (json_text.write(each[path]).decode().splitlines() for each in (given, made))
        for line in difflib.unified_diff(before, after, str(path), f"{path} (modernised)", lineterm=""):
            click.echo(line)
    click.echo(f"{len(differing)} of {len(given)} would change", err=True)
    if differing:
        sys.exit(_DIFFERS)


def _targets(written: dict[Path, bytes], paths: tuple[Path, ...], out: Path) -> Iterator[tuple[Path, bytes]]:
    """(where to, what) for each; below a directory, files keep their places."""
    if len(written) == 1 and not out.is_dir() and not paths[0].is_dir():
        yield out, next(iter(written.values()))
        return
    taken: dict[Path, Path] = {}
    for path, content in written.items():
        above = next((folder for folder in paths if folder.is_dir() and path.is_relative_to(folder)), path.parent)
        target = out / path.relative_to(above)
        if target in taken:
            raise OutputError(f"{taken[target]} and {path} would both be {target}: modernise them one at a time")
        taken[target] = path
        yield target, content


def _write(targets: dict[Path, bytes]) -> None:
    from boxwatch.publish import atomic

    for target, content in targets.items():
        try:
            unchanged = target.exists() and target.read_bytes() == content
            if not unchanged:
                target.parent.mkdir(parents=True, exist_ok=True)
                atomic.replace(target, content)
        except OSError as error:
            raise OutputError(f"{target}: could not be written: {error.strerror}") from error
        click.echo(f"  {'unchanged' if unchanged else 'written':<9} {target}")
