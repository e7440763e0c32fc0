"""Proofs of the error budget alerts, made of the recorded ratios and counts that these read."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, series
from boxwatch.rules.proofs.traffic import due
from boxwatch.rules.slo.slo import AT_LEAST, MOST, Burn, Part
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

_PROMISED, _MODEST = 0.995, 0.5

Cases = tuple[tuple[Case, ...], tuple[Case, ...]]


def cases(topology: Topology, wait: int, part: Part, pairs: tuple[Burn, ...], text: str) -> Cases:
    """Firing and silent cases, separately for each pair of windows."""
    interval, at = due(wait)
    fixtures = Fixtures(length=at + interval, thresholds=topology.thresholds, interval=interval)

    def burns(  # noqa: PLR0913 - the values that differ
        pair: Burn,
        service: str = "web",
        *,
        long: float,
        short: float,
        counts: float = AT_LEAST + 1,
        promised: float = _PROMISED,
        server: str = "main",
    ) -> tuple[Series, ...]:
        """A service that misses its objective in one pair of windows, and meets it in the others."""
        of = {"server": server, "service": service}
        kept = {window: 0.0 for other in pairs for window in (other.long, other.short)}
        ratios = {**kept, pair.long: long, pair.short: short}
        return (
            fixtures.constant(names.SERVICE_PAGES, 1, **of),
            fixtures.constant(part.objective, promised, **of),
            *(series(f"{part.ratio}{window}", flat(value, fixtures.count), **of) for window, value in ratios.items()),
            *(
                series(f"{part.count}{other.long}", flat(counts if other is pair else 0, fixtures.count), **of)
                for other in pairs
            ),
        )

    def expected(value: float, service: str = "web", server: str = "main") -> Expected:
        return Expected({"server": server, "service": service}, f"{percentage(value)} {text.format(service, server)}")

    def together(pair: Burn) -> tuple[tuple[Series, ...], float]:
        """One service that burns, with a decoy for each condition that keeps the alert silent."""
        edge = pair.factor * (1 - _PROMISED)
        above = edge * 1.02
        return (
            *burns(pair, long=above, short=edge * 1.01),
            *burns(pair, "admin", long=edge, short=above),
            *burns(pair, "api", long=above, short=edge),
            *burns(pair, "docs", long=above, short=above, counts=AT_LEAST),
            # Its promise there is another.
            *burns(pair, long=above, short=above, promised=_MODEST, server="second"),
        ), above

    fires = [
        Case(
            title=f"fires for what burns in the last {pair.long} and {pair.short}, for no other",
            series=parts,
            at=at,
            expects=(expected(above),),
            interval=interval,
        )
        for pair in pairs
        for parts, above in (together(pair),)
    ]
    # Factor times what may fail is more than all requests.
    capped = tuple(pair for pair in pairs if pair.factor * (1 - _MODEST) > MOST)
    fires += [
        fixtures.fires(
            f"fires for a low objective when nearly all requests of the last {pair.long} are bad",
            (
                *burns(pair, long=0.95, short=0.95, promised=_MODEST),
                *burns(pair, "api", long=MOST, short=0.95, promised=_MODEST),
                *burns(pair, "admin", long=0.95, short=MOST, promised=_MODEST),
            ),
            at,
            expected(0.95),
        )
        for pair in capped
    ]
    silent = [
        fixtures.silent(title, parts, at)
        for pair in pairs
        for title, parts in (
            (
                f"stays silent for few bad requests in the last {pair.long} count, and more on another server",
                (
                    *burns(pair, long=1, short=1, counts=AT_LEAST),
                    *burns(pair, long=0, short=0, server="second"),
                ),
            ),
            (
                f"stays silent when the last {pair.long} burned, and the last {pair.short} burn on another server",
                (*burns(pair, long=1, short=0), *burns(pair, long=0, short=1, server="second")),
            ),
        )
    ]
    silent.append(
        fixtures.silent(
            "stays silent without an objective",
            tuple(one for one in burns(pairs[0], long=1, short=1) if not one.series.startswith(part.objective)),
            at,
        )
    )
    return tuple(fires), tuple(silent)
