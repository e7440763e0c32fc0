"""Rules in a running Prometheus, as plan and apply: checked, switched in one rename, reloaded, read back.

On any failure the previous set is restored, loaded and read back. If the publisher is killed, the directory holds the
old or the new set as a whole, and the next run completes or undoes the publish.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules import promql_syntax, promtool, rule_file
from boxwatch.checks.rules.known import Known
from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.publish import compare, read_back, rule_set, switch
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import needs, server
from boxwatch.publish.reload import Reload
from boxwatch.publish.rule_changes import Change, changes
from boxwatch.publish.rule_set import LIVE, MARK_GROUP, RuleSet
from boxwatch.publish.store import Store
from boxwatch.publish.store_state import Observed, State, digest

_RULES = "prometheus/rules/"
# promtool checks the set under this name.
_CHECKED = f"{_RULES}{LIVE}"
# Maximum number of manual changes shown.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A Prometheus and its rules directory.

    Attributes:
        directory: the rules directory, as we see it.
        client: for the read-back; None if no URL was given.
        reload: how to reload it.
        timeout: seconds for reload and read-back; a rollback may take as long again.
    """

    directory: Path
    client: Client | None
    reload: Reload
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or a rollback would do.

    Attributes:
        seen: the directory's present state.
        new: the set to be live; None for none.
        changes: rule by rule, compared with the live set.
        failing: our rules that fail in Prometheus now.
        notes: remarks to show before applying.
        needed: whether there is anything to do: a difference, an interrupted publish, or a set that is not loaded.
        manual: manual changes of the live set, one per line; empty if there are none.
    """

    seen: Observed
    new: RuleSet | None
    changes: tuple[Change, ...]
    failing: frozenset[tuple[str, str]]
    notes: tuple[str, ...]
    needed: bool
    manual: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {
            "mark": self.new.mark if self.new else None,
            "needed": self.needed,
            "changes": [change.to_json() for change in self.changes],
            "notes": list(self.notes),
        }


def rules_of(files: Mapping[str, bytes]) -> RuleSet:
    """A deployment's rule files as one checked set: by promtool if it is on the PATH, otherwise by parsing each query.

    Args:
        files: artefacts, path → content; only those below prometheus/rules/ are used.

    Raises:
        PublishError: a check failed; quotes its findings.
        ToolError: promtool cannot be executed.
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


def plan(
    target: Target,
    new: RuleSet | None,
    *,
    overwrite: bool = False,
    config: bytes | None = None,
    only_note: bool = False,
) -> Plan:
    """Compare a set with the live one, on disk and in Prometheus. Reads only.

    Args:
        target: where.
        new: the set; None for no rules.
        overwrite: overwrite manual changes.
        config: our generated prometheus.yml, whose jobs and relabelling the rules need; None to compare nothing.
        only_note: note what the running configuration lacks instead of refusing.

    Raises:
        PublishError: the directory or Prometheus cannot be used, or the live set was changed manually.
    """
    store = Store(target.directory)
    seen = store.observe()
    desired = digest(new.content if new else None)
    manual = tuple(_manual(store, seen)) if seen.manual and digest(seen.live) != desired else ()
    if manual and not overwrite:
        what = (
            "nothing was changed: carry the change over into the topology, then pass --overwrite-changed "
            "(a rollback restores it)"
        )
        raise PublishError("\n".join([f"{manual[0]}; {what}", *manual[1:]]))
    notes: list[str] = []
    needed = digest(seen.live) != desired or seen.cut_off
    if seen.cut_off:
        notes.append("the last publish was interrupted; this one completes or undoes it")
    failing: frozenset[tuple[str, str]] = frozenset()
    if target.client:
        owner = _owner(new, parsed(seen.live))
        found = read_back.running(target.client, target.timeout, deployment=owner)
        failing = frozenset(found.failing)
        _refuse_twins(new, found)
        if new and not overwrite:
            _refuse_another_place(target, target.client, seen, found)
        if new and config is not None:
            notes += _config_lacks(target.client, target.timeout, new, config, only_note=only_note)
        if not needed and (problem := read_back.difference(new, found)):
            notes.append(problem)
            needed = True
    return Plan(seen, new, tuple(changes(parsed(seen.live), new)), failing, tuple(notes), needed, manual)


def rollback(target: Target, *, overwrite: bool = False) -> Plan:
    """Plan the return to the set before the last publish, or before an interrupted one.

    Raises:
        PublishError: there is nothing to return to, or as for `plan`.
    """
    store = Store(target.directory)
    seen = store.observe()
    name = seen.state.before if seen.cut_off else seen.state.previous
    if name is None:
        raise PublishError(f"nothing has been published to {target.directory}, so there is nothing to roll back")
    return plan(target, parsed(store.content(name)), overwrite=overwrite)


