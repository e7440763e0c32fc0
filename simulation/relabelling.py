"""Relabelling as Prometheus does it, for samples that it does not scrape itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final

import re2

_DEFAULT: Final = "(.*)"
# re2 itself remembers fewer patterns than a box has.
_compiled: Final = functools.cache(re2.compile)


def relabel(labels: Mapping[str, str], rules: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    """Labels after relabelling; None if the sample is dropped.

    Knows the actions that boxwatch builds: replace, keep, drop, labeldrop. Expressions are anchored, and a label that
    becomes empty is gone.
    """
    found = dict(labels)
    for rule in rules:
        pattern = _compiled(str(rule.get("regex", _DEFAULT)))
        action = rule.get("action", "replace")
        if action == "labeldrop":
            found = {name: value for name, value in found.items() if not pattern.fullmatch(name)}
            continue
        value = ";".join(found.get(source, "") for source in rule.get("source_labels", ()))
        match = pattern.fullmatch(value)
        if (action == "drop" and match) or (action == "keep" and not match):
            return None
        if action == "replace" and match:
            text = str(rule.get("replacement", "$1"))
            for number, group in enumerate(match.groups(), 1):
                text = text.replace(f"${number}", group or "")
            found[str(rule["target_label"])] = text
    return {name: value for name, value in found.items() if value}
