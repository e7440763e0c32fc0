"""Parsing and formatting of sizes, ratios and durations.

Memory is always binary: Docker reads `1g` as 2^30 bytes (docker/go-units, `RAMInBytes`), and a budget must mean the
same as the limit next to it. Disks are sold in decimal gigabytes, so for a disk `GB` is 10^9, `GiB` is 2^30, and a
bare `g` is rejected as ambiguous.
"""

from __future__ import annotations

import re
from decimal import Decimal

from boxwatch.topology.wording import Unfit, either

KIB, MIB, GIB, TIB = 2**10, 2**20, 2**30, 2**40

_BINARY = {"k": KIB, "m": MIB, "g": GIB, "t": TIB}
_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?:(?P<letter>[kmgt])(?P<suffix>i?b?)|(?P<bytes>b?))", re.ASCII)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
# As people write them.
DURATIONS = ("30s", "5m", "1h30m", "2d")
_SECONDS = (86400, 3600, 60, 1)
# More digits than any size needs; bounds the time spent on a hostile number.
_LONGEST = 32


def parse_memory(text: str | int) -> int:
    """Bytes of a memory size: `1g`, `512m`, `2GiB`, `2Gi`, `1.5 GB`, or a whole number of bytes.

    Raises:
        Unfit: a `ValueError` whose hint shows the accepted notation.
    """
    return _parse(text, decimal_suffix=False)


def parse_disk(text: str | int) -> int:
    """Bytes of a disk size: `500GB` is 500·10^9 as disks are sold, `500GiB` is binary.

    Raises:
        Unfit: a `ValueError` whose hint shows the accepted notation.
    """
    return _parse(text, decimal_suffix=True)


def _parse(text: str | int, *, decimal_suffix: bool) -> int:
    if isinstance(text, int):
        return text
    match = _SIZE.fullmatch(text.strip().lower()) if len(text) <= _LONGEST else None
    if match is None:
        sizes = ("500GB", "500GiB") if decimal_suffix else ("1g", "512m", "2GiB")
        examples = either(sizes)
        if "," in text and _SIZE.fullmatch(text.strip().lower().replace(",", ".")):
            raise Unfit("has a comma in the number", meant=(text.strip().replace(",", "."),), examples=sizes)
        if re.fullmatch(r"\s*-\s*\d.*", text, re.ASCII):
            raise Unfit("is negative", f"write a number with a unit, such as {examples}")
        raise Unfit("is not a size", f"write a number with a unit, such as {examples}")
    letter, suffix = match["letter"], match["suffix"]
    if letter is None:
        factor = 1
    elif not decimal_suffix or suffix.startswith("i"):
        factor = _BINARY[letter]
    elif suffix == "b":
        factor = _DECIMAL[letter]
    else:
        unit = letter.upper()
        number = match["number"]
        sold, binary = f"{number}{unit}B", f"{number}{unit}iB"
        hint = f"write {sold} (as disks are sold) or {binary}"
        raise Unfit("may be decimal or binary", hint, meant=(sold, binary), examples=("500GB", "500GiB"))
    return int(Decimal(match["number"]) * factor)


def human_memory(size: int) -> str:
    """A readable size in Docker's (binary) GB: `1.5 GB`, `512 MB`. Rounded to two decimals."""
    for unit, factor in (("TB", TIB), ("GB", GIB), ("MB", MIB), ("kB", KIB)):
        if abs(size) >= factor:
            number = f"{size / factor:.2f}".rstrip("0").rstrip(".")
            return f"{number} {unit}"
    return f"{size} B"


def parse_duration(text: str) -> int:
    """Seconds of a duration in Prometheus notation: `90s`, `5m`, `1h30m`, `2d`.

    Raises:
        Unfit: a `ValueError` whose hint shows the accepted notation.
    """
    match = _DURATION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None or not any(match.groups()):
        together = "".join(text.split())
        if together != text.strip() and len(together) <= _LONGEST and _DURATION.fullmatch(together):
            raise Unfit("contains a space", meant=(together,), examples=DURATIONS)
        hint = f"write a number with a unit, such as {either(DURATIONS)}"
        raise Unfit("is not a duration", hint, examples=DURATIONS)
    return sum(int(number) * seconds for number, seconds in zip(match.groups(), _SECONDS, strict=True) if number)


def format_duration(seconds: int) -> str:
    """A duration in Prometheus notation, largest units first: 5400 is `1h30m`. Zero is `0s`."""
    parts = []
    for unit, factor in zip("dhms", _SECONDS, strict=True):
        count, seconds = divmod(seconds, factor)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_ratio(text: str | float) -> float:
    """A share: `90%`, `0.9`. A bare number above 1 is rejected: it could mean percent or a multiple.

    Raises:
        Unfit: a `ValueError` whose hint shows the accepted notation.
    """
    if isinstance(text, str):
        match = re.fullmatch(r"(\d{1,4}(?:\.\d{1,4})?)\s*(%?)", text.strip(), re.ASCII)
        if match is None:
            raise Unfit("is not a share", "write a percentage such as 90%")
        text = float(Decimal(match[1]) / 100 if match[2] else Decimal(match[1]))
        # What has its sign was no slip of the unit.
        meant = () if match[2] else _percent(text)
    else:
        meant = _percent(text)
    if not 0 < text <= 1:
        hint = "" if meant else "write a percentage such as 90%"
        raise Unfit("is not a share between 0% and 100%", hint, meant=meant, examples=("90%",))
    return text


def _percent(number: float) -> tuple[str, ...]:
    """A number as the percentage that it likely is, where it is none of nothing or of more than all."""
    return (f"{number:.6g}%",) if 1 < number <= 100 else ()  # noqa: PLR2004 - per cent
