"""The palette: one meaning per colour in all dashboards.

The eight colours of Okabe and Ito ("Color Universal Design", 2008), which remain distinct under every common kind of
colour blindness. Amber and vermilion also differ in lightness, and no state relies on colour alone: states carry a
word, lines a dash.
"""

from __future__ import annotations

GOOD = "#009E73"  # bluish green: as planned
NEAR = "#E69F00"  # orange: look at it today
BAD = "#D55E00"  # vermilion: wrong now
USE = "#56B4E9"  # sky blue: a measurement, where there is only one
PLAN = "#CC79A7"  # reddish purple, always dashed: the plan in the topology
LIMIT = "#D55E00"  # vermilion, always solid and thick: the level at which something is killed or full
QUIET = "#999999"  # grey: unknown, not counted, or of no consequence

# Series whose names are unknown in advance (replicas, services) get their colour by name, so that a replica keeps its
# colour in all panels of a dashboard.
BY_NAME = "palette-classic-by-name"
# Two names may share a colour. Where names appear in one panel only, or in a stack, they get their colour by order.
BY_ORDER = "palette-classic"
