"""Rules in a Mimir-compatible ruler, as plan and apply: groups that differ are written, read back, or restored.

A ruler accepts one group at a time, so a publish is not atomic. The mark group says that writes are in progress, and
always lists our groups by digest: a group whose digest is not listed was written or changed by someone else. A killed
publisher leaves whole groups, some old and some new; the next run completes the publish.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.publish import read_back, rule_set
from boxwatch.publish.rule_changes import Change, changes
from boxwatch.publish.rule_set import MARK_GROUP, RuleSet
from boxwatch.publish.ruler import ruler_backup, ruler_group
from boxwatch.publish.ruler.ruler_api import RulerApi, named
from boxwatch.publish.ruler.ruler_backup import Location, Step
from boxwatch.publish.ruler.ruler_group import UNDER_WAY, Group

_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """A namespace of a ruler.

    Attributes:
        api: access to its groups.
        tenant: the tenant that owns them; empty if the ruler has no tenants.
        backups: backup directory.
        timeout: seconds until the ruler evaluates the written rules; a rollback may take as long again.
    """

    api: RulerApi
    tenant: str
    backups: Path
    timeout: float = 60.0

    @property
    def place(self) -> Location:
        """The location recorded in backups."""
        return Location(self.api.client.url, self.tenant, self.api.namespace)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or a rollback would do.

    Attributes:
        there: name → group, as present in the namespace.
        steps: groups to write or remove, in order, without the mark.
        mark: our mark after completion; None for none.
        changes: rule by rule.
        manual: manual changes of our groups, one per line.
        notes: remarks to show before applying.
        failing: rules that fail in the ruler now.
        undoes: the backup to be restored.
    """

    there: dict[str, Group]
    steps: tuple[Step, ...]
    mark: Group | None
    changes: tuple[Change, ...]
    manual: tuple[str, ...]
    notes: tuple[str, ...]
    failing: frozenset[tuple[str, str]]
    undoes: Path | None = None

    @property
    def needed(self) -> bool:
        """Whether there is anything to write."""
        before = self.there.get(MARK_GROUP)
        return bool(self.steps) or ruler_group.value(before) != ruler_group.value(self.mark)

    @property
    def final(self) -> dict[str, Group]:
        """The namespace after completion."""
        made = {**self.there, **({MARK_GROUP: self.mark} if self.mark else {})}
        made |= {step.name: step.after for step in self.steps if step.after is not None}
        gone = {step.name for step in self.steps if step.after is None} | (set() if self.mark else {MARK_GROUP})
        return {name: group for name, group in made.items() if name not in gone}

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {
            "needed": self.needed,
            "changes": [change.to_json() for change in self.changes],
            "by_hand": list(self.manual),
            "notes": list(self.notes),
        }


def plan(target: Target, new: RuleSet, *, overwrite: bool = False) -> Plan:
    """Compare a set with the namespace. Reads only.

    Raises:
        PublishError: the ruler cannot be read, or one of our groups was changed manually.
    """
    there = target.api.groups()
    known = ruler_group.known(there.get(MARK_GROUP))
    document = yaml.load(new.content, Loader=yaml.CSafeLoader)
    desired = {str(group["name"]): group for group in document["groups"] if group["name"] != MARK_GROUP}
    steps = [
        Step(name, there.get(name), group)
        for name, group in desired.items()
        if name not in there or ruler_group.digest(there[name]) != ruler_group.digest(group)
    ]
    left = {name: group for name, group in there.items() if name not in desired and name != MARK_GROUP}
    stay = [name for name, group in left.items() if ruler_group.digest(group) not in known]
    steps += [Step(name, group, None) for name, group in left.items() if name not in stay]
    touched = [step for step in steps if step.before and ruler_group.digest(step.before) not in known]
    notes = _cut_off(there) + tuple(
        f"the group {name} in the namespace {target.api.namespace} is foreign or was changed manually; it stays"
        for name in stay
    )
    mark = ruler_group.mark(new.mark, map(ruler_group.digest, desired.values()))
    return _planned(target, there, tuple(steps), mark, touched, notes, overwrite=overwrite)


def rollback(target: Target, *, overwrite: bool = False) -> Plan:
    """Plan the return to the groups before the last publish.

    Raises:
        OutputError: there is nothing to restore.
        PublishError: as for `plan`.
    """
    folder, kept = ruler_backup.newest(target.place, target.backups)
    there = target.api.groups()
    known = ruler_group.known(there.get(MARK_GROUP))
    marks = [step for step in kept if step.name == MARK_GROUP]
    back = [Step(step.name, there.get(step.name), step.before) for step in kept if step.name != MARK_GROUP]
    steps = tuple(step for step in back if _digest(step.before) != _digest(step.after))
    touched = [step for step in steps if step.before and ruler_group.digest(step.before) not in known]
    mark = marks[0].before if marks else there.get(MARK_GROUP)
    return _planned(target, there, steps, mark, touched, _cut_off(there), overwrite=overwrite, undoes=folder)


