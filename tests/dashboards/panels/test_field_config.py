"""Container names become readable, and the palette remains distinct under colour blindness."""

from __future__ import annotations

import re

import pytest

from boxwatch.dashboards.panels import colours, field_config


def shown(name: str) -> str:
    """The effect of Grafana's renameByRegex on a series' name; JavaScript writes the replacement as `$1`."""
    for _, options in field_config.SHORT_NAMES:
        pattern, replacement = str(options["regex"]), str(options["renamePattern"]).replace("$", "\\")
        name = re.sub(pattern, replacement, name)
    return name


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ("/web-1/h8k2j4l6n8p0q2r4s6t8u0v2-101010123456", "web-1 …123456"),
        ("prometheus/monitoring/prometheus-h8k2j4l6n8p0q2r4s6t8u0v2", "prometheus …t8u0v2"),
        ("//coolify-proxy", "coolify-proxy"),
        ("app//coolify", "app coolify"),
        ("/web/web-1", "web web-1"),
        ("budget", "budget"),
        ("limit grafana", "limit grafana"),
    ],
)
def test_names_of_containers(series: str, name: str) -> None:
    """Component or resource comes first, then the end of a generated name, which tells replicas apart."""
    assert shown(series) == name


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def deuteranope(colour: str) -> tuple[float, float, float]:
    """A colour as seen without green cones (Viénot, Brettel, Mollon 1999, on linear RGB)."""
    red, green, blue = ((int(colour[start : start + 2], 16) / 255) ** 2.2 for start in (1, 3, 5))
    return 0.293 * red + 0.707 * green, 0.293 * red + 0.707 * green, -0.022 * red + 0.022 * green + blue


def test_states_stay_apart_without_green_cones() -> None:
    """Under the most frequent kind of colour blindness, fine, near and wrong must not look the same."""
    states = (colours.GOOD, colours.NEAR, colours.BAD)
    for one in states:
        for other in states:
            if one != other:
                distance = sum((a - b) ** 2 for a, b in zip(deuteranope(one), deuteranope(other), strict=True)) ** 0.5
                assert distance > 0.1, (one, other)


def test_every_colour_shows_on_dark_and_light() -> None:
    """Grafana's backgrounds are #111217 and #ffffff; 1.9 is the contrast of the palette's palest line on white."""
    for colour in (colours.GOOD, colours.NEAR, colours.BAD, colours.USE, colours.PLAN, colours.QUIET):
        for background in ("#111217", "#ffffff"):
            lighter, darker = sorted((luminance(colour), luminance(background)), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) > 1.9, (colour, background)
