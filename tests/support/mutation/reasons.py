"""Why mutants are not noticed, one by one.

Equivalent ones cannot be: they change the text of a rule and nothing that it says. The survivors are known: they change
what the rule says, and the reason tells why no proof of that would be worth having. They count against the score.
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
        ValueError: an entry lacks a part, or is there twice.
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
