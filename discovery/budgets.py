"""Budgets: how much RAM each service is planned to take, so that the plan fits its server.

A limit that Docker enforces is the budget. Without one it is what the container uses now with a margin, or an estimate
for its kind, and the plan says `assumed`. Where the limits of all together promise more than the server has, as is
common, budgets come down towards what is used, and the limits stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from boxwatch.discovery.draft import NO_LIMIT, Draft, Part, ServerDraft
from boxwatch.errors import BoxwatchError
from boxwatch.topology import kinds
from boxwatch.topology.fields import LARGEST_MEMORY, SMALLEST_MEMORY
from boxwatch.topology.units import GIB, MIB, human_memory
from boxwatch.topology.validation.warnings import SENSIBLE_HEADROOM
from boxwatch.topology.wording import counted

# One measurement says nothing of the busiest hour: half as much again, and for what is small this much more.
_MARGIN: Final = Fraction(3, 2)
_SMALL_MARGIN: Final = 128 * MIB
# Nothing is planned below what it uses at this moment and a little more.
_LEAST_MARGIN: Final = Fraction(11, 10)
# Without a measurement, a container with a limit is expected to use at least this share of it.
_LEAST_SHARE: Final = Fraction(1, 4)
_LEAST: Final = 16 * MIB
# Budgets that had to come down are whole multiples of this, from the second number on.
_ROUND, _LARGE = 32 * MIB, 256 * MIB
# (up to, in steps of): a budget is a round number.
_STEPS: Final = ((512 * MIB, 32 * MIB), (GIB, 64 * MIB), (2 * GIB, 128 * MIB), (8 * GIB, 256 * MIB))


@dataclass(frozen=True, slots=True)
class _Unit:
    """One part of one service: the RAM of one of its containers.

    Attributes:
        place: position of the service, and of the part in it.
        count: how many containers of it the server runs.
        amount: its budget, bytes.
        floor: below this it should not come; bytes.
        limit: limit that Docker enforces, bytes; 0 for none.
        used: what the container uses that uses most, bytes; 0 if unknown.
        assumed: whether the budget is an estimate.
    """

    place: tuple[int, int]
    count: int
    amount: int
    floor: int
    limit: int
    used: int
    assumed: bool


def rounded(size: int) -> int:
    """The next larger round number."""
    step = next((step for most, step in _STEPS if size <= most), GIB)
    return -(-size // step) * step


def _with_margin(used: int) -> int:
    return rounded(max(int(used * _MARGIN), used + _SMALL_MARGIN))


def wanted(drafts: Sequence[Draft]) -> dict[str, int]:
    """Bytes that the services of each server would take if it had room for them."""
    found: dict[str, int] = {}
    for number, draft in enumerate(drafts):
        size = _total([_unit((number, index), draft, part) for index, part in enumerate(draft.parts)])
        for server in draft.servers:
            found[server] = found.get(server, 0) + size
    return found


def budget(drafts: Sequence[Draft], servers: Sequence[ServerDraft]) -> tuple[list[Draft], dict[str, str]]:
    """The services with budgets, and for each server where these had to come down a remark that says so.

    Raises:
        BoxwatchError: a server has too little RAM for its containers, however little each takes.
    """
    units = {
        (number, index): _unit((number, index), draft, part)
        for number, draft in enumerate(drafts)
        for index, part in enumerate(draft.parts)
    }
    remarks: dict[str, str] = {}
    for server in servers:
        here = [unit for unit in units.values() if server.name in drafts[unit.place[0]].servers]
        fitted, remark = _fit(here, server)
        units |= {unit.place: unit for unit in fitted}
        if remark:
            remarks[server.name] = remark
    return [
        _with_budget(draft, [units[number, index] for index in range(len(draft.parts))])
        for number, draft in enumerate(drafts)
    ], remarks


def _unit(place: tuple[int, int], draft: Draft, part: Part) -> _Unit:
    # Parts that do not run yet are given their share as limit.
    limits = {one.limit or 0 for one in part.containers} or {part.memory}
    limit = limits.pop() if len(limits) == 1 else 0
    used = max((one.used or 0 for one in part.containers), default=0)
    if SMALLEST_MEMORY <= limit <= LARGEST_MEMORY:
        floor = int(used * _LEAST_MARGIN) if used else int(limit * _LEAST_SHARE)
        return _Unit(place, part.replicas, limit, min(max(floor, _LEAST), limit), limit, used, assumed=False)
    usual = part.memory or _usual(draft)
    amount = _with_margin(used) if used else usual
    floor = int(used * _LEAST_MARGIN) if used else int(usual * _LEAST_SHARE)
    return _Unit(place, part.replicas, amount, min(max(floor, _LEAST), amount), 0, used, assumed=True)


def _usual(draft: Draft) -> int:
    """The estimate for one part of a service."""
    return max(kinds.of(draft.kind).usual_memory // len(draft.parts) // _LEAST, 1) * _LEAST


def _total(units: Sequence[_Unit]) -> int:
    return sum(unit.amount * unit.count for unit in units)


def _fit(units: Sequence[_Unit], server: ServerDraft) -> tuple[list[_Unit], str]:
    """The units with budgets that fit the server, and a remark on what stands in the way."""
    needed, room = _total(units), server.memory - server.reserved
    easy = room - int(server.memory * SENSIBLE_HEADROOM) - 1
    if needed <= easy:
        return list(units), ""
    if needed <= room:
        return list(units), "The services below leave less than a tenth of the RAM free."
    remark = (
        f"Limits and estimates of the services below add up to {human_memory(needed)}, and there are "
        f"{human_memory(room)} for them: where that is marked `assumed`, their budgets are lower than their limits."
    )
    near = [_near_use(unit) for unit in units]
    least = [replace(unit, amount=min(unit.floor, unit.amount)) for unit in near]
    smallest = [replace(unit, amount=min(SMALLEST_MEMORY, unit.amount)) for unit in near]
    for low, high, most in (
        (near, units, easy), (near, units, room), (least, near, easy), (least, near, room), (smallest, least, room),
    ):  # fmt: skip
        if _total(low) <= most:
            return _between(low, high, most), remark
    several = counted(sum(unit.count for unit in units), "container")
    raise BoxwatchError(
        f"{server.name} has {human_memory(server.memory)} of RAM, of which {human_memory(server.reserved)} are "
        f"reserved: that is less than {several} need with 6 MB each; pass the right --docker-info"
    )


def _near_use(unit: _Unit) -> _Unit:
    """A budget from what is used, in place of one from the limit."""
    amount = min(unit.amount, _with_margin(unit.used)) if unit.used else unit.amount
    return replace(unit, amount=amount, assumed=unit.assumed or amount < unit.limit)


def _between(low: Sequence[_Unit], high: Sequence[_Unit], most: int) -> list[_Unit]:
    """Budgets from the low to the high ones, all by the same share of the way, whose sum is at most `most`."""
    least, highest = _total(low), _total(high)
    share = min(Fraction(max(most - least, 0), max(highest - least, 1)), Fraction(1))
    found = []
    for lower, upper in zip(low, high, strict=True):
        amount = lower.amount + int((upper.amount - lower.amount) * share)
        round_number = amount // _ROUND * _ROUND if amount >= _LARGE else amount // MIB * MIB
        amount = max(round_number, lower.amount) if amount < upper.amount else upper.amount
        found.append(replace(upper, amount=amount, assumed=upper.assumed or amount < upper.limit))
    return found


def _with_budget(draft: Draft, units: Sequence[_Unit]) -> Draft:
    memory = sum(unit.amount for unit in units)
    assumed = any(unit.assumed for unit in units)
    parts = tuple(
        replace(part, memory=unit.amount if len(units) > 1 else 0)
        for part, unit in zip(draft.parts, units, strict=True)
    )
    return replace(
        draft,
        parts=parts,
        memory=memory,
        assumed=assumed,
        limit=_limit(units),
    ).remarked("memory", *_explained(draft, units))


def _limit(units: Sequence[_Unit]) -> int | str | None:
    if not all(unit.limit for unit in units):
        return NO_LIMIT
    if all(unit.limit == unit.amount for unit in units):
        return None
    # Of a component, only its memory can be its limit.
    return units[0].limit if len(units) == 1 else NO_LIMIT


def _explained(draft: Draft, units: Sequence[_Unit]) -> Iterator[str]:
    if len(units) == 1:
        yield from _one_explained(draft, units[0])
        return
    used = sum(unit.used for unit in units)
    limited = [(part.name, unit.limit) for part, unit in zip(draft.parts, units, strict=True) if unit.limit]
    if limited and _limit(units) == NO_LIMIT:
        listed = ", ".join(f"{name} {human_memory(limit)}" for name, limit in limited)
        yield f"Limits that the plan cannot state for single components: {listed}."
    if used:
        yield f"Its containers use {human_memory(used)} together."
    elif not limited:
        yield "Estimate: neither limits nor usage are known."


def _one_explained(draft: Draft, unit: _Unit) -> Iterator[str]:
    each = "Each uses" if unit.count > 1 else "It uses"
    at_most = f"{each} {'up to ' if unit.count > 1 else ''}{human_memory(unit.used)}"
    several = {one.limit or 0 for one in draft.containers}
    if len(several) > 1:
        yield f"Its containers have different limits: {', '.join(_limits(several))}."
    elif several and 0 < min(several) < SMALLEST_MEMORY:
        yield f"Its limit of {human_memory(min(several))} is less than Docker's minimum."
    if unit.limit and not unit.assumed:
        if unit.used:
            yield f"{at_most} of its limit."
    elif unit.used:
        yield f"{at_most}; the budget adds a margin."
    else:
        yield "Estimate: its usage is unknown." if not unit.limit else "Less than its limit; its usage is unknown."


def _limits(sizes: set[int]) -> Iterator[str]:
    return (human_memory(size) if size else "none" for size in sorted(sizes))
