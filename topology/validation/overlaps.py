"""Overlapping selectors: containers that match two selectors of one server, so that their service is ambiguous.

Every selector supplies a few texts that it matches, and RE2's `Set` finds all patterns matching a text in one pass, so
the time grows with the number of selectors, not of pairs. Two selectors are compared if one names all the labels that
the other names: `{compose_service: web}` and `{resource: shop}` describe different things, and a container that happens
to match both is not an error in the file. A project or environment named by only one of them does not separate them:
`{resource: api, project: shop}` and `{resource: api, environment: staging}` overlap.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import re2

from boxwatch.topology.model import Selector
from boxwatch.topology.validation.samples import samples

# Coolify sets these on every container it starts: a selector without one matches containers of all of them.
PLACES = frozenset({"project", "environment"})
LABELS = ("resource", "compose_service", "name", "project", "environment")
# Memory limit in bytes of the automaton of an RE2 set; 2,000 patterns for names need a hundredth of it.
_SET_MEMORY = 32 * 2**20
_SET_SIZE = 2000
_MOST_TEXTS = 48


class Claim(NamedTuple):
    """One selector of one service.

    Attributes:
        service: the service's name.
        component: component named by the selector, or None.
        position: its index among the service's selectors.
        patterns: label → pattern, for the labels it names.
    """

    service: str
    component: str | None
    position: int
    patterns: Mapping[str, str]


class Overlap(NamedTuple):
    """Two selectors, in the order of the file, and an example of what both match: label → text; empty if none."""

    first: Claim
    second: Claim
    both_match: Mapping[str, str]


def claim(service: str, position: int, selector: Selector) -> Claim:
    """The claim of a service's selector."""
    patterns = {label: text for label in LABELS if (text := getattr(selector, label)) is not None}
    return Claim(service, selector.component, position, patterns)


def overlaps(claims: Sequence[Claim]) -> Iterator[Overlap]:
    """The overlaps between selectors of one server, at most one per pair of services or components."""
    sets = {
        label: _PatternSet(claim.patterns[label] for claim in claims if label in claim.patterns) for label in LABELS
    }
    index = _index(claims)
    told: set[tuple[object, ...]] = set()
    twins: dict[tuple[tuple[str, str], ...], int] = {}
    for position, one in enumerate(claims):
        other, texts = _first_rival(position, claims, index, sets)
        twin = twins.setdefault(tuple(one.patterns.items()), position)
        if other is None and _differ(one, claims[twin]):
            other = twin
        if other is None:
            continue
        first, second = (claims[other], one) if other < position else (one, claims[other])
        pair = (first.service, first.component, second.service, second.component)
        if pair not in told:
            told.add(pair)
            yield Overlap(first, second, texts)


_Index = dict[tuple[str, ...], dict[tuple[str, str], list[int]]]


def _index(claims: Sequence[Claim]) -> _Index:
    """Named labels → (label, pattern) → positions of the claims."""
    index: _Index = defaultdict(lambda: defaultdict(list))
    for position, one in enumerate(claims):
        for item in one.patterns.items():
            index[tuple(one.patterns)][item].append(position)
    return index


def _first_rival(
    position: int, claims: Sequence[Claim], index: _Index, sets: Mapping[str, _PatternSet]
) -> tuple[int | None, Mapping[str, str]]:
    """The first claim of another service or component that overlaps the one at the position."""
    one = claims[position]
    for texts in _examples(one, sets):
        matching = {label: sets[label].matching(text) for label, text in texts.items()}
        for labels, known in index.items():
            shared = tuple(label for label in labels if label in texts)
            if not PLACES.issuperset(set(labels) - set(texts)) or PLACES.issuperset(shared):
                continue
            for other in _candidates(shared, known, matching):
                rival = claims[other]
                if _differ(one, rival) and all(rival.patterns[label] in matching[label] for label in shared):
                    return other, {label: texts[label] for label in shared}
    return None, {}


def _differ(one: Claim, other: Claim) -> bool:
    return (one.service, one.component) != (other.service, other.component)


def _candidates(
    labels: tuple[str, ...], known: Mapping[tuple[str, str], list[int]], matching: Mapping[str, frozenset[str]]
) -> Iterable[int]:
    """Positions of matching claims, by the most selective label."""
    by_label = [[known[label, pattern] for pattern in matching[label] if (label, pattern) in known] for label in labels]
    fewest = min(by_label, key=lambda lists: sum(map(len, lists)))
    return sorted(itertools.chain.from_iterable(fewest))


def _examples(one: Claim, sets: Mapping[str, _PatternSet]) -> Iterator[dict[str, str]]:
    """Example containers of the claim: each label with a text that its pattern matches."""
    texts = [[text for text in samples(pattern) if pattern in sets[label].matching(text)]
             for label, pattern in one.patterns.items()]  # fmt: skip
    for chosen in itertools.islice(itertools.product(*texts), _MOST_TEXTS):
        yield dict(zip(one.patterns, chosen, strict=True))


class _PatternSet:
    """Matches a text against many patterns at once."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self._sets: list[tuple[re2.Set, Sequence[str]]] = []
        distinct = list(dict.fromkeys(patterns))
        for start in range(0, len(distinct), _SET_SIZE):
            self._add(distinct[start : start + _SET_SIZE])

    def _add(self, patterns: Sequence[str]) -> None:
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.dot_nl = False
        options.max_mem = _SET_MEMORY
        one = re2.Set.FullMatchSet(options)
        for pattern in patterns:
            one.Add(pattern)
        try:
            one.Compile()
        except re2.error:
            # Long patterns may exceed the memory together; each fits alone, or the loader would have rejected it.
            half = len(patterns) // 2
            for part in (patterns[:half], patterns[half:]) if half else ():
                self._add(part)
        else:
            self._sets.append((one, patterns))

    def matching(self, text: str) -> frozenset[str]:
        """The patterns that match the whole text."""
        if text not in self._known:
            # None: the automaton exceeded its memory. Such patterns are then compared only as text.
            self._known[text] = frozenset(
                patterns[position] for one, patterns in self._sets for position in one.Match(text) or ()
            )
        return self._known[text]
