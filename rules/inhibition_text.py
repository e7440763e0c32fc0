"""What a runbook says of other alerts: which of them silence this one, and which it silences.

Told from the inhibition rules of the same deployment (`boxwatch.rules.inhibition`), so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from boxwatch.rules.inhibition import Inhibition

_NOTHING = "No other alert silences it, and it silences none."
_SELF = "alertname"

# The alerts on the other side, the labels in which both agree, what else is true of this one, and of the others.
_Line = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def told(alert: str, inhibitions: tuple[Inhibition, ...]) -> str:
    """Markdown: what silences an alert in Alertmanager, and what it silences."""
    by = _together(
        ((one.sources, one.equal, one.but, one.matchers), one) for one in inhibitions if _reached(alert, one)
    )
    of = _together(
        ((one.targets, one.equal, one.matchers, one.but), one) for one in inhibitions if alert in one.sources
    )
    parts: list[str] = []
    if by:
        parts += [
            "Alertmanager does not send it while one of these fires:",
            "\n".join(_list(by)),
        ]
    if of:
        parts += ["While it fires, Alertmanager does not send these:", "\n".join(_list(of))]
    if any("warning" in severities for severities in (*by.values(), *of.values())):
        parts.append("A warning silences no critical alert.")
    return "\n\n".join(parts) or _NOTHING


def _reached(alert: str, one: Inhibition) -> bool:
    # That a critical alert silences its own warning is told where it silences.
    return alert in one.targets and _SELF not in one.equal


def _together(lines: Iterable[tuple[_Line, Inhibition]]) -> dict[_Line, list[str]]:
    """Line → the severities of the one that silences."""
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
