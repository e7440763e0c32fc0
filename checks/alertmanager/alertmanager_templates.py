"""The templates in receivers compile: Alertmanager loads one that does not, and then sends nothing.

Receivers' texts are templates, which Alertmanager parses when it notifies. A missing brace or an unknown function makes
that notification fail each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from boxwatch.checks import go_template
from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile, fields, items
from boxwatch.checks.finding import Finding
from boxwatch.checks.yaml_tree import Node

ID = "alertmanager_templates"

# template.DefaultFuncs of Alertmanager 0.28, and those that later versions add.
FUNCTIONS: Final = go_template.BUILT_IN | frozenset(
    {"toUpper", "toLower", "title", "trimSpace", "join", "match", "safeHtml", "reReplaceAll", "stringSlice", "date"}
    | {"tz", "since", "humanizeDuration", "safeUrl", "urlUnescape", "toJson", "list", "append", "dict"}
)


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Texts that Alertmanager cannot fill in."""
    for name, receiver in file.receivers():
        for way, value in fields(receiver).items():
            for one in items(value) if way.endswith("_configs") else ():
                yield from _below(file, f"{way} of {name}", one)


def _below(file: AlertmanagerFile, where: str, node: Node) -> Iterator[Finding]:
    for key, value in fields(node).items():
        if value.text and "{{" in value.text:
            try:
                go_template.parse(value.text, FUNCTIONS, ("$",))
            except go_template.TemplateError as error:
                message = f"the template {key} in {where} does not compile: {error}"
                yield file.finding(ID, value, "error", message, "correct the template")
        yield from _below(file, where, value)
    for each in items(node):
        yield from _below(file, where, each)
