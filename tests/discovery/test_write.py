"""Names, sizes and texts of a discovered topology mean the same when they are read again."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.discovery import naming, write
from boxwatch.topology import fields, units


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Shop API", "shop-api"),
        ("tools.v2_x", "tools-v2-x"),
        ("9lives", "service-9lives"),
        ("größe", "grosse"),
        ("日本", "service"),
        ("", "service"),
        ("-", "service"),
        ("x" * 60, "x" * 31),
        (f"{'x' * 30}-y", "x" * 30),
    ],
)
def test_a_name_is_as_close_as_possible(text: str, name: str) -> None:
    """Words of lower-case letters and digits, with room for `-exporter`."""
    assert naming.valid(text, "service") == name


@given(st.text(max_size=60))
def test_any_text_becomes_a_valid_name(text: str) -> None:
    """Which a topology accepts."""
    assert fields.name(naming.valid(text, "service"))


@given(st.lists(st.sampled_from(("web", "web-2", "web-2-2", "x" * 31)), max_size=12))
def test_names_that_repeat_get_numbers(names: list[str]) -> None:
    """And none gets that of another; the first keeps its own."""
    found = naming.unique(names)

    assert len(set(found)) == len(names)
    assert all(fields.name(name) and len(name) <= 31 for name in found)
    assert found[:1] == names[:1]


@given(st.integers(units.MIB * 6, units.TIB * 60))
def test_a_size_is_exact(size: int) -> None:
    """A limit that differs by a byte is drift."""
    written = yaml.safe_load(write.memory(size))

    assert units.parse_memory(written) == size


@given(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20) | st.sampled_from(("no", "On", "1g"))
)
def test_a_text_is_read_as_it_was(text: str) -> None:
    """In the braces of a selector too."""
    assert yaml.safe_load(f"{{name: {write.quoted(text)}, other: x}}") == {"name": text, "other": "x"}
