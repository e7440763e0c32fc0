"""A running demo: the simulated box, its exporters, and the real Prometheus and Alertmanager that watch it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from boxwatch.simulation import configuration, history, programs
from boxwatch.simulation.api import Api
from boxwatch.simulation.box import Box
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.history import Past
from boxwatch.simulation.loopback import HOST, NOTIFY, Loopback
from boxwatch.simulation.pace import Pace
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.targets import REAL, Target, targets
from boxwatch.simulation.timeline import Notice, Timeline
from boxwatch.topology.model import Topology

_PROMETHEUS: Final = "prometheus/prometheus.yml"
# Prometheus' defaults, which are no part of a configuration file.
_LOOKBACK: Final = "5m"
_RESEND: Final = "1m"
_SHORTEST_POLL: Final = 0.02

# Until the programs run and have scraped: Prometheus looks for new targets every five seconds.
_START_UP: Final = 8.0
# Compressed time starts at ten in the morning, so that a day is the same day whenever it is played.
_MORNING: Final = 36000


@dataclass
class Session:
    """What runs.

    Attributes:
        box: the simulated box.
        pace: how its time runs.
        built: the built files.
        targets: what the box serves.
        loopback: the HTTP server.
        prometheus: base URL of Prometheus.
        alertmanager: base URL of Alertmanager.
        watch: called with each new notice.
        timeline: what was notified.
        coolify: Coolify, by the box's time.
    """

    box: Box
    pace: Pace
    built: dict[str, bytes]
    targets: tuple[Target, ...]
    loopback: Loopback
    prometheus: str
    alertmanager: str
    watch: Callable[[Notice], None]
    timeline: Timeline = field(default_factory=Timeline)
    coolify: Coolify = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Start Coolify's records at the box's time."""
        self.coolify = Coolify(self.box, lambda: self.now)

    @property
    def now(self) -> float:
        """The box's time."""
        return self.pace.box(time.time())

    @property
    def api(self) -> Api:
        """Questions to Prometheus."""
        return Api(self.prometheus)

    def answer(self, path: str) -> str | None:
        """The page at a path."""
        target = next((target for target in self.targets if target.path == path), None)
        return None if target is None else target.page(self.now, self.coolify)

    def receive(self, document: dict[str, Any]) -> None:
        """Take a notification."""
        for notice in self.timeline.receive(document, self.now):
            self.watch(notice)

    def poll_coolify(self) -> None:
        """Let the Coolify exporter poll, until the session ends."""
        while not self._stop.is_set():
            wait = self.pace.wait(self.coolify.poll())
            self._stop.wait(max(wait, _SHORTEST_POLL))

    def stop(self) -> None:
        """End what runs in threads of ours."""
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Wish:
    """What to start.

    Attributes:
        topology: the deployment, complete for the demo.
        scenario: what is played.
        build: builds all files for a receiver's URL.
        watch: called with each new notice.
        speed: seconds of the box in a second; 1 is real time, by the real date.
        history: how much history there is before it, seconds.
        seed: another seed is another box.
    """

    topology: Topology
    scenario: Scenario
    build: Callable[[str], dict[str, bytes]]
    watch: Callable[[Notice], None] = lambda _: None
    speed: float = 1.0
    history: float = 0.0
    seed: int = 1


