"""Every alert has its page, and the page says everything that the alert carries."""

from __future__ import annotations

import re

import pytest
from support.artefacts import default_alerts, default_artefacts
from support.topologies import a_topology

from boxwatch.rules import catalogue
from boxwatch.rules.model import Alert


@pytest.mark.parametrize("alert", default_alerts(), ids=lambda alert: f"{alert.alert}-{alert.severity}")
def test_a_page_says_what_it_means_and_what_to_do(alert: Alert) -> None:
    """Meaning, first look, action, false alarms, rule and proofs."""
    page = default_artefacts()[f"runbooks/{alert.alert}.md"].decode()

    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == ["What it means", "First look", "What to do", "False alarms", "The rule", "Proven"]
    assert all(text in page for text in (alert.summary, alert.expr, *alert.runbook.action, alert.runbook.false_alarms))


def test_the_index_lists_every_alert_once() -> None:
    """In the order of triage."""
    index = default_artefacts()["runbooks/README.md"].decode()

    listed = re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE)
    assert listed == list(dict.fromkeys(alert.alert for alert in default_alerts()))


def test_alerts_named_in_runbooks_exist() -> None:
    """`see *ContainerOomKilled*` leads somewhere."""
    files = catalogue.files(a_topology())
    pages = {path.removeprefix("runbooks/").removesuffix(".md") for path in files if path.startswith("runbooks/")}
    named = {
        name
        for path, content in files.items()
        if path.startswith("runbooks/")
        for name in re.findall(r"\*([A-Z][a-z]+(?:[A-Z][a-z]+)+)\*", content.decode())
    }

    assert named
    assert named - pages == set()
