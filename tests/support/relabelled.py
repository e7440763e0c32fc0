"""Relabelling as Prometheus does it, for the containers that cAdvisor exports."""

from __future__ import annotations

import re
from collections.abc import Mapping

from boxwatch.stack.containers import relabelling
from boxwatch.topology.model import Topology


def relabelled(topology: Topology, server: str, labels: Mapping[str, str]) -> dict[str, str] | None:
    """Relabel as Prometheus does (model/relabel: anchored regexes, in order); None for a dropped sample."""
    found = dict(labels)
    for rule in relabelling(topology, server):
        regex = re.compile(f"(?:{rule['regex']})")
        if rule.get("action") == "labeldrop":
            found = {key: value for key, value in found.items() if not regex.fullmatch(key)}
            continue
        sources = rule["source_labels"]
        assert isinstance(sources, list)
        match = regex.fullmatch(";".join(found.get(source, "") for source in sources))
        if match and rule.get("action") == "drop":
            return None
        if match:
            replacement = re.sub(r"\$(\d)", r"\\\1", str(rule["replacement"]))
            found[str(rule["target_label"])] = match.expand(replacement)
            found = {key: value for key, value in found.items() if value}
    return found
