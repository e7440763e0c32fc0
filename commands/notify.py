"""`boxwatch notify test`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options, progress
from boxwatch.commands.connection import FILE, Option, collected, credentials, login_options

if TYPE_CHECKING:
    from boxwatch.publish.notify.receiver_test import Outcome
    from boxwatch.topology.load import Loaded

_SERVER = "alertmanager"
_COLOURS = {"delivered": "green", "unclear": "yellow"}
_NO_RECEIVERS = "is missing, so there is nobody to notify"
_ADD_THEM = "add receivers: docs/notifications.md"

_OPTIONS: tuple[Option, ...] = (
    click.option("--alertmanager", "url", metavar="URL", required=True, help="The live Alertmanager."),
    *login_options(_SERVER),
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of a private CA, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=3600),
        default=60.0,
        show_default=True,
        help="Seconds to wait for each receiver. Alertmanager itself gives up after about 10.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Server:
    """The options as given."""

    url: str
    alertmanager_user: str | None
    alertmanager_password_file: Path | None
    alertmanager_token_file: Path | None
    ca: Path | None
    timeout: float


@click.group(short_help="Test the receivers of alerts.")
def notify() -> None:
    """Test the receivers of alerts.

    \b
    Example:
      boxwatch notify test --alertmanager http://localhost:9093
    """


@notify.command(short_help="Send one test alert to each receiver.")
@collected("server", _Server, _OPTIONS)
@click.option("--receiver", "chosen", metavar="NAME", multiple=True, help="Test this receiver only. Repeatable.")
@options.topology
@options.as_json
def test(
    topology: Path | None, ext_str: tuple[str, ...], *, server: _Server, chosen: tuple[str, ...], as_json: bool
) -> None:
    """Send one test alert to each receiver through a live Alertmanager, and show what became of it.

    The alerts say that they are tests, reach one receiver each, ignore quiet times, and are resolved at the end.
    Alertmanager has to run the generated configuration, which has a route for them. Receivers such as PagerDuty notify
    whoever is on call. A receiver may take 15 seconds: Alertmanager repeats a message for ten before it gives up.

    Exit codes: 0 every test alert was delivered; 1 one was not, or Alertmanager does not answer; 2 wrong options or an
    invalid topology.

    \b
    Example:
      boxwatch notify test --alertmanager http://localhost:9093
      boxwatch notify test production.yaml --alertmanager https://alerts.example.com --receiver night
    """
    from boxwatch.publish.http import Client
    from boxwatch.publish.notify.alertmanager_api import Alertmanager
    from boxwatch.publish.notify.receiver_test import ReceiverTest
    from boxwatch.rules import deployment

    loaded = options.load(topology, ext_str)
    receivers = _receivers(loaded, chosen)
    login = credentials(
        _SERVER, server.alertmanager_user, server.alertmanager_password_file, server.alertmanager_token_file
    )
    client = Client(server.url, login, server.ca, {"Content-Type": "application/json"})
    tests = ReceiverTest(
        Alertmanager(client, server.timeout), server.timeout, labels=deployment.labels(loaded.topology)
    )
    found: list[Outcome] = []
    if not as_json:
        click.echo(_line(receivers, "RECEIVER", "INTEGRATION", "RESULT"))
    with (
        progress.shown("receivers tested", hidden=as_json) as watch,
        # Closing it resolves the test alerts, also when the loop ends early.
        contextlib.closing(tests.run(receivers)) as outcomes,
    ):
        watch(0, len(receivers))
        for number, of_one in enumerate(outcomes, 1):
            found += of_one
            for one in of_one if not as_json else ():
                click.echo(_line(receivers, receivers[one.receiver], one.integration or "-", _result(one)))
            watch(number, len(receivers))
    ended = tests.resolved()
    if as_json:
        rows = [{**one.to_json(), "receiver": receivers[one.receiver]} for one in found]
        options.print_json({"alertmanager": client.url, "receivers": rows, "resolved": ended})
    else:
        click.echo(_sum(found, ended=ended))
    sys.exit(0 if all(one.result == "delivered" for one in found) and ended else 1)


def _receivers(loaded: Loaded, chosen: tuple[str, ...]) -> dict[str, str]:
    """The receivers to test: their names in Alertmanager → their names for people.

    Raises:
        TopologyError: the topology has none.
        click.BadParameter: it has none of a given name.
    """
    from boxwatch.errors import Problem, TopologyError
    from boxwatch.stack import receivers
    from boxwatch.topology.wording import did_you_mean, listed

    said = loaded.topology.notifications
    if said is None:
        raise TopologyError((Problem(loaded.source, 0, 0, "notifications", _NO_RECEIVERS, _ADD_THEM),))
    used = receivers.used(said)
    for name in chosen:
        if name not in used.values():
            hint = did_you_mean(name, set(used.values())) or f"there are {listed(sorted(set(used.values())))}"
            raise click.BadParameter(f"{name} is not a receiver that is notified: {hint}", param_hint="--receiver")
    return {
        name: own if name == own else f"{own} (watchdog)" for name, own in used.items() if not chosen or own in chosen
    }


def _line(receivers: dict[str, str], receiver: str, integration: str, result: str) -> str:
    width = max(len("RECEIVER"), *map(len, receivers.values()))
    return f"{receiver:<{width}}  {integration:<11}  {result}"


def _result(outcome: Outcome) -> str:
    word = click.style(outcome.result, fg=_COLOURS.get(outcome.result, "red"))
    return f"{word}: {outcome.reason}" if outcome.reason else word


def _sum(found: Iterable[Outcome], *, ended: bool) -> str:
    results = [one.result for one in found]
    counts = ", ".join(f"{results.count(result)} {result}" for result in dict.fromkeys(results))
    return f"{counts}. The test alerts {'are resolved' if ended else 'have not been resolved: see Alertmanager'}."
