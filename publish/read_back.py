"""What a running Prometheus has loaded, and whether that is what was written.

From /api/v1/rules, whose fields are the same from Prometheus 2.42 to 3.x and in vmalert 1.79. Our groups are those from
a file with our file's name: the path is Prometheus' own, which differs from ours where it runs in a container.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import yaml

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client
from boxwatch.publish.rule_set import LIVE, RuleSet, mark_of

# How many rules have been evaluated, of how many.
Watch = Callable[[int, int], None]

_OK = 200
# Go's time that is none.
_NEVER = "0001-01-01T"
_PAUSE = 0.25
# One question is answered within this, or asked again.
_TIMEOUT = 10.0
# A reload that waits is visible at once; this is for a server behind a cache or a balancer.
_SOON = 5.0


@dataclass(frozen=True, slots=True)
class Source:
    """Whose rules are read, and which of them are ours.

    Attributes:
        who: has loaded them.
        place: what holds ours.
        absent: what to say, and to do, where it has none of ours.
        ours: whether a group's `file` is ours.
    """

    who: str
    place: str
    absent: str
    ours: Callable[[str], bool]


PROMETHEUS = Source(
    "Prometheus",
    LIVE,
    f"Prometheus loads no file named {LIVE}: let rule_files of its configuration name it",
    lambda file: PurePath(file).name == LIVE,
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule as Prometheus has it: health is `ok`, `err`, or `unknown` before its first evaluation, at `evaluated`."""

    kind: str
    name: str
    health: str
    error: str
    evaluated: str


@dataclass(frozen=True, slots=True)
class Running:
    """The rules that Prometheus has.

    Attributes:
        ours: group → rules, from our file.
        others: (group, file) of every other group.
        mark: the mark of our set; empty when none is loaded.
        source: where it was read.
    """

    ours: Mapping[str, tuple[Loaded, ...]]
    others: tuple[tuple[str, str], ...] = ()
    mark: str = ""
    source: Source = PROMETHEUS

    @property
    def failing(self) -> dict[tuple[str, str], Loaded]:
        """(group, rule) → the rule, for each of ours that fails."""
        return {
            (group, rule.name): rule for group, rules in self.ours.items() for rule in rules if rule.health == "err"
        }


def rule_files(client: Client, timeout: float = _TIMEOUT) -> tuple[str, ...] | None:
    """The patterns of `rule_files` in the configuration that Prometheus runs with; None where it does not say.

    vmalert has no such configuration.

    Raises:
        PublishError: it cannot be reached.
    """
    answer = client.request("GET", "/api/v1/status/config", timeout)
    try:
        found = yaml.load(str(json.loads(answer.body)["data"]["yaml"]), Loader=yaml.CSafeLoader)
        return tuple(str(each) for each in found.get("rule_files") or ())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, yaml.YAMLError):
        return None


def running(client: Client, timeout: float = _TIMEOUT, source: Source = PROMETHEUS) -> Running:
    """Ask Prometheus, or what answers like it, for its rules.

    Raises:
        PublishError: it cannot be reached, refuses us, or answers as no Prometheus does.
    """
    answer = client.request("GET", "/api/v1/rules", timeout)
    if answer.status != _OK:
        raise PublishError(f"{client.url} does not show its rules ({answer.status}){client.server_message(answer)}")
    ours: dict[str, tuple[Loaded, ...]] = {}
    others: list[tuple[str, str]] = []
    mark = ""
    try:
        # vmalert without a rule answers null.
        for group in json.loads(answer.body)["data"]["groups"] or ():
            name, file = str(group["name"]), str(group["file"])
            if not source.ours(file):
                others.append((name, file))
                continue
            if name in ours:
                raise PublishError(f"{source.who} loads two of {source.place}: let rule_files name one")
            ours[name] = tuple(_loaded(rule) for rule in group["rules"])
            mark = next((found for rule in group["rules"] if (found := mark_of(rule["name"], rule))), mark)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PublishError(f"{client.url} does not answer as Prometheus does: is the URL right?") from error
    return Running(ours, tuple(others), mark, source)


