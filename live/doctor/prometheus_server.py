"""Prometheus itself: whether it answers, its clock, and whether its retention suffices and fits on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import PROMETHEUS, Examined
from boxwatch.live.doctor.line import Line
from boxwatch.publish.compare import milliseconds
from boxwatch.rules import names
from boxwatch.topology.units import GIB, format_duration

ID: Final = "prometheus"
_DAY: Final = 86400
# Objectives are kept over 30 days.
_NEEDED: Final = 30 * _DAY
# Above this, graphs of this computer and alerts of that one name different times.
_SKEW: Final = 30.0
# Until Prometheus has compacted its first block, after two hours (Prometheus' documentation: 1 to 2).
_BYTES_PER_SAMPLE: Final = 1.5
# Prometheus' default, where neither time nor size is given.
_DEFAULT: Final = "15d"
_SIZE: Final = re.compile(r"([0-9.]+)\s*([KMGTPE]?)i?B", re.ASCII)
_FACTORS: Final = {unit: 1024**power for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}


def lines(examined: Examined) -> Iterator[Line]:
    """What is wrong with Prometheus."""
    seen = examined.prometheus
    if seen.error:
        yield Line(
            check=ID, key=PROMETHEUS, state="problem", where="Prometheus", what=f"cannot be asked: {seen.error}",
            action="start it, check the URL, or pass the credentials that it asks for",
        )  # fmt: skip
        return
    yield Line(check=ID, key=PROMETHEUS, state="ok", where="Prometheus", what=f"version {seen.version} answers")
    if seen.unanswered:
        name, error = next(iter(seen.unanswered.items()))
        yield Line(
            check=ID, key="queries", state="warning", where="Prometheus",
            what=f"{len(seen.unanswered)} of {len(seen.unanswered) + len(seen.samples)} queries failed, so some checks "
            f"are incomplete; the first, {name}: {error}",
            action="raise --timeout, or run the command again while Prometheus is less busy", after=(PROMETHEUS,),
        )  # fmt: skip
    yield _clock(examined)
    yield from _retention(examined)


def _clock(examined: Examined) -> Line:
    skew = examined.seen.skew
    if abs(skew) <= _SKEW:
        return Line(
            check=ID, key="clock", state="ok", where="clock", what="as on this computer", after=(PROMETHEUS,)
        )  # fmt: skip
    return Line(
        check=ID, key="clock", state="warning", where="clock",
        what=f"Prometheus' clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this computer's",
        action="run `timedatectl` on both: `System clock synchronized` must be yes", after=(PROMETHEUS,),
    )  # fmt: skip


def _retention(examined: Examined) -> Iterator[Line]:
    seconds, size = limits(examined)
    after = (PROMETHEUS,)
    if seconds and seconds < _NEEDED and any(one.faces_users for one in examined.topology.services):
        yield Line(
            check=ID, key="retention", state="warning", where="retention",
            what=f"keeps {format_duration(seconds)}; objectives are kept over 30 days",
            action="start Prometheus with --storage.tsdb.retention.time=90d", after=after,
        )  # fmt: skip
    else:
        kept = format_duration(seconds) if seconds else "no limit of time"
        yield Line(check=ID, key="retention", state="ok", where="retention", what=kept, after=after)
    yield from _disk(examined, seconds, size)


def _disk(examined: Examined, seconds: int, size: float) -> Iterator[Line]:
    rate = _value(examined, questions.APPENDED)
    if not rate or not seconds:
        return
    measured = _value(examined, questions.BYTES_PER_SAMPLE)
    needed = rate * seconds * (measured or _BYTES_PER_SAMPLE)
    used = _value(examined, questions.BLOCKS)
    free = {one[names.SERVER]: one.value for one in examined.prometheus.answer(questions.FREE)}
    room = free.get(examined.topology.home.name)
    after = (PROMETHEUS, *examined.of_job(names.JOB_PROMETHEUS, examined.topology.home.name))
    needs = f"{rate:,.0f} samples/s need {needed / GIB:.1f} GiB for {format_duration(seconds)}"
    goal = min(needed, size) if size else needed
    if room is not None and goal - used > room:
        yield Line(
            check=ID, key="disk", state="problem", where="disk",
            what=f"{needs}, and no file system of {examined.topology.home.name} has the {(goal - used) / GIB:.1f} GiB "
            f"that are still missing: {room / GIB:.1f} GiB are free",
            action="lower --storage.tsdb.retention.size below what is free, or free space", after=after,
        )  # fmt: skip
    elif size and needed > size:
        yield Line(
            check=ID, key="disk", state="warning", where="disk",
            what=f"{needs}, but the size limit of {size / GIB:.0f} GiB is reached after "
            f"{format_duration(int(seconds * size / needed) // _DAY * _DAY)}",
            action="raise --storage.tsdb.retention.size, or collect less: boxwatch topology --cost", after=after,
        )  # fmt: skip
    else:
        yield Line(check=ID, key="disk", state="ok", where="disk", what=needs, after=after)


def limits(examined: Examined) -> tuple[int, float]:
    """Retention in seconds and in bytes; 0 for no limit."""
    seen = examined.prometheus
    # `90d or 15GiB`; from 3.8 on the configuration may state it, and this is still the result.
    said = str(seen.runtime.get("storageRetention", ""))
    time, size = 0, 0.0
    for part in said.split(" or "):
        if match := _SIZE.fullmatch(part):
            size = float(match[1]) * _FACTORS[match[2]]
        else:
            time = (milliseconds(part) or 0) // 1000
    if not said:
        time = (milliseconds(seen.flags.get("storage.tsdb.retention.time", _DEFAULT)) or 0) // 1000
    return time, size


def _value(examined: Examined, question: str) -> float:
    found = examined.prometheus.answer(question)
    return found[0].value if found else 0.0
