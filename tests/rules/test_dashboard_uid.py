"""Dashboard uids: short for the default deployment, unique for all."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from support.topologies import a_topology, complete

from boxwatch.rules.dashboard_uid import uid

# Names that a topology may have: at most 40 characters.
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,20}){0,2}", fullmatch=True).filter(lambda name: len(name) <= 40)


def test_the_default_deployment_has_the_short_uids() -> None:
    """The default deployment keeps short uids until somebody renames it, as its comment asks before adding a second."""
    assert uid(complete(), "overview") == "boxwatch-overview"


def test_another_deployment_is_in_the_uid() -> None:
    """Without the name, publishing one deployment would overwrite another."""
    assert uid(a_topology(name="shop"), "overview") == "boxwatch-shop-overview"


def test_a_long_name_is_cut_and_stays_unique() -> None:
    """Two long names with the same beginning do not share a uid."""
    one, other = (uid(a_topology(name=f"{'a' * 30}-{end}"), "overview") for end in ("one", "two"))
    assert one != other
    assert one.startswith("boxwatch-aaaa")
    assert len(one) == len(other) == 40


@given(NAMES, st.from_regex(r"[a-z_]{1,16}", fullmatch=True))
def test_grafana_accepts_every_uid(name: str, dashboard_id: str) -> None:
    """A uid has at most 40 letters, digits, dashes and underscores."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid(a_topology(name=name), dashboard_id))
