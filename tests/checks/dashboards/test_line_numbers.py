"""Findings in dashboards say on which line what they speak of begins."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from support import boards

from boxwatch.checks.dashboards import line_numbers
from boxwatch.grafana import json_text
from boxwatch.grafana.tree import Node

BOARD = """{
  "annotations": {"list": [
    {"name": "Alerts"}
  ]},
  "panels": [
    {"id": 1, "title": "a \\" } , [", "type": "stat"},
    {
      "type": "row", "title": "Row", "panels": [
        {
          "title": "Folded", "targets": [{"refId": "A"},
            {"refId": "B"}]
        }
      ]
    },
    {"title": "Folded"}, {"id": 5}
  ],
  "templating": {"list": [{"name": "x"}, null,
    {"name": "y"}]}
}"""


def test_every_part_has_its_line() -> None:
    """Of two with one name the first; a panel without title goes by its id."""
    assert line_numbers.lines(BOARD, json.loads(BOARD)) == {
        'annotation "Alerts"': 3,
        'variable "x"': 17,
        'variable "y"': 18,
        'panel "a " } , ["': 6,
        'panel "Row"': 7,
        'panel "Folded"': 9,
        'panel "Folded" query A': 10,
        'panel "Folded" query B': 11,
        "panel 5": 15,
    }


def test_a_dashboard_that_is_wrapped() -> None:
    """As Grafana's API answers."""
    wrapped = '{"meta": {},\n "dashboard": ' + BOARD + "}"
    assert line_numbers.lines(wrapped, json.loads(BOARD), ("dashboard",))['panel "Folded"'] == 10


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_title_is_found_on_its_line(titles: list[str]) -> None:
    """Quotes, brackets and line ends in it are text."""
    panels: list[Node] = [boards.a_panel(title=f"p{title}", id=number) for number, title in enumerate(titles)]
    content = json_text.write({"panels": panels}).decode()
    found = line_numbers.lines(content, {"panels": panels})
    for number, panel in enumerate(panels):
        line = content.split("\n")[found[f'panel "{panel["title"]}"'] - 1]
        assert line.strip() in ("{", "{},")
        assert found[f'panel "{panel["title"]}"'] <= found.get(f'panel "p{titles[number]}" query A', 10**6)
