"""A running demo: the simulated box, its exporters, and the real Prometheus and Alertmanager that watch it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from boxwatch.simulation import configuration, programs
from boxwatch.simulation.api import Api
from boxwatch.simulation.box import Box
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.loopback import NOTIFY, Loopback
from boxwatch.simulation.pace import Pace
from boxwatch.simulation.targets import Target, targets
from boxwatch.simulation.timeline import Notice, Timeline

_PROMETHEUS: Final = "prometheus/prometheus.yml"
# Prometheus' defaults, which are no part of a configuration file.
_LOOKBACK: Final = "5m"
_RESEND: Final = "1m"
_SHORTEST_POLL: Final = 0.02

Build = Callable[[str], dict[str, bytes]]


@dataclass
class Session:
    """What runs.

    Attributes:
        box: the simulated box.
        pace: how its time runs.
        built: the built files.
        targets: what the box serves.
        timeline: what was notified.
        loopback: the HTTP server.
        prometheus: base URL of Prometheus.
        alertmanager: base URL of Alertmanager.
        watch: called with each new notice.
    """

    box: Box
    pace: Pace
    built: dict[str, bytes]
    targets: tuple[Target, ...]
    coolify: Coolify
    loopback: Loopback
    prometheus: str
    alertmanager: str
    watch: Callable[[Notice], None]
    timeline: Timeline = field(default_factory=Timeline)
    _stop: threading.Event = field(default_factory=threading.Event)

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


@contextlib.contextmanager
def session(
    box: Box,
    pace: Pace,
    build: Build,
    watch: Callable[[Notice], None],
    prepare: Callable[[Path, Session], None] = lambda _directory, _session: None,
) -> Iterator[Session]:
    """Start everything, and end everything when the block ends, however it ends.

    Args:
        box: the simulated box.
        pace: how fast its time runs.
        build: builds all files for a receiver's URL.
        watch: called with each new notice.
        prepare: called with Prometheus' data directory before Prometheus starts.

    Raises:
        ToolError: a program is missing or does not start.
    """
    prometheus, alertmanager = programs.find("prometheus"), programs.find("alertmanager")
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boxwatch-demo-", ignore_cleanup_errors=True)))
        loopback = Loopback()
        built = build(f"http://{loopback.address}{NOTIFY}")
        found = targets(box, yaml.safe_load(built[_PROMETHEUS]))
        ports = {"prometheus": programs.free_port(), "alertmanager": programs.free_port()}
        real = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        one = Session(
            box, pace, built, found, Coolify(box, lambda: pace.box(time.time())), loopback,
            f"http://{real['prometheus']}", f"http://{real['alertmanager']}", watch,
        )  # fmt: skip
        one.coolify.poll()
        loopback.answer, loopback.receive = one.answer, one.receive
        _write(root, one, real)
        stack.enter_context(loopback.serve())
        prepare(root, one)
        poller = threading.Thread(target=one.poll_coolify, name="coolify", daemon=True)
        poller.start()
        stack.callback(poller.join)
        stack.callback(one.stop)
        stack.enter_context(
            programs.running(
                [
                    alertmanager, f"--config.file={root}/alertmanager/alertmanager.yml",
                    f"--storage.path={root}/alertmanager/data", "--cluster.listen-address=",
                    f"--web.listen-address={real['alertmanager']}",
                ],
                root / "alertmanager.log", f"{one.alertmanager}/-/ready",
            )  # fmt: skip
        )
        stack.enter_context(
            programs.running(
                [prometheus, *prometheus_options(root, real["prometheus"], pace)],
                root / "prometheus.log", f"{one.prometheus}/-/ready",
            )  # fmt: skip
        )
        yield one


def prometheus_options(root: Path, address: str, pace: Pace) -> list[str]:
    """Prometheus' options; its defaults for lookback and resending at the session's pace."""
    return [
        f"--config.file={root}/prometheus/prometheus.yml", f"--storage.tsdb.path={root}/data",
        f"--web.listen-address={address}", f"--query.lookback-delta={pace.duration(_LOOKBACK)}",
        f"--rules.alert.resend-delay={pace.duration(_RESEND)}", "--storage.tsdb.retention.time=60d",
        "--log.level=warn",
    ]  # fmt: skip


def _write(root: Path, one: Session, real: dict[str, str]) -> None:
    rules = root / "prometheus" / "rules"
    rules.mkdir(parents=True)
    (root / "alertmanager").mkdir()
    document = configuration.prometheus(one.built, one.targets, one.pace, one.loopback.address, real)
    (root / "prometheus" / "prometheus.yml").write_text(json.dumps(document), encoding="utf-8")
    for name, content in configuration.rules(one.built, one.pace).items():
        (rules / name).write_bytes(content)
    for name, content in configuration.alertmanager(one.built, one.pace).items():
        (root / "alertmanager" / name).write_bytes(content)
