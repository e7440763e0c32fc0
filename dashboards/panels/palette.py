"""Colours of series: eight, given out by place and not by Grafana.

Grafana's own palettes hold the colour of a limit, show two replicas in one blue, and change with the theme. So every
series gets its colour from an override: by query where the legend is a word; by position in the topology for services
and servers; by number for replicas (web-1, web-2); and otherwise by a character of its name, which gives one name one
colour in all panels of a page.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from boxwatch.dashboards.panels import colours, field_config
from boxwatch.dashboards.panels.field_config import REPLICA, Override
from boxwatch.rules import names

_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SLOTS = len(colours.SERIES)
# A page's size must not grow with the deployment; services beyond these get their colour by name.
_MOST_NAMED, _MOST_SERVERS = 24, 4
# Of which the page about servers shows many panels.
_OF_HOSTS = (names.DEVICE, names.SERVER)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names that the topology knows, in the order in which they get their colours.

    Attributes:
        services: those that a page may show.
        servers: all.
    """

    services: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()

    def of(self, label: str) -> tuple[str, ...]:
        """The values of a label; empty if the topology does not know them."""
        return {names.SERVICE: self.services, names.SERVER: self.servers}.get(label, ())


def of_series(legends: Sequence[tuple[str, str]], words: tuple[str, ...], vocabulary: Vocabulary) -> Iterator[Override]:
    """One override per colour for the series of a panel.

    Args:
        legends: (reference, legend) of each query that has no colour of its own.
        words: known values of a label that the topology does not know, such as the modes of a lock.
        vocabulary: the names that the topology knows.
    """
    for position, (ref_id, legend) in enumerate(legends):
        open_labels = [label for label in _LABEL.findall(legend) if len(vocabulary.of(label)) != 1]
        if not open_labels:
            # The first is the panel's own colour.
            if position:
                yield _query(ref_id, position)
        elif legend == REPLICA:
            yield from _replicas()
        elif all(vocabulary.of(label) for label in open_labels):
            yield from _named(legend, open_labels[0], vocabulary.of(open_labels[0]), position, len(legends))
        else:
            label = next(label for label in open_labels if not vocabulary.of(label))
            if words:
                yield from _named(legend, label, words, position, len(legends))
            else:
                yield from _hashed(legend, label, position, len(legends))


def _query(ref_id: str, position: int) -> Override:
    return field_config.query(ref_id, _colour(position))


def _colour(slot: int) -> tuple[str, object]:
    return field_config.colour(colours.SERIES[slot % _SLOTS])


def _named(legend: str, label: str, values: Sequence[str], position: int, queries: int) -> Iterator[Override]:
    """Neighbours in the list get different colours, shared out among the queries; later names repeat them."""
    if len(values) > (_MOST_SERVERS if label == names.SERVER else _MOST_NAMED):
        yield from _hashed(legend, label, position, queries)
    if label == names.SERVER and len(values) > _MOST_SERVERS:
        return
    own = max(1, _SLOTS // queries)
    slots: dict[int, list[str]] = {}
    for place, value in enumerate(values[:_MOST_NAMED]):
        slots.setdefault((position * own + place % own) % _SLOTS, []).append(value)
    for slot, these in slots.items():
        yield field_config.matching(_pattern(legend, label, _one_of(these)), _colour(slot))


def _hashed(legend: str, label: str, position: int, queries: int) -> Iterator[Override]:
    """By the last character, with the eight colours shared out among the queries; disks and servers share four."""
    own = max(1, _SLOTS // max(queries, 2 if label in _OF_HOSTS else 1))
    for slot in range(own):
        ends = "".join(_characters(each) for each in range(slot, _SLOTS, own))
        # The number of an NVMe disk stands before that of its namespace: nvme0n1, nvme1n1.
        value = f"(.*[^n][{ends}]|.*[{ends}]n\\d)" if label == names.DEVICE else f".*[{ends}]"
        yield field_config.matching(_pattern(legend, label, value), _colour(position * own + slot))


def _replicas() -> Iterator[Override]:
    """Legends as shortened by `field_config.SHORT_NAMES`: "web-1 …a1b2c3", "web web-1", "app coolify", "redis".

    Replicas by their number, components and the rest by their first letter.
    """
    for slot in range(_SLOTS):
        digits, letters = _characters(slot, string.digits), _characters(slot, string.ascii_lowercase)
        yield field_config.matching(f"^([^…]*[{digits}]|[{letters}][^…]*\\D)( ….*)?$", _colour(slot))


def _pattern(legend: str, label: str, value: str) -> str:
    """The legend as a regular expression in which one label has the given value."""
    parts: list[str] = []
    end, seen = 0, False
    for match in _LABEL.finditer(legend):
        parts.append(_escaped(legend[end : match.start()]))
        parts.append(value if match[1] == label and not seen else ".*")
        seen = seen or match[1] == label
        end = match.end()
    return f"^{''.join(parts)}{_escaped(legend[end:])}$"


def _escaped(text: str) -> str:
    """For JavaScript, whose regular expressions are delimited by slashes here."""
    return re.sub(r"([.*+?^${}()|\[\]\\/])", r"\\\1", text)


def _one_of(values: Iterable[str]) -> str:
    return f"({'|'.join(map(_escaped, values))})"


def _characters(slot: int, of: str = string.digits + string.ascii_lowercase) -> str:
    """The characters whose code leaves this remainder: 1 to 8, or a to h, get eight colours."""
    return "".join(each for each in of if ord(each) % _SLOTS == slot)
