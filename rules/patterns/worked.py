"""Whether something has ever worked: what was never switched on is a ticket, and an outage of what had worked pages.

A recording rule remembers it. It reads its own last value, so it remembers for as long as the outage lasts: neither the
retention nor any window ends that. A query such as `max_over_time(up[1d])` would forget after a day, and the page would
become a ticket by itself.

While Prometheus is off it records nothing, so it reads what it recorded in the three days before, at every full hour.
Three days, because a server may be off over a weekend; an hour, so that what worked for a morning is found, at 72
samples a series (three days at 30 s are 8,640).

It forgets what is no longer scraped, and everything with Prometheus' data. It does not know what worked before it was
published.
"""

from __future__ import annotations

import textwrap

from boxwatch.rules import names
from boxwatch.rules.model import Record
from boxwatch.rules.patterns.consequence import margin
from boxwatch.rules.patterns.fragments import expr, nothing_runs
from boxwatch.topology.model import Topology

_REMEMBERED = "[3d:1h]"


def worked(record: str, works: str, exists: str, *, by: str, doc: str) -> Record:
    """A recording rule that is 1 for what has worked since it is scraped, and absent for what never has.

    Args:
        record: its name.
        works: PromQL that has a result while it works.
        exists: PromQL that has a result for as long as it is to be remembered, such as `up` of its target.
        by: the labels that identify it.
        doc: what it means.
    """
    return Record(
        record=record,
        expr=(
            f"group by ({by}) (\n"
            f"  (\n{textwrap.indent(works, '    ')}\n  )\n"
            f"  or\n  {record}\n"
            f"  or\n  last_over_time({record}{_REMEMBERED})\n"
            f")\n"
            f"and on ({by}) {exists}"
        ),
        doc=doc,
    )


def outage(worked_: str) -> str:
    """PromQL: only of what has worked, and while a container of the service runs; else *ServiceDown* fires.

    The query asks for that, and no inhibition does: whichever of two alerts fires first would be sent before the other
    could silence it.
    """
    return expr(f"""
        and on ({names.BY_SERVICE}) {worked_}
        unless on ({names.BY_SERVICE}) {nothing_runs()}
    """)


def outage_wait(topology: Topology) -> int:
    """The `for` of such an alert in seconds: long enough to see that no container runs, whatever is scraped first."""
    return max(topology.alerts.outage_grace, margin(topology))


def answered(job: str) -> str:
    """PromQL: of the services whose target has been up once, where the service exposes its metrics itself."""
    return f'{names.TARGET_WORKED}{{job="{job}"}}'


def reached(job: str) -> str:
    """PromQL: of the services that their exporter has reached once."""
    return f'{names.SERVICE_REACHED}{{job="{job}"}}'
