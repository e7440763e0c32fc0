"""`boxwatch stack deploy`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options
from boxwatch.commands.connection import FILE, Option, collected
from boxwatch.commands.execute import OUTPUT_OPTIONS, Output, Say, Watch, carry_out

if TYPE_CHECKING:
    from boxwatch.publish.coolify.coolify_api import CoolifyApi
    from boxwatch.publish.coolify.deploy import Timing
    from boxwatch.publish.coolify.plan import Desired, Plan
    from boxwatch.stack.part import Part
    from boxwatch.topology.load import Loaded
    from boxwatch.topology.model import Service

_TARGET_OPTIONS: tuple[Option, ...] = (
    click.option("--coolify", "url", metavar="URL", required=True, help="Coolify's URL, without /api/v1."),
    click.option(
        "--token-file",
        "token",
        type=FILE,
        required=True,
        metavar="FILE",
        help="File with an API token with read, read:sensitive and write.",
    ),
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of Coolify's private CA, PEM."),
    click.option("--name", metavar="NAME", help="Name of the resource (that of the service of kind monitoring)."),
    click.option("--project", metavar="NAME", help="Project of a new resource, by name or UUID (the only one)."),
    click.option("--environment", metavar="NAME", help="Environment of a new resource, by name or UUID (production)."),
    click.option("--server", metavar="NAME", help="Server of a new resource, by name or UUID (the only one)."),
    click.option("--destination", metavar="UUID", help="Docker network on the server, if it has several in Coolify."),
    click.option("--adopt", is_flag=True, help="Take over a resource of this name that boxwatch did not create."),
)
_VALUE_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--env-file",
        "env_files",
        type=FILE,
        metavar="FILE",
        multiple=True,
        help="File with NAME=VALUE lines. Repeatable.",
    ),
    click.option(
        "--secret",
        "secrets",
        metavar="NAME=FILE",
        multiple=True,
        help="Variable whose value is the one line of a file. Repeatable; overrides --env-file.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Target:
    """The options as given."""

    url: str
    token: Path
    ca: Path | None
    name: str | None
    project: str | None
    environment: str | None
    server: str | None
    destination: str | None
    adopt: bool


@dataclass(frozen=True, slots=True)
class _Values:
    """Where the values of variables come from."""

    env_files: tuple[Path, ...]
    secrets: tuple[str, ...]

    def read(self) -> dict[str, str]:
        """The values.

        Raises:
            InputError: a file cannot be used.
            click.BadParameter: an option is no NAME=FILE.
        """
        from boxwatch.publish.coolify import variables

        found: dict[str, str] = {}
        for path in self.env_files:
            found |= variables.from_file(path)
        for pair in self.secrets:
            name, _, secret = pair.partition("=")
            if not name or not secret:
                # It may be the secret itself.
                raise click.BadParameter(
                    "is not NAME=FILE: name the variable and the file that has its value", param_hint="--secret"
                )
            found[name] = variables.from_secret(Path(secret))
        return found


@dataclass(frozen=True, slots=True)
class StackOperation:
    """A resource in Coolify with the plan made for it."""

    api: CoolifyApi
    desired: Desired
    plan: Plan
    timing: Timing
    more: tuple[str, ...] = ()
    doing: str = "containers healthy"

    @property
    def name(self) -> str:
        """Coolify's URL."""
        return self.api.url

    @property
    def needed(self) -> bool:
        """Whether anything is written, started or waited for."""
        return self.plan.differs and not self.plan.refused

    @property
    def refused(self) -> bool:
        """Whether a variable is missing or cannot be used."""
        return self.plan.refused

    @property
    def notes(self) -> tuple[str, ...]:
        """What to do before, and what was noticed."""
        return (*self.plan.notes, *(self.more if self.plan.target else ()))

    def show(self) -> Iterable[str]:
        """The plan as lines."""
        colours = {"+": "green", "-": "red", "~": "yellow", "!": "red"}
        for line in self.plan.lines():
            yield click.style(line, fg=colours[line[0]]) if line[0] in colours else line

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return self.plan.to_json()

    def apply(self, say: Say, watch: Watch) -> str:
        """Write, start and wait."""
        from boxwatch.publish.coolify.deploy import Deployment

        Deployment(self.api, self.desired, self.plan, self.timing).apply(say, watch)
        say(f"{self.plan.name} runs this build, and all containers are healthy")
        return ""


