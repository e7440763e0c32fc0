"""Widths of text in Inter, the font of Grafana 12.4, in pixels: for what only a browser shows."""

from __future__ import annotations

# Advance widths of the printable ASCII characters from the space on, in thousandths of the font size.
_REGULAR = (
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610, 618, 646, 608, 620,
    566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903,
    753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612,
    583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426,
    333, 426, 662,
)  # fmt: skip
_MEDIUM = (
    267, 304, 494, 639, 646, 993, 653, 313, 369, 369, 521, 667, 303, 462, 303, 370, 646, 415, 616, 627, 656, 618, 630,
    571, 629, 630, 303, 315, 667, 667, 667, 527, 982, 709, 657, 733, 722, 603, 589, 748, 745, 272, 575, 688, 565, 913,
    756, 767, 642, 769, 648, 646, 653, 740, 709, 1003, 701, 696, 641, 369, 370, 369, 477, 463, 337, 568, 618, 577,
    618, 587, 379, 620, 602, 252, 252, 559, 252, 888, 602, 604, 618, 618, 387, 539, 340, 602, 575, 829, 557, 575, 559,
    440, 346, 440, 667,
)  # fmt: skip
# Of all others.
_OTHER = 900
_FIRST = ord(" ")


def width(text: str, size: float, *, medium: bool = False) -> float:
    """The width of a line of text at a font size."""
    table = _MEDIUM if medium else _REGULAR
    places = (ord(each) - _FIRST for each in text)
    return sum(table[place] if 0 <= place < len(table) else _OTHER for place in places) * size / 1000
