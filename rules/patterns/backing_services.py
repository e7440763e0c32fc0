"""Parts that rules on databases, caches and stores share: selectors, texts, and builders of their cases.

Their targets carry the labels `server` and `service`, so every rule about them aggregates by (server, service) and
reads one job. The times and values of the cases are derived from the alert's wait and threshold, because a topology may
change both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import INTERVAL, Fixtures, flat, of_service
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

MINUTE = 60
# Rates carry rounding errors. Multiplied by this, no threshold that people write ends in a 5 that may round either way.
ABOVE = 1.1234567
_BURST = 8 * MINUTE // INTERVAL
# A lasting fault refuses something again within that time.
_HEARD = 10 * MINUTE
# The service an alert is about, for texts: "db on main".
WHERE = "{{ $labels.service }} on {{ $labels.server }}"


def selector(metric: str, job: str, matchers: str = "") -> str:
    """A metric of one job."""
    return f'{metric}{{job="{job}"{f",{matchers}" if matchers else ""}}}'


def risen(counter: str, alive: str, window: str, *, target: str = f"{names.BY_SERVICE}, instance") -> str:
    """The series of a counter that increased within a window, including those that first appeared in it.

    `increase()` needs two samples, but a counter with a label for the kind of event appears with its first event. It
    appeared within the window if it exists now and has fewer samples than `alive`, a gauge of the same target, has
    samples of 1. Counters that appear together with a new, restarted or unreachable target do not count, because their
    events may be old. A counter that appears at 0 has not increased: compare the sum. `target` are the labels in which
    both agree.
    """
    return (
        f"increase({counter}[{window}]) > 0\n"
        f"or\n"
        f"{counter} and (\n"
        f"  count_over_time({counter}[{window}])\n"
        f"  < on ({target}) group_left ()\n"
        f"  sum_over_time({alive}[{window}])\n"
        f")"
    )


def by_service(aggregation: str, inside: str, *labels: str) -> str:
    """One value per service and server, or per combination of further labels."""
    return f"{aggregation} by ({', '.join((names.BY_SERVICE, *labels))}) ({inside})"


def scraped(topology: Topology, kind: str) -> bool:
    """Whether Prometheus scrapes any service of this kind."""
    return any(topology.metrics_of(service) for service in topology.services_of(kind))


def without_metrics(job: str, metric: str) -> str:
    """The services whose target is up but exposes no sample of `metric`, a metric of the service itself."""
    return f"{by_service('max', selector('up', job))} == 1\nunless on ({names.BY_SERVICE}) {metric}"


@dataclass(frozen=True, slots=True)
class Bench:
    """Builder of the cases of one alert.

    The service is `db` on `main`; cases name other services of its kind.

    Attributes:
        topology: the topology whose thresholds apply.
        job: the scrape job.
        wait: seconds for which the alert's expression must hold.
        window: seconds that a range in the expression takes to fill before that.
        shown: labels of the alert besides its server and service.
    """

    topology: Topology
    job: str
    wait: int
    window: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def due(self) -> int:
        """Seconds after which the alert has just held for long enough, in whole samples."""
        return max(self.window - -self.wait // INTERVAL * INTERVAL, MINUTE)

    @property
    def heard(self) -> int:
        """Seconds in which a single event is looked for: longer than the wait, so that it fires for one."""
        return max(_HEARD, self.wait + 4 * MINUTE)

    @property
    def window_of_one(self) -> str:
        """The same, in PromQL."""
        return format_duration(self.heard)

    @property
    def lately(self) -> int:
        """Seconds after which a single event still fires."""
        return self.heard - 2 * MINUTE

    @property
    def fixtures(self) -> Fixtures:
        """Fixtures that last well beyond the time at which the alert is due."""
        length = self.due + 10 * MINUTE + 2 * self.heard + self.window
        return Fixtures(length=length, thresholds=self.topology.thresholds)

    def flat(self, metric: str, value: float, service: str = "db", **labels: str) -> Series:
        """A constant series."""
        return self.series(metric, flat(value, self.fixtures.count), service, **labels)

    def rising(self, metric: str, each: float, service: str = "db", *, first: float = 0, **labels: str) -> Series:
        """A counter that increases by `each` with every sample, one every 30 s."""
        return self.series(metric, f"{first:g}+{each!r}x{self.fixtures.count}", service, **labels)

    def bursts(self, metric: str, each: float, service: str = "db", *, before: str = "", **labels: str) -> Series:
        """A counter that jumps every eight minutes, the first time between its first two samples.

        A window of ten minutes sees every jump and one of five does not, a difference that a steady counter does not
        show. `before` is a prefix of samples, such as those from before a restart.
        """
        jumps = self.fixtures.count // _BURST + 1
        runs = (f"{each * number:.15g}x{_BURST - 1}" for number in range(1, jumps + 1))
        return self.series(metric, f"{before} 0 {' '.join(runs)}".strip(), service, **labels)

    def series(self, metric: str, values: str, service: str = "db", **labels: str) -> Series:
        """A series of the job, in promtool's notation."""
        return self.fixtures.scraped(metric, values, job=self.job, service=service, **labels)

    def foreign(self, metric: str, value: float, **labels: str) -> Series:
        """A decoy: the same metric from a target of another job that belongs to the service, such as its probe."""
        values = flat(value, self.fixtures.count)
        return self.fixtures.scraped(metric, values, job=names.JOB_PROBE_PORTS, **{"service": "db", **labels})

    def pages(self, service: str = "db", *, wakes: bool = True, server: str = "main") -> Series:
        """The recorded constant that says whether an outage of a service pages someone."""
        return self.fixtures.constant(names.SERVICE_PAGES, int(wakes), server=server, service=service)

    def fires(self, title: str, parts: tuple[Series, ...], text: str, *, after: int = 0, **labels: str) -> Case:
        """A case in which the alert fires for `db` when it is due, or `after` seconds later."""
        return self.fixtures.fires(
            title, parts, self.due + after, Expected(of_service("db", **self.shown, **labels), text)
        )

    def later(self, seconds: int) -> int:
        """Seconds from when the alert is due until `seconds` of the case have passed; 0 if they already have."""
        return max(seconds - self.due, 0)

    def silent(self, title: str, parts: tuple[Series, ...], after: int = 0) -> Case:
        """A case in which the alert is silent when it is due, or `after` seconds later."""
        return self.fixtures.silent(title, parts, self.due + after)
