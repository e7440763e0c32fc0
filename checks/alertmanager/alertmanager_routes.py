"""Every route is reachable, and its intervals are consistent."""

from __future__ import annotations

import itertools
import re
import zoneinfo
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import re2

from boxwatch.checks.alertmanager.alertmanager_file import (
    AlertmanagerFile,
    Matcher,
    Route,
    fields,
    items,
    matchers,
    text,
)
from boxwatch.checks.finding import Finding
from boxwatch.checks.yaml_tree import Node

ID = "alertmanager_routes"

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])")
# Alertmanager's defaults (config.DefaultGlobalConfig, dispatch.DefaultRouteOpts).
_DEFAULTS: Final = {"group_wait": 30.0, "group_interval": 300.0, "repeat_interval": 14400.0}


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Routes that are unreachable, never notify, or have contradictory intervals."""
    root = file.route
    if root is None:
        yield file.finding(ID, file.root, "error", "there is no route", "add `route` with a receiver")
        return
    if root.matchers:
        message, hint = "the root route has matchers, but must match everything", "move them into a child route"
        yield file.finding(ID, root.node, "error", message, hint)
    if root.goes_on:
        at = fields(root.node)["continue"]
        yield file.finding(ID, at, "error", "the root route has `continue`", "Alertmanager refuses it; remove it")
    if not root.receiver:
        yield file.finding(ID, root.node, "error", "the root route has no receiver", "add its `receiver`")
    known = {
        text(fields(one).get("name")): one
        for key in ("time_intervals", "mute_time_intervals")
        for one in items(fields(file.root).get(key))
    }
    for node in (*(route.node for route in root.walk()), *file.inhibitions()):
        yield from _patterns(file, node)
    yield from _zones(file, known.values())
    for route in root.walk():
        yield from _shadowed(file, route)
        yield from _times(file, route)
        yield from _intervals(file, route, known)


def _patterns(file: AlertmanagerFile, node: Node) -> Iterator[Finding]:
    """Regular expressions that Alertmanager (RE2) refuses."""
    options = re2.Options()
    options.log_errors = False
    for label, operator, value in matchers(node, "", "source_", "target_"):
        if operator not in ("=~", "!~"):
            continue
        try:
            re2.compile(value, options)
        except re2.error as error:
            said = str(error).strip("b'\"")
            message = f'the pattern of {label}{operator}"{value}" does not parse: {said}'
            yield file.finding(ID, node, "error", message, "correct the regular expression")


def _zones(file: AlertmanagerFile, intervals: Iterable[Node]) -> Iterator[Finding]:
    for interval in intervals:
        for part in items(fields(interval).get("time_intervals")):
            location = fields(part).get("location")
            if location is not None and not _is_zone(text(location)):
                message = f"there is no time zone {text(location)}"
                hint = "write a name of the IANA database, such as Europe/Berlin or UTC"
                yield file.finding(ID, location, "error", message, hint)


def _is_zone(name: str) -> bool:
    """Whether Go's time.LoadLocation knows it."""
    return name in ("", "UTC", "Local") or name in zoneinfo.available_timezones()


def _intervals(file: AlertmanagerFile, route: Route, known: Mapping[str, Node]) -> Iterator[Finding]:
    for key in ("mute_time_intervals", "active_time_intervals"):
        for each in items(fields(route.node).get(key)):
            named = text(each)
            if named not in known:
                yield file.finding(ID, each, "error", f"there is no time interval {named}", "add it to time_intervals")
            elif key == "mute_time_intervals" and _always(known[named]):
                message, hint = (
                    f"{named} always applies, so the route never notifies",
                    "give it times, or drop the route",
                )
                yield file.finding(ID, each, "warning", message, hint)


def _shadowed(file: AlertmanagerFile, route: Route) -> Iterator[Finding]:
    for index, later in enumerate(route.routes):
        for earlier in route.routes[:index]:
            if not earlier.goes_on and _takes_all_of(earlier.matchers, later.matchers):
                message = f"unreachable: the route in line {earlier.node.line} takes all its alerts"
                yield file.finding(
                    ID, later.node, "warning", message, "move it before that route, or set `continue` there"
                )
                break


def _takes_all_of(wide: tuple[Matcher, ...], narrow: tuple[Matcher, ...]) -> bool:
    """Whether the wide matchers match everything that the narrow ones do, judging by the matchers alone."""
    return all(any(_implies(inner, outer) for inner in narrow) or _everything(outer) for outer in wide)


def _everything(matcher: Matcher) -> bool:
    return matcher[1] == "=~" and matcher[2] == ".*"


def _implies(narrow: Matcher, wide: Matcher) -> bool:
    if narrow == wide:
        return True
    if narrow[0] != wide[0]:
        return False
    choices = _choices(narrow)
    return choices is not None and (allowed := _choices(wide)) is not None and choices <= allowed


def _choices(matcher: Matcher) -> frozenset[str] | None:
    """The values that a matcher accepts; None where they are not listed."""
    _, operator, value = matcher
    if operator == "=":
        return frozenset({value})
    return frozenset(value.split("|")) if operator == "=~" and re.fullmatch(r"[\w |/-]+", value) else None


def _times(file: AlertmanagerFile, route: Route) -> Iterator[Finding]:
    own = fields(route.node)
    found = {key: _seconds(text(route.settings.get(key)), default) for key, default in _DEFAULTS.items()}
    for shorter, longer in itertools.pairwise(_DEFAULTS):
        # An inherited setting is reported once, where it is written.
        if found[shorter] > found[longer] and (shorter in own or longer in own):
            message = f"{longer} is shorter than {shorter}"
            yield file.finding(ID, own.get(longer, route.node), "warning", message, f"write {longer} of at least that")
    group = [text(one) for one in items(own.get("group_by"))]
    if "..." in group and len(group) > 1:
        yield file.finding(ID, own["group_by"], "error", "groups by `...` and by labels", "write one or the other")


def _seconds(written: str, default: float) -> float:
    parts = _PART.findall(written)
    return sum(int(number) * _UNITS[unit] for number, unit in parts) if parts else default


def _always(interval: Node) -> bool:
    """Whether one of its parts has no limits."""
    parts = items(fields(interval).get("time_intervals"))
    return any(not set(fields(part)) - {"location"} for part in parts)
