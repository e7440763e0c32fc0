"""What several commands share: which topology is meant, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from boxwatch.errors import Problem
    from boxwatch.grafana.tree import Node
    from boxwatch.topology.load import Loaded

Command = TypeVar("Command", bound=Callable[..., Any])
# The classic form of dashboards, and dashboards.schema_v2.resource.VERSIONS, which is not loaded for its names alone.
SCHEMAS = ("v1", "v2", "v2beta1")
# Where a topology is looked for when none is named.
HERE = "topology.yaml"


def topology(command: Command) -> Command:
    """The topology argument and its external variables: `topology` and `ext_str`."""
    return click.argument("topology", required=False, type=click.Path(path_type=Path))(ext_str(command))


def ext_str(command: Command) -> Command:
    """`--ext-str`, as `ext_str`."""
    return click.option(
        "--ext-str",
        "ext_str",
        metavar="NAME=VALUE",
        multiple=True,
        help="External variable of a Jsonnet topology. Repeatable.",
    )(command)


def extra(command: Command) -> Command:
    """`--dashboards`, as `dashboards`: a folder for `extra_dashboards`."""
    return click.option(
        "--dashboards",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of your own dashboards (extra-dashboards next to the topology).",
    )(command)


def extra_dashboards(loaded: Loaded, folder: Path | None = None) -> dict[str, Node]:
    """The user's own dashboards, from the given folder or else the one next to the topology, if it exists.

    Raises:
        BoxwatchError: a dashboard is invalid.
    """
    from boxwatch.dashboards import extra

    if folder is None:
        folder = Path(loaded.source).parent / extra.FOLDER
        if not Path(loaded.source).exists() or not folder.is_dir():
            return {}
        click.echo(f"Your own dashboards: {folder}", err=True)
    return extra.dashboards(folder, loaded.topology)


def as_json(command: Command) -> Command:
    """`--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def plan(command: Command) -> Command:
    """`--dry-run` and `--yes`, of commands that change something elsewhere."""
    command = click.option("--yes", is_flag=True, help="Apply without confirmation.")(command)
    return click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")(command)


def load(path: Path | None, ext_str: tuple[str, ...]) -> Loaded:
    """Load the topology and print its warnings; report which one is used if the user named none."""
    from boxwatch.topology import default, load

    variables = {}
    for pair in ext_str:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--ext-str")
        variables[name] = value
    if path is None and Path(HERE).exists():
        path = Path(HERE)
        click.echo(f"Topology: ./{HERE}", err=True)
    if path is None:
        click.echo(f"Topology: the bundled default (there is no ./{HERE}; `boxwatch init` writes one)", err=True)
        loaded = default.load()
    else:
        loaded = load.load(path, ext_str=variables)
    if loaded.topology.alerts.rules:
        from boxwatch.rules import catalogue

        catalogue.check(loaded)
    for warning in loaded.warnings:
        warn(warning)
    return loaded


def warn(warning: Problem) -> None:
    """Print a warning with its place."""
    click.echo(f"{click.style('Warning', fg='yellow', bold=True)}: {warning}", err=True)


def print_json(document: object) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
