"""`boxwatch doctor`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from boxwatch.commands import options
from boxwatch.commands.connection import FILE, ConnectionSettings, Option, collected, credentials, login_options
from boxwatch.commands.execute import DIFFERS
from boxwatch.commands.grafana import GrafanaOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boxwatch.discovery.model import Host
    from boxwatch.live.doctor.examine import Servers
    from boxwatch.live.doctor.seen import Grafana
    from boxwatch.publish.http import Client
    from boxwatch.rules.built import Built
    from boxwatch.topology.load import Loaded

_OPTIONS: tuple[Option, ...] = (
    click.option("--prometheus", "prometheus_url", metavar="URL", required=True, help="The live Prometheus."),
    *login_options("prometheus"),
    click.option("--alertmanager", "alertmanager_url", metavar="URL", help="The live Alertmanager."),
    *login_options("alertmanager"),
    click.option("--grafana", "grafana_url", metavar="URL", help="The live Grafana."),
    click.option(
        "--grafana-token-file",
        type=FILE,
        metavar="FILE",
        help="File with a service account token; overrides $BOXWATCH_GRAFANA_TOKEN.",
    ),
    click.option(
        "--docker",
        type=click.File("rb"),
        metavar="FILE",
        help="Output of `docker inspect $(docker ps -aq)` on the server; - reads standard input.",
    ),
    click.option(
        "--server", metavar="NAME", help="Which server of the topology --docker describes, if it has several."
    ),
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of a private CA, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=600),
        default=15.0,
        show_default=True,
        help="Seconds to wait for each response.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options as given."""

    prometheus_url: str
    prometheus_user: str | None
    prometheus_password_file: Path | None
    prometheus_token_file: Path | None
    alertmanager_url: str | None
    alertmanager_user: str | None
    alertmanager_password_file: Path | None
    alertmanager_token_file: Path | None
    grafana_url: str | None
    grafana_token_file: Path | None
    docker: BinaryIO | None
    server: str | None
    ca: Path | None
    timeout: float

    def servers(self, loaded: Loaded, built: Built) -> Servers:
        """Whom to ask; nothing is sent yet.

        Raises:
            click.UsageError: the options contradict each other.
            BoxwatchError: a URL, a secret or Docker's output cannot be used.
        """
        from boxwatch.live.doctor.examine import Servers

        return Servers(
            prometheus=self._client("prometheus", self.prometheus_url),
            alertmanager=self._client("alertmanager", self.alertmanager_url) if self.alertmanager_url else None,
            grafana=self._grafana(loaded, built),
            hosts=self._hosts(loaded),
            timeout=self.timeout,
        )

    def _client(self, server: str, url: str) -> Client:
        from boxwatch.publish.http import Client

        user, password, token = (getattr(self, f"{server}_{what}") for what in ("user", "password_file", "token_file"))
        return Client(url, credentials(server, user, password, token), self.ca)

    def _grafana(self, loaded: Loaded, built: Built) -> Callable[[], Grafana] | None:
        if self.grafana_url is None:
            return None
        from boxwatch.commands.grafana import made
        from boxwatch.live.doctor import ask_grafana

        settings = ConnectionSettings(self.ca, self.timeout, verbose=False)
        live = GrafanaOptions(self.grafana_url, self.grafana_token_file, "auto", 4).live(self.grafana_url, settings)
        boards = {str(board["uid"]): board for board in made(loaded, built)}
        return lambda: ask_grafana.ask(live.http, lambda: live.api, boards)

    def _hosts(self, loaded: Loaded) -> Mapping[str, Host]:
        if self.docker is None:
            if self.server is not None:
                raise click.UsageError("--server needs --docker: it names the server that Docker describes")
            return {}
        from boxwatch.discovery import docker, drift

        named = getattr(self.docker, "name", "")
        named = "standard input" if named in ("", "-", "<stdin>") else str(named)
        host = docker.read(docker.decode(self.docker.read(), named), named)
        return {server.name: found for server, found in drift.pairs(loaded.topology, (host,), self.server or "")}


@click.command(short_help="Show what a running stack lacks, and what to do next.")
@collected("asked", _Options, _OPTIONS)
@click.option("--all", "everything", is_flag=True, help="Show what is ok, too, and every consequence of a problem.")
@click.option("--strict", is_flag=True, help="Exit with 3 on warnings, too.")
@options.topology
@options.rules
@options.as_json
def doctor(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    *,
    asked: _Options,
    everything: bool,
    strict: bool,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Compare a running stack with the topology, and show what to do, causes before consequences.

    Looks at scrape configuration, targets, cAdvisor's and node_exporter's flags, containers of each service, rights of
    exporters, Traefik, versions, clocks, disk, rules, Alertmanager and its receivers, the Watchdog, and Grafana. Reads
    only: some 40 requests, one after another. The last line is the next thing to do; repeat until there is none.

    Exit codes: 0 no problem; 3 problems, or an unreachable server; 2 wrong options or an invalid topology.

    \b
    Example:
      boxwatch doctor --prometheus http://localhost:9090
      boxwatch doctor --prometheus http://localhost:9090 --alertmanager http://localhost:9093 --all
      ssh root@server 'docker inspect $(docker ps -aq)' | boxwatch doctor --prometheus URL --docker -
      boxwatch doctor production.yaml --prometheus https://prometheus.example.com --prometheus-token-file token --json
    """
    from boxwatch.live.doctor import catalogue, examine, table
    from boxwatch.rules import catalogue as building
    from boxwatch.stack import alertmanager
    from boxwatch.stack import prometheus as scraping

    loaded = options.load(topology, ext_str)
    built = building.build(loaded.topology)
    own = options.extra_rules(loaded, rules, built=built)
    files = {
        **building.rule_files(built),
        **own.rules,
        **scraping.files(loaded.topology),
        **alertmanager.files(built),
    }
    report = catalogue.diagnose(examine.examine(built, files, asked.servers(loaded, built)))
    if as_json:
        options.print_json(report.to_json())
    else:
        for line in table.lines(report, shutil.get_terminal_size().columns, everything=everything):
            click.echo(line)
    if report.count("problem") or (strict and report.count("warning")):
        sys.exit(DIFFERS)
