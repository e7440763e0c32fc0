"""Prometheus relabelling rules, which add the labels that rules join on while metrics are scraped."""

from __future__ import annotations

Config = dict[str, object]


def relabel(
    sources: list[str], regex: str, label: str | None = None, replacement: str | None = None, action: str | None = None
) -> Config:
    """A relabelling rule, with only the keys that it needs."""
    rule: Config = {"source_labels": sources, "regex": regex}
    if label is not None:
        rule["target_label"] = label
        # `$` would start a reference in a replacement; names contain none.
        rule["replacement"] = replacement
    if action is not None:
        rule["action"] = action
    return rule
