"""Prometheus' running configuration: jobs, relabelling, labels and intervals that the rules need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.live.doctor.examined import PROMETHEUS, Examined, config_key, jobs
from boxwatch.live.doctor.line import Line
from boxwatch.publish.prometheus import needs
from boxwatch.rules import yaml

ID: Final = "configuration"
_PUBLISH: Final = (
    "run `boxwatch publish --prometheus-dir DIR`, or start the stack again with what `boxwatch build` wrote"
)


def lines(examined: Examined) -> Iterator[Line]:
    """One line for each job that lacks something, or one for all."""
    live = examined.prometheus.config
    if live is None:
        yield Line(
            check=ID, key=config_key(""), state="warning", where="configuration", after=(PROMETHEUS,),
            what="the server does not show its configuration, so jobs and relabelling cannot be compared",
        )  # fmt: skip
        return
    pools = {target.pool for target in examined.prometheus.targets}
    # Jobs of scrape_config_files that cannot be read from here: their targets are all that shows them.
    unseen = pools - {str(job.get("job_name")) for job in jobs(live)}
    count = lacking = 0
    for job in jobs(examined.config):
        count += 1
        pool = str(job["job_name"])
        alone = {"global": examined.config.get("global"), "scrape_configs": [job]}
        missing = () if pool in unseen else needs.missing(yaml.dump(alone, ""), examined.rules, live)
        # The interval of evaluation belongs to no job.
        missing = tuple(line for line in missing if not line.startswith(("rules are", "  global:")))
        if missing:
            lacking += 1
            absent = pool not in {str(one.get("job_name")) for one in jobs(live)}
            yield Line(
                check=ID, key=config_key(pool), state="problem", where=f"job {pool}", after=(PROMETHEUS,),
                what="is not in Prometheus' running configuration" if absent else missing[0].rstrip(":"),
                action=_PUBLISH, details=missing,
            )  # fmt: skip
    slow = [
        line
        for line in needs.missing(yaml.dump({"global": examined.config.get("global")}, ""), examined.rules, live)
        if line.startswith("rules are")
    ]
    if slow:
        yield Line(
            check=ID, key=config_key("global"), state="problem", where="configuration",
            what=slow[0].rstrip(":"), action=_PUBLISH, after=(PROMETHEUS,),
        )  # fmt: skip
    if not lacking and not slow:
        yield Line(
            check=ID, key=config_key(""), state="ok", where="configuration", what=f"has what {count} jobs need",
            after=(PROMETHEUS,),
        )  # fmt: skip
