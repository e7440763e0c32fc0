"""SVG by hand: the few elements that panels need, and the palette of the dashboards for light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final

from boxwatch.dashboards.panels import colours

# Okabe and Ito, in the order of Grafana's series; distinct next to each other.
SERIES: Final = (
    "#0072B2", colours.GOOD, colours.NEAR, colours.PLAN, colours.USE, "#7A5C00", "#F0E442", "#8C4B7F", "#4C9F9F",
    "#B3541E", "#6A7FDB", "#5E6B73",
)  # fmt: skip
STYLE: Final = """
.bg{fill:#f6f7f8}.card{fill:#fff;stroke:#d9dde1}.t{fill:#20262c}.q{fill:#626d78}.g{stroke:#e4e7ea}
.i{fill:#fff}text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;font-size:12px}
.h{font-size:13px;font-weight:600}.n{font-size:34px;font-weight:600}.s{font-size:11px}.b{font-size:22px;font-weight:650}
@media (prefers-color-scheme:dark){.bg{fill:#14171a}.card{fill:#1d2125;stroke:#343b42}.t{fill:#e8ebee}.q{fill:#9aa5b0}
.g{stroke:#30363c}}
""".replace("\n", "")
# Mean width of a letter as a share of the font's size.
_LETTER: Final = 0.54


def clipped(words: str, width: float, size: float = 12) -> str:
    """As much of a text as fits."""
    most = int(width / (size * _LETTER))
    return words if len(words) <= most else words[: max(0, most - 1)] + "…"


def rule(x1: float, y1: float, x2: float, y2: float, look: str = 'class="g"') -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def text(x: float, y: float, words: str, style: str = "t", anchor: str = "start") -> str:
    """A line of text."""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}"{at}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, fill: str = "", style: str = "", radius: float = 0) -> str:  # noqa: PLR0913, PLR0917 - a rectangle
    """A rectangle."""
    look = f'fill="{fill}"' if fill else f'class="{style}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="{radius:g}" {look}/>'


def line(points: Iterable[tuple[float, float]], colour: str, width: float = 1.6, dash: str = "") -> str:
    """A line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    more = f' stroke-dasharray="{dash}"' if dash else ""
    look = f'fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"{more}'
    return f'<polyline points="{path}" {look}/>'


def area(upper: list[tuple[float, float]], lower: list[tuple[float, float]], colour: str) -> str:
    """The area between two lines."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *reversed(lower)))
    return f'<polygon points="{path}" fill="{colour}" fill-opacity="0.75"/>'


def clock(moment: float) -> str:
    """A time of day, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


def document(width: float, height: float, title: str, body: Iterable[str]) -> str:
    """A picture that stands alone."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(title)}"><style>{STYLE}</style>'
        f"{rect(0, 0, width, height, style='bg')}{''.join(body)}</svg>\n"
    )
