"""Pictures of panels: what is drawn is what was answered, in well-formed SVG."""

from __future__ import annotations

import json
from typing import Any, Literal
from xml.etree import ElementTree as ET

import pytest
from support.simulated import START, box, built

from boxwatch.dashboards.panels import colours
from boxwatch.simulation.api import Series
from boxwatch.simulation.pictures import charts, incident, panels, svg, units
from boxwatch.simulation.pictures.charts import Place
from boxwatch.simulation.pictures.page import Shown, page, picture
from boxwatch.simulation.pictures.panels import Answered
from boxwatch.simulation.timeline import Notice
from boxwatch.simulation.verdict import Verdict

_PLACE = Place(0, 0, 600, 300, START - 3600, START)
_FALSE = Verdict((), (), (), 0)


def _series(name: str, *values: float, **labels: str) -> Series:
    points = tuple((START - 60 * (len(values) - 1 - number), value) for number, value in enumerate(values))
    return Series({"service": name, **labels} if name else labels, points)


def _overview() -> tuple[Answered, ...]:
    document = json.loads(built()["grafana/dashboards/overview.json"])
    answers = (_series("web", 1.0, 0.0, 1.0), _series("redis<&>", 2**31, 2**31))
    return tuple(
        Answered(
            panel, {target["refId"]: answers[: 1 if panel["type"] == "stat" else 2] for target in panel["targets"]}
        )
        for panel in document["panels"]
        if panel["type"] != "row"
    )


def _drawn(panel: Answered) -> ET.Element:
    return ET.fromstring(f"<svg>{charts.draw(panel, _PLACE)}</svg>")  # noqa: S314 - our own


def _words(element: ET.Element) -> list[str]:
    return [one.text or "" for one in element.iter("text")]


@pytest.mark.parametrize("panel", _overview(), ids=lambda panel: panel.title)
def test_every_panel_of_the_overview_is_drawn(panel: Answered) -> None:
    """With its title and something of its data, also where a name has special characters."""
    words = _words(_drawn(panel))

    assert words[0] == panel.title
    assert len(words) > 1
    assert "not drawn here: see it in Grafana" not in words


@pytest.mark.parametrize("panel", _overview(), ids=lambda panel: panel.title)
def test_a_panel_without_data_says_so(panel: Answered) -> None:
    """Grey or with a word, never a zero that nobody measured."""
    empty = Answered(panel.panel, {})
    words = _words(_drawn(empty))

    assert "0" not in words
    assert charts.no_data(empty) == (not panel.defaults.get("noValue"))
    assert not charts.no_data(panel)


def test_a_stat_has_the_colour_of_its_threshold() -> None:
    """Green below, vermilion from it on."""
    critical = _overview()[0]
    for value, colour in ((0.0, colours.GOOD), (1.0, colours.BAD)):
        drawn = _drawn(Answered(critical.panel, {"A": (_series("", value),)}))
        assert [one.get("fill") for one in drawn.iter("rect")][1] == colour


def test_states_are_drawn_as_spans() -> None:
    """A change of value ends one and begins the next; so does a gap."""
    timeline = next(panel for panel in _overview() if panel.title == "Replicas against the plan")
    gap = Series({"service": "web"}, ((START - 3000, 1.0), (START - 2940, 1.0), (START - 600, 0.0), (START - 540, 0.0)))
    drawn = _drawn(Answered(timeline.panel, {"A": (gap,)}))

    assert [one.get("fill") for one in drawn.iter("rect")][1:] == [colours.GOOD, colours.BAD]


def test_an_unknown_panel_refers_to_grafana() -> None:
    """Rather than an empty card."""
    panel: dict[str, Any] = {"type": "heatmap", "title": "Heat", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}}

    assert _words(_drawn(Answered(panel, {})))[1] == "not drawn here: see it in Grafana"


