"""A small build (two recorded series, an alert on them, and their proofs), and samples of the proofs of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from boxwatch.checks.proofs.read import TESTS
from support import rotation

_SUM = "sum by (job) (used) or sum by (job) (other)"
_RULES = {
    "groups": [
        {
            "name": "records",
            "rules": [{"record": "job:used:sum", "expr": _SUM}],
        },
        {"name": "twice", "rules": [{"record": "job:used:twice", "expr": "2 * job:used:sum"}]},
        {
            "name": "alerts",
            "rules": [
                {
                    "alert": "High",
                    "expr": "job:used:twice > 10 unless on (job) silenced",
                    "labels": {"severity": "warning"},
                }
            ],
        },
    ]
}


def _test(name: str, used: str, **looks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "interval": "1m", "input_series": [{"series": 'used{job="a"}', "values": used}], **looks}


_TESTS = {
    "rule_files": ["../rules/used.yaml"],
    "evaluation_interval": "1m",
    "group_eval_order": ["records", "twice", "alerts"],
    "tests": [
        _test(
            "it is high",
            "9x5",
            alert_rule_test=[
                {
                    "eval_time": "3m",
                    "alertname": "High",
                    "exp_alerts": [{"exp_labels": {"job": "a", "severity": "warning"}}],
                }
            ],
        ),
        _test(
            "the sum",
            "4x5",
            promql_expr_test=[
                {
                    "expr": "job:used:sum",
                    "eval_time": "2m",
                    "exp_samples": [{"labels": 'job:used:sum{job="a"}', "value": 4}],
                }
            ],
        ),
    ],
}

FILES: Mapping[str, bytes] = {
    "prometheus/rules/used.yaml": yaml.safe_dump(_RULES).encode(),
    "prometheus/tests/used-1m.yaml": yaml.safe_dump(_TESTS, sort_keys=False).encode(),
}


def sampled(made: Mapping[str, bytes], number: int, purpose: str) -> dict[str, bytes]:
    """A build with so many of its files of proofs, for promtool takes half a minute for all of them."""
    files = [path for path in made if path.startswith(TESTS)]
    kept = rotation.sample(files, number, purpose)
    return {path: content for path, content in made.items() if path not in files or path in kept}


def broken(old: str, new: str) -> Mapping[str, bytes]:
    """The same build with a replacement in its tests."""
    path = "prometheus/tests/used-1m.yaml"
    text = FILES[path].decode()
    assert old in text, old
    return {**FILES, path: text.replace(old, new).encode()}
