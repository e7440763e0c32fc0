"""A plan for rules as an operation, whatever server evaluates them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import click

if TYPE_CHECKING:
    from boxwatch.publish.rule_changes import Change

_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}


class RulesPlan(Protocol):
    """A plan for rules.

    Attributes:
        changes: rule by rule.
        manual: manual changes of our rules, one per line.
        notes: remarks to show before applying.
        needed: whether there is anything to do.
    """

    @property
    def changes(self) -> tuple[Change, ...]: ...  # noqa: D102 - above
    @property
    def manual(self) -> tuple[str, ...]: ...  # noqa: D102 - above
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102 - above
    @property
    def needed(self) -> bool: ...  # noqa: D102 - above

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""


_Target = TypeVar("_Target")
_Plan = TypeVar("_Plan", bound=RulesPlan)


@dataclass(frozen=True, slots=True)
class RulesOperation(Generic[_Target, _Plan]):
    """A plan for the rules of a target."""

    target: _Target
    plan: _Plan
    doing: str = "rules evaluated"
    refused: bool = False

    @property
    def needed(self) -> bool:
        """Whether the plan changes anything."""
        return self.plan.needed

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks to show before applying, manual changes first."""
        return (*self.plan.manual, *self.plan.notes)

    def lines(self, where: str) -> Iterator[str]:
        """One line per rule, then the total."""
        for change in self.plan.changes:
            sign, colour = _SIGNS[change.kind]
            yield click.style(f"  {sign} {change}", fg=colour)
        if not self.needed:
            yield f"{where}: up to date"
            return
        counts = ", ".join(f"{sum(one.kind == kind for one in self.plan.changes)} {kind}" for kind in _SIGNS)
        yield f"{where}: {counts}"

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return self.plan.to_json()
