"""Rules: loaded, equal to the built ones, and healthy."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from boxwatch.live.doctor.examined import PROMETHEUS, Examined
from boxwatch.live.doctor.line import Line
from boxwatch.promql.parse import tree_of
from boxwatch.publish.compare import milliseconds
from boxwatch.publish.prometheus import server
from boxwatch.publish.rule_set import MARK_GROUP, Group, Rule, deployment_of
from boxwatch.topology.wording import clipped, counted, listed

ID: Final = "rules"
KEY: Final = "rules"
_HEALTH_KEY: Final = "rules-health"
_SHOWN: Final = 3
_LONGEST_ERROR: Final = 160
_STRING: Final = r'"(?:\\.|[^"\\])*"'
_BRACES: Final = re.compile(rf'\{{((?:[^{{}}"]|{_STRING})*)\}}')
_MATCHER: Final = re.compile(rf"[^\s,=!~]+\s*(?:=~|!~|!=|=)\s*{_STRING}")
_PUBLISH: Final = "run `boxwatch publish` with --prometheus-dir or --rules-dir"
_Live = Mapping[str, Any]


def lines(examined: Examined) -> Iterator[Line]:
    """Whether the rules are there, current, and healthy."""
    ours = {group.name: group for group in examined.rules.groups if group.name != MARK_GROUP}
    found = _ours(examined, ours)
    missing = [name for name in ours if name not in found]
    differing = [name for name, group in ours.items() if name in found and not _same(group, found[name])]
    yield _loaded(examined, ours, missing, differing)
    yield from _health(found)


def _ours(examined: Examined, ours: Mapping[str, Group]) -> dict[str, _Live]:
    """Our groups as loaded. Of several with one name the best match counts: other rules may have a group `host`."""
    found: dict[str, list[_Live]] = {}
    deployment = next(iter(examined.labels.values()), "")
    for group in examined.prometheus.groups:
        name = str(group.get("name", ""))
        if name in ours and (not deployment or any(deployment_of(rule) == deployment for rule in _rules(group))):
            found.setdefault(name, []).append(group)
    return {name: max(groups, key=lambda one: _likeness(ours[name], one)) for name, groups in found.items()}


def _likeness(group: Group, live: _Live) -> tuple[bool, int]:
    names = {rule.name for rule in group.rules}
    return _same(group, live), sum(str(rule.get("name")) in names for rule in _rules(live))


def _rules(live: _Live) -> list[dict[str, Any]]:
    found = live.get("rules")
    return [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []


def _same(group: Group, live: _Live) -> bool:
    return sorted(map(_built_form, group.rules)) == sorted(map(_live_form, _rules(live)))


def _built_form(rule: Rule) -> tuple[str, ...]:
    wait = milliseconds(rule.fields.get("for", 0)) or 0
    annotations = rule.fields.get("annotations") if rule.kind == "alert" else {}
    return (
        rule.name,
        _query(str(rule.fields.get("expr"))),
        _pairs(rule.fields.get("labels")),
        str(wait),
        _pairs(annotations),
    )


def _live_form(rule: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        wait = round(float(rule.get("duration", 0)) * 1000)
    except (TypeError, ValueError):
        wait = -1
    name, query = str(rule.get("name", "")), _query(str(rule.get("query")))
    return (name, query, _pairs(rule.get("labels")), str(wait), _pairs(rule.get("annotations")))


@functools.lru_cache(maxsize=4096)
def _query(text: str) -> str:
    """A query in one notation: Prometheus formats those that it loads."""
    tree = tree_of(text)
    return text if tree is None else _BRACES.sub(_sorted, str(tree))


def _sorted(braces: re.Match[str]) -> str:
    """The matchers of a selector in Prometheus' order."""
    return f"{{{','.join(sorted(_MATCHER.findall(braces[1])))}}}"


def _pairs(value: object) -> str:
    return str(sorted((str(key), str(text)) for key, text in value.items())) if isinstance(value, dict) else "[]"


def _loaded(examined: Examined, ours: Mapping[str, Group], missing: Sequence[str], differing: Sequence[str]) -> Line:
    after = (PROMETHEUS,)
    if len(missing) == len(ours):
        files = server.rule_files(examined.prometheus.config or {})
        reads = f"Prometheus reads {listed(files)}" if files else "Prometheus' configuration has no rule_files"
        return Line(
            check=ID, key=KEY, state="problem", where="rules", after=after,
            what=f"none of this deployment is loaded: {reads}",
            action=f"{_PUBLISH}, or start the stack with what `boxwatch build` wrote",
        )  # fmt: skip
    if missing or differing:
        parts = [
            f"{counted(len(names), 'group')} {verb}: {listed(names, 5)}"
            for verb, names in (("missing", missing), ("other than built", differing))
            if names
        ]
        return Line(
            check=ID, key=KEY, state="problem", where="rules", what="; ".join(parts), action=_PUBLISH, after=after
        )  # fmt: skip
    return Line(
        check=ID, key=KEY, state="ok", where="rules", what=f"{counted(len(ours), 'group')} as built", after=after
    )  # fmt: skip


def _health(found: Mapping[str, _Live]) -> Iterator[Line]:
    rules = [(name, rule) for name, live in found.items() for rule in _rules(live)]
    failing = [(name, rule) for name, rule in rules if rule.get("health") == "err"]
    waiting = [rule for _, rule in rules if rule.get("health") == "unknown"]
    after = (PROMETHEUS,)
    if failing:
        shown = tuple(
            f"{name} / {rule.get('name')}: {clipped(str(rule.get('lastError', '')), _LONGEST_ERROR)}"
            for name, rule in failing[:_SHOWN]
        )
        yield Line(
            check=ID, key=_HEALTH_KEY, state="problem", where="rules", what=f"{counted(len(failing), 'rule')} fail",
            action="`many-to-many` and `duplicate` mean that two exporters expose the same series: look for a target "
            "that is scraped twice; else publish the rules again",
            details=shown, after=after,
        )  # fmt: skip
    elif waiting:
        yield Line(
            check=ID, key=_HEALTH_KEY, state="warning", where="rules", after=after,
            what=f"{counted(len(waiting), 'rule')} not evaluated yet",
            action="wait for one interval, then run the command again",
        )  # fmt: skip
    elif rules:
        yield Line(
            check=ID, key=_HEALTH_KEY, state="ok", where="rules", what=f"{counted(len(rules), 'rule')} healthy",
            after=after,
        )  # fmt: skip
