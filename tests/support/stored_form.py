"""Dashboards of older versions, and the form in which a current Grafana stores them."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.tree import Node, node, nodes


def load(page: Path) -> Node:
    """One page."""
    loaded: Node = json.loads(page.read_text(encoding="utf-8"))
    return loaded


def lifted(version: int, **content: object) -> Node:
    """The stored form of a dashboard of an older version."""
    given: Node = {"schemaVersion": version, "title": "Old", **content}
    before = copy.deepcopy(given)
    made = canonical(given)
    assert given == before, "the argument is left as it is"
    assert canonical(made) == made
    return made


def one_panel(version: int, **panel: object) -> Node:
    """The stored form of a dashboard's only panel."""
    made = nodes(lifted(version, panels=[{"id": 1, "type": "timeseries", **panel}])["panels"])
    assert len(made) == 1
    return made[0]


def one_variable(version: int, **variable: object) -> Node:
    """The stored form of a dashboard's only variable."""
    return nodes(node(lifted(version, templating={"list": [{"name": "x", **variable}]})["templating"])["list"])[0]
