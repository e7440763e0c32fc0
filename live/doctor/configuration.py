"""Prometheus' running configuration: jobs, relabelling, labels and intervals that the rules need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.live.doctor.examined import PROMETHEUS, PROMETHEUS_FILE, Examined, config_key, jobs
from boxwatch.live.doctor.line import Line
from boxwatch.publish.prometheus import needs
from boxwatch.topology.wording import counted

ID: Final = "configuration"
_TOPIC: Final = "jobs of Prometheus' running configuration lack what rules need"
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
    unseen = pools - {str(job.get("job_name")) for job in jobs(live)} if live.get("scrape_config_files") else set()
    config = examined.files[PROMETHEUS_FILE]
    lacking = {
        pool: missing for pool, missing in needs.by_job(config, examined.rules, live).items() if pool not in unseen
    }
    for pool, missing in lacking.items():
        absent = pool not in {str(one.get("job_name")) for one in jobs(live)}
        yield Line(
            check=ID, key=config_key(pool), state="problem", where=f"job {pool}", after=(PROMETHEUS,),
            what="is not in Prometheus' running configuration" if absent else missing[0].rstrip(":"),
            action=_PUBLISH, details=missing, topic=_TOPIC,
        )  # fmt: skip
    slow = needs.evaluation(config, examined.rules, live)
    if slow:
        yield Line(
            check=ID, key=config_key("global"), state="problem", where="configuration",
            what=slow[0].rstrip(":"), action=_PUBLISH, after=(PROMETHEUS,),
        )  # fmt: skip
    if not lacking and not slow:
        needed = f"has what {counted(len(jobs(examined.config)), 'job')} need"
        yield Line(
            check=ID, key=config_key(""), state="ok", where="configuration", what=needed, after=(PROMETHEUS,)
        )  # fmt: skip
