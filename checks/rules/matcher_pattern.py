"""A regular expression is used only where one is needed: not for a plain value, for everything, or with extra anchors.

Prometheus anchors every pattern, so `=~"^web$"` is `="web"`. `=~".*"` matches everything, even series without the
label, and only costs time; `=~".+"` requires the label. pint calls this promql/regexp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.selectors import selectors

ID = "matcher_pattern"

# Characters that make a text a pattern (RE2). A lone dot is too common in host names to report.
_SIGNS = re.compile(r"[][\\^$.|?*+(){}]")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Patterns that are needless: a matter of style in rules of others."""
    severity: Severity = "note" if known.foreign else "warning"
    for rule in file.rules:
        tree = rule.tree
        for selector in selectors(tree) if tree is not None else ():
            for matcher in selector.matchers:
                if matcher.op in (nodes.MatchOp.Re, nodes.MatchOp.NotRe):
                    for message, hint in _problems(matcher):
                        yield rule.finding(ID, severity, f"{selector.name}: {message}", hint, at="expr")


def _problems(matcher: nodes.Matcher) -> Iterator[tuple[str, str]]:
    positive = matcher.op == nodes.MatchOp.Re
    pattern, sign, plain = matcher.value, "=~" if positive else "!~", "=" if positive else "!="
    written = f'{matcher.name}{sign}"{pattern}"'
    if pattern == ".*":
        hint = "leave it out" if positive else "it matches nothing; leave the rule out"
        yield f"{written} matches {'every series' if positive else 'no series'}", hint
    elif pattern.startswith("^") or (pattern.endswith("$") and not pattern.endswith("\\$")):
        yield f"{written} is anchored twice", "Prometheus anchors every pattern; leave ^ and $ out"
    elif not _SIGNS.search(pattern):
        yield f"{written} is not a pattern", f'write {matcher.name}{plain}"{pattern}"'
