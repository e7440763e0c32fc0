"""Changes of a configuration file are described item by item."""

from __future__ import annotations

import pytest

from boxwatch.publish.config_changes import changes

_OLD = """
global: {scrape_interval: 30s}
scrape_configs:
- {job_name: a, metrics_path: /a}
- {job_name: b}
modules:
  http: {timeout: 9s}
rules: [1, 2]
"""


def _said(new: str, old: str | None = _OLD) -> list[str]:
    before = None if old is None else old.encode()
    return [f"{change.kind} {change}" for change in changes("x.yml", before, new.encode())]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("30s", "15s", ["changed x.yml: scrape_interval 30s → 15s"]),
        ("/a", "/b", ["changed x.yml / a: metrics_path /a → /b"]),
        ("- {job_name: b}", "- {job_name: c}", ["added x.yml / c", "removed x.yml / b"]),
        ("timeout: 9s", "timeout: 5s", ["changed x.yml / http: timeout 9s → 5s"]),
        ("rules: [1, 2]", "rules: [1, 3]", ["changed x.yml: rules [1, 2] → [1, 3]"]),
        ("rules: [1, 2]", "", ["changed x.yml: rules removed"]),
        ("rules: [1, 2]", "rules: [1, 2] # two", ["changed x.yml: comments or layout changed"]),
        ("x", "x", []),
    ],
    ids=["global", "job", "jobs", "module", "list", "removed key", "comment", "nothing"],
)
def test_a_changed_item_is_named(old: str, new: str, said: list[str]) -> None:
    """By the name it has in the file."""
    assert _said(_OLD.replace(old, new)) == said


def test_a_new_section_lists_its_items() -> None:
    """Each is added."""
    assert _said(_OLD + "receivers: [{name: people}]\n") == ["added x.yml / people"]


def test_a_file_that_is_new_or_gone_is_one_change() -> None:
    """There is nothing to compare it with."""
    assert _said(_OLD, None) == ["added x.yml"]
    assert [f"{change.kind} {change}" for change in changes("x.yml", b"a: 1", None)] == ["removed x.yml"]


def test_a_file_that_cannot_be_read_counts_as_empty() -> None:
    """All of the new one is added then."""
    assert _said("receivers: [{name: people}]", "{") == ["added x.yml / people"]