def _loaded(rule: Mapping[str, object]) -> Loaded:
    kind = "alert" if rule["type"] == "alerting" else "record"
    evaluated = str(rule["lastEvaluation"])
    # vmalert says `ok` of what it has not evaluated yet.
    health = "unknown" if evaluated.startswith(_NEVER) else str(rule["health"])
    return Loaded(kind, str(rule["name"]), health, str(rule.get("lastError", "")), evaluated)


def difference(expected: RuleSet | None, found: Running) -> str:
    """What is loaded and should not be, or the other way round; empty when Prometheus has exactly that set."""
    who = found.source.who
    if expected is None:
        return f"{who} still has rules of {found.source.place}" if found.ours else ""
    if not found.ours:
        return found.source.absent
    if expected.mark != found.mark:
        return f"{who} has another set ({found.mark or 'without our mark'}) than the one on disk ({expected.mark})"
    # In no order: vmalert 1.79 shuffles the rules of a group that it updates. None of ours reads one of its own group.
    desired = {group.name: sorted((rule.kind, rule.name) for rule in group.rules) for group in expected.groups}
    for verb, names in (
        ("lacks", desired.keys() - found.ours.keys()),
        ("also has", found.ours.keys() - desired.keys()),
    ):
        if names:
            return f"{who} {verb} the groups {', '.join(sorted(names))}"
    for name, rules in desired.items():
        if sorted((rule.kind, rule.name) for rule in found.ours[name]) != rules:
            return f"the group {name} has other rules in {who} than on disk"
    return ""


def read_back(  # noqa: PLR0913 - what is named at the call is refinement
    client: Client,
    expected: RuleSet | None,
    timeout: float,
    *,
    at_once: bool,
    known_failing: frozenset[tuple[str, str]] = frozenset(),
    watch: Watch | None = None,
    source: Source = PROMETHEUS,
) -> str:
    """Wait until Prometheus has exactly that set and has evaluated every rule of it.

    Args:
        client: where to ask.
        expected: the set; None for no rules of ours at all.
        timeout: seconds.
        at_once: it should have been loaded by now, so another set means failure soon.
        known_failing: (group, rule) that failed before too: those are no reason to go back.
        watch: is told how many rules have been evaluated.
        source: whose rules, and which of them.

    Returns:
        what is left to say: rules that were not evaluated yet, or that fail as before; mostly empty.

    Raises:
        PublishError: another set is loaded, or a rule of this one fails, with Prometheus' own words.
    """
    begin = time.monotonic()
    end = begin + timeout
    # A rule that fails once is asked again: right after a load a sample may be out of order, which passes.
    failed: dict[tuple[str, str], Loaded] = {}
    while True:
        try:
            found = running(client, min(_TIMEOUT, max(_PAUSE, end - time.monotonic())), source)
        except PublishError:
            # It may be on its way back.
            if time.monotonic() + _PAUSE >= end:
                raise
            time.sleep(_PAUSE)
            continue
        over = time.monotonic() >= end
        problem = difference(expected, found)
        if problem and (over or (at_once and time.monotonic() >= begin + _SOON)):
            # vmalert answers a reload before it loads, and says only in its log what it refuses.
            raise PublishError(f"{problem}; where a server refuses rules its log says why" if at_once else problem)
        if not problem:
            new = {key: rule for key, rule in found.failing.items() if key not in known_failing}
            failed = {key: failed.get(key, rule) for key, rule in new.items()}
            lasting = [key for key, rule in new.items() if over or rule.evaluated != failed[key].evaluated]
            if lasting:
                raise PublishError("\n".join(f"{' / '.join(key)} fails: {new[key].error}" for key in lasting))
            waiting = _waiting(found, watch)
            if over or not (waiting or failed):
                return _notes(found, waiting, timeout)
        time.sleep(_PAUSE)


def _waiting(found: Running, watch: Watch | None) -> int:
    rules = [rule for group in found.ours.values() for rule in group]
    waiting = sum(rule.health == "unknown" for rule in rules)
    if watch:
        watch(len(rules) - waiting, len(rules))
    return waiting


def _notes(found: Running, waiting: int, timeout: float) -> str:
    notes = [f"{group} / {name} fails, as it did before: {rule.error}" for (group, name), rule in found.failing.items()]
    if waiting:
        notes.append(f"{waiting} rules were not evaluated within {timeout:g} s, so whether they fail is not known yet")
    return "\n".join(notes)