@click.group(short_help="Deploy the monitoring stack.")
def stack() -> None:
    """Deploy the monitoring stack.

    \b
    Example:
      boxwatch stack deploy --coolify https://coolify.example.com --token-file token --env-file .env
    """


@stack.command(short_help="Create or update the stack in Coolify, and wait until it is healthy.")
@collected("target", _Target, _TARGET_OPTIONS)
@collected("values", _Values, _VALUE_OPTIONS)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1, max=3600),
    default=600.0,
    show_default=True,
    help="Seconds to wait until every container is healthy. Coolify learns of a change within one to five minutes.",
)
@options.topology
@options.extra
@options.rules
@collected("output", Output, OUTPUT_OPTIONS)
def deploy(  # noqa: PLR0913 - one for each group of options
    topology: Path | None,
    ext_str: tuple[str, ...],
    *,
    target: _Target,
    values: _Values,
    timeout: float,
    dashboards: Path | None,
    rules: Path | None,
    output: Output,
) -> None:
    """Build the stack, and create or update its Docker Compose resource through Coolify's API, after confirmation.

    The plan comes first: services, files and variables that differ, and why the stack is started. A stack that runs
    this build is not touched. A start replaces all containers, because Coolify does; volumes are kept, and nothing is
    ever deleted. The command ends when every container is healthy. If it is interrupted, run it again: it continues.

    The resource is recognised by a marker in its description. Another resource of the same name is refused, unless
    --adopt takes it over. No value of a variable is shown.

    \b
    Example:
      boxwatch stack deploy --coolify https://coolify.example.com --token-file token --env-file .env --dry-run
      boxwatch stack deploy --coolify https://coolify.example.com --token-file token --env-file .env
      boxwatch stack deploy --coolify URL --token-file token --secret BOXWATCH_REDIS_PASSWORD=redis.txt --yes
    """
    from boxwatch.publish.coolify import coolify_api
    from boxwatch.publish.coolify import deploy as deploying
    from boxwatch.publish.coolify import plan as planning
    from boxwatch.stack import coolify

    given = values.read()
    send, url = coolify_api.over_http(target.url, target.token, tuple(given.values()), target.ca)
    api = coolify_api.CoolifyApi(send, url)
    loaded = options.load(topology, ext_str)
    service, parts, compose = _built(loaded, dashboards, rules)
    desired = planning.Desired(
        deployment=loaded.topology.name,
        name=target.name or service.name,
        compose=compose,
        values=given,
        urls=coolify.addresses(loaded.topology),
        project=target.project or "",
        environment=target.environment or "",
        server=target.server or "",
        destination=target.destination or "",
        adopt=target.adopt,
    )
    timing = deploying.Timing(timeout=timeout)
    plan = planning.plan(api, desired)
    carry_out([StackOperation(api, desired, plan, timing, tuple(_before(loaded, parts)))], output)


def _built(loaded: Loaded, dashboards: Path | None, rules: Path | None) -> tuple[Service, tuple[Part, ...], str]:
    """The service that plans the stack, its parts, and the compose file to paste.

    Raises:
        PublishError: nothing can be deployed in this form.
    """
    from boxwatch import assemble
    from boxwatch.errors import PublishError
    from boxwatch.stack import compose, coolify

    extra = options.extra_dashboards(loaded, dashboards)
    own = options.extra_rules(loaded, rules)
    compose.check(loaded)
    found = compose.planned(loaded.topology)
    if found is None:
        raise PublishError(f"{loaded.source} plans no stack: add a service of kind monitoring (docs/deploying.md)")
    made = assemble.assemble(loaded.topology, extra=extra, own=own)
    if coolify.PATH not in made:
        raise PublishError(
            "a configuration file is larger than Coolify can write: deploy the build as a git repository"
            " (docs/deploying.md)"
        )
    return found[0], found[1], made[coolify.PATH].decode()


def _before(loaded: Loaded, parts: tuple[Part, ...]) -> Iterator[str]:
    """What the API cannot do for a new resource."""
    from boxwatch.stack import compose, coolify

    for part in parts:
        if part.image.local:
            yield f"{part.image.reference} is in no registry: build it on the server first (stack/README.md)"
        for place, target in compose.secrets(part).items():
            yield f"put the files of {target} into {place} of the resource's directory on the server (stack/README.md)"
    published = loaded.topology.urls.grafana
    if published and not coolify.addresses(loaded.topology):
        yield f"Coolify's Traefik cannot serve {published} (a path, or a port of its own): set Grafana's domain there"
