"""Pieces of Prometheus' scrape configuration that several kinds of targets share."""

from __future__ import annotations

from boxwatch.rules import names

Config = dict[str, object]


def target(server: str, place: str, **labels: str) -> Config:
    """One target of a server, with its labels. A label that is empty is left out."""
    # A label of the target and not an external label: local rules do not see those.
    return {"targets": [place], "labels": {names.SERVER: server, **{key: text for key, text in labels.items() if text}}}


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
