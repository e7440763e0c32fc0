"""How well Coolify serves the exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client import Metric as Family

    from boxwatch.exporters.coolify.snapshot import Snapshot, Source
    from boxwatch.exporters.coolify.state import State


class ApiCollector(Collector):
    """Whether and why not, by account and by source.

    PAGE
    """

    def __init__(self, state: State, version: str) -> None:
        """Read from the state; `version` is the exporter's own."""
        self._state = state
        self._version = version

    def collect(self) -> Iterator[Family]:
        """The families, from memory."""
        yield family(names.BUILD_INFO, one((self._version,), 1))
        now = self._state.current

        def each(read: Callable[[Snapshot], Iterable[Sample]]) -> Iterator[Sample]:
            for snapshot in now:
                yield from read(snapshot)

        def sources(read: Callable[[tuple[str, str], Source], Iterable[Sample]]) -> Iterator[Sample]:
            for snapshot in now:
                for source in snapshot.sources:
                    yield from read((snapshot.account, source.name), source)

        yield family(names.UP, each(lambda s: one((s.account,), s.up)))
        yield family(names.DOWN_REASON, each(lambda s: one_of((s.account,), names.REASONS, s.reason)))
        yield family(names.VERSION_INFO, each(lambda s: one((s.account, s.version), 1 if s.version else None)))
        yield family(names.LAST_SUCCESS, each(lambda s: one((s.account,), s.good_at)))
        yield family(names.SOURCE_SUCCESS, sources(lambda labels, source: one(labels, source.success)))
        yield family(
            names.SOURCE_FAILURE_REASON, sources(lambda labels, source: one_of(labels, names.REASONS, source.reason))
        )
        yield family(names.SOURCE_DURATION, sources(lambda labels, source: one(labels, source.duration)))
        yield family(names.SOURCE_LAST_SUCCESS, sources(lambda labels, source: one(labels, source.good_at)))
        yield family(names.REQUESTS, each(lambda s: counts(s.account, s.requests)))
        yield family(names.RATE_LIMIT, each(lambda s: one((s.account,), s.limit)))
        yield family(names.RATE_LIMIT_REMAINING, each(lambda s: one((s.account,), s.remaining)))
        yield family(names.BUDGET, each(lambda s: one((s.account,), s.rate)))
        yield family(names.UNPARSED, each(lambda s: counts(s.account, s.unparsed)))
        yield family(names.HISTORY_OLDEST_READ, each(lambda s: one((s.account,), s.history_oldest)))
        yield family(names.INTERNAL_ERRORS, each(lambda s: one((s.account,), s.internal_errors)))


def counts(account: str, numbers: Mapping[tuple[str, str], int]) -> Iterator[Sample]:
    """A counter by two labels."""
    for (first, second), number in sorted(numbers.items()):
        yield (account, first, second), float(number)
