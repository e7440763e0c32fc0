"""Read-back of rules: comparison of a running Prometheus' rules with those written.

Uses /api/v1/rules, whose fields are the same from Prometheus 2.42 to 3.x and in vmalert 1.79. A group is ours if its
file has our file's name; the directory is Prometheus' own and differs from ours when it runs in a container. Where
several deployments share a Prometheus, each has a file of that name, and its rules carry the deployment's label.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client
from boxwatch.publish.rule_set import LIVE, MARK_GROUP, RuleSet, deployment_of, mark_of

# (rules evaluated, rules in total).
Watch = Callable[[int, int], None]

_OK = 200
# Go's zero time.
_NEVER = "0001-01-01T"
_PAUSE = 0.25
# A single request times out after this many seconds, and is retried.
_TIMEOUT = 10.0
# A synchronous reload takes effect at once; this allows for a cache or load balancer in front of the server.
_SOON = 5.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where rules are read, and which of them are ours.

    Attributes:
        who: the server, as messages name it.
        place: what holds our rules.
        absent: the problem and its remedy if the server has none of our rules.
        ours: whether a group's `file` is ours.
    """

    who: str
    place: str
    absent: str
    ours: Callable[[str], bool]


PROMETHEUS = Source(
    "Prometheus",
    LIVE,
    f"Prometheus loads no file named {LIVE}: add it to rule_files in Prometheus' configuration",
    lambda file: PurePath(file).name == LIVE,
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded rule; its health is `ok`, `err`, or `unknown` until its first evaluation, at `evaluated`."""

    kind: str
    name: str
    health: str
    error: str
    evaluated: str


@dataclass(frozen=True, slots=True)
class Other:
    """A group that is not ours: its name and file, and the names of its rules."""

    name: str
    file: str
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Running:
    """The rules loaded by the server.

    Attributes:
        ours: group → rules, from our file.
        others: all other groups.
        mark: digest carried by our loaded set; empty if none is loaded.
        source: where they were read.
    """

    ours: Mapping[str, tuple[Loaded, ...]]
    others: tuple[Other, ...] = ()
    mark: str = ""
    source: Source = PROMETHEUS

    @property
    def failing(self) -> dict[tuple[str, str], Loaded]:
        """(group, rule) → rule, for our failing rules."""
        return {
            (group, rule.name): rule for group, rules in self.ours.items() for rule in rules if rule.health == "err"
        }


def running(client: Client, timeout: float = _TIMEOUT, source: Source = PROMETHEUS, deployment: str = "") -> Running:
    """Read the rules of Prometheus, or of a server with the same API.

    Args:
        client: the server.
        timeout: in seconds.
        source: where rules are read, and which files are ours.
        deployment: the deployment whose rules are ours, in a shared server; empty where it serves only one.

    Raises:
        PublishError: the server cannot be reached, denies access, or does not respond like Prometheus.
    """
    answer = client.request("GET", "/api/v1/rules", timeout)
    if answer.status != _OK:
        raise PublishError(f"{client.url} does not show its rules ({answer.status}){client.server_message(answer)}")
    ours: dict[str, tuple[Loaded, ...]] = {}
    others: list[Other] = []
    mark = ""
    try:
        # vmalert returns null if it has no rules.
        groups = json.loads(answer.body)["data"]["groups"] or ()
        owners = _owners(groups)
        for group in groups:
            name, file = str(group["name"]), str(group["file"])
            if not source.ours(file) or owners[file] != deployment:
                others.append(Other(name, file, frozenset(str(rule["name"]) for rule in group["rules"])))
                continue
            if name in ours:
                raise PublishError(f"{source.who} loads two files named {source.place}: list only one in rule_files")
            ours[name] = tuple(_loaded(rule) for rule in group["rules"])
            mark = next((found for rule in group["rules"] if (found := mark_of(rule["name"], rule))), mark)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PublishError(f"{client.url} does not respond like Prometheus: check the URL") from error
    return Running(ours, tuple(others), mark, source)


def _owners(groups: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """File → the deployment whose label its rules carry; empty if they carry none, or different ones."""
    found: dict[str, set[str]] = {}
    for group in groups:
        of_file = found.setdefault(str(group["file"]), set())
        if group["name"] != MARK_GROUP:
            of_file |= {deployment_of(rule) for rule in group["rules"]}
    return {file: names.pop() if len(names) == 1 else "" for file, names in found.items()}


def _loaded(rule: Mapping[str, object]) -> Loaded:
    kind = "alert" if rule["type"] == "alerting" else "record"
    evaluated = str(rule["lastEvaluation"])
    # vmalert reports `ok` for rules it has not evaluated yet.
    health = "unknown" if evaluated.startswith(_NEVER) else str(rule["health"])
    return Loaded(kind, str(rule["name"]), health, str(rule.get("lastError", "")), evaluated)


def difference(expected: RuleSet | None, found: Running) -> str:
    """How the loaded rules differ from the expected set; empty if they match."""
    who = found.source.who
    if expected is None:
        return f"{who} still has rules of {found.source.place}" if found.ours else ""
    if not found.ours:
        return found.source.absent
    if expected.mark != found.mark:
        return f"{who} has another set ({found.mark or 'without our mark'}) than the one on disk ({expected.mark})"
    # Unordered: vmalert 1.79 shuffles a group's rules on update. No rule of ours reads another of its own group.
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
    deployment: str = "",
) -> str:
    """Wait until the server has loaded exactly the expected set and evaluated every rule of it.

    Args:
        client: the server.
        expected: the set; None for none of our rules.
        timeout: in seconds.
        at_once: the reload was synchronous, so a different set soon counts as failure.
        known_failing: (group, rule) that failed before; these do not cause a rollback.
        watch: receives (rules evaluated, rules in total).
        source: where rules are read, and which are ours.
        deployment: as for `running`.

    Returns:
        closing remarks: rules not evaluated yet, or failing as before; usually empty.

    Raises:
        PublishError: another set is loaded, or a new rule fails; quotes the server's error.
    """
    begin = time.monotonic()
    end = begin + timeout
    # A rule that fails once is read again: right after a load a sample may be out of order, which passes.
    failed: dict[tuple[str, str], Loaded] = {}
    problem = ""
    while True:
        try:
            found = running(client, min(_TIMEOUT, max(_PAUSE, end - time.monotonic())), source, deployment)
        except PublishError as error:
            # The server may be restarting.
            if time.monotonic() + _PAUSE >= end:
                if problem:
                    # What was read before says more than that the last request had no time left.
                    raise PublishError(problem) from error
                raise
            time.sleep(_PAUSE)
            continue
        over = time.monotonic() >= end
        problem = difference(expected, found)
        if problem and (over or (at_once and time.monotonic() >= begin + _SOON)):
            # vmalert responds to a reload before it loads, and reports rejected rules only in its log.
            raise PublishError(f"{problem}; if the server rejected the rules, its log says why" if at_once else problem)
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
        notes.append(f"{waiting} rules were not evaluated within {timeout:g} s; whether they fail is not known yet")
    return "\n".join(notes)
