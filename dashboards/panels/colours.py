"""What a colour means, everywhere the same.

The eight colours of Okabe and Ito ("Color Universal Design", 2008), which stay apart for every common kind of colour
blindness. Amber and vermilion differ in lightness too, and nothing is said by colour alone: states carry a word,
lines a dash.
"""

from __future__ import annotations

GOOD = "#009E73"  # bluish green: as planned
NEAR = "#E69F00"  # orange: look at it today
BAD = "#D55E00"  # vermilion: something is wrong now
USE = "#56B4E9"  # sky blue: what is measured, when it is one thing
PLAN = "#CC79A7"  # reddish purple, always dashed: what the topology says
LIMIT = "#D55E00"  # vermilion, always solid and thick: where something is killed or full
QUIET = "#999999"  # grey: not known, not counted, or of no consequence

# Series that nobody can name in advance (replicas, services) get theirs by name, so that one replica has one colour
# in all panels of a dashboard.
BY_NAME = "palette-classic-by-name"
# Two names may have the same colour. Where names stand in one panel only, or lie in a pile, their order gives it.
BY_ORDER = "palette-classic"
