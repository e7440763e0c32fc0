"""An alert whose links lead nowhere is found, and so is a runbook that names what there is not."""

from __future__ import annotations

import json

import pytest
from support.artefacts import complete_artefacts
from support.rule_text import alert
from support.topologies import complete

from boxwatch.assemble import assemble
from boxwatch.checks import catalogue
from boxwatch.checks.rules import alert_links, promtool
from boxwatch.checks.rules.known import known
from boxwatch.checks.rules.link_targets import Linked, read
from boxwatch.topology.settings import Urls

_GRAFANA = "https://grafana.example.com"
_BOARD = {
    "uid": "boxwatch-shop-host",
    "title": "Host (shop)",
    "panels": [
        {"id": 7, "type": "stat", "title": "Memory available"},
        {"id": 8, "type": "row", "title": "More", "panels": [{"id": 9, "type": "stat", "title": "CPU busy"}]},
    ],
}


def _linked(page: str = "") -> Linked:
    made = read(
        {"grafana/dashboards/host.json": json.dumps(_BOARD).encode(), "runbooks/SomethingWrong.md": page.encode()}
    )
    assert made is not None
    return made


def _found(linked: Linked | None, **annotations: str) -> list[str]:
    file = alert("up == 0", **{"runbook_url": "https://example.com/SomethingWrong.md", **annotations})
    return [finding.message for finding in alert_links.check(file, known((file,), linked=linked))]


@pytest.mark.parametrize(
    "annotations",
    [
        {"dashboard_url": f"{_GRAFANA}/d/boxwatch-shop-host?var-server={{{{ $labels.server }}}}&viewPanel=7"},
        {"dashboard_url": f"{_GRAFANA}/d/boxwatch-shop-host?viewPanel=9"},
        {"dashboard_url": f"{_GRAFANA}/d/boxwatch-shop-host"},
        {"runbook_url": "", "runbook": "runbooks/SomethingWrong.md"},
    ],
    ids=["panel", "panel in a row", "whole dashboard", "runbook by name"],
)
def test_links_that_lead_somewhere_are_fine(annotations: dict[str, str]) -> None:
    """To a panel, also one that is folded into a row, or to the whole dashboard."""
    assert _found(_linked(), **annotations) == []


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (
            {"dashboard_url": f"{_GRAFANA}/d/boxwatch-shop-hots"},
            "dashboard_url links to the dashboard boxwatch-shop-hots, which does not exist",
        ),
        (
            {"dashboard_url": f"{_GRAFANA}/d/boxwatch-shop-host?var-server=a&viewPanel=10"},
            "dashboard_url links to panel 10 of Host (shop), which has no panel with that id",
        ),
        (
            {"runbook_url": "https://example.com/SomethingElse.md"},
            "runbook_url names the page SomethingElse.md, which does not exist",
        ),
        ({"runbook": "runbooks/Nothing.md"}, "runbook names the page Nothing.md, which does not exist"),
    ],
    ids=["dashboard", "panel", "runbook_url", "runbook"],
)
def test_a_link_to_nowhere_is_an_error(annotations: dict[str, str], message: str) -> None:
    """It would be followed at night."""
    assert _found(_linked(), **annotations) == [message]


@pytest.mark.parametrize(
    ("page", "messages"),
    [
        ("Dashboard *Host*, panel *CPU busy*: `/d/boxwatch-shop-host?viewPanel=9` in Grafana.", []),
        ("1. Dashboard *Host*, panels *Memory available* and *CPU busy*.", []),
        ("Look at dashboard *Host*.", []),
        (
            "<https://g/d/boxwatch-host?viewPanel=9>",
            ["the runbook links to the dashboard boxwatch-host, which does not exist"],
        ),
        (
            "`/d/boxwatch-shop-host?viewPanel=1`",
            ["the runbook links to panel 1 of Host (shop), which has no panel with that id"],
        ),
        ("Dashboard *Hosts*, panel *CPU busy*", ["the runbook names the dashboard Hosts, which does not exist"]),
        (
            "Dashboard *Host*, panels *CPU* and *Memory*: which?",
            [
                "the runbook names the panel CPU of Host, which has no panel of that title",
                "the runbook names the panel Memory of Host, which has no panel of that title",
            ],
        ),
    ],
)
def test_a_runbook_names_what_there_is(page: str, messages: list[str]) -> None:
    """By link, and by title."""
    assert _found(_linked(page)) == messages


def test_nothing_is_judged_where_dashboards_or_runbooks_are_not_at_hand() -> None:
    """A rule file alone links to what somebody else keeps."""
    assert _found(None, dashboard_url=f"{_GRAFANA}/d/anything") == []
    assert read({"runbooks/A.md": b""}) is None
    assert read({"grafana/dashboards/host.json": json.dumps(_BOARD).encode()}) is None


@pytest.mark.parametrize("urls", [Urls(), Urls(grafana=_GRAFANA, runbooks="https://example.com/runbooks")])
def test_every_link_of_ours_leads_somewhere(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the addresses of Grafana and the runbooks, and without; and it is noticed when a panel goes."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    made = assemble(complete().model_copy(update={"urls": urls})) if urls.grafana else dict(complete_artefacts())

    assert catalogue.run(made, 30).findings == ()
    made["grafana/dashboards/host.json"] = made["grafana/dashboards/host.json"].replace(b'"Clock"', b'"Clocks"')
    del made["runbooks/HostRebooted.md"]
    found = {(finding.check, finding.where) for finding in catalogue.run(made, 30).findings}
    assert found == {("alert_links", f"alert {name}") for name in _OF_CLOCKS}


# Those whose panel or page was taken away above.
_OF_CLOCKS = ("HostClockUnsynchronised", "HostClockSkewed", "HostRebooted")
