"""Parser for MinIO's own list of its v3 metrics.

MinIO answers `/minio/metrics/v3?list` with a Markdown table of all its metrics, whereas a scrape omits those that are 0
(version of 2026-02-12: 80 of 184 names were missing from every scrape of a healthy server). A catalogue recorded from
scrapes alone would lack `minio_cluster_health_drives_offline_count` until a drive is lost.
"""

from __future__ import annotations

import re
from pathlib import Path

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue.exposition import TYPES, Sampled, text_of

SUFFIX = ".md"
_ROW = re.compile(r"\| `(?P<name>[a-z0-9_]+)` \| `(?P<type>[a-z]+)` \| (?P<help>.*) \| (`(?P<labels>[\w,]*)`)? *\|")


def read(path: Path) -> tuple[Sampled, ...]:
    """Read a saved list.

    Raises:
        BoxwatchError: the file cannot be read, or is not text or not such a list; names the first invalid line.
    """
    found: list[Sampled] = []
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if not line.startswith("| `"):
            continue
        match = _ROW.fullmatch(line.strip())
        if match is None or match["type"] not in TYPES:
            raise BoxwatchError(f"{path}:{number}: not a row of name, type, help and labels: save the list again")
        labels = frozenset(filter(None, (match["labels"] or "").split(",")))
        found.append(Sampled(match["name"], match["type"], match["help"], labels))
    if not found:
        raise BoxwatchError(f"{path}: lists no metrics: save the response of /minio/metrics/v3?list")
    return tuple(found)
