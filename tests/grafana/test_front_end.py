"""Saving in Grafana's front end without an edit makes no difference; an edit does."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import boards, front_end, third_party

from boxwatch.grafana.canonical import front_end as written
from boxwatch.grafana.canonical.front_end import plain
from boxwatch.publish.grafana import difference, form

OURS = boards.ours()
# (panel type, location of the default, path below it, default): every default that a save states.
DEFAULTS = [
    (kind, place, path, value)
    for place, tables in front_end.TABLES.items()
    for kind, table in tables.items()
    for path, value in front_end.leaves(table)
]


def a_panel(kind: str) -> dict[str, Any]:
    """A panel with only a type."""
    return {"id": 1, "type": kind, "title": "One", "fieldConfig": {"defaults": {"custom": {"of": "ours"}}}}


def with_value(kind: str, place: tuple[str, ...], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A dashboard with such a panel, in which one value is set."""
    panel = a_panel(kind)
    front_end.put(panel, (*place, *path), value)
    return {"panels": [panel]}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_save_of_each_of_our_dashboards_changes_nothing(name: str) -> None:
    """A save changes neither the compared form nor the checksum."""
    published = form.marked(OURS[name], "mvp")
    saved = front_end.save(published)

    assert saved != published
    assert form.form(saved) == form.form(published)
    assert form.is_as(saved, form.published(published))


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_edit_in_the_same_save_is_the_one_difference(name: str) -> None:
    """An edited panel title is the only difference of a save."""
    saved = front_end.save(form.marked(OURS[name], "mvp"))
    saved["panels"][0]["description"] = "By hand"

    (found,) = difference.differences(form.form(OURS[name]), form.form(saved))
    assert found.what.startswith("description ")


@pytest.mark.third_party
def test_what_a_browser_saved_in_grafana_is_no_difference() -> None:
    """Recorded pairs, before and after "Make editable" and "Save", are equal in plain form."""
    pairs = third_party.folder("grafana") / "ui-saved"
    names = sorted(path.name for path in (pairs / "published").glob("*.json"))
    assert names
    for name in names:
        before, after = (json.loads((pairs / side / name).read_bytes()) for side in ("published", "saved"))
        assert difference.differences(form.form(before), form.form(after)) == ()
        assert form.checksum(before) == form.checksum(after), name


@given(st.sampled_from(DEFAULTS))
def test_a_default_that_is_stated_makes_no_difference(
    case: tuple[str, tuple[str, ...], tuple[str, ...], object],
) -> None:
    """An explicit default makes no difference, for each panel type and each of its defaults."""
    kind, place, path, value = case

    assert plain(with_value(kind, place, path, copy.deepcopy(value))) == plain({"panels": [a_panel(kind)]})


@given(st.sampled_from(DEFAULTS), st.booleans() | st.integers() | st.text() | st.lists(st.text(), min_size=1))
def test_any_other_value_makes_a_difference(
    case: tuple[str, tuple[str, ...], tuple[str, ...], object], other: object
) -> None:
    """A value other than the default is a difference, even one that Python considers equal, such as 0 and False."""
    kind, place, path, value = case
    is_default = json.dumps(other) == json.dumps(value) or (other == value and not isinstance(other, bool))

    same = plain(with_value(kind, place, path, other)) == plain({"panels": [a_panel(kind)]})
    assert same == is_default or isinstance(value, bool) != isinstance(other, bool)
    if isinstance(value, bool) != isinstance(other, bool):
        assert not same


def test_a_difference_shows_the_default_of_which_a_panel_says_nothing() -> None:
    """A difference shows the implied default instead of "none"."""
    before, after = (
        {"panels": [a_panel("timeseries") | {"options": {"legend": {"placement": side}}}]}
        for side in ("right", "bottom")
    )

    (found,) = difference.differences(form.form(before), form.form(after))
    assert found.what == "options.legend.placement right → bottom"


def test_the_argument_stays_as_it_is() -> None:
    """The argument is not changed, because it is the dashboard to publish."""
    dashboard = front_end.save(boards.ours()["overview.json"]) if "overview.json" in OURS else front_end.save({})
    before = copy.deepcopy(dashboard)
    plain(dashboard)

    assert dashboard == before


def test_a_number_below_the_first_threshold_means_nothing() -> None:
    """The first step starts at minus infinity whatever its value; the next one does not."""
    boards_of = [
        with_value(
            "stat",
            ("fieldConfig", "defaults"),
            ("thresholds",),
            {"steps": [{"color": "a", "value": low}, {"value": high}]},
        )
        for low, high in ((-1, 5), (0, 5), (0, 6))
    ]
    first, second, third = map(plain, boards_of)

    assert first == second != third
    assert written.THRESHOLDS["steps"]
