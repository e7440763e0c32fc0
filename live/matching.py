"""Vector matching: why no series of one side finds a partner on the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from boxwatch.live.samples import Labels, Sample, shown
from boxwatch.promql import nodes
from boxwatch.topology.wording import listed

_MOST = 3


def key(labels: Labels, modifier: nodes.BinModifier | None) -> frozenset[tuple[str, str]]:
    """The labels by which a series is matched, with their values; an empty label counts as absent."""
    matching = modifier.matching if modifier else None
    kept = {name: value for name, value in labels.items() if name != "__name__" and value}
    if matching is None:
        return frozenset(kept.items())
    named = frozenset(matching.labels)
    on = matching.type == nodes.LabelModifierType.Include
    return frozenset((name, value) for name, value in kept.items() if (name in named) is on)


def without_partner(
    left: Iterable[Sample], right: Iterable[Sample], modifier: nodes.BinModifier | None
) -> tuple[Sample, ...]:
    """The series of the left side that match none of the right side."""
    there = {key(each.labels, modifier) for each in right}
    return tuple(each for each in left if key(each.labels, modifier) not in there)


def difference(one: Labels, others: Sequence[Sample], modifier: nodes.BinModifier | None) -> str:
    """How a series differs from the closest one of the other side, in the labels that are matched."""
    own = dict(key(one, modifier))
    best = max(others, key=lambda each: len(own.items() & dict(key(each.labels, modifier)).items()))
    near = dict(key(best.labels, modifier))
    parts = []
    for name in sorted(own.keys() | near.keys()):
        if name not in near:
            parts.append(f"`{name}` is only on the left")
        elif name not in own:
            parts.append(f"`{name}` is only on the right")
        elif own[name] != near[name]:
            parts.append(f'`{name}` is "{own[name]}" on the left and "{near[name]}" on the right')
    return listed(parts, _MOST + 1) if parts else "every label is equal"


def example(samples: Sequence[Sample]) -> str:
    """One of several series, in words."""
    return f"{shown(samples[0].labels)}{f' and {len(samples) - 1} more' if len(samples) > 1 else ''}"
