"""The heartbeat of a real Prometheus and Alertmanager, and how soon it ends when one of them is killed."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from support.artefacts import default_artefacts
from support.programs import free_port, running
from support.webhook import Webhook, webhook

from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, compose
from boxwatch.topology import default
from boxwatch.topology.notifications import Notifications

# What docs/watchdog.md tells the outside to wait for: a call a minute, and two minutes of grace.
PATIENCE: Final = 180
_FIVE_MINUTES: Final = 300


@contextlib.contextmanager
def _stack(program: Callable[[str], str], folder: Path, waits: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Prometheus and Alertmanager with the build's Watchdog, and their processes."""
    said = Notifications.model_validate(
        {
            "receivers": {"waits": {"webhook": {"url": waits}}},
            "critical": "waits",
            "warning": "waits",
            "watchdog": "waits",
        }
    )
    topology = default.load().topology.model_copy(update={"notifications": said})
    for path, content in alertmanager.files(rules.build(topology)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "rules").mkdir()
    (folder / "rules" / "watchdog.yaml").write_bytes(default_artefacts()["prometheus/rules/watchdog.yaml"])
    ports = free_port(), free_port()
    (folder / "prometheus.yml").write_text(
        f"global: {{evaluation_interval: 30s}}\nrule_files: [{folder}/rules/*.yaml]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{ports[1]}']}}]}}]}}\n",
        encoding="utf-8",
    )
    flags = [flag for flag in compose.parts(topology)[0].command if flag.startswith("--rules.alert")]
    one = [
        program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{ports[0]}", *flags,
    ]  # fmt: skip
    other = [
        program("prometheus-alertmanager"), f"--config.file={folder}/{alertmanager.PATH}",
        f"--storage.path={folder}/alerts", f"--web.listen-address=127.0.0.1:{ports[1]}", "--cluster.listen-address=",
    ]  # fmt: skip
    with running(other, folder / "alertmanager.log") as second, running(one, folder / "prometheus.log") as first:
        yield {"prometheus": first, "alertmanager": second}


@pytest.mark.thorough
@pytest.mark.parametrize("killed", ["prometheus", "alertmanager"])
def test_whoever_waits_outside_calls_within_five_minutes(
    killed: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    """The heartbeat arrives every minute, and ends so soon that the patience of docs/watchdog.md is over in time."""
    with webhook() as outside, _stack(program, tmp_path, outside.url) as processes:
        outside.wait("Watchdog", "firing", patience=90)
        beats = _beats(outside, 150)
        assert max(later - earlier for earlier, later in itertools.pairwise(beats)) < PATIENCE / 2
        end = time.monotonic()
        processes[killed].kill()
        after = [beat - end for beat in _beats(outside, 180)]

    last = max(after, default=0.0)
    assert last + PATIENCE <= _FIVE_MINUTES, f"the last heartbeat came {last:.0f} s after the end of {killed}"


def _beats(outside: Webhook, seconds: float) -> list[float]:
    """When heartbeats arrive in this time."""
    found, known = [], len(outside.alerts)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        if len(outside.alerts) > known:
            known = len(outside.alerts)
            found.append(time.monotonic())
    return found


def test_the_page_tells_the_same_patience() -> None:
    """A call a minute, and two minutes of grace."""
    page = (Path(__file__).parents[2] / "docs" / "watchdog.md").read_text(encoding="utf-8")

    assert "expects a call every minute, with two minutes of grace" in " ".join(page.split())
