"""Findings of checks: values, printed by one module only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One problem in a generated or imported artefact.

    Attributes:
        file: path of the artefact.
        where: place inside it: `alert ContainerOomKilled`, `panel "Memory by service"`; may be empty.
        check: id of the check, which is also its module and its page.
        severity: an error is wrong; a warning is bad style or a risk; a note is something that cannot be judged, or a
            matter of taste, and fails nothing.
        message: the problem, one sentence.
        hint: the remedy; may be empty.
        line: line in the artefact, from 1; 0 when unknown.
        column: column of that line, from 1; 0 when unknown.
    """

    file: str
    where: str
    check: str
    severity: Severity
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
