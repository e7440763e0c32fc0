"""An alert links to a dashboard, a panel and a runbook that exist, and so does its runbook.

The person on call follows the links first. The check reads `dashboard_url`, `runbook_url` and `runbook` of every alert,
the link on its runbook page, and each `Dashboard *TITLE*, panel *TITLE*` there. Without dashboards or runbooks, as
for a rule file alone, it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.link_targets import Board, Linked
from boxwatch.checks.rules.rule_file import Rule, RuleFile

ID = "alert_links"

_DASHBOARD = re.compile(r"/d/([\w-]+)(?:\?([^\s>`]*))?")
_PANEL = re.compile(r"(?:^|&)viewPanel=([^&]*)")
_SAID = re.compile(r"[Dd]ashboard \*([^*]+)\*(?:, panels? \*([^*]+)\*(?: and \*([^*]+)\*)?)?")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Links and names without a target."""
    linked = known.linked
    if linked is None:
        return
    for rule in file.alerts:
        for message, hint in dict.fromkeys((*_annotations(rule, linked), *_page(rule, linked))):
            yield rule.finding(ID, "error", message, hint, at="annotations")


def _annotations(rule: Rule, linked: Linked) -> Iterator[tuple[str, str]]:
    for key in ("runbook_url", "runbook"):
        page = rule.annotations.get(key, "").rpartition("/")[2].partition("#")[0]
        if page and page not in linked.pages:
            yield f"{key} names the page {page}, which does not exist", "the pages are below runbooks/"
    yield from _links("dashboard_url", rule.annotations.get("dashboard_url", ""), linked)


def _page(rule: Rule, linked: Linked) -> Iterator[tuple[str, str]]:
    text = linked.pages.get(f"{rule.name}.md", "")
    yield from _links("the runbook", text, linked)
    for dashboard, *titles in _SAID.findall(text):
        boards = [board for board in linked.boards.values() if board.is_called(dashboard)]
        if not boards:
            yield (
                f"the runbook names the dashboard {dashboard}, which does not exist",
                f"existing dashboards: {_listed(board.title for board in linked.boards.values())}",
            )
        for title in filter(None, titles if boards else ()):
            if not any(title in board.panels.values() for board in boards):
                yield f"the runbook names the panel {title} of {dashboard}, which has no panel of that title", ""


def _links(where: str, text: str, linked: Linked) -> Iterator[tuple[str, str]]:
    for uid, query in _DASHBOARD.findall(text):
        board: Board | None = linked.boards.get(uid)
        if board is None:
            hint = f"existing dashboards: {_listed(linked.boards)}"
            yield f"{where} links to the dashboard {uid}, which does not exist", hint
            continue
        for panel in _PANEL.findall(query):
            if panel not in board.panels:
                yield f"{where} links to panel {panel} of {board.title}, which has no panel with that id", ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
