"""Selectors that match the same container."""

from __future__ import annotations

import pytest
from support.topologies import a_selector

from boxwatch.topology.validation import overlaps as module
from boxwatch.topology.validation.overlaps import Claim, claim, overlaps


def claims(*selectors: dict[str, object]) -> list[Claim]:
    """One service per selector: s0, s1, …."""
    return [claim(f"s{index}", 0, a_selector(**selector)) for index, selector in enumerate(selectors)]


def pairs(*selectors: dict[str, object]) -> list[tuple[str, str]]:
    """The pairs of overlapping services."""
    return [(found.first.service, found.second.service) for found in overlaps(claims(*selectors))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"resource": "web"}, {"resource": "web"}),
        ({"resource": "web-1"}, {"resource": "web(-[0-9]+)?"}),
        ({"resource": "web.*"}, {"resource": "web-admin"}),
        ({"resource": "a|b"}, {"resource": "b|c"}),
        ({"resource": "[^a]+"}, {"resource": "[^a]+"}),
        ({"resource": "shop"}, {"resource": "shop", "compose_service": "web"}),
        ({"compose_service": "web", "resource": "shop"}, {"resource": "s.*", "compose_service": "w.*"}),
        ({"resource": "api"}, {"resource": "api", "environment": "staging"}),
        ({"resource": "api", "project": "a"}, {"resource": "api", "environment": "b"}),
        ({"resource": "api", "environment": "a|b"}, {"resource": "api", "environment": "b|c", "project": "shop"}),
        ({"resource": "api", "compose_service": "x"}, {"resource": "api", "environment": "b"}),
    ],
)
def test_they_are_found_in_both_orders(one: dict[str, object], other: dict[str, object]) -> None:
    """The earlier selector in the file comes first."""
    assert pairs(one, other) == [("s0", "s1")]
    assert pairs(other, one) == [("s0", "s1")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"resource": "web"}, {"resource": "web-1"}),
        ({"resource": "web"}, {"name": "web"}),
        ({"resource": "shop", "compose_service": "a"}, {"resource": "shop", "compose_service": "b"}),
        ({"resource": "shop"}, {"compose_service": "shop"}),
        ({"resource": "a", "compose_service": "x"}, {"resource": "a", "name": "y"}),
        ({"resource": "x-[0-4]"}, {"resource": "x-[5-9]"}),
        ({"resource": "api", "environment": "production"}, {"resource": "api", "environment": "staging"}),
        ({"resource": "api", "project": "a"}, {"resource": "api", "project": "b", "environment": "staging"}),
        ({"resource": "api", "project": "a"}, {"name": "api", "project": "a"}),
        ({"resource": "web-[0-9]+"}, {"resource": "web-[a-z]+"}),
    ],
)
def test_different_containers_are_no_overlap(one: dict[str, object], other: dict[str, object]) -> None:
    """Disjoint patterns and labels that describe different things do not overlap."""
    assert pairs(one, other) == []
    assert pairs(other, one) == []


def test_selectors_of_one_service_may_overlap() -> None:
    """Any selector of a service may match its containers."""
    both = [claim("web", 0, a_selector(resource="web")), claim("web", 1, a_selector(resource="w.*"))]
    assert list(overlaps(both)) == []


def test_selectors_of_two_components_may_not() -> None:
    """A container belongs to one component."""
    one, other = a_selector(resource="web", component="app"), a_selector(resource="www|web", component="db")
    both = [claim("web", 0, one), claim("web", 1, other)]
    assert [found.both_match for found in overlaps(both)] == [{"resource": "web"}]


def test_everything_against_everything_is_told_once_for_each() -> None:
    """Each selector is reported once, not once per pair."""
    everything: dict[str, object] = {"name": ".+"}
    assert len(pairs(*[everything] * 50)) == 49


def test_long_patterns_are_split_into_sets_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pattern is lost when RE2 rejects a set that exceeds its memory."""
    monkeypatch.setattr(module, "_SET_MEMORY", 20_000)
    many: list[dict[str, object]] = [{"resource": f"service{i}(-[0-9]+)?"} for i in range(100)]
    assert pairs(*many, {"resource": "service7-3"}) == [("s7", "s100")]


def test_patterns_too_large_for_any_set_are_compared_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Identical patterns are still found."""
    monkeypatch.setattr(module, "_SET_MEMORY", 500)
    assert pairs({"resource": "web(-[0-9]{1,9})?"}, {"resource": "web(-[0-9]{1,9})?"}) == [("s0", "s1")]
