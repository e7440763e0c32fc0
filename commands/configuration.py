"""Alertmanager and the blackbox exporter for commands: options, and a plan for a configuration as an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands.connection import ConnectionSettings, Option, credentials, login_options
from boxwatch.commands.execute import Say, Watch
from boxwatch.commands.rules_target import RulesOperation

if TYPE_CHECKING:
    from boxwatch.publish.configuration.configuration import Plan, Target
    from boxwatch.publish.configuration.kinds import Kind


def _options(server: str, title: str, file: str) -> tuple[Option, ...]:
    return (
        click.option(f"--{server}", f"{server}_url", metavar="URL", help=f"{title}, to reload and read back."),
        click.option(
            f"--{server}-dir",
            f"{server}_directory",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help=f"{title}'s directory, with its {file}.",
        ),
        *login_options(server),
    )


ALERTMANAGER_OPTIONS = _options("alertmanager", "Alertmanager", "alertmanager.yml")
BLACKBOX_OPTIONS = _options("blackbox", "The blackbox exporter", "blackbox.yml")


@dataclass(frozen=True, slots=True)
class AlertmanagerOptions:
    """Alertmanager's options as given."""

    alertmanager_url: str | None
    alertmanager_directory: Path | None
    alertmanager_user: str | None
    alertmanager_password_file: Path | None
    alertmanager_token_file: Path | None

    @property
    def kind(self) -> Kind:
        """The kind of server."""
        from boxwatch.publish.configuration.kinds import ALERTMANAGER

        return ALERTMANAGER


@dataclass(frozen=True, slots=True)
class BlackboxOptions:
    """The blackbox exporter's options as given."""

    blackbox_url: str | None
    blackbox_directory: Path | None
    blackbox_user: str | None
    blackbox_password_file: Path | None
    blackbox_token_file: Path | None

    @property
    def kind(self) -> Kind:
        """The kind of server."""
        from boxwatch.publish.configuration.kinds import BLACKBOX

        return BLACKBOX


ServerOptions = AlertmanagerOptions | BlackboxOptions


def named(options: ServerOptions) -> bool:
    """Whether any of the server's options is given."""
    return any(getattr(options, slot) is not None for slot in options.__slots__)


def target(options: ServerOptions, settings: ConnectionSettings) -> Target:
    """The target the options describe.

    Raises:
        click.UsageError: the options contradict each other.
        PublishError: the URL, a file or a secret cannot be used.
    """
    from boxwatch.publish import reload
    from boxwatch.publish.configuration.configuration import Target
    from boxwatch.publish.http import Client

    url, directory, user, password_file, token_file = (getattr(options, slot) for slot in options.__slots__)
    kind = options.kind
    if directory is None:
        raise click.UsageError(f"no directory for {kind.who}: pass --{kind.option}-dir DIR, where its {kind.file} is")
    login = credentials(kind.option, user, password_file, token_file)
    if not url:
        return Target(kind, directory, None, reload.ExternalReload(), settings.timeout)
    client = Client(url, login, settings.ca)
    how = reload.HttpReload(client, who=kind.who, contents="configuration", remedy=kind.remedy)
    return Target(kind, directory, client, how, settings.timeout)


def operation(to: Target, files: Mapping[str, bytes], *, overwrite: bool) -> ConfigurationOperation:
    """The plan for a server's configuration.

    Raises:
        PublishError: it cannot be planned; nothing was written.
    """
    from boxwatch.publish.configuration import configuration

    return _operation(to, configuration.plan(to, to.kind.bundle(files), overwrite=overwrite))


def rollback(to: Target, *, overwrite: bool) -> ConfigurationOperation:
    """The plan that returns to the configuration before the last publish.

    Raises:
        PublishError: there is nothing to return to, or it cannot be planned.
    """
    from boxwatch.publish.configuration import configuration

    return _operation(to, configuration.rollback(to, overwrite=overwrite))


def _operation(to: Target, plan: Plan) -> ConfigurationOperation:
    return ConfigurationOperation(to, plan, name=to.kind.title)


@dataclass(frozen=True, slots=True)
class ConfigurationOperation(RulesOperation["Target", "Plan"]):
    """A plan for a server's configuration."""

    doing: str = "configuration loaded"
    name: str = ""

    def show(self) -> Iterator[str]:
        """One line per item, then the total."""
        return self.lines(str(self.target.directory / self.target.kind.file))

    def apply(self, say: Say, watch: Watch) -> str:  # noqa: ARG002 - it is over at once
        """Apply the plan; PublishError says why it failed and what is in place now."""
        from boxwatch.publish.configuration import configuration

        said = configuration.apply(self.target, self.plan)
        kind, client = self.target.kind, self.target.client
        where = f" --{kind.option} {client.url}" if client else ""
        confirmed = f"{kind.who} has loaded its configuration" if client else f"{kind.file} is on disk"
        back = f"boxwatch rollback --{kind.option}-dir {self.target.directory}{where}"
        say(f"Done: {confirmed}. Roll back with: {back}")
        return said
