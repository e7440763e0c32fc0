"""`boxwatch demo`."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options

if TYPE_CHECKING:
    from boxwatch.simulation.session import Session
    from boxwatch.simulation.timeline import Notice
    from boxwatch.simulation.verdict import Verdict
    from boxwatch.topology.model import Topology

# Not as expected, as in `boxwatch diff`.
FAILED = 3
# Scenarios take minutes to an hour; at this speed, seconds.
SPEED = 40.0
FASTEST = 120.0
_FIRST = "service-down"
_WAIT = 0.2


@click.command(short_help="Play incidents on a simulated server and see every alert arrive.")
@options.topology
@click.option("--scenario", metavar="NAME", help="Incident to play; `--list` shows them.")
@click.option("--list", "show_list", is_flag=True, help="List the scenarios.")
@click.option(
    "--once", is_flag=True, help=f"Play one scenario ({_FIRST} by default) to its verdict; exit 3 if it fails."
)
@click.option(
    "--speed",
    type=click.FloatRange(1, FASTEST),
    help=f"How many seconds of the server pass in one. Default: {SPEED:g} with a scenario, 1 without.",
)
@click.option("--history", default="24h", metavar="TIME", help="History before the start: 24h, 6h, or 0s for none.")
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page of what was seen: HTML, or a picture for .svg.",
)
@click.option("--seed", type=int, default=1, help="Another number is another server.")
@options.as_json
def demo(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    scenario: str | None,
    *,
    show_list: bool,
    once: bool,
    speed: float | None,
    history: str,
    page: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Run a simulated server under a real Prometheus and Alertmanager.

    All exporters of TOPOLOGY answer on loopback, with traffic, memory and deploys that move like a day, and a fake
    Coolify behind the real Coolify exporter. Prometheus and Alertmanager run the built configuration. Nothing leaves
    this computer, and Ctrl-C ends everything.

    \b
    Example:
      boxwatch demo                              an ordinary day, in real time
      boxwatch demo --scenario replica-lost      what is notified, and when
      boxwatch demo --once --page demo.html      one incident to its verdict, as a page
    """
    from boxwatch.simulation import configuration, scenarios, session
    from boxwatch.topology.units import parse_duration

    if show_list:
        _list(as_json=as_json)
        return
    if as_json and not once:
        raise click.UsageError("--json needs --once or --list: without them the demo has no end")
    if once and scenario is None:
        scenario = _FIRST
    try:
        length = float(parse_duration(history))
    except ValueError as error:
        raise click.BadParameter(f"{history!r} {error}", param_hint="--history") from error
    loaded = options.load(topology, ext_str)
    complete = configuration.complete(loaded.topology, "http://127.0.0.1:1/notify")
    played = scenarios.ORDINARY if scenario is None else scenarios.scenario(scenario, complete)
    click.echo(f"{played.line} {_preparing(length)}", err=True)

    wish = session.Wish(
        topology=complete,
        scenario=played,
        build=lambda url: _build(complete, url),
        speed=speed or (1.0 if scenario is None else SPEED),
        history=length,
        seed=seed,
    )
    with _terminated_as_interrupted(), session.session(wish) as running:
        if not as_json:
            _show_where(running)
        running.watch = (lambda _: None) if as_json else (lambda notice: _say_notice(notice, running.box.start))
        if scenario is None:
            _until_interrupted(running, page, length)
        else:
            _play(running, page, length, once=once, as_json=as_json)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end what was started, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _preparing(length: float) -> str:
    return "Writing its history; this takes some seconds." if length else "Starting."


def _build(topology: Topology, url: str) -> dict[str, bytes]:
    from boxwatch.assemble import assemble
    from boxwatch.simulation import configuration

    return assemble(configuration.complete(topology, url), stack=False)


def _list(*, as_json: bool) -> None:
    from boxwatch.simulation import configuration, scenarios
    from boxwatch.topology import default

    topology = configuration.complete(default.load().topology, "http://127.0.0.1:1/notify")
    found = [scenarios.scenario(name, topology) for name in scenarios.NAMES]
    if as_json:
        options.print_json(
            [{"name": one.name, "line": one.line, "expects": list(map(asdict, one.expects))} for one in found]
        )
        return
    width = max(len(one.name) for one in found)
    for one in found:
        click.echo(f"{one.name:<{width}}  {one.line}")


def _show_where(running: Session) -> None:
    from boxwatch.simulation import demo as playing

    where = playing.where(running)
    click.echo(f"  Prometheus    {where.prometheus}")
    click.echo(f"  Alertmanager  {where.alertmanager}")
    for job, url in where.exporters.items():
        click.echo(f"  {job:<13} {url}")


def _say(seconds: float, words: str) -> None:
    click.echo(f"{seconds / 60:7.1f} min  {words}")


def _say_notice(notice: Notice, start: float) -> None:
    severity = notice.labels.get("severity", "")
    colour = {"critical": "red", "warning": "yellow"}.get(severity, "cyan") if notice.status == "firing" else "green"
    words = f"{notice.status:<8}  {severity:<8}  {notice.alert}: {notice.description or notice.summary}"
    _say(notice.at - start, click.style(words, fg=colour))


def _play(running: Session, page: Path | None, history: float, *, once: bool, as_json: bool) -> None:
    from boxwatch.simulation import demo as playing

    judged = playing.play(running, (lambda _seconds, _words: None) if as_json else _say)
    if page is not None:
        _write(running, page, judged, history)
    if as_json:
        notices = tuple(running.timeline.notices)
        options.print_json(playing.to_json(running.box.scenario, judged, notices, running.box.start))
    elif judged.passed:
        expected = len(running.box.scenario.expects)
        what = (
            "exactly the expected alerts arrived and were resolved" if expected else "no alert arrived, as it should be"
        )
        click.echo(click.style(f"{running.box.scenario.name}: {what}", fg="green"))
    else:
        for problem in judged.lines():
            click.echo(click.style(f"{running.box.scenario.name}: {problem}", fg="red"), err=True)
    if once:
        if not judged.passed:
            sys.exit(FAILED)
        return
    click.echo("Everything goes on running; Ctrl-C ends it.")
    while True:
        time.sleep(_WAIT)


def _write(running: Session, page: Path, judged: Verdict | None, history: float) -> None:
    from boxwatch.simulation import demo as playing
    from boxwatch.simulation.pictures import page as pictures

    seen = playing.shown(running, judged, history)
    playing.write(page, pictures.picture(seen) if page.suffix == ".svg" else pictures.page(seen))
    click.echo(f"Page: {page}", err=True)


def _until_interrupted(running: Session, page: Path | None, history: float) -> None:
    if page is not None:
        _write(running, page, None, history)
    click.echo("Notifications appear here as they arrive; Ctrl-C ends everything.")
    while True:
        time.sleep(_WAIT)