def test_rows_are_merged_sorted_and_named_as_in_grafana() -> None:
    """One row for each service, columns in the order of the organize transformation."""
    table = next(panel for panel in _overview() if panel.title == "Services, worst first")
    answers = {"A": (_series("web", 1.0), _series("api", 2.0)), "C": (_series("web", 1.0), _series("api", 0.0))}
    columns, found = charts.rows(Answered(table.panel, answers))

    assert columns == ["Service", "Running", "Missing"]
    assert [row["Service"] for row in found] == ["web", "api"]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (2, "none", "2"), (0.125, "none", "0.125"), (1500, "none", "1.5 k"), (2e6, "none", "2.0 M"),
        (1023 * 2**20, "bytes", "1023 MiB"), (1.5 * 2**30, "bytes", "1.5 GiB"), (0, "bytes", "0 B"),
        (0.571, "percentunit", "57.1 %"), (3, "percent", "3 %"), (90, "s", "1.5 min"), (0, "s", "0 s"),
        (172800, "dtdurations", "2 d"), (float("nan"), "none", "-"),
    ],
)  # fmt: skip
def test_values_have_their_unit(value: float, unit: str, words: str) -> None:
    """Short, and as Grafana rounds."""
    assert units.text(value, unit) == words


def test_a_query_is_expanded_as_grafana_does() -> None:
    """The rate interval is four steps; a variable that is not chosen is everything."""
    text = 'rate(x{server=~"$server", a="${b:regex}"}[$__rate_interval])[$__range:$__interval]'

    assert panels.expand(text, {"b": "c"}, 30, 3600) == 'rate(x{server=~".+", a="c"}[120s])[3600s:30s]'


def _notice(status: Literal["firing", "resolved"], at: float, severity: str = "critical") -> Notice:
    labels = {"alertname": "ServiceDown", "service": "web", "severity": severity}
    return Notice(START + at, status, labels, "A service is down.", "No container of <web> runs.")


def _shown(*notices: Notice, verdict: Verdict | None = None) -> Shown:
    played = box("replica-lost")
    window = panels.Window(START - 3600, START + 1200, START + 301, 30)
    row = Answered({"type": "row", "title": "Since when", "gridPos": {"x": 0, "y": 22, "w": 24, "h": 1}}, {})
    overview = (*_overview(), row)
    return Shown(played.topology, played.scenario, START, window, notices, verdict, overview, 40.0)


def test_an_alert_is_shown_from_its_notification_to_its_end() -> None:
    """Or to the end of the picture."""
    fired, resolved = _notice("firing", 300), _notice("resolved", 600)

    assert incident.intervals([fired, resolved], START + 1200) == [(fired, START + 600)]
    assert incident.intervals([fired], START + 1200) == [(fired, START + 1200)]
    assert incident.minutes(90) == "1.5 min"


def test_the_picture_stands_alone_in_light_and_dark() -> None:
    """A well-formed SVG with its own style."""
    found = picture(_shown(_notice("firing", 300), _notice("resolved", 600)))
    root = ET.fromstring(found)  # noqa: S314 - our own

    assert "prefers-color-scheme:dark" in found
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ServiceDown web", "Since when", "The overview 5.0 min after the start"} <= set(words)


def test_the_page_is_one_file_with_everything() -> None:
    """Plan, timeline, notifications, verdict; nothing is loaded from anywhere."""
    passed = Verdict((), (), (), 3)
    found = page(_shown(_notice("firing", 300), _notice("resolved", 600), verdict=passed))

    assert "Exactly the expected alerts were notified and resolved." in found
    assert "No container of &lt;web&gt; runs." in found
    assert "40 times as fast" in found
    assert "elasticsearch" in found
    assert "http" not in found.replace("http://www.w3.org/2000/svg", "")


def test_the_page_says_what_was_not_as_expected() -> None:
    """And that nothing was notified."""
    found = page(_shown(verdict=_FALSE))

    assert "Not as expected:" in found
    assert "<p>None.</p>" in found


def test_long_words_are_clipped() -> None:
    """With an ellipsis, within their width."""
    assert svg.clipped("abcdefghij", 40) == "abcde…"
    assert svg.clipped("abc", 40) == "abc"
