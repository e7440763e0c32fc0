"""Reasons for surviving mutants.

No proof can kill equivalent mutants: they change a rule's text but not its meaning. Known survivors change its meaning,
and the reason says why a proof is not worthwhile. They count against the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

_RULES = Path(__file__).parents[2] / "rules"
EQUIVALENT, SURVIVORS = _RULES / "equivalent.yaml", _RULES / "survivors.yaml"

Key = tuple[str, str, str]


def read(path: Path) -> Mapping[Key, str]:
    """(subject, rule, mutation) → reason.

    Raises:
        ValueError: an entry is incomplete or duplicated.
    """
    found: dict[Key, str] = {}
    for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []:
        if set(entry) != {"subject", "rule", "mutation", "reason"} or not all(entry.values()):
            raise ValueError(f"{path.name}: an entry has subject, rule, mutation and reason, and nothing else: {entry}")
        key = (entry["subject"], entry["rule"], entry["mutation"])
        if key in found:
            raise ValueError(f"{path.name}: {', '.join(key)} is there twice")
        found[key] = entry["reason"]
    return found
