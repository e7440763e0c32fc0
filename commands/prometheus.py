"""What `publish` and `rollback` share for Prometheus: its options, and a plan shown, asked for, done."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from boxwatch.commands import options

if TYPE_CHECKING:
    from boxwatch.publish.http import Credentials
    from boxwatch.publish.prometheus import Plan, Target
    from boxwatch.publish.reload import Reload

PASSWORD = "BOXWATCH_PROMETHEUS_PASSWORD"  # noqa: S105 - the variable's name
TOKEN = "BOXWATCH_PROMETHEUS_TOKEN"  # noqa: S105 - the variable's name
_FILE = click.Path(path_type=Path, dir_okay=False)

_OPTIONS = (
    click.option("--prometheus", "url", metavar="URL", help="Prometheus, for reload and read-back."),
    click.option(
        "--rules-dir",
        "directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of rules; Prometheus' rule_files must name DIR/boxwatch.yaml or DIR/*.yaml.",
    ),
    click.option(
        "--reload",
        "how",
        type=click.Choice(["http", "signal", "none"]),
        help="How Prometheus is made to load them; none: something else does. Default: http with --prometheus, "
        "signal with --pid.",
    ),
    click.option("--pid", metavar="PID|FILE", help="Prometheus' process for --reload signal, or a file with it."),
    click.option("--prometheus-user", "user", metavar="NAME", help=f"Basic authentication; password in ${PASSWORD}."),
    click.option(
        "--prometheus-password-file", "password_file", type=_FILE, metavar="FILE", help="Password, from a file."
    ),
    click.option(
        "--prometheus-token-file",
        "token_file",
        type=_FILE,
        metavar="FILE",
        help=f"Bearer token, from a file instead of ${TOKEN}.",
    ),
    click.option("--prometheus-ca", "ca", type=_FILE, metavar="FILE", help="Certificates to trust, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=60.0,
        show_default=True,
        help="Seconds for loading and the first evaluation of every rule; a way back has as many again.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace rules that were changed by hand."),
)


@dataclass(frozen=True, slots=True)
class PrometheusOptions:
    """The options as they were given."""

    url: str | None
    directory: Path | None
    how: str | None
    pid: str | None
    user: str | None
    password_file: Path | None
    token_file: Path | None
    ca: Path | None
    timeout: float
    overwrite: bool

    def target(self) -> Target:
        """What they mean.

        Raises:
            click.UsageError: they do not go together.
            PublishError: the URL, a file or a secret cannot be used.
        """
        from boxwatch.publish.http import Client  # noqa: PLC0415
        from boxwatch.publish.prometheus import Target  # noqa: PLC0415

        if self.directory is None:
            raise click.UsageError("Missing option '--rules-dir': the directory that Prometheus reads rules from.")
        client = Client(self.url, self._credentials(), self.ca) if self.url else None
        return Target(self.directory, client, self._reload(client), self.timeout)

    def _reload(self, client: Any) -> Reload:  # noqa: ANN401 - Client is imported late
        from boxwatch.publish import reload  # noqa: PLC0415

        how = self.how or ("http" if client else "signal" if self.pid else "none")
        if how == "http":
            if client is None:
                raise click.UsageError("--reload http needs --prometheus.")
            return reload.ByHttp(client)
        if how == "signal":
            if self.pid is None:
                raise click.UsageError("--reload signal needs --pid.")
            return reload.BySignal(int(self.pid) if self.pid.isdecimal() else Path(self.pid))
        return reload.ByOthers()

    def _credentials(self) -> Credentials:
        from boxwatch.publish.http import Credentials  # noqa: PLC0415

        if self.user is not None:
            if self.token_file:
                raise click.UsageError("Give --prometheus-user or --prometheus-token-file, not both.")
            password = _secret(self.password_file, PASSWORD)
            if password is None:
                raise click.UsageError(f"--prometheus-user needs --prometheus-password-file or ${PASSWORD}.")
            return Credentials.basic(self.user, password)
        if self.password_file:
            raise click.UsageError("--prometheus-password-file needs --prometheus-user.")
        token = _secret(self.token_file, TOKEN)
        return Credentials() if token is None else Credentials.bearer(token)


def prometheus(command: Callable[..., Any]) -> Callable[..., Any]:
    """Prometheus' options, which the command gets as one value, `prometheus`."""

    @functools.wraps(command)
    def with_options(**values: Any) -> Any:  # noqa: ANN401 - click's own values
        ours = {name: values.pop(name) for name in PrometheusOptions.__slots__}
        return command(prometheus=PrometheusOptions(**ours), **values)

    decorated: Callable[..., Any] = with_options
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def carry_out(target: Target, plan: Plan, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Show a plan, ask, and do it."""
    from boxwatch.publish import prometheus as publishing  # noqa: PLC0415

    if not as_json:
        _show(target, plan)
    said = ""
    if not dry_run:
        if plan.needed and not yes:
            _ask()
        said = publishing.apply(target, plan, _progress if _on_terminal(sys.stderr) else None)
    done = plan.needed and not dry_run
    if as_json:
        options.print_json({**plan.to_json(), "done": done, "said": said})
    elif done:
        where = f" --prometheus {target.client.url}" if target.client else ""
        confirmed = "Prometheus has loaded the rules" if target.client else "the rules are on disk"
        click.echo(f"Done: {confirmed}. The way back: boxwatch rollback --rules-dir {target.directory}{where}")
    if said:
        click.echo(f"note: {said}".replace("\n", "\nnote: "), err=True)


_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}


def _show(target: Target, plan: Plan) -> None:
    for change in plan.changes:
        sign, colour = _SIGNS[change.kind]
        click.echo(click.style(f"  {sign} {change}", fg=colour))
    for note in plan.notes:
        click.echo(f"note: {note}", err=True)
    if not plan.needed:
        click.echo(f"{target.directory}: up to date")
        return
    counts = ", ".join(f"{sum(one.kind == kind for one in plan.changes)} {kind}" for kind in _SIGNS)
    click.echo(f"{target.directory}: {counts}")


def _on_terminal(stream: TextIO) -> bool:
    return stream.isatty()


def _ask() -> None:
    if not _on_terminal(sys.stdin):
        raise click.UsageError("Nobody is there to ask: give --yes to do it, or --dry-run to see it.")
    click.confirm("Do it?", abort=True, err=True)


def _secret(file: Path | None, variable: str) -> str | None:
    """A secret from a file or the environment; None where there is neither."""
    from boxwatch.errors import PublishError  # noqa: PLC0415

    if file is None:
        return os.environ.get(variable) or None
    try:
        text = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # The error of a decoder quotes what it read.
        raise PublishError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'is no text'}") from None
    if not text:
        raise PublishError(f"{file} is empty: it must hold the secret")
    return text


def _progress(done: int, total: int) -> None:
    """A line that is written over, and gone at the end."""
    text = f"evaluated: {done} of {total} rules"
    click.echo(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r", nl=False, err=True)