def apply(target: Target, plan: Plan, watch: read_back.Watch | None = None) -> str:
    """Apply a plan: switch, reload, read back; restore the previous set on failure.

    Returns:
        closing remarks; usually empty.

    Raises:
        PublishError: the plan was not applied; says why, and what is in place now.
    """
    store = Store(target.directory)
    if not plan.needed:
        switch.tidy(store, plan.seen)
        return ""

    confirm = confirmation(target, plan.failing, _owner(plan.new, parsed(plan.seen.live)))
    there = switch.Server("Prometheus", "rules", target.reload, confirm, target.timeout, bool(plan.manual))
    return switch.apply(there, store, plan.seen, plan.new.content if plan.new else None, watch)


def _owner(*sets: RuleSet | None) -> str:
    """The deployment whose rules these are, in a shared Prometheus: of the new set, or of the one it removes."""
    return next((one.deployment for one in sets if one is not None), "")


def confirmation(target: Target, failing: frozenset[tuple[str, str]], deployment: str = "") -> switch.Confirm | None:
    """The read-back of a rule file's content; None if no URL was given."""
    if target.client is None:
        return None
    client = target.client

    def confirm(content: bytes | None, timeout: float, watch: read_back.Watch | None) -> str:
        rules = parsed(content)
        return read_back.read_back(
            client,
            rules,
            timeout,
            at_once=target.reload.waits,
            known_failing=failing,
            watch=watch,
            deployment=deployment,
        )

    return confirm


def parsed(content: bytes | None) -> RuleSet | None:
    """Parse a set from disk. A file made unreadable manually cannot be compared; it counts as having no groups."""
    if content is None:
        return None
    try:
        return rule_set.read(LIVE, content)
    except BoxwatchError:
        return RuleSet(content, (), "")


def _manual(store: Store, seen: Observed) -> Iterator[str]:
    """Manual changes since our last publish, one per line, after a line that says so."""
    yield f"{store.live} was changed manually, or not written by `boxwatch publish`"
    try:
        ours = parsed(store.content(seen.state.current))
    except PublishError:
        return
    found = [f"manually: {change}" for change in changes(ours, parsed(seen.live))] if ours else []
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"manually: {len(found) - _SHOWN} more"


def _config_lacks(client: Client, timeout: float, new: RuleSet, config: bytes, *, only_note: bool) -> tuple[str, ...]:
    """What the running configuration lacks for these rules; refused, since they would fire falsely."""
    text = server.configuration(client, timeout)
    if text is None:
        return ()
    live, unread = server.with_files(compare.parsed(text))
    lacking = needs.missing(config, new, live)
    if lacking and unread:
        files = ", ".join(unread)
        return (f"not compared with the running configuration: the jobs in {files} cannot be read here",)
    if not lacking:
        return ()
    head = "Prometheus' running configuration lacks what these rules need"
    if only_note:
        return (f"{head}:", *lacking)
    what = (
        "nothing was changed: add the lines below to prometheus.yml and reload, publish the whole directory with "
        "--prometheus-dir, or pass --skip-config-check"
    )
    raise PublishError("\n".join([f"{head}; {what}", *lacking]))


def _refuse_another_place(target: Target, client: Client, seen: Observed, found: read_back.Running) -> None:
    """Refuse a directory that Prometheus does not read, before anything is written to it.

    Paths differ in a container, so only certain cases are refused: Prometheus reads our file but it is not in this
    directory; or no pattern in `rule_files` matches our file's name.
    """
    if seen.live is not None or seen.state != State():
        return
    if found.ours:
        raise PublishError(
            f"Prometheus already reads a {LIVE}, but {target.directory} has none, so it reads another directory; "
            "nothing was written: pass that one as --rules-dir, or --overwrite-changed if the file was deleted here"
        )
    text = server.configuration(client, target.timeout)
    patterns = server.rule_files(compare.parsed(text or ""))
    if text is not None and not any(fnmatch.fnmatchcase(LIVE, PurePath(each).name) for each in patterns):
        has = ", ".join(patterns) or "nothing"
        raise PublishError(
            f"Prometheus would not read {target.directory / LIVE}: its rule_files lists {has}; "
            f"nothing was written: add the path of {LIVE} as Prometheus sees it, and reload"
        )


def _refuse_twins(new: RuleSet | None, found: read_back.Running) -> None:
    """Refuse a second copy of a group: it would record every series twice and fire every alert twice."""
    ours = (
        {group.name: {rule.name for rule in group.rules} for group in new.groups if group.name != MARK_GROUP}
        if new
        else {}
    )
    # Names of groups are unique in a file only: those of others may be the same.
    twins = sorted({other.file for other in found.others if other.rules & ours.get(other.name, set())})
    if twins:
        raise PublishError(
            f"Prometheus already loads the same groups from {', '.join(twins)}; nothing was changed: "
            "remove those files, or take them out of rule_files"
        )
