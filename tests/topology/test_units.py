"""Parsing and formatting of sizes, shares and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.written import format_memory

from boxwatch.topology import units
from boxwatch.topology.wording import Unfit


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1g", 2**30),
        ("1G", 2**30),
        ("1gb", 2**30),
        ("1GiB", 2**30),
        ("1Gi", 2**30),
        (" 1.5 GB ", 3 * 2**29),
        ("512m", 2**29),
        ("8k", 2**13),
        ("2t", 2**41),
        ("1073741824", 2**30),
        ("7b", 7),
        (4096, 4096),
        ("0.1g", 107374182),
    ],
)
def test_memory_is_binary_whatever_the_letter(text: str | int, size: int) -> None:
    """Memory units are read as Docker reads them."""
    assert units.parse_memory(text) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("500GB", 500 * 10**9), ("500GiB", 500 * 2**30), ("500Gi", 500 * 2**30), ("1.92tb", 192 * 10**10)],
)
def test_disks_are_decimal_unless_written_binary(text: str, size: int) -> None:
    """Disk units are decimal, as disks are sold."""
    assert units.parse_disk(text) == size


@pytest.mark.parametrize(
    "text", ["", "g", "1gg", "1 g g", "1.g", ".5g", "--1g", "1e3", "\u0661g", "1g1g", "9" * 33, "0x10"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    """An invalid size raises a clear error."""
    with pytest.raises(Unfit, match="is not a size"):
        units.parse_memory(text)


@given(st.integers(min_value=0, max_value=2**50))
def test_memory_written_and_read_again_is_the_same(size: int) -> None:
    """Memory sizes survive a round trip exactly."""
    assert units.parse_memory(format_memory(size)) == size


@given(st.integers(min_value=0, max_value=366 * 86400))
def test_a_duration_written_and_read_again_is_the_same(seconds: int) -> None:
    """Durations survive a round trip to the second."""
    assert units.parse_duration(units.format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("1d1h1m1s", 90061), (" 5m ", 300)]
)
def test_durations_are_prometheus_durations(text: str, seconds: int) -> None:
    """Durations use Prometheus' units."""
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "5", "m5", "5m1h", "1.5h", "5ms", "1w", "-5m", "9" * 40 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """An invalid duration raises a clear error."""
    with pytest.raises(Unfit, match="is not a duration"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "share"), [("90%", 0.9), ("97.5 %", 0.975), ("0.9", 0.9), (0.9, 0.9), (1, 1), ("100%", 1)]
)
def test_a_share_is_a_percentage_or_a_ratio(text: str | float, share: float) -> None:
    """Both notations of a share are accepted."""
    assert units.parse_ratio(text) == share


@given(st.integers(min_value=1, max_value=10000))
def test_every_percentage_with_two_decimals_is_read_exactly(hundredths: int) -> None:
    """`97.35%` is exactly the float 0.9735."""
    assert units.parse_ratio(f"{hundredths / 100:.2f}%") == hundredths / 10000


@pytest.mark.parametrize("text", ["0", "0%", "101%", "900%", 1.1, 90, "90", -0.5, "x", "%", "1.23456"])
def test_what_is_no_share_is_refused(text: str | float) -> None:
    """A bare 90 is rejected: it could be a percentage or a typing error."""
    with pytest.raises(Unfit, match="is not a share"):
        units.parse_ratio(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (2**20, "1 MB"),
        (3 * 2**29, "1.5 GB"),
        (-(2**30), "-1 GB"),
        (2**40, "1 TB"),
        (1025, "1 kB"),
    ],
)
def test_sizes_for_people_have_two_decimals_at_most(size: int, text: str) -> None:
    """Sizes use the binary unit that Docker calls GB."""
    assert units.human_memory(size) == text


@pytest.mark.parametrize(
    ("size", "text"), [(2**40, "1t"), (3 * 2**29, "1536m"), (1000, "1000"), (0, "0"), (2**10, "1k")]
)
def test_sizes_for_files_are_short_and_exact(size: int, text: str) -> None:
    """Sizes use the largest exact unit."""
    assert format_memory(size) == text
