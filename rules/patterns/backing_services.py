"""What the subjects of databases, caches and stores share: selectors, texts, and makers of their cases.

Their targets carry `server` and `service` as labels, so every rule about them says `by (server, service)` and reads one
job. The cases stand at times that follow from the alert's wait, and at values that follow from its threshold, because a
topology may change both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import INTERVAL, World, flat, of_service
from boxwatch.topology.model import Topology

MINUTE = 60
# What is a rate is a rounding off. Times this, no threshold that people write ends in a five that may go either way.
ABOVE = 1.1234567
_BURST = 8 * MINUTE // INTERVAL
# A lasting fault refuses something again within that time.
_HEARD = 10 * MINUTE
# A text's words for what an alert is about, as every engine has them.
WHERE = "{{ $labels.service }} on {{ $labels.server }}"


def selector(metric: str, job: str, matchers: str = "") -> str:
    """A metric of one job."""
    return f'{metric}{{job="{job}"{f",{matchers}" if matchers else ""}}}'


def risen(counter: str, alive: str, window: str) -> str:
    """The series of a counter that rose within a window, those that were born in it included.

    `increase()` needs two samples, and a counter with a label for the kind of event appears with its first event. It
    was born within the window if it is there now and `alive`, a gauge of the same page, was 1 more often than that:
    what comes with a target that was just added, restarted or not reached may be old, and what a restart forgets is
    gone. What is born as zero has not risen; compare the sum.
    """
    return (
        f"increase({counter}[{window}]) > 0\n"
        f"or\n"
        f"{counter} and (\n"
        f"  count_over_time({counter}[{window}])\n"
        f"  < on ({names.BY_SERVICE}, instance) group_left ()\n"
        f"  sum_over_time({alive}[{window}])\n"
        f")"
    )


def by_service(aggregation: str, inside: str, *labels: str) -> str:
    """One value a service of a server, or one for each value of further labels there."""
    return f"{aggregation} by ({', '.join((names.BY_SERVICE, *labels))}) ({inside})"


def scraped(topology: Topology, kind: str) -> bool:
    """Whether Prometheus is told anything of this kind of service."""
    return any(topology.metrics_of(service) for service in topology.services_of(kind))


def silent_exporter(job: str, tells: str) -> str:
    """The services whose target answers Prometheus without a sample that tells of the engine."""
    return f"{by_service('max', selector('up', job))} == 1\nunless on ({names.BY_SERVICE}) {tells}"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the cases of one alert are made.

    The service is `db` on `main`; the others of its kind are named in the case.

    Attributes:
        topology: whose thresholds hold.
        job: the scrape job.
        wait: seconds for which the alert's expression must hold.
        window: seconds that a window of the expression needs to fill before.
        shown: labels of the alert beside its server and service.
    """

    topology: Topology
    job: str
    wait: int
    window: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def due(self) -> int:
        """When the alert has just held for long enough, in whole samples."""
        return max(self.window - -self.wait // INTERVAL * INTERVAL, MINUTE)

    @property
    def heard(self) -> int:
        """Seconds in which a single event is looked for: longer than the wait, so that it fires for one."""
        return max(_HEARD, self.wait + 4 * MINUTE)

    @property
    def lately(self) -> int:
        """Seconds after which a single event still fires."""
        return self.heard - 2 * MINUTE

    @property
    def world(self) -> World:
        """Long enough for what comes after the alert is due."""
        return World(length=self.due + 20 * MINUTE + 2 * self.heard + self.window, thresholds=self.topology.thresholds)

    def flat(self, metric: str, value: float, service: str = "db", **labels: str) -> Series:
        """A series that does not change."""
        return self.series(metric, flat(value, self.world.count), service, **labels)

    def rising(self, metric: str, each: float, service: str = "db", *, first: float = 0, **labels: str) -> Series:
        """A counter that rises by as much with each sample, one every 30 s."""
        return self.series(metric, f"{first:g}+{each!r}x{self.world.count}", service, **labels)

    def bursts(self, metric: str, each: float, service: str = "db", *, before: str = "", **labels: str) -> Series:
        """A counter that jumps every eight minutes, the first time between its first two samples.

        A window of ten minutes sees every jump and one of five does not, which a steady counter cannot tell. `before`
        are samples ahead of that, such as those of a life before a restart.
        """
        jumps = self.world.count // _BURST + 1
        runs = (f"{each * number:.15g}x{_BURST - 1}" for number in range(1, jumps + 1))
        return self.series(metric, f"{before} 0 {' '.join(runs)}".strip(), service, **labels)

    def series(self, metric: str, values: str, service: str = "db", **labels: str) -> Series:
        """A series of the job, in promtool's notation."""
        return self.world.scraped(metric, values, job=self.job, service=service, **labels)

    def foreign(self, metric: str, value: float, **labels: str) -> Series:
        """The same name at a target of another kind that belongs to the service, such as its probe."""
        values = flat(value, self.world.count)
        return self.world.scraped(metric, values, job=names.JOB_PROBE_PORTS, **{"service": "db", **labels})

    def pages(self, service: str = "db", *, wakes: bool = True, server: str = "main") -> Series:
        """Whether an outage of a service wakes someone."""
        return self.world.constant(names.SERVICE_PAGES, int(wakes), server=server, service=service)

    def fires(self, title: str, parts: tuple[Series, ...], text: str, *, after: int = 0, **labels: str) -> Case:
        """A case in which the alert fires for `db` when it is due, or some seconds after."""
        return self.world.fires(
            title, parts, self.due + after, Expected(of_service("db", **self.shown, **labels), text)
        )

    def later(self, seconds: int) -> int:
        """How long after it is due so many seconds have passed; 0 when they have then."""
        return max(seconds - self.due, 0)

    def silent(self, title: str, parts: tuple[Series, ...], after: int = 0) -> Case:
        """A case in which it is silent when it is due, or some seconds after."""
        return self.world.silent(title, parts, self.due + after)
