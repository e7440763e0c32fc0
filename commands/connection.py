"""Connection options of live servers: certificates, timeouts and secrets, grouped into one value."""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from boxwatch.publish.http import Credentials

FILE = click.Path(path_type=Path, dir_okay=False)
Option = Callable[[Callable[..., Any]], Callable[..., Any]]
# Long, and without what paths have.
_LIKE_A_SECRET = re.compile(r"[^/.]{16,}|[^/]{40,}")
_BACKUPS = Path(".boxwatch/backups")

CONNECTION_OPTIONS: tuple[Option, ...] = (
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of a private CA, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=3600),
        default=60.0,
        show_default=True,
        help="Seconds to wait for a response from Grafana, or for every rule to load and evaluate once; "
        "a rollback may take as long again.",
    ),
    click.option("--verbose", is_flag=True, help="Log every request to Grafana to standard error."),
)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The connection options as given."""

    ca: Path | None
    timeout: float
    verbose: bool


def collected(name: str, kind: Callable[..., Any], options: Sequence[Option]) -> Option:
    """Decorate a command with options, passed to it as one value of `kind`, whose slots have the options' names."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_value(**values: Any) -> Any:  # noqa: ANN401 - click's own values
            ours = {slot: values.pop(slot) for slot in kind.__slots__}  # type: ignore[attr-defined]
            return command(**{name: kind(**ours)}, **values)

        decorated: Callable[..., Any] = with_value
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def overwrite(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--overwrite-changed`, as `overwrite`."""
    return click.option("--overwrite-changed", "overwrite", is_flag=True, help="Overwrite manual changes.")(command)


def secret(file: Path | None, variable: str) -> str | None:
    """A secret from a file or the environment; None if neither is set.

    Raises:
        PublishError: the file cannot be read or is empty.
    """
    from boxwatch.errors import PublishError

    if file is None:
        return os.environ.get(variable, "").strip() or None
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # A decoder's error quotes its input.
        reason = getattr(error, "strerror", None) or "not a text file"
        if isinstance(error, OSError) and _LIKE_A_SECRET.fullmatch(str(file)):
            raise PublishError(f"cannot read a file with a secret: {reason}; pass its path, not the secret") from None
        raise PublishError(f"{file} cannot be read: {reason}") from None
    if not text:
        raise PublishError(f"{file} is empty: write the secret into it")
    return text


def login_options(server: str) -> tuple[Option, ...]:
    """Basic authentication or a bearer token for a server, with secrets from files or the environment."""
    password, token = _variables(server)
    return (
        click.option(f"--{server}-user", metavar="NAME", help=f"Basic authentication; password in ${password}."),
        click.option(f"--{server}-password-file", type=FILE, metavar="FILE", help="File with the password."),
        click.option(
            f"--{server}-token-file", type=FILE, metavar="FILE", help=f"File with the bearer token; overrides ${token}."
        ),
    )


def _variables(server: str) -> tuple[str, str]:
    return f"BOXWATCH_{server.upper()}_PASSWORD", f"BOXWATCH_{server.upper()}_TOKEN"


def credentials(server: str, user: str | None, password_file: Path | None, token_file: Path | None) -> Credentials:
    """The credentials given by the login options.

    Raises:
        click.UsageError: the options contradict each other.
        PublishError: a file or a secret cannot be used.
    """
    from boxwatch.publish.http import Credentials

    password_in, token_in = _variables(server)
    if user is not None:
        if token_file:
            raise click.UsageError(f"--{server}-user and --{server}-token-file exclude each other: pass one")
        password = secret(password_file, password_in)
        if password is None:
            raise click.UsageError(
                f"--{server}-user needs a password: pass --{server}-password-file or set ${password_in}"
            )
        return Credentials.basic(user, password)
    if password_file:
        raise click.UsageError(f"--{server}-password-file needs a user: pass --{server}-user")
    token = secret(token_file, token_in)
    return Credentials() if token is None else Credentials.bearer(token)


def quiet(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--quiet`, as `quiet`."""
    return click.option("--quiet", is_flag=True, help="Print errors only; rely on the exit code.")(command)


def to_backups(folder: Path) -> str:
    """The `--backups` option another command needs to find the backups; empty for the default directory."""
    return "" if folder == _BACKUPS else f" --backups {shlex.quote(str(folder))}"


def backups(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--backups`, as `backups`."""
    return click.option(
        "--backups",
        type=click.Path(path_type=Path),
        default=_BACKUPS,
        envvar="BOXWATCH_BACKUPS",
        metavar="DIR",
        help="Backup directory for replaced dashboards and ruler groups (.boxwatch/backups).",
    )(command)
