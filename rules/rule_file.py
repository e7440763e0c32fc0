"""A subject as Prometheus' rule file.

Only what Prometheus 2.42 knows is used, so that the same file loads from there to 3.x and in vmalert: no labels on
groups, no query_offset.
"""

from __future__ import annotations

from boxwatch.rules import yaml
from boxwatch.rules.alert_text import annotations_of
from boxwatch.rules.model import Alert, Record, Subject
from boxwatch.topology.model import Topology


def rule_file(topology: Topology, subject: Subject) -> bytes:
    """The rule file of one subject."""
    groups = [
        {"name": group.name, "rules": [_rule(topology, rule) for rule in group.rules]} for group in subject.groups
    ]
    return yaml.dump(
        {"groups": groups}, f"{subject.title}: rules of deployment {topology.name}, made by boxwatch. Do not edit."
    )


def _rule(topology: Topology, rule: Record | Alert) -> dict[str, object]:
    if isinstance(rule, Record):
        labels = {"labels": dict(rule.labels)} if rule.labels else {}
        return {"record": rule.record, "expr": rule.expr, **labels}
    wait = {"for": rule.for_} if rule.wait else {}
    return {
        "alert": rule.alert,
        "expr": rule.expr,
        **wait,
        "labels": {"severity": rule.severity, **rule.labels},
        "annotations": annotations_of(topology, rule),
    }
