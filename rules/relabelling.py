"""Prometheus' relabelling: how labels that rules join on are made while metrics are scraped."""

from __future__ import annotations

Config = dict[str, object]


def relabel(
    sources: list[str], regex: str, label: str | None = None, replacement: str | None = None, action: str | None = None
) -> Config:
    """One rule of relabelling, with just the keys that it needs."""
    rule: Config = {"source_labels": sources, "regex": regex}
    if label is not None:
        rule["target_label"] = label
        # `$` opens a reference in a replacement; names have none.
        rule["replacement"] = replacement
    if action is not None:
        rule["action"] = action
    return rule
