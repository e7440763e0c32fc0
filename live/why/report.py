"""The answer as a tree for people, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from boxwatch.live.samples import shown
from boxwatch.live.why.alertmanager import Delivery
from boxwatch.live.why.trace import Step, number
from boxwatch.live.why.why import Answer, waiting

_MOST = 5
_COLOURS = {"firing": "red", "pending": "yellow", "false": "green"}
_SAID = {"firing": "is firing", "pending": "is pending", "false": "does not fire"}


def lines(answers: Sequence[Answer], delivered: Sequence[Delivery] | None) -> Iterator[str]:
    """The answers, then what Alertmanager does; None if it was not asked."""
    for number_, answer in enumerate(answers):
        if number_:
            yield ""
        yield from _answer(answer)
    if delivered is not None:
        yield ""
        yield from _deliveries(delivered)


def to_json(answers: Sequence[Answer], delivered: Sequence[Delivery] | None) -> dict[str, Any]:
    """For programs."""
    document: dict[str, Any] = {
        "answers": [
            {
                "alert": answer.rule.name,
                "labels": dict(answer.rule.labels),
                "loaded": answer.loaded,
                "at": answer.at,
                "state": answer.state,
                "cause": answer.cause,
                "expr": answer.rule.expr,
                "for": answer.rule.wait,
                "instances": [asdict(each) for each in answer.instances],
                "tree": asdict(answer.step),
            }
            for answer in answers
        ]
    }
    if delivered is not None:
        document["alertmanager"] = [asdict(each) for each in delivered]
    return document


def _answer(answer: Answer) -> Iterator[str]:
    moment = datetime.fromtimestamp(answer.at, UTC)
    severity = answer.rule.labels.get("severity", "")
    title = f"{answer.rule.name}{f' ({severity})' if severity else ''}"
    said = click.style(_SAID[answer.state], fg=_COLOURS[answer.state], bold=True)
    yield f"{title} {said} at {moment:%Y-%m-%d %H:%M:%S} UTC"
    if not answer.loaded:
        yield "  Prometheus has not loaded this rule; it is evaluated as it is in the files"
    if answer.cause:
        yield f"  {answer.cause}"
    for each in answer.instances[:_MOST]:
        recorded = f", recorded as {each.recorded}" if each.recorded else ""
        yield f"  {shown(each.labels)} is {number(each.value)}, {waiting(answer, each)}{recorded}"
    yield ""
    yield from _step(answer.step, "", "")


def _step(step: Step, first: str, rest: str) -> Iterator[str]:
    """A part with its values, and its own parts below it."""
    what = f"{len(step.samples)} series" if step.holds else "nothing"
    mark = click.style("✓", fg="green") if step.holds else click.style("✗", fg="red")
    yield f"{first}{mark} {step.expr}  → {what}"
    below = rest + ("│ " if step.parts else "  ")
    for sample in step.samples[:_MOST]:
        yield f"{below}    {shown(sample.labels)} {number(sample.value)}"
    if len(step.samples) > _MOST:
        yield f"{below}    … {len(step.samples) - _MOST} more"
    for loss in step.losses:
        yield f"{below}    {click.style('lost:', fg='yellow')} {loss}"
    if step.rule:
        yield f"{rest}│   recorded from"
    for index, part in enumerate(step.parts):
        last = index == len(step.parts) - 1
        yield from _step(part, rest + ("└─" if last else "├─"), rest + ("  " if last else "│ "))


def _deliveries(delivered: Sequence[Delivery]) -> Iterator[str]:
    if not delivered:
        yield "Alertmanager has no such alert"
    for each in delivered:
        to = f" to {', '.join(each.receivers)}" if each.receivers else ""
        said = "; ".join(each.reasons) if each.reasons else f"{each.state}, routed{to}"
        yield f"Alertmanager: {shown(each.labels)}: {said}"
