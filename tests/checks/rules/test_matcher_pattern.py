"""Patterns that are plain values, match everything or are anchored twice are warnings."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found

from boxwatch.checks.rules import matcher_pattern


@pytest.mark.parametrize(
    ("matcher", "message"),
    [
        ('job=~"node"', 'job=~"node" is not a pattern (write job="node")'),
        ('job!~"node"', 'job!~"node" is not a pattern (write job!="node")'),
        ('job=~""', 'job=~"" is not a pattern (write job="")'),
        ('job=~".*"', 'job=~".*" matches every series (leave it out)'),
        ('job!~".*"', 'job!~".*" matches no series (it matches nothing; leave the rule out)'),
        ('job=~"^no.e"', 'job=~"^no.e" is anchored twice (Prometheus anchors every pattern; leave ^ and $ out)'),
        ('job=~"no.e$"', 'job=~"no.e$" is anchored twice (Prometheus anchors every pattern; leave ^ and $ out)'),
    ],
)
def test_a_pattern_that_is_none_is_a_warning(matcher: str, message: str) -> None:
    """With what to write."""
    assert found(matcher_pattern, alert(f"up{{{matcher}}} == 0")) == [f"warning: up: {message}"]


@pytest.mark.parametrize(
    "matcher",
    ['job="node"', 'job!="node"', 'job=~"node|redis"', 'job=~".+"', 'job!~"n.*"', 'job=~"a\\\\$"', 'job="^node$"'],
)
def test_a_pattern_that_says_something_is_fine(matcher: str) -> None:
    """An escaped dollar included, and a plain value that looks like a pattern."""
    assert found(matcher_pattern, alert(f"up{{{matcher}}} == 0")) == []
