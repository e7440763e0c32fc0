"""Rule files written in a test, and what a check finds in them."""

from __future__ import annotations

import textwrap
from types import ModuleType

from boxwatch.checks.rules.known import known
from boxwatch.checks.rules.rule_file import RuleFile, read
from boxwatch.checks.rules.scraped import Scraped


def rules(text: str) -> RuleFile:
    """A rule file with one group of rules, given as YAML list items."""
    return read("rules.yaml", f"groups:\n- name: g\n  rules:\n{textwrap.indent(textwrap.dedent(text), '  ')}".encode())


def alert(expr: str, **annotations: str) -> RuleFile:
    """A rule file with one alert, valid except for the given changes."""
    texts = {
        "summary": "Something is wrong.",
        "description": "{{ $labels.server }} is wrong.",
        "runbook_url": "https://example.com/A.md",
        **annotations,
    }
    lines = "".join(f"\n    {key}: {value!r}" for key, value in texts.items() if value)
    return rules(
        f"- alert: SomethingWrong\n  expr: {expr!r}\n  labels:\n    severity: warning\n  annotations:{lines}\n"
    )


def found(module: ModuleType, file: RuleFile, scrape_interval: int = 30, scraped: Scraped | None = None) -> list[str]:
    """`severity: message (hint)` of each finding of one check in a file."""
    return [
        f"{finding.severity}: {finding.message} ({finding.hint})"
        for finding in module.check(file, known((file,), scrape_interval, scraped))
    ]
