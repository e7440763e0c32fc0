"""The runbook section on other alerts: those that inhibit this one, and those that it inhibits.

Derived from the inhibition rules of the same deployment (`boxwatch.rules.inhibition`), so that both agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from boxwatch.rules.inhibition import Inhibition

_NOTHING = "It neither inhibits other alerts nor is inhibited by any."
_SELF = "alertname"

# The alerts on the other side, the labels that must be equal, further matchers of this alert, and of the others.
_Line = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def section(alert: str, inhibitions: tuple[Inhibition, ...]) -> str:
    """Markdown: the alerts that inhibit an alert in Alertmanager, and those that it inhibits."""
    by = _together(
        ((one.sources, one.equal, one.but, one.matchers), one) for one in inhibitions if _reached(alert, one)
    )
    of = _together(
        ((one.targets, one.equal, one.matchers, one.but), one) for one in inhibitions if alert in one.sources
    )
    parts: list[str] = []
    if by:
        parts += [
            "Inhibited while one of these fires:",
            "\n".join(_list(by)),
        ]
    if of:
        parts += ["While it fires, it inhibits these:", "\n".join(_list(of))]
    if any("warning" in severities for severities in (*by.values(), *of.values())):
        parts.append("A warning never inhibits a critical alert.")
    return "\n\n".join(parts) or _NOTHING


def _reached(alert: str, one: Inhibition) -> bool:
    # A critical alert that inhibits its own warning is listed only among those that it inhibits.
    return alert in one.targets and _SELF not in one.equal


def _together(lines: Iterable[tuple[_Line, Inhibition]]) -> dict[_Line, list[str]]:
    """Line → the severities of the inhibiting alert."""
    found: dict[_Line, list[str]] = {}
    for line, one in lines:
        found.setdefault(line, []).append(one.severity)
    return found


def _list(lines: dict[_Line, list[str]]) -> Iterator[str]:
    for (others, equal, this, those), severities in lines.items():
        own = _SELF in equal
        names = "its own warning" if own else ", ".join(f"*{name}*" for name in others)
        same = "every other label the same" if own else f"the same {_listed([f'`{label}`' for label in equal])}"
        where = [f"{who} has `{one}`" for who, all_ in (("it", this), ("the other", those)) for one in all_]
        condition = f", where {' and '.join(where)}" if where else ""
        yield f"- {' or '.join(severities)}: {names}, with {same}{condition}"


def _listed(words: list[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1]) if len(words) > 1 else words)
