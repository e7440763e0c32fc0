"""Scrape targets: each planned one is there, up, and the exporter that its job expects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from boxwatch.checks.rules import scraped
from boxwatch.live.doctor import questions, scrape_errors
from boxwatch.live.doctor.examined import PROMETHEUS, Examined, Expected, config_key
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Target
from boxwatch.rules import names, never_worked
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.wording import clipped, listed, without_credentials

ID: Final = "targets"
_LONGEST_ERROR: Final = 160
_LABELS: Final = "targets have other labels than the built configuration"
_NO_TARGET: Final = "targets are missing in Prometheus"
_GET: Final = re.compile(r'^Get "[^"]*": ')
# Jobs of pages besides a kind's first, by which nothing is recognised.
_FURTHER_PAGES: Final = frozenset(kind.job_of(page) for kind in KINDS for page in kind.pages[1:])


def lines(examined: Examined) -> Iterator[Line]:
    """One line per planned target."""
    blackbox = {one.key for one in examined.expected if one.job == names.JOB_BLACKBOX}
    for one in examined.expected:
        after = (PROMETHEUS, config_key(one.pool), *(sorted(blackbox) if one.probed else ()))
        yield _line(examined, one, after)


def _line(examined: Examined, one: Expected, after: tuple[str, ...]) -> Line:
    target = examined.live(one)
    if target is None:
        what, action, topic = _absent(examined, one)
        return Line(
            check=ID, key=one.key, state="problem", where=one.where, what=what, action=action, topic=topic, after=after
        )  # fmt: skip
    if target.health == "unknown":
        return Line(
            check=ID, key=one.key, state="warning", where=one.where, what="has not been scraped yet",
            action="wait for one scrape interval, then run the command again", after=after, unsettled=True,
        )  # fmt: skip
    if target.health != "up":
        return _down(examined, one, target, after)
    other = _other_program(examined, one, target)
    if other:
        return Line(
            check=ID, key=one.key, state="problem", where=one.where, what=other, after=after,
            action="correct the address in the topology, or the port on which the exporter listens",
        )  # fmt: skip
    return Line(check=ID, key=one.key, state="ok", where=one.where, what="is up", after=after)


def _down(examined: Examined, one: Expected, target: Target, after: tuple[str, ...]) -> Line:
    kind = scrape_errors.remedy(target.error)
    error = _GET.sub("", clipped(without_credentials(target.error), _LONGEST_ERROR))
    worked = any(
        (found["job"], found[names.SERVER], found[names.SERVICE]) == (one.job, one.server, one.service)
        for found in examined.prometheus.answer(questions.WORKED)
    )
    place = target.url or one.address
    return Line(
        check=ID, key=one.key, state="problem", where=one.where, after=after,
        what=f"is down{'' if worked else ' and was never up'}: {kind.name}, {place}",
        action=kind.action,
        hint="" if worked or not kind.is_off else never_worked.switch_on().get(one.job, ""),
        topic=f"targets are down: {kind.name}", details=(error,),
    )  # fmt: skip


def _absent(examined: Examined, one: Expected) -> tuple[str, str, str]:
    """What is there instead of a target, what to do, and what such targets have in common."""
    of_job = [target for target in examined.prometheus.targets if one.pool == target.pool]
    near = next((target for target in of_job if target.address == one.address), None)
    if near is not None:
        wanted = {"job": one.job, names.SERVER: one.server, names.SERVICE: one.service, **examined.labels}
        wrong = [
            f"{label} is `{near.labels.get(label, '')}`, not `{value}`"
            for label, value in wanted.items()
            if near.labels.get(label, "") != value
        ]
        return f"has other labels: {listed(wrong)}", "correct the labels of the target in prometheus.yml", _LABELS
    return (
        f"is not among the targets of job {one.pool}" if of_job else f"does not exist: job {one.pool} has no targets",
        "add it to the job in prometheus.yml, with the labels of the built configuration, and reload",
        _NO_TARGET,
    )


def _other_program(examined: Examined, one: Expected, target: Target) -> str:
    """What answers instead of the expected exporter; empty if it is that, or nobody knows."""
    wanted = set(scraped.EXPORTERS.get(one.job, ())) if one.job not in _FURTHER_PAGES else set()
    answers = examined.prometheus.samples.get(questions.EXPORTERS)
    if not wanted or answers is None:
        return ""
    found = {
        questions.SIGNATURES[sample["__name__"]]
        for sample in answers
        if sample["__name__"] in questions.SIGNATURES
        and (sample["job"], sample[names.SERVER], sample[names.SERVICE]) == (one.job, one.server, one.service)
    }
    if found & wanted:
        return ""
    place, expected = target.url or one.address, listed(sorted(wanted))
    if found:
        return f"is another program: {place} serves metrics of {listed(sorted(found))}, not of {expected}"
    return f"is another program: {place} serves no metrics of {expected}"