@contextlib.contextmanager
def session(wish: Wish) -> Iterator[Session]:
    """Start everything, and end everything when the block ends, however it ends.

    Raises:
        ToolError: a program is missing or does not start.
    """
    for name in ("prometheus", "alertmanager", "promtool"):
        programs.find(name)
    with contextlib.ExitStack() as stack:
        root = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="boxwatch-demo-", ignore_cleanup_errors=True))
        )
        loopback = Loopback()
        built = wish.build(f"http://{loopback.address}{NOTIFY}")
        real = {name: f"{HOST}:{programs.free_port()}" for name in ("prometheus", "alertmanager")}
        one = _make(wish, built, loopback, real)
        loopback.answer, loopback.receive = one.answer, one.receive
        (root / "prometheus" / "rules").mkdir(parents=True)
        (root / "alertmanager").mkdir()
        if wish.history:
            _write_history(root, one, real, wish.history)
        if not one.pace.real and time.time() + _START_UP > one.pace.started:
            # The history took longer than expected: the box waits, rather than miss the beginning of its scenario.
            one.pace = replace(one.pace, started=int(time.time() + _START_UP) + 1)
        _write(root, one, real)
        stack.enter_context(loopback.serve())
        one.coolify.poll()
        poller = threading.Thread(target=one.poll_coolify, name="coolify", daemon=True)
        poller.start()
        stack.callback(poller.join)
        stack.callback(one.stop)
        alertmanager = [
            programs.find("alertmanager"), f"--config.file={root}/alertmanager/alertmanager.yml",
            f"--storage.path={root}/alertmanager/data", "--cluster.listen-address=",
            f"--web.listen-address={real['alertmanager']}", "--log.level=warn",
        ]  # fmt: skip
        ready = f"{one.alertmanager}/-/ready"
        stack.enter_context(programs.running(alertmanager, root / "alertmanager.log", ready))
        configuration_file = root / "prometheus" / "prometheus.yml"
        command = [
            programs.find("prometheus"),
            *prometheus_options(root, configuration_file, real["prometheus"], one.pace),
        ]
        stack.enter_context(programs.running(command, root / "prometheus.log", f"{one.prometheus}/-/ready"))
        time.sleep(max(0.0, one.pace.started - time.time()))
        yield one


def _make(wish: Wish, built: dict[str, bytes], loopback: Loopback, real: dict[str, str]) -> Session:
    """Everything but the programs. The box starts when they run, and its past is written until then."""
    document = yaml.safe_load(built[_PROMETHEUS])
    lead = _START_UP

    def at(started: int) -> tuple[Pace, Box]:
        box_started = started if wish.speed == 1 else started // 86400 * 86400 + _MORNING
        return Pace(wish.speed, started, box_started), Box(wish.topology, box_started, wish.scenario, wish.seed)

    if wish.history:
        pace, box = at(int(time.time()))
        lead += Past(box, targets(box, document), _jobs(document), pace, wish.history).cost()
    pace, box = at(int(time.time() + lead) + 1)
    return Session(
        box, pace, built, targets(box, document), loopback, f"http://{real['prometheus']}",
        f"http://{real['alertmanager']}", wish.watch,
    )  # fmt: skip


def _jobs(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(job["job_name"]): job for job in document["scrape_configs"]}


def _write_history(root: Path, one: Session, real: dict[str, str], length: float) -> None:
    document = yaml.safe_load(one.built[_PROMETHEUS])
    past = Past(one.box, one.targets, _jobs(document), one.pace, length)
    past.write(root)
    past.real(dict(_built_addresses(document)), root)
    options = prometheus_options(root, history.empty_configuration(root), real["prometheus"], one.pace)
    rules = [yaml.safe_load(content) for content in configuration.rules(one.built, one.pace).values()]
    history.record(root, options, one.prometheus, past, rules)


def _built_addresses(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, job in _jobs(document).items():
        if name in REAL:
            yield name, str(job["static_configs"][0]["targets"][0])


def prometheus_options(root: Path, file: Path, address: str, pace: Pace) -> list[str]:
    """Prometheus' options; its defaults for lookback and resending at the session's pace."""
    return [
        f"--config.file={file}", f"--storage.tsdb.path={root}/data",
        f"--web.listen-address={address}", f"--query.lookback-delta={pace.duration(_LOOKBACK)}",
        f"--rules.alert.resend-delay={pace.duration(_RESEND)}", "--storage.tsdb.retention.time=60d",
        "--log.level=warn",
    ]  # fmt: skip


def _write(root: Path, one: Session, real: dict[str, str]) -> None:
    rules = root / "prometheus" / "rules"
    document = configuration.prometheus(one.built, one.targets, one.pace, one.loopback.address, real)
    (root / "prometheus" / "prometheus.yml").write_text(json.dumps(document), encoding="utf-8")
    for name, content in configuration.rules(one.built, one.pace).items():
        (rules / name).write_bytes(content)
    for name, content in configuration.alertmanager(one.built, one.pace).items():
        (root / "alertmanager" / name).write_bytes(content)
