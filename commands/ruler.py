"""A ruler for commands: its options, and a plan for its rules as an operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands.connection import ConnectionSettings, Option, credentials, login_options, to_backups
from boxwatch.commands.execute import Say, Watch
from boxwatch.commands.rules_target import RulesOperation

if TYPE_CHECKING:
    from boxwatch.publish.ruler.ruler_rules import Plan, Target  # noqa: F401 - the operation names its plan in quotes

_NAMESPACE = "boxwatch"
_TENANT = "X-Scope-OrgID"

RULER_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--ruler",
        "ruler_url",
        metavar="URL",
        help="Mimir-compatible ruler: the URL before /config/v1/rules, http://HOST:PORT/prometheus for Mimir.",
    ),
    click.option("--namespace", metavar="NAME", help=f"Namespace of our rules in the ruler ({_NAMESPACE})."),
    click.option("--tenant", metavar="ID", help=f"Tenant that owns the rules, sent as {_TENANT}."),
    *login_options("ruler"),
)


@dataclass(frozen=True, slots=True)
class RulerOptions:
    """The ruler's options as given."""

    ruler_url: str | None
    namespace: str | None
    tenant: str | None
    ruler_user: str | None
    ruler_password_file: Path | None
    ruler_token_file: Path | None

    @property
    def named(self) -> bool:
        """Whether any ruler option is given."""
        return any(getattr(self, slot) is not None for slot in self.__slots__)

    def target(self, settings: ConnectionSettings, backups: Path) -> Target:
        """The target the options describe.

        Raises:
            click.UsageError: the options contradict each other.
            PublishError: the URL, a file or a secret cannot be used.
        """
        from boxwatch.publish.http import Client
        from boxwatch.publish.ruler.ruler_api import RulerApi
        from boxwatch.publish.ruler.ruler_rules import Target

        if self.ruler_url is None:
            raise click.UsageError("no ruler: pass --ruler URL")
        tenant = self.tenant or ""
        if not tenant.isascii() or not tenant.isprintable():
            raise click.UsageError("--tenant contains characters not allowed in a header: use printable ASCII")
        login = credentials("ruler", self.ruler_user, self.ruler_password_file, self.ruler_token_file)
        client = Client(self.ruler_url, login, settings.ca, {_TENANT: tenant} if tenant else {})
        return Target(RulerApi(client, self.namespace or _NAMESPACE), tenant, backups, settings.timeout)


@dataclass(frozen=True, slots=True)
class RulerOperation(RulesOperation["Target", "Plan"]):
    """A plan for a ruler's rules."""

    name: str = "ruler"

    def show(self) -> Iterator[str]:
        """One line per rule, then the total."""
        return self.lines(f"{self.target.api.client.url}, namespace {self.target.api.namespace}")

    def apply(self, say: Say, watch: Watch) -> str:
        """Apply the plan; PublishError says why it failed and what is in place now."""
        from boxwatch.publish.ruler import ruler_rules

        said = ruler_rules.apply(self.target, self.plan, watch)
        api = self.target.api
        tenant = f" --tenant {self.target.tenant}" if self.target.tenant else ""
        back = f"boxwatch rollback --ruler {api.client.url} --namespace {api.namespace}{tenant}"
        back += to_backups(self.target.backups)
        say(f"Done: the ruler evaluates the rules. Roll back with: {back}")
        return said
