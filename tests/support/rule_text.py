"""Rule files written in a test, and what a check finds in them."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from types import ModuleType

from boxwatch.checks.prometheus_versions import parse
from boxwatch.checks.rules.known import Known, known
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
    return _said(module, file, known((file,), scrape_interval, scraped))


def found_in_others(module: ModuleType, file: RuleFile, versions: str = "2.42..") -> list[str]:
    """The same for rules of others, whose deployment is unknown, for some versions of Prometheus."""
    names = replace(known((file,)), foreign=True, prometheus=parse(versions))
    return _said(module, file, names)


def _said(module: ModuleType, file: RuleFile, names: Known) -> list[str]:
    return [f"{one.severity}: {one.message} ({one.hint})" for one in module.check(file, names)]
