"""Paging: the same alert as critical for services that page, and as a warning for those that do not.

Name, texts and runbook are the same. The severity depends on a recorded constant of the service, so the topology
decides it and no rule names a service. Containers outside the plan never page.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Series

# End of the title of a warning's proof; without it, it is the title of the critical alert's proof.
NON_PAGING = ", for a service that does not page"

_OPEN = "(\n"
_PAGES = f"\n)\nand on ({names.BY_SERVICE}) {names.SERVICE_PAGES} == 1"
_NON_PAGING = f"\n)\nunless on ({names.BY_SERVICE}) {names.SERVICE_PAGES} == 1"


def by_paging(
    alert: Alert, *, warning_fires: tuple[Case, ...], warning_silent: tuple[Case, ...]
) -> tuple[Alert, Alert]:
    """A critical alert, and its warning for services that do not page, with proofs of its own."""
    return (
        replace(alert, expr=f"{_OPEN}{_indent(alert.expr)}{_PAGES}"),
        replace(
            alert,
            expr=f"{_OPEN}{_indent(alert.expr)}{_NON_PAGING}",
            severity="warning",
            fires=warning_fires,
            silent=warning_silent,
        ),
    )


def merged(critical: Alert, warning: Alert) -> Alert:
    """One alert in place of a critical alert and its warning, where the topology gives them the same severity.

    Two rules with the same name and labels are duplicates for promtool's linter.
    """
    one = common(critical.expr)
    if one != common(warning.expr):
        one = f"{_OPEN}{_indent(critical.expr)}\n)\nor\n{_OPEN}{_indent(warning.expr)}\n)"
    return replace(
        critical,
        expr=one,
        fires=(*critical.fires, *warning.fires),
        silent=(*critical.silent, *warning.silent),
    )


def common(expr: str) -> str:
    """The expression of an alert without the part that decides whether it pages."""
    for end in (_PAGES, _NON_PAGING):
        if expr.endswith(end):
            return textwrap.dedent(expr.removeprefix(_OPEN).removesuffix(end))
    return expr


def non_paging(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The same cases for services that do not page, which their recorded constant says at every sample."""
    return tuple(
        replace(case, title=f"{case.title}{NON_PAGING}", series=tuple(map(_quiet, case.series))) for case in cases
    )


def _quiet(one: Series) -> Series:
    is_constant = one.series.startswith(f"{names.SERVICE_PAGES}{{")
    return replace(one, values=one.values.replace("1x", "0x", 1)) if is_constant else one


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
