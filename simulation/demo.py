"""The demo: an ordinary day to look at, or a scenario with its verdict and its page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from boxwatch.simulation import verdict
from boxwatch.simulation.faults import Fault
from boxwatch.simulation.flow import HOUR
from boxwatch.simulation.pictures import panels
from boxwatch.simulation.pictures.page import Shown
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.session import Session
from boxwatch.simulation.timeline import Notice
from boxwatch.simulation.verdict import Verdict

_OVERVIEW: Final = "grafana/dashboards/overview.json"
_LOOK: Final = 0.1
# After everything expected has been resolved, this long for anything unexpected.
_AFTER: Final = 60.0
_SHOWN: Final = 6 * HOUR


@dataclass(frozen=True, slots=True)
class Where:
    """Where to look.

    Attributes:
        prometheus: URL of Prometheus.
        alertmanager: URL of Alertmanager.
        exporters: job → URL of its first page.
    """

    prometheus: str
    alertmanager: str
    exporters: dict[str, str]


def where(session: Session) -> Where:
    """Where to look."""
    pages: dict[str, str] = {}
    for target in session.targets:
        pages.setdefault(target.job, f"http://{session.loopback.address}{target.path}")
    return Where(session.prometheus, session.alertmanager, pages)


def happenings(scenario: Scenario) -> Iterator[tuple[float, str]]:
    """What happens when, in order."""
    told = scenario.what or tuple((fault.begins, _told(fault)) for fault in scenario.faults)
    yield from sorted(told)


def _told(fault: Fault) -> str:
    return f"{fault.subject}: {fault.kind}" if fault.subject else fault.kind


def play(session: Session, say: Callable[[float, str], None]) -> Verdict:
    """Play a session's scenario to its end: everything expected has come and gone, or its time is over.

    Args:
        session: the running session.
        say: called with what happens, when it happens, and the seconds since the scenario's start.
    """
    scenario, start = session.box.scenario, session.box.start
    coming = list(happenings(scenario))
    repaired = max((fault.ends for fault in scenario.faults), default=0.0)
    quiet_since: float | None = None
    while (since := session.now - start) < scenario.ends:
        while coming and coming[0][0] <= since:
            say(*coming.pop(0))
        if since > repaired and verdict.complete(scenario, session.timeline):
            quiet_since = since if quiet_since is None else quiet_since
            if since - quiet_since > _AFTER:
                break
        else:
            quiet_since = None
        time.sleep(_LOOK)
    return verdict.judge(scenario, session.timeline)


def shown(session: Session, judged: Verdict | None, history: float) -> Shown:
    """What the page shows: the timeline, and the overview's panels as the real Prometheus answers them.

    Single values and tables are those of the moment at which the last alert was notified, or of now.
    """
    until, start = session.now, session.box.start
    notices = tuple(session.timeline.notices)
    fired = [notice.at for notice in notices if notice.status == "firing"]
    window = panels.Window(
        start - min(history, _SHOWN), until, fired[-1] + 1 if fired else until, session.box.topology.scrape_interval
    )
    answered = panels.ask(json.loads(session.built[_OVERVIEW]), session.api, session.pace, window)
    return Shown(
        session.box.topology, session.box.scenario, start, window, notices, judged, answered, session.pace.speed
    )  # fmt: skip


def to_json(scenario: Scenario, judged: Verdict, notices: tuple[Notice, ...], start: float) -> dict[str, object]:
    """A played scenario as JSON."""
    return {
        "scenario": scenario.name,
        "passed": judged.passed,
        "problems": list(judged.lines()),
        "notifications": [
            {
                "after_seconds": round(notice.at - start, 1), "status": notice.status, "labels": notice.labels,
                "summary": notice.summary, "description": notice.description,
            }
            for notice in notices
        ],
    }  # fmt: skip


def write(path: Path, content: str) -> None:
    """Write a page whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)
