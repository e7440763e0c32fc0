"""Rule sets to publish, each recognisable in every rule, and sets that Prometheus rejects."""

from __future__ import annotations

import json
from typing import Any

GROUPS, RULES = 8, 5


def files(name: str, *, groups: int = GROUPS, extra: object = None) -> dict[str, bytes]:
    """Rule files whose every rule has the set's name in the label `set`; `extra` is an additional rule."""
    made: dict[str, object] = {
        f"prometheus/rules/file{number}.yaml": {
            "groups": [
                {
                    "name": f"group-{number}",
                    "rules": [
                        {
                            "record": f"level:metric{rule}:op",
                            "expr": f"vector({rule})",
                            "labels": {"set": name, "group": str(number)},
                        }
                        for rule in range(RULES)
                    ],
                }
            ]
        }
        for number in range(groups)
    }
    if extra is not None:
        made["prometheus/rules/extra.yaml"] = {"groups": [{"name": "extra", "rules": [extra]}]}
    # JSON is YAML.
    return {path: json.dumps(document).encode() for path, document in made.items()}


def refused(name: str) -> dict[str, bytes]:
    """A set whose queries parse, but that Prometheus refuses to load."""
    rule = {"alert": "Broken", "expr": "vector(1)", "labels": {"set": name}, "annotations": {"summary": "{{ $labels."}}
    return files(name, extra=rule)


def failing(name: str) -> dict[str, bytes]:
    """A set that loads, with a rule whose evaluation fails."""
    expr = 'label_replace(vector(1), "a", "$1", "b", "(")'
    return files(name, extra={"record": "level:broken:op", "expr": expr, "labels": {"set": name}})


def which(groups: list[dict[str, Any]]) -> str:
    """The set to which these groups belong, as written or as shown by /api/v1/rules; empty for none.

    Raises:
        AssertionError: they belong to several sets, or are incomplete.
    """
    rules = [rule for group in groups if group["name"] != "boxwatch" for rule in group["rules"]]
    names = {rule["labels"]["set"] for rule in rules}
    assert len(names) <= 1, f"mixed: {names}"
    if rules:
        assert sum(group["name"].startswith("group-") for group in groups) == GROUPS, "groups are missing"
        assert (
            sum((rule.get("name") or rule.get("record", "")).startswith("level:metric") for rule in rules)
            == GROUPS * RULES
        ), "rules are missing"
    return next(iter(names), "")
