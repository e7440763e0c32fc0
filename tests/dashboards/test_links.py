"""Every link of every page, followed: the other page exists, and gets values that exist for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support import boards
from support.topologies import complete

from boxwatch.dashboards import catalogue
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.tree import Node, node, nodes, text
from boxwatch.promql.labels import result_labels
from boxwatch.promql.parse import parse
from boxwatch.rules import alert_text, dashboard_uid
from boxwatch.rules import catalogue as rules
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.settings import Urls

_TOPOLOGY = complete().model_copy(
    update={"urls": Urls(grafana="https://g.example", runbooks="https://r.example/books")}
)
_BUILT = rules.build(_TOPOLOGY)
_ALERTS = {alert.alert: alert for subject in _BUILT.subjects for alert in subject.alerts}
_BOARDS = {str(board["uid"]): board for _, build in catalogue.DASHBOARDS if (board := build(_BUILT)) is not None}
_VARIABLES = {uid: {text(each["name"]): each for each in tree.variables(board)} for uid, board in _BOARDS.items()}
_KINDS = {kind.name for kind in KINDS}


@dataclass(frozen=True)
class Found:
    """A link, with the queries whose values it is shown for and the columns of its table."""

    source: str
    panel: str
    url: str
    queries: tuple[str, ...]
    columns: dict[str, str]
    matcher: str

    def __str__(self) -> str:
        """For the failure's message."""
        return f"{self.source}, {self.panel}: {self.url}"


def _found() -> Iterator[Found]:
    for uid, board in _BOARDS.items():
        for panel in tree.plots(board):
            queries = {ref: expressions.expand(expr, board) for ref, expr in expressions.of_panel(panel)}
            columns: dict[str, str] = {}
            for step in nodes(panel.get("transformations")):
                if step["id"] == "organize":
                    renamed = node(node(step["options"])["renameByName"])
                    columns = {text(head): label for label, head in renamed.items()}
            config = node(panel.get("fieldConfig"))
            for link in nodes(node(config.get("defaults")).get("links")):
                yield Found(uid, tree.name(panel), text(link["url"]), tuple(queries.values()), columns, "")
            for override in nodes(config.get("overrides")):
                matcher = node(override["matcher"])
                of = text(matcher["options"])
                own = (queries[of],) if matcher["id"] == "byFrameRefID" else tuple(queries.values())
                for each in nodes(override["properties"]):
                    for link in nodes(each["value"]) if each["id"] == "links" else ():
                        yield Found(uid, tree.name(panel), text(link["url"]), own, columns, of)


_LINKS = tuple(_found())
_OURS = tuple(link for link in _LINKS if link.url.startswith("/d/"))


def _parts(link: Found) -> tuple[str, list[str]]:
    uid, _, query = link.url.removeprefix("/d/").partition("?")
    return uid, query.split("&")


def test_there_are_links_out_of_every_page_but_the_one_about_everything_else() -> None:
    """A page of a system was a dead end."""
    assert len(_OURS) > 100
    out_of = {link.source.removeprefix("boxwatch-") for link in _OURS}
    assert {name for name, _ in catalogue.DASHBOARDS} - out_of == {"deployments"}


@pytest.mark.parametrize("link", _OURS, ids=range(len(_OURS)))
def test_a_link_leads_to_a_page_that_exists_and_sets_what_it_has(link: Found) -> None:
    """It keeps time and data source; a panel that it opens is there."""
    uid, parts = _parts(link)
    assert uid in _BOARDS, link
    assert {"${datasource:queryparam}", "${__url_time_range}"} <= set(parts), link
    for part in parts:
        if found := re.fullmatch(r"viewPanel=(\d+)", part):
            assert int(found[1]) in {panel["id"] for panel in tree.plots(_BOARDS[uid])}, link
        elif found := re.fullmatch(r"var-(\w+)=(.+)", part):
            assert found[1] in _VARIABLES[uid], link
            _assert_the_value_exists(link, uid, found[1], found[2])
        elif found := re.fullmatch(r"\$\{(\w+):queryparam\}", part):
            # Kept as it is: it must mean the same on both pages.
            assert _same(link.source, uid, found[1]), link
        else:
            assert part == "${__url_time_range}", link


def _assert_the_value_exists(link: Found, uid: str, variable: str, value: str) -> None:
    label = "server" if variable == "server" else "service"
    if column := re.fullmatch(r"\$\{__data\.fields\.(.+)\}", value):
        assert link.columns[column[1]] == label, link
    else:
        assert value == f"${{__field.labels.{label}}}", link
    if alerts := re.match(r"/\^\((\w+(?:\|\w+)*)\)\( \|\$\)/", link.matcher):
        # An alert's own page knows what its description names.
        for name in alerts[1].split("|"):
            assert uid == dashboard_uid.uid(_TOPOLOGY, alert_text.dashboard_of(_ALERTS[name])), link
            assert f"$labels.{label}" in _ALERTS[name].description, link
        return
    for query in link.queries:
        # Otherwise a cell without a value would link to an empty page.
        kept = result_labels(parse(query))
        assert kept is None or label in kept, (link, query)
    if variable in _KINDS and variable != "service":
        assert all(f'kind="{variable}"' in query for query in link.queries) or link.source == uid, link


def _same(one: str, other: str, name: str) -> bool:
    first, second = _VARIABLES[one].get(name), _VARIABLES[other].get(name)
    keys = ("type", "multi", "includeAll", "allValue", "query", "definition")
    return bool(first and second) and all(node(first).get(key) == node(second).get(key) for key in keys)


def test_a_variable_of_one_name_is_the_same_on_all_pages() -> None:
    """The menu carries variables by name: $__all reached a variable of one value, and Redis the page of PostgreSQL."""
    for one, variables in _VARIABLES.items():
        for other in _BOARDS:
            for name in variables.keys() & _VARIABLES[other].keys():
                assert _same(one, other, name), (one, other, name)


def test_links_to_runbooks_stand_beside_those_to_panels() -> None:
    """Only where the topology says where runbooks are."""
    books = [link for link in _LINKS if not link.url.startswith("/d/")]
    assert {link.url for link in books} == {"https://r.example/books/${__field.labels.alertname}.md"}
    assert {link.source for link in books} == {"boxwatch-overview", "boxwatch-service"}
    assert "r.example" not in "".join(string for board in boards.ours().values() for string in tree.strings(board))


def test_links_in_messages_set_variables_of_their_page() -> None:
    """Those of PostgreSQL's alerts set a variable that its page no longer had."""
    checked = 0
    for alert in _ALERTS.values():
        url = alert_text.annotations_of(_TOPOLOGY, alert).templates["dashboard_url"]
        uid = url.removeprefix("https://g.example/d/").partition("?")[0]
        for name in re.findall(r"var-(\w+)=", url):
            assert name in _VARIABLES[uid], url
            checked += 1
    assert checked > 50


def test_a_query_of_the_alert_timeline_keeps_what_its_links_read() -> None:
    """The label of the alert's name is part of the series."""
    for uid in ("boxwatch-overview", "boxwatch-service"):
        panel: Node = boards.panel(_BOARDS[uid], "Alerts over time")
        ((_, expr),) = expressions.of_panel(panel)
        kept = result_labels(parse(expressions.expand(expr, _BOARDS[uid])))
        assert kept is not None
        assert {"alertname", "server", "service"} <= kept
