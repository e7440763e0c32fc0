"""`boxwatch record`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import connection, options
from boxwatch.commands.connection import FILE, Option

if TYPE_CHECKING:
    from boxwatch.exporters.catalogue.applications import Recording

_JOB = "app"
ACCESS_OPTIONS: tuple[Option, ...] = (
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of a private CA, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=600),
        default=10.0,
        show_default=True,
        help="Seconds to wait for the whole page.",
    ),
    *connection.login_options("metrics"),
)


@dataclass(frozen=True, slots=True)
class Access:
    """The options as given."""

    ca: Path | None
    timeout: float
    metrics_user: str | None
    metrics_password_file: Path | None
    metrics_token_file: Path | None

    def page(self, source: str) -> str:
        """The text of the metrics page at a URL, or in a file.

        Raises:
            click.UsageError: the options contradict each other.
            BoxwatchError: it cannot be read, or is not a metrics page.
        """
        from boxwatch.publish import metrics_page

        if not source.startswith(("http://", "https://")):
            return metrics_page.read(Path(source))
        files = self.metrics_password_file, self.metrics_token_file
        login = connection.credentials("metrics", self.metrics_user, *files)
        return metrics_page.fetch(source, self.timeout, login, self.ca)


@click.command(short_help="Record your application's metrics for check.")
@click.argument("source", metavar="URL|FILE")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Recording: extra-metrics/NAME.json."
)  # fmt: skip
@click.option(
    "--job",
    default=_JOB,
    show_default=True,
    metavar="NAME",
    help=f"Scrape job: {_JOB} for services with the key `metrics`, else the job of your own configuration.",
)
@click.option(
    "--label", "labels", multiple=True, metavar="NAME", help="Label that your scrape configuration adds. Repeatable."
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Forget what FILE recorded before, instead of adding to it.")
@connection.collected("access", Access, ACCESS_OPTIONS)
@options.as_json
def record(  # noqa: PLR0913 - one for each option
    *, source: str, out: Path | None, job: str, labels: tuple[str, ...], replace: bool, access: Access, as_json: bool
) -> None:
    """Record which metrics your own application exposes, so that `check` knows them in your rules and dashboards.

    Reads one metrics page, in text format or OpenMetrics, and stores names, types, help texts and label names, but no
    values. `check` reads all recordings in extra-metrics/ next to the topology. Metrics that FILE has already are
    kept, because some appear only after their first event.

    Without --out, nothing is written: the names are listed.

    \b
    Example:
      boxwatch record http://localhost:3001/metrics --out extra-metrics/api.json
      boxwatch record page.prom --job shop --label env --out extra-metrics/shop.json
      boxwatch record https://api.example.com/metrics --metrics-token-file token --json
    """
    from boxwatch.exporters.catalogue import applications
    from boxwatch.topology.wording import counted

    name = "application" if out is None else _name(out)
    found = applications.page(access.page(source), source.partition("?")[0])
    added = applications.target_labels(planned=job == _JOB, added=labels)
    before = applications.load(out) if out is not None and out.exists() and not replace else None
    known = {} if before is None else before.metrics
    made = applications.Recording(name, job, added, known).merged(found)
    new = sorted(made.metrics.keys() - known.keys())
    if out is not None:
        _write(out, made)
    if as_json:
        options.print_json({"file": None if out is None else str(out), "new": new, **made.to_json()})
        return
    for metric in new:
        entry = made.metrics[metric]
        click.echo(f"  + {metric}{{{', '.join(sorted(entry.labels))}}} {entry.type}")
    counts = f"{counted(len(made.metrics), 'name')}, {len(new)} new"
    click.echo(f"{out}: {counts}" if out is not None else f"{counts}; pass --out extra-metrics/NAME.json to keep them")


def _name(out: Path) -> str:
    """The application's name.

    Raises:
        click.BadParameter: `check` would not read the file.
    """
    from boxwatch.exporters.catalogue import applications

    if out.suffix != applications.SUFFIX or out.name.startswith("."):
        message = f"{out} does not end in .json: write {applications.FOLDER}/NAME.json"
        raise click.BadParameter(message, param_hint="--out")
    return out.stem


def _write(out: Path, made: Recording) -> None:
    from boxwatch.errors import OutputError
    from boxwatch.publish import atomic

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(out, made.dump())
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error