def _planned(  # noqa: PLR0913, PLR0917 - the parts of a plan
    target: Target,
    there: dict[str, Group],
    steps: tuple[Step, ...],
    mark: Group | None,
    touched: list[Step],
    notes: tuple[str, ...],
    *,
    overwrite: bool,
    undoes: Path | None = None,
) -> Plan:
    manual = tuple(
        f"the group {step.name} in the namespace {target.api.namespace} was changed manually, or not written by "
        "`boxwatch publish`"
        for step in touched
    )
    if manual and not overwrite:
        what = "nothing was changed: carry the change over into the topology, then pass --overwrite-changed"
        raise PublishError("\n".join([*manual, what]))
    failing = frozenset(read_back.running(target.api.client, target.timeout, target.api.source).failing)
    old = {step.name: step.before for step in steps if step.before is not None}
    new = {step.name: step.after for step in steps if step.after is not None}
    return Plan(there, steps, mark, tuple(changes(_set(old), _set(new))), manual, notes, failing, undoes)


def _cut_off(there: dict[str, Group]) -> tuple[str, ...]:
    cut = ruler_group.value(there.get(MARK_GROUP)) == UNDER_WAY
    return ("the last publish was interrupted; this one completes or undoes it",) if cut else ()


def apply(target: Target, plan: Plan, watch: read_back.Watch | None = None) -> str:
    """Apply a plan: write and read back; restore the previous groups on failure.

    Returns:
        closing remarks; usually empty.

    Raises:
        PublishError: the plan was not applied; says why, and what is in place now.
        OutputError: the backup cannot be written; nothing was changed.
    """
    if not plan.needed:
        return ""
    if target.api.groups() != plan.there:
        raise PublishError("the namespace changed after the plan was made; nothing was changed: run the command again")
    old = plan.there.get(MARK_GROUP)
    if plan.undoes is None:
        ruler_backup.write(target.place, (*plan.steps, Step(MARK_GROUP, old, plan.mark)), target.backups)
    groups = (group for step in plan.steps for group in (step.before, step.after) if group is not None)
    known = ruler_group.known(old) | ruler_group.known(plan.mark) | {ruler_group.digest(group) for group in groups}
    steps = (Step(MARK_GROUP, old, ruler_group.mark(UNDER_WAY, known)), *plan.steps, Step(MARK_GROUP, None, plan.mark))
    try:
        for step in steps:
            _carry_out(target.api, step)
        said = _confirm(target, plan.final, plan.failing, watch)
    except (PublishError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        raise PublishError(f"{reason}\n{_restore_previous(target, plan)}") from error
    if plan.undoes is not None:
        ruler_backup.mark_rolled_back(plan.undoes)
    return said


def _carry_out(api: RulerApi, step: Step) -> None:
    if step.after is None:
        api.delete(step.name)
    else:
        api.put(step.after)


def _confirm(
    target: Target,
    final: dict[str, Group],
    failing: frozenset[tuple[str, str]],
    watch: read_back.Watch | None = None,
) -> str:
    """Wait until the ruler has stored and evaluates exactly these groups."""
    end = time.monotonic() + target.timeout
    stored = {name: ruler_group.digest(group) for name, group in target.api.groups().items()}
    if stored != {name: ruler_group.digest(group) for name, group in final.items()}:
        raise PublishError("the ruler has stored other groups than were written: check for another publisher")
    timeout = max(_LEAST, end - time.monotonic())
    api = target.api
    return read_back.read_back(
        api.client, _set(final), timeout, at_once=False, known_failing=failing, watch=watch, source=api.source
    )


def _restore_previous(target: Target, plan: Plan) -> str:
    """Restore the previous groups, and report how far that got."""
    old = plan.there.get(MARK_GROUP)
    problems = list(_undo(target.api, (*(step.back for step in reversed(plan.steps)), Step(MARK_GROUP, None, old))))
    if not problems:
        try:
            _confirm(target, plan.there, plan.failing)
        except PublishError as error:
            problems = [str(error)]
    if problems:
        return "\n".join(["not all previous groups are in place again: run the command again", *problems])
    return "the previous groups are in place again, and the ruler has confirmed it"


def _undo(api: RulerApi, steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        try:
            _carry_out(api, step)
        except PublishError as error:
            yield str(error)


def _digest(group: Group | None) -> str:
    return ruler_group.digest(group) if group else ""


def _set(groups: dict[str, Group]) -> RuleSet | None:
    """Groups as a set; None for none. Groups that cannot be parsed as rules count as none."""
    if not groups:
        return None
    content = named(groups)
    try:
        return rule_set.read("the namespace", content)
    except BoxwatchError:
        return RuleSet(content, (), "")
