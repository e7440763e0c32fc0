"""Pieces of Prometheus' scrape configuration that several kinds of targets share."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config


def target(server: str, place: str, **labels: str) -> Config:
    """One target of a server, with its labels. A label that is empty is left out."""
    # A label of the target and not an external label: local rules do not see those.
    return {"targets": [place], "labels": {names.SERVER: server, **{key: text for key, text in labels.items() if text}}}
