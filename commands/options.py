"""Options shared by commands: the topology, JSON output, and applying a plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from boxwatch.checks.extra_rules import ExtraRules
    from boxwatch.errors import Problem
    from boxwatch.exporters.catalogue.metrics import Catalogue
    from boxwatch.grafana.tree import Node
    from boxwatch.rules.built import Built
    from boxwatch.topology.load import Loaded
    from boxwatch.topology.model import Topology

Command = TypeVar("Command", bound=Callable[..., Any])
# The classic schema, and dashboards.schema_v2.resource.VERSIONS, which would be slow to import for its names alone.
SCHEMAS = ("v1", "v2", "v2beta1")
# The topology file used if none is named.
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

    folder = folder or _next_to(loaded, extra.FOLDER, "dashboards")
    return {} if folder is None else extra.dashboards(folder, loaded.topology)


def rules(command: Command) -> Command:
    """`--rules`, as `rules`: a folder for `extra_rules`."""
    return click.option(
        "--rules",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of your own rules and their tests (extra-rules next to the topology).",
    )(command)


def extra_rules(
    loaded: Loaded, folder: Path | None = None, built: Built | None = None, topology: Topology | None = None
) -> ExtraRules:
    """The user's own rules and tests, from the given folder or else the one next to the topology, if it exists.

    `built` are the rules of the topology, if they are built already; `topology` is the deployment, if it is not as
    loaded.

    Raises:
        BoxwatchError: a file is invalid, or a name is one of ours.
    """
    from boxwatch.checks import extra_rules as reading
    from boxwatch.rules import catalogue, deployment

    folder = folder or _next_to(loaded, reading.FOLDER, "rules")
    if folder is None:
        return reading.NOTHING
    made = built or catalogue.build(topology or loaded.topology)
    return reading.read(folder, catalogue.rule_files(made), deployment.labels(made.topology))


def metrics(command: Command) -> Command:
    """`--metrics`, as `metrics`: a folder for `extra_metrics`."""
    return click.option(
        "--metrics",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of your recorded metrics (extra-metrics next to the topology); see `boxwatch record`.",
    )(command)


def extra_metrics(loaded: Loaded, folder: Path | None = None) -> Catalogue:
    """Recorded metrics of the user's applications, from the given folder or else the one next to the topology.

    Raises:
        BoxwatchError: a recording is invalid.
    """
    from boxwatch.exporters.catalogue import applications
    from boxwatch.exporters.catalogue.metrics import NO_METRICS

    folder = folder or _next_to(loaded, applications.FOLDER, "metrics")
    return NO_METRICS if folder is None else applications.read(folder)


def _next_to(loaded: Loaded, name: str, what: str) -> Path | None:
    """A folder next to the topology, if it exists; report that it is used."""
    folder = Path(loaded.source).parent / name
    if not Path(loaded.source).exists() or not folder.is_dir():
        return None
    click.echo(f"Your own {what}: {folder}", err=True)
    return folder


def as_json(command: Command) -> Command:
    """`--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def plan(command: Command) -> Command:
    """`--dry-run` and `--yes`, for commands that change a server."""
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
