"""The palette: one meaning per colour in all dashboards.

States are the ground behind a word or a number, so they are dark enough for Grafana's white text, or light enough for
its dark text (4.5:1 or more, WCAG 2.2). Amber and vermilion also differ in lightness, and no state relies on colour
alone: states carry a word, lines a dash.
"""

from __future__ import annotations

GOOD = "#007A58"  # bluish green: as planned
NEAR = "#FFB20D"  # amber: look at it today
BAD = "#BF4A00"  # vermilion: wrong now
USE = "#176DB9"  # blue: a measurement, where there is only one
PLAN = "#CC79A7"  # reddish purple, always dashed: the plan in the topology, the threshold of an alert
LIMIT = "#BF4A00"  # vermilion, always solid: the level at which something is killed or full
QUIET = "#6B6B6B"  # grey: unknown, not counted, or of no consequence

OTHER = "#8C8C8C"  # light grey: a rest that is summed up

# Amber is too pale for a line on white.
NEAR_LINE = "#D98E00"
NO_COLOUR = "transparent"

# Replicas, services, servers and words in their fixed order. The eight stay apart in both themes and for every common
# kind of colour blindness, and from a limit and a plan (tests/dashboards/panels/test_palette.py).
SERIES = ("#109AE3", "#A115FA", "#83C900", "#3B4CA3", "#D5A6B9", "#999C58", "#6B5467", "#4473B7")


def as_line(colour: str) -> str:
    """The colour as a line."""
    return NEAR_LINE if colour == NEAR else colour
