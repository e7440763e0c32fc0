"""Modernising is idempotent for any dashboard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support import boards, rotation

from boxwatch.grafana import modernise, tree
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.tree import Node

# Arbitrary panels: valid and invalid values in every place that a repair reads.
_WORDS = st.sampled_from(["", "none", "s", "hidden", "list", "table", "linear", "log", "$datasource", "A", "multi"])


_VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 100), _WORDS)


_ANYTHING = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3)
)


_STEPS = st.lists(st.fixed_dictionaries({"color": _WORDS}, optional={"value": _VALUES}), max_size=3)


_CUSTOM = st.fixed_dictionaries(
    {},
    optional={
        "stacking": _ANYTHING,
        "scaleDistribution": st.fixed_dictionaries({}, optional={"type": _WORDS, "log": _VALUES}),
        "displayMode": _WORDS,
        "axisPlacement": _WORDS,
        "filterable": _VALUES,
        "lineWidth": _VALUES,
    },
)


_DEFAULTS = st.fixed_dictionaries(
    {},
    optional={
        "unit": _WORDS | st.none(),
        "thresholds": st.fixed_dictionaries({"mode": _WORDS, "steps": _STEPS | _WORDS}) | st.none(),
        "mappings": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from([1, 2, "value"])}, optional={"value": _VALUES, "text": _WORDS}
            ),
            max_size=2,
        ),
        "custom": _CUSTOM,
        "color": _ANYTHING,
        "calcs": st.lists(_WORDS, max_size=2),
        "links": st.lists(st.fixed_dictionaries({"title": _WORDS}, optional={"linkUrl": _WORDS}), max_size=2),
    },
)


_PANELS = st.fixed_dictionaries(
    {
        "type": st.sampled_from([
            "timeseries", "stat", "gauge", "bargauge", "table", "text", "row", "heatmap", "state-timeline", "graph",
            "singlestat", "natel-discrete-panel", "unheard-of",
        ]),
    },
    optional={
        "id": st.integers(-1, 3) | st.none(),
        "title": _WORDS | st.none(),
        "datasource": _WORDS | st.none() | st.dictionaries(st.sampled_from(["uid", "type"]), _WORDS),
        "fieldConfig": st.fixed_dictionaries({}, optional={"defaults": _DEFAULTS, "overrides": st.just([])}),
        "options": st.dictionaries(
            st.sampled_from(["legend", "tooltip", "fieldOptions", "reduceOptions", "content", "sortBy"]), _ANYTHING
        ),
        "targets": st.lists(
            st.fixed_dictionaries({}, optional={"expr": _WORDS, "refId": _WORDS, "instant": _VALUES, "hide": _VALUES}),
            max_size=3,
        ),
        "gridPos": st.fixed_dictionaries({key: st.integers(0, 24) for key in "xywh"}),
        "links": st.lists(st.fixed_dictionaries({}, optional={"title": _WORDS, "url": _WORDS}), max_size=2),
        "maxDataPoints": _VALUES,
        "legend": _ANYTHING,
        "yaxes": _ANYTHING,
        "thresholds": _ANYTHING,
        "colors": st.lists(_WORDS),
        "mappings": _ANYTHING,
        "panels": st.lists(st.fixed_dictionaries({"type": st.just("stat")}), max_size=2),
        "transformations": _ANYTHING,
        "libraryPanel": st.none() | st.just({"uid": "u", "name": "n"}),
        "repeat": _WORDS | st.none(),
    },
)  # fmt: skip


@rotation.examples(150)
@given(panels=st.lists(_PANELS, max_size=4), version=st.sampled_from([0, 12, 16, 22, 30, 36, 41, 42]))
def test_modernising_twice_is_modernising_once(panels: list[Node], version: int) -> None:
    """Modernising is idempotent, even for implausible panels."""
    board = {**boards.a_dashboard(*panels), "schemaVersion": version}
    made = modernise.modernise(board)
    assert modernise.modernise(made) == made
    assert canonical(made) == made
    ids = [panel["id"] for panel in tree.panels(made)]
    assert len(ids) == len(set(ids))
    for panel in tree.panels(made):
        refs = [target.get("refId") for target in tree.targets(panel)]
        assert all(refs)
        assert len(refs) == len(set(refs))
