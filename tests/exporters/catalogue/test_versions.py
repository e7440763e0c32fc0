"""Versions are ordered numerically."""

from __future__ import annotations

from boxwatch.exporters.catalogue.versions import version_order


def test_versions_are_ordered_as_numbers_and_a_candidate_comes_before_its_release() -> None:
    """1.9 sorts before 1.11, and 1.11.1rc2 before 1.11.1."""
    mixed = ["20.10.24", "1.11.1.2", "1.0", "1.11.1", "1.9.0", "1.0.0", "1.11.1rc2"]
    assert sorted(mixed, key=version_order) == ["1.0", "1.0.0", "1.9.0", "1.11.1rc2", "1.11.1", "1.11.1.2", "20.10.24"]
