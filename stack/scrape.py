"""Parts of the scrape configuration that several kinds of targets share."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config


def target(server: str, place: str, **labels: str) -> Config:
    """One target of a server, with its labels; empty labels are omitted."""
    # `server` is a target label rather than an external one, which local rules do not see.
    return {"targets": [place], "labels": {names.SERVER: server, **{key: text for key, text in labels.items() if text}}}
