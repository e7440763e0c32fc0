"""The command line: the group of all commands, and how errors are shown.

Exit codes: 0 fine; 1 findings, an output that is out of date, or something that could not be done; 2 wrong usage or a
wrong topology; 3 `boxwatch diff` found differences; 130 Ctrl-C; 141 nobody reads the output any more. A command imports
its libraries when it runs, so that `--help` and completion answer at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from boxwatch.commands import (
    backup,
    build,
    check,
    completion,
    diff,
    endings,
    explain,
    exporter,
    init,
    modernise,
    publish,
    pull,
    rollback,
    schema,
    test,
    topology,
)
from boxwatch.errors import BoxwatchError, TopologyError


class _Failure(click.ClickException):
    """A BoxwatchError as click shows errors: each line after `Error: `."""

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        for line in self.message.splitlines():
            click.echo(f"{click.style('Error', fg='red', bold=True)}: {line}", file=file, err=True)


class _WrongInput(_Failure):
    """The same, for what the user can correct in the input."""

    exit_code = TopologyError.exit_code


class _Group(click.Group):
    """Turns the errors that boxwatch raises on purpose into messages."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's own signature
        with _endings():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        with _endings():
            return super().invoke(ctx)


@contextlib.contextmanager
def _endings() -> Iterator[None]:
    """What ends a command before its end: with a message of ours, or none, and its exit code."""
    try:
        yield
    except KeyboardInterrupt:
        # The terminal has written ^C.
        click.echo(err=True)
        raise click.exceptions.Exit(endings.INTERRUPTED) from None
    except click.Abort as error:
        # At a question, click has ended the line.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise click.exceptions.Exit(endings.INTERRUPTED) from None
        raise
    except BrokenPipeError:
        endings.read_by_nobody()
        raise click.exceptions.Exit(endings.PIPE_CLOSED) from None
    except BoxwatchError as error:
        shown = _WrongInput if isinstance(error, TopologyError) else _Failure
        raise shown(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="boxwatch", prog_name="boxwatch")
def main() -> None:
    """Monitoring as code for a server that Coolify runs.

    One topology file says what runs where, with how much RAM and how many replicas. From it come Prometheus rules whose
    alerts are proven, Grafana dashboards, scrape configuration and runbooks.

    \b
    Example:
      boxwatch init                     write topology.yaml, commented
      boxwatch topology                 show the plan
      boxwatch build --out generated    make everything
      boxwatch check                    check everything
      boxwatch test                     prove every alert
      boxwatch explain ServiceDown      what an alert means and what to do
      boxwatch publish --help           bring it into a live Grafana and Prometheus
    """


# In the order in which one uses them.
COMMANDS = (
    init.init,
    topology.topology,
    schema.schema,
    build.build,
    check.check,
    test.test,
    explain.explain,
    modernise.modernise,
    diff.diff,
    publish.publish,
    rollback.rollback,
    backup.backup,
    pull.pull,
    exporter.exporter,
    completion.completion,
)

for _command in COMMANDS:
    main.add_command(_command)
