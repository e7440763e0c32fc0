"""The command line: the group of all commands, and how errors are shown.

Exit codes: 0 success; 1 findings, outdated output or a failed operation; 2 a usage error or an invalid topology;
3 `boxwatch diff`, `boxwatch discover --check` or `boxwatch modernise --check` found differences, `boxwatch doctor`
problems, or `boxwatch demo --once` was not as expected; 130 Ctrl-C; 141 the reader of the output has closed it. Each
command imports its libraries when it runs, so `--help` and completion respond instantly.
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
    demo,
    diff,
    discover,
    doctor,
    endings,
    explain,
    exporter,
    init,
    modernise,
    notify,
    publish,
    pull,
    record,
    rollback,
    schema,
    stack,
    test,
    topology,
)
from boxwatch.errors import BoxwatchError, TopologyError


class _Failure(click.ClickException):
    """Prints a BoxwatchError the way click prints errors, with `Error: ` before each line."""

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        for line in self.message.splitlines():
            click.echo(f"{click.style('Error', fg='red', bold=True)}: {line}", file=file, err=True)


class _WrongInput(_Failure):
    """A failure caused by the user's input: exits with the code of usage errors."""

    exit_code = TopologyError.exit_code


class _Group(click.Group):
    """Prints expected errors as messages instead of tracebacks."""

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
        shown = _WrongInput if error.exit_code == _WrongInput.exit_code else _Failure
        raise shown(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="boxwatch", prog_name="boxwatch")
def main() -> None:
    """Monitoring as code for a server that Coolify runs.

    One topology file describes what runs where, with how much RAM and how many replicas. boxwatch generates Prometheus
    rules with proven alerts, Grafana dashboards, scrape configuration and runbooks from it.

    \b
    Example:
      boxwatch init                     write a commented topology.yaml
      boxwatch topology                 show the plan
      boxwatch build --out generated    generate everything
      boxwatch check                    check everything
      boxwatch test                     prove every alert
      boxwatch explain ServiceDown      show an alert's runbook
      boxwatch publish --help           publish to a live Grafana and Prometheus
    """


# In the order of use.
COMMANDS = (
    init.init,
    discover.discover,
    topology.topology,
    schema.schema,
    build.build,
    check.check,
    test.test,
    record.record,
    explain.explain,
    modernise.modernise,
    diff.diff,
    publish.publish,
    stack.stack,
    rollback.rollback,
    backup.backup,
    pull.pull,
    notify.notify,
    doctor.doctor,
    exporter.exporter,
    demo.demo,
    completion.completion,
)

for _command in COMMANDS:
    main.add_command(_command)
