"""Mutation report: a table, a JSON document, and whether the score suffices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from support.mutation.mutants import Mutant
from support.mutation.reasons import Key

# Of the mutants that can be noticed, the share that must be.
FLOOR = 0.95


@dataclass(frozen=True, slots=True)
class Report:
    """Results for the mutants of some subjects.

    Attributes:
        mutants: all of them.
        unnoticed: mutants that passed every proof.
        equivalent: equivalent mutants, with the reason.
        known: survivors, with the reason.
    """

    mutants: Sequence[Mutant]
    unnoticed: Sequence[Mutant]
    equivalent: Mapping[Key, str]
    known: Mapping[Key, str]

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """Mutants that a proof should have killed."""
        return tuple(one for one in self.unnoticed if one.key not in self.equivalent)

    @property
    def stale(self) -> tuple[Key, ...]:
        """Listed mutants of the tested subjects that were killed or no longer exist."""
        tried = {one.subject for one in self.mutants}
        there = {one.key for one in self.unnoticed}
        return tuple(key for key in (*self.equivalent, *self.known) if key[0] in tried and key not in there)

    @property
    def unexplained(self) -> tuple[Mutant, ...]:
        """Survivors without a reason."""
        return tuple(one for one in self.survivors if one.key not in self.known)

    @property
    def score(self) -> float:
        """Share of killed mutants among those that are not equivalent."""
        return self._score(self.mutants)

    @property
    def good(self) -> bool:
        """Whether every subject reaches the minimum score, every survivor has a reason, and no reason is stale."""
        return (
            not self.stale
            and not self.unexplained
            and all(self._score(of) >= FLOOR for of in self._by_subject().values())
        )

    def lines(self) -> Iterator[str]:
        """The table, the survivors and the problems of the lists."""
        yield f"{'subject':<28} {'mutants':>7} {'noticed':>7} {'equivalent':>10} {'survive':>7} {'score':>7}"
        everything = {**self._by_subject(), **({"all": self.mutants} if len(self._by_subject()) > 1 else {})}
        for name, of in everything.items():
            noticed, same, alive = self._counts(of)
            yield f"{name:<28} {len(of):>7} {noticed:>7} {same:>10} {alive:>7} {self._score(of):>7.1%}"
        for one in self.survivors:
            yield f"survives: {one.subject}  {one.rule}  {one.what}"
            yield f"    {self.known.get(one.key) or 'no reason in survivors.yaml: write a proof that notices it'}"
        for key in self.stale:
            where = "equivalent.yaml" if key in self.equivalent else "survivors.yaml"
            yield f"stale in {where}, for it is noticed or is no mutant: {'  '.join(key)}"

    def json(self) -> str:
        """The complete report in JSON."""
        subjects = {
            name: dict(zip(("noticed", "equivalent", "survivors"), self._counts(of), strict=True))
            | {"mutants": len(of), "score": round(self._score(of), 4)}
            for name, of in self._by_subject().items()
        }
        document = {
            "score": round(self.score, 4),
            "floor": FLOOR,
            "good": self.good,
            "subjects": subjects,
            "survivors": [
                {**_entry(one.key, one.expr), "reason": self.known.get(one.key, "")} for one in self.survivors
            ],
            "equivalent": [
                {**_entry(one.key, one.expr), "reason": self.equivalent[one.key]}
                for one in self.unnoticed
                if one.key in self.equivalent
            ],
            "stale": [_entry(key) for key in self.stale],
        }
        return json.dumps(document, indent=2, ensure_ascii=False)

    def _by_subject(self) -> dict[str, list[Mutant]]:
        found: dict[str, list[Mutant]] = {}
        for one in self.mutants:
            found.setdefault(one.subject, []).append(one)
        return found

    def _counts(self, of: Sequence[Mutant]) -> tuple[int, int, int]:
        """Numbers of killed, equivalent and surviving mutants."""
        keys = {one.key for one in of}
        alive = sum(1 for one in self.survivors if one.key in keys)
        same = sum(1 for one in self.unnoticed if one.key in keys) - alive
        return len(of) - alive - same, same, alive

    def _score(self, of: Sequence[Mutant]) -> float:
        noticed, _, alive = self._counts(of)
        return noticed / (noticed + alive) if noticed + alive else 1.0


def _entry(key: Key, expr: str = "") -> dict[str, str]:
    found = dict(zip(("subject", "rule", "mutation"), key, strict=True))
    return {**found, "expr": expr} if expr else found
