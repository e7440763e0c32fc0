"""The page that a demo leaves: one HTML file with the plan, the timeline and the overview."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from boxwatch.simulation.pictures import charts, incident, svg
from boxwatch.simulation.pictures.charts import Place
from boxwatch.simulation.pictures.panels import Answered, Window
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.timeline import Notice
from boxwatch.simulation.verdict import Verdict
from boxwatch.topology.model import Topology
from boxwatch.topology.units import human_memory

WIDTH: Final = 1200.0
_CELL_WIDTH: Final = 50.0
_CELL_HEIGHT: Final = 30.0
_GAP: Final = 6.0
_MARGIN: Final = 16.0
_STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f7f8;--card:#fff;--line:#d9dde1;--text:#20262c;--quiet:#626d78;--good:#00734f}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1d2125;--line:#343b42;--text:#e8ebee;--quiet:#9aa5b0;
--good:#3cc79a}}
body{margin:0;background:var(--bg);color:var(--text)}
body{font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 20px 64px}h1{font-size:28px;line-height:1.2;margin:0 0 6px}
h2{font-size:19px;margin:36px 0 10px}p{max-width:76ch;margin:6px 0}.quiet{color:var(--quiet)}.good{color:var(--good)}
table{border-collapse:collapse;background:var(--card);border:1px solid var(--line);border-radius:6px;font-size:14px}
th,td{padding:6px 14px;text-align:left;border-top:1px solid var(--line);vertical-align:top}th{font-weight:600}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto}code{font-size:.92em}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows.

    Attributes:
        topology: the deployment.
        scenario: what was played.
        start: when it started, on the box's clock.
        window: the time that the panels show.
        notices: what was notified.
        verdict: what came of it; None if it was not judged.
        overview: the overview's panels.
        speed: how fast the box's time ran.
    """

    topology: Topology
    scenario: Scenario
    start: float
    window: Window
    notices: tuple[Notice, ...]
    verdict: Verdict | None
    overview: tuple[Answered, ...]
    speed: float


def picture(shown: Shown) -> str:
    """Timeline and overview as one SVG."""
    head = incident.height(shown.notices, shown.scenario.what) + 40
    body = list(
        incident.draw(
            _MARGIN, _MARGIN, WIDTH, shown.notices, shown.scenario.what, shown.start, shown.window.until,
            f"{shown.scenario.name}: {shown.scenario.line}",
        )
    )  # fmt: skip
    moment = f"The overview {incident.minutes(shown.window.at - shown.start)} after the start"
    body.append(svg.text(_MARGIN + 2, _MARGIN + head - 12, moment, "t h"))
    bottom = 0.0
    for panel in shown.overview:
        place = _place(panel, _MARGIN + head, shown)
        bottom = max(bottom, place.y + place.height)
        body.append(charts.draw(panel, place))
    return svg.document(WIDTH + 2 * _MARGIN, bottom + _MARGIN, shown.scenario.line, body)


def _place(panel: Answered, top: float, shown: Shown) -> Place:
    x, y, width, height = panel.place
    return Place(
        _MARGIN + x * _CELL_WIDTH, top + y * _CELL_HEIGHT, width * _CELL_WIDTH - _GAP, height * _CELL_HEIGHT - _GAP,
        shown.window.since, shown.window.until,
    )  # fmt: skip


def page(shown: Shown) -> str:
    """The whole page."""
    title = f"boxwatch: {shown.scenario.line}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head><body><main>'
        f"{''.join(_sections(shown))}</main></body></html>\n"
    )


def _sections(shown: Shown) -> Iterator[str]:
    yield f"<h1>{escape(shown.scenario.line)}</h1>"
    yield (
        "<p class='quiet'>A simulated box, watched by a real Prometheus and Alertmanager with the rules, routes and "
        f"dashboards that boxwatch builds for deployment {escape(shown.topology.name)}."
        + (f" Its time ran {shown.speed:g} times as fast as the wall's." if shown.speed != 1 else "")
        + "</p>"
    )
    if shown.verdict is not None:
        yield from _verdict(shown.verdict)
    yield f"<div class='wide'>{picture(shown)}</div>"
    yield "<h2>Notifications</h2>"
    yield from _notifications(shown)
    yield "<h2>Plan</h2>"
    yield from _plan(shown.topology)


def _verdict(verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        yield "<p class='good'><strong>Exactly the expected alerts were notified and resolved.</strong></p>"
    else:
        yield f"<p><strong>Not as expected:</strong> {escape('; '.join(verdict.lines()))}.</p>"


def _notifications(shown: Shown) -> Iterator[str]:
    if not shown.notices:
        yield "<p>None, which is right where nothing is wrong.</p>" if not shown.scenario.expects else "<p>None.</p>"
        return
    yield f"<div class='wide'><table>{_heads('After', 'State', 'Severity', 'Alert', 'Message')}"
    for notice in shown.notices:
        said = f"{notice.summary} {notice.description}"
        yield (
            f"<tr><td class='n'>{incident.minutes(notice.at - shown.start)}</td><td>{notice.status}</td>"
            f"<td>{escape(notice.labels.get('severity', ''))}</td><td><code>{escape(notice.alert)}</code></td>"
            f"<td>{escape(said)}</td></tr>"
        )
    yield "</table></div>"


def _heads(*names: str) -> str:
    return f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"


def _plan(topology: Topology) -> Iterable[str]:
    yield f"<div class='wide'><table>{_heads('Service', 'Kind', 'Replicas', 'Per replica', 'Total')}"
    for service in topology.services:
        whole = service.replicas * service.memory * len(service.server)
        yield (
            f"<tr><td>{escape(service.name)}</td><td>{escape(service.kind)}</td><td class='n'>{service.replicas}</td>"
            f"<td class='n'>{human_memory(service.memory)}</td><td class='n'>{human_memory(whole)}</td></tr>"
        )
    yield "</table></div>"
    for server in topology.servers:
        yield (
            f"<p class='quiet'>{escape(server.name)}: {server.cpus} vCPUs, {human_memory(server.memory)} RAM, "
            f"{human_memory(server.reserved)} reserved for the system.</p>"
        )
