"""The verification itself: targets, loaded rules, inputs of rules, variables and panels."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from boxwatch.live.absence import Absence, Reason
from boxwatch.live.samples import LiveGroup, Target
from boxwatch.live.source import QueryError
from boxwatch.live.verify import boards
from boxwatch.live.verify.items import Item, Outcome, Subject, Task, Verdict
from boxwatch.live.verify.servers import Servers
from boxwatch.promql.parse import parse
from boxwatch.promql.render import render

# Causes that may have begun within the time range of a panel, which then shows data up to there.
_RECENT = frozenset({"metric-gone", "target-missing", "label-value", "labels-apart", "unexplained"})
# Steps of a range query that only asks whether there was data.
_STEPS = 200


def verify(subject: Subject, servers: Servers, given: Mapping[str, tuple[str, ...]]) -> Verdict:
    """Verify everything, several queries at a time.

    Args:
        subject: what is to be verified.
        servers: the servers that are asked.
        given: variable → values chosen instead of those a dashboard was saved with; `*` for each value in turn.

    Raises:
        PublishError: a server cannot be reached.
    """
    world, _ = servers.known(servers.default)
    url = servers.default.url
    shown = {"targets": world.targets, "rules": world.groups}
    skipped = [f"{url} shows no {what}" for what, there in shown.items() if there is None]
    found: list[Item | Task] = [*_targets(url, world.targets, subject.jobs), *_groups(url, world.groups or ())]
    found += _rules(subject, servers, world.groups)
    for file, board in subject.boards.items():
        found += boards.tasks(file, board, servers, given)
    answers = dict(_answered([each for each in found if isinstance(each, Task)], servers))
    items = (answers[id(each)] if isinstance(each, Task) else each for each in found)
    return Verdict(tuple(_placed(each, subject.lines) for each in items), tuple(skipped))


def _placed(item: Item, lines: Mapping[str, Mapping[str, int]]) -> Item:
    of_file = lines.get(item.file, {})
    return replace(item, line=item.line or of_file.get(item.where.partition(" [")[0], 0))


def _answered(tasks: Sequence[Task], servers: Servers) -> Iterator[tuple[int, Item]]:
    """The task's identity, and its item with the outcome; each server answers several at a time."""
    for server in {id(task.server): task.server for task in tasks}.values():
        own = [task for task in tasks if task.server is server]
        absence = servers.known(server)[1]
        yield from zip(map(id, own), server.each(functools.partial(_outcome, absence), own), strict=True)


def _targets(url: str, targets: Sequence[Target] | None, jobs: frozenset[str]) -> Iterator[Item]:
    if targets is None:
        return
    for each in targets:
        item = Item(url, "targets", f"target {each.name}", "data")
        if each.health == "down":
            reason = Reason("target-down", f"it is down: {each.error}", "start the exporter, or correct its address")
            yield replace(item, outcome="broken", reason=reason)
        elif each.health != "up":
            reason = Reason("target-down", "it has not been scraped yet", "wait for its first scrape")
            yield replace(item, outcome="warning", reason=reason)
        else:
            yield item
    for job in sorted(jobs - {each.labels.get("job", "") for each in targets}):
        reason = Reason("target-missing", "no target has this job", "publish the scrape configuration")
        yield Item(url, "targets", f"job {job}", "broken", reason)


def _groups(url: str, groups: Sequence[LiveGroup]) -> Iterator[Item]:
    for group in groups:
        for rule in group.rules:
            item = Item(url, "groups", f"group {group.name}: {rule.kind} {rule.name}", "data", None, rule.expr)
            if rule.health == "err":
                yield replace(item, outcome="broken", reason=Reason("rule-failing", rule.error))
            elif rule.health == "unknown":
                reason = Reason("rule-young", "it has not been evaluated yet", "wait for its interval")
                yield replace(item, outcome="warning", reason=reason)
            else:
                yield item


def _rules(subject: Subject, servers: Servers, groups: Sequence[LiveGroup] | None) -> Iterator[Task]:
    there = {(rule.kind, rule.name) for group in groups or () for rule in group.rules}
    for file in subject.rules:
        for rule in file.rules:
            where = f"{rule.kind or 'rule'} {rule.name}"
            item = Item(file.path, "rules", where, "skipped", None, rule.expr, rule.line)
            if subject.loaded and groups is not None and (rule.kind, rule.name) not in there:
                reason = Reason(
                    "rule-missing", "the rule is not loaded", "publish the rules, or add their file to rule_files"
                )
                item = replace(item, outcome="broken", reason=reason)
            yield Task(item, servers.default)


def _outcome(absence: Absence, task: Task) -> Item:
    """The outcome of one query: data now, or earlier in its range, or the reason why not."""
    item = task.item
    if item.reason is not None:
        return item
    try:
        tree = parse(item.expr)
        reason = absence.check(tree)
        if reason is None:
            hidden = absence.hidden(tree)
            return replace(item, outcome="warning" if hidden else "data", reason=hidden)
        if reason.cause in _RECENT and _had_data(render(tree), task):
            earlier = replace(reason, message=f"there was data in the time range; now {reason.message}")
            return replace(item, outcome="warning", reason=earlier)
    except (ValueError, QueryError) as error:
        return replace(item, outcome="broken", reason=Reason("query-rejected", str(error)))
    outcome: Outcome = "fine" if reason.fine else "warning" if reason.passes else "broken"
    return replace(item, outcome=outcome, reason=reason)


def _had_data(expr: str, task: Task) -> bool:
    """Whether a range query has data before its end; one of a few steps is enough."""
    if task.span is None:
        return False
    width = max(1.0, math.ceil((task.span.until - task.span.since) / _STEPS))
    return bool(task.server.query_range(expr, task.span.since, task.span.until, width))
