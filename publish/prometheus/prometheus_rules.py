"""Rules into a running Prometheus, as plan and apply: checked, switched in one rename, reloaded, read back.

Whatever goes wrong, the old set is put back, loaded and read back; whatever kills the publisher, the directory holds
the whole old or the whole new set, and the next run goes on from there.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules import promql_syntax, promtool, rule_file
from boxwatch.checks.rules.known import Known
from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.publish import lock, read_back, rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus.reload import Reload
from boxwatch.publish.prometheus.rule_state import Observed, State, digest
from boxwatch.publish.prometheus.rule_store import Store
from boxwatch.publish.rule_changes import Change, changes
from boxwatch.publish.rule_set import LIVE, RuleSet

_RULES = "prometheus/rules/"
# The name under which promtool sees the set.
_CHECKED = f"{_RULES}{LIVE}"
# Seconds that a read-back gets, however long the reload took.
_LEAST = 2.0
# Changes by hand that are shown.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A Prometheus and the directory that it reads our rules from.

    Attributes:
        directory: of the rules, as we see it.
        client: where to read back; None when nothing can be asked.
        reload: how it is made to load them.
        timeout: seconds for a load with its read-back; a way back has as many again.
    """

    directory: Path
    client: Client | None
    reload: Reload
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or a rollback would do.

    Attributes:
        seen: what the directory holds.
        new: the set that will be live; None for none.
        changes: rule by rule, from what is live.
        failing: our rules that fail in Prometheus now.
        notes: what the user should know first.
        needed: whether there is anything to do: a difference, a publish that was cut off, or a set that is not loaded.
        manual: that somebody changed the live set, and what, a line each; empty where nobody did.
    """

    seen: Observed
    new: RuleSet | None
    changes: tuple[Change, ...]
    failing: frozenset[tuple[str, str]]
    notes: tuple[str, ...]
    needed: bool
    manual: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "mark": self.new.mark if self.new else None,
            "needed": self.needed,
            "changes": [change.to_json() for change in self.changes],
            "notes": list(self.notes),
        }


def rules_of(files: Mapping[str, bytes]) -> RuleSet:
    """The set of a deployment's rule files, checked: by promtool where it is on the PATH, else query by query.

    Args:
        files: artefacts, path → content; those below prometheus/rules/ are meant.

    Raises:
        PublishError: a check found something, in its words.
        ToolError: promtool cannot be run.
    """
    made = rule_set.merge({path: content for path, content in files.items() if path.startswith(_RULES)})
    findings = list(_check(made.content))
    if findings:
        said = "\n".join(f"{one.where or LIVE}: {one.message}: {one.hint}" for one in findings)
        raise PublishError(f"{said}\nnothing was published")
    return made


def _check(content: bytes) -> Iterator[Finding]:
    tool = promtool.path()
    if tool:
        yield from promtool.check({_CHECKED: content}, tool)
    else:
        yield from promql_syntax.check(rule_file.read(LIVE, content), Known({}))


def plan(target: Target, new: RuleSet | None, *, overwrite: bool = False) -> Plan:
    """Compare a set with what is live, on disk and in Prometheus. Reads only.

    Raises:
        PublishError: the directory or Prometheus cannot be used, or the live set was changed by hand.
    """
    store = Store(target.directory)
    seen = store.observe()
    desired = digest(new.content if new else None)
    manual = tuple(_manual(store, seen)) if seen.manual and digest(seen.live) != desired else ()
    if manual and not overwrite:
        what = (
            "nothing was changed: take the change over into the topology, then use --overwrite-changed "
            "(a rollback brings it back)"
        )
        raise PublishError("\n".join([f"{manual[0]}; {what}", *manual[1:]]))
    notes: list[str] = []
    needed = digest(seen.live) != desired or seen.cut_off
    if seen.cut_off:
        notes.append("the last publish was cut off; this one finishes or undoes it")
    failing: frozenset[tuple[str, str]] = frozenset()
    if target.client:
        found = read_back.running(target.client, target.timeout)
        failing = frozenset(found.failing)
        _refuse_twins(new, found)
        if new and not overwrite:
            _refuse_another_place(target, target.client, seen, found)
        if not needed and (problem := read_back.difference(new, found)):
            notes.append(problem)
            needed = True
    return Plan(seen, new, tuple(changes(_parsed(seen.live), new)), failing, tuple(notes), needed, manual)


def rollback(target: Target, *, overwrite: bool = False) -> Plan:
    """The plan that brings back what was live before the last publish, or before one that was cut off.

    Raises:
        PublishError: there is nothing to go back to, or as for `plan`.
    """
    store = Store(target.directory)
    seen = store.observe()
    name = seen.state.before if seen.cut_off else seen.state.previous
    if name is None:
        raise PublishError(f"nothing was published to {target.directory} yet, so there is nothing to roll back")
    return plan(target, _parsed(store.content(name)), overwrite=overwrite)


def apply(target: Target, plan: Plan, watch: read_back.Watch | None = None) -> str:
    """Carry a plan out: switch, reload, read back; or go back.

    Returns:
        what is left to say; mostly empty.

    Raises:
        PublishError: it was not published, with why and what is in place now.
    """
    store = Store(target.directory)
    if not plan.needed:
        if plan.seen.leftovers:
            with lock.held(store.lock):
                store.clean()
        return ""
    with lock.held(store.lock):
        seen = store.observe()
        if (seen.live, seen.state) != (plan.seen.live, plan.seen.state):
            raise PublishError(f"{store.live} changed after the plan was made; nothing was done: run the command again")
        new = plan.new.content if plan.new else None
        old = store.baseline(seen)
        entered = store.prepare(seen, new)
        try:
            store.switch(new)
            said = _load(target, plan.new, plan.failing, watch)
        except (PublishError, KeyboardInterrupt) as error:
            reason = str(error) or "it was interrupted"
            raise PublishError(f"{reason}\n{_restore_previous(target, store, old, entered, plan.failing)}") from error
        store.close(entered, confirmed=new)
    return said


def _load(
    target: Target, desired: RuleSet | None, failing: frozenset[tuple[str, str]], watch: read_back.Watch | None = None
) -> str:
    end = time.monotonic() + target.timeout
    target.reload(target.timeout)
    return _confirm(target, desired, failing, end, watch)


def _confirm(
    target: Target,
    desired: RuleSet | None,
    failing: frozenset[tuple[str, str]],
    end: float,
    watch: read_back.Watch | None = None,
) -> str:
    if target.client is None:
        return "not read back, since no URL of Prometheus was given"
    timeout = max(_LEAST, end - time.monotonic())
    return read_back.read_back(
        target.client, desired, timeout, at_once=target.reload.waits, known_failing=failing, watch=watch
    )


def _restore_previous(
    target: Target, store: Store, old: bytes | None, entered: State, failing: frozenset[tuple[str, str]]
) -> str:
    """Put the old set back, and say how far that went."""
    was = "the old rules are" if old is not None else "there were no rules before, and there are none"
    end = time.monotonic() + target.timeout
    refused = ""
    try:
        store.restore(old)
    except PublishError as error:
        return str(error)
    try:
        target.reload(target.timeout)
    except PublishError as error:
        # What Prometheus refuses to reload it goes on running, and that may be the old rules: look.
        refused = str(error)
    if refused:
        refused += "; it refuses the old rules too, so the reason is not in the new ones but was there before"
    unconfirmed = refused if target.client is None else _unconfirmed(target, old, failing, end)
    if unconfirmed:
        # The entry stays, so the next run loads and reads back.
        why = refused or unconfirmed
        return f"{was} on disk again, but Prometheus has not confirmed that: {why}\nrun the command again"
    try:
        store.close(entered, keep=True)
    except PublishError as error:
        return str(error)
    said = f"{was} in place again" + (", and Prometheus has confirmed it" if target.client else "")
    return f"{said}\n{refused}" if refused else said


def _unconfirmed(target: Target, old: bytes | None, failing: frozenset[tuple[str, str]], end: float) -> str:
    """Why the old set is not known to be loaded; empty when it is."""
    try:
        _confirm(target, _parsed(old), failing, end)
    except PublishError as error:
        return str(error)
    return ""


def _parsed(content: bytes | None) -> RuleSet | None:
    """A set from disk. What somebody made unreadable by hand cannot be compared, and counts as none of ours."""
    if content is None:
        return None
    try:
        return rule_set.read(LIVE, content)
    except BoxwatchError:
        return RuleSet(content, (), "")


def _manual(store: Store, seen: Observed) -> Iterator[str]:
    """That somebody changed the live set, and what since our last publish, a line each."""
    yield f"{store.live} was changed by hand, or not written by `boxwatch publish`"
    try:
        ours = _parsed(store.content(seen.state.current))
    except PublishError:
        return
    found = [f"by hand: {change}" for change in changes(ours, _parsed(seen.live))] if ours else []
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"by hand: {len(found) - _SHOWN} more"


def _refuse_another_place(target: Target, client: Client, seen: Observed, found: read_back.Running) -> None:
    """Before anything is written into a directory that Prometheus does not read.

    Its paths are its own where it runs in a container, so only what is certain is refused: it reads our file, and none
    is here; or none of its patterns in `rule_files` fits the name of ours.
    """
    if seen.live is not None or seen.state != State():
        return
    if found.ours:
        raise PublishError(
            f"Prometheus reads a {LIVE} already, and {target.directory} has none: it reads another directory; nothing "
            "was written: name that one with --rules-dir, or use --overwrite-changed when the file was deleted here"
        )
    patterns = read_back.rule_files(client, target.timeout)
    if patterns is not None and not any(fnmatch.fnmatchcase(LIVE, PurePath(each).name) for each in patterns):
        has = ", ".join(patterns) or "nothing"
        raise PublishError(
            f"Prometheus would not read {target.directory / LIVE}: rule_files of its configuration names {has}; "
            f"nothing was written: add the path of {LIVE} as Prometheus sees it, and reload"
        )


def _refuse_twins(new: RuleSet | None, found: read_back.Running) -> None:
    """Two copies of a group would record every series twice and fire every alert twice."""
    names = {group.name for group in new.groups} if new else set()
    twins = sorted({file for name, file in found.others if name in names})
    if twins:
        raise PublishError(
            f"Prometheus loads the same groups from {', '.join(twins)} already; nothing was changed: "
            "remove those files, or take them out of rule_files"
        )
