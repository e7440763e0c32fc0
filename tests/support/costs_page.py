"""docs/costs.md: what monitoring the default deployment costs, as predicted."""

from __future__ import annotations

from boxwatch.rules import catalogue
from boxwatch.stack import costs as costing
from boxwatch.stack.costs_table import summary
from boxwatch.stack.predictions import memory
from boxwatch.stack.predictions.dimensions import Dimensions
from boxwatch.stack.predictions.exposures import CADVISOR
from boxwatch.topology import default
from boxwatch.topology.units import MIB

_PAGE = """\
# What it costs

{generated}

`boxwatch topology --cost` predicts what monitoring a deployment costs: RAM of each part of the stack, series of each
scrape job, and the disk that the retention needs. `--json` prints it for scripts. The numbers below are those of the
default deployment.

## Memory

| part | predicted | limit |
|---|---|---|
{parts}

Prometheus takes {base} MiB, and 8 KiB for each series: what its samples of two hours take, with room for queries.
Measured right after its start were 111 to 118 MiB at 10,000 to 14,000 series, and 253 to 283 MB at 50,000. cAdvisor
0.60.5 took 33 MB with 5 containers and 35 with 30. The others are as measured: they do not grow with the deployment,
except Grafana with those who look. `boxwatch build` refuses a plan that leaves Prometheus less than its series need.

## Series

| job | targets | series | samples per second |
|---|---|---|---|
{jobs}

An exporter's series are the metrics of [its recorded page](contributing/add-a-system.md), times the values of their
labels: containers of the plan and two more, CPUs of the server, bounds of Traefik's histogram, Traefik's routes of
services that users or probes reach, resources in Coolify, rules of the build. What the topology does not say is
assumed:

| assumed | number |
|---|---|
{assumed}

Most series are those of containers, about {per_container} each. A container that is deployed again has new ones; the
old ones leave memory within two to three hours.

## Disk

{disk}

Two bytes per sample were measured with Prometheus 2.42 on cAdvisor, node_exporter and Prometheus itself; its
documentation says one to two. The stack keeps {retention} days, and at most 3.2 % of the disk
(`--storage.tsdb.retention.size`).

## How exact it is

A test compares the prediction with a real Prometheus that scrapes real and recorded pages, for the default deployment
and one of twice its size, and requires that it is within 15 %. The last measurement:

| deployment | predicted | in memory (`prometheus_tsdb_head_series`) |
|---|---|---|
| default, on 2 CPUs | 8,458 series | 7,781 |
| larger: 62 containers, three databases of each kind | 16,390 series | 14,985 |

`boxwatch doctor` shows how many samples Prometheus really stores, and whether its retention fits on the disk.
"""


def page() -> str:
    """The page."""
    found = costing.predict(catalogue.build(default.load().topology))
    of = Dimensions()
    assumed = (
        ("network interfaces of the server", of.interfaces), ("disks and partitions", of.disks),
        ("file systems", of.mounts), ("databases of a PostgreSQL, with its own", of.databases),
        ("tables of a PostgreSQL", of.tables), ("Redis commands in use", of.commands),
        ("combinations of method and status code of a route", of.answers), ("queues of a RabbitMQ", of.queues),
    )  # fmt: skip
    one, none = (CADVISOR.series(Dimensions(containers=number)) for number in (1, 0))
    return _PAGE.format(
        generated="<!-- Made from the code by `make golden`. -->",
        parts="\n".join(
            f"| {part.name} | {part.memory / MIB:.0f} MiB | {part.limit / MIB:.0f} MiB |" for part in found.parts
        ),
        base=memory.prometheus(0) // MIB,
        jobs="\n".join(
            f"| {job.name} | {job.targets or ''} | {job.series:,} | {job.samples_per_second:.1f} |"
            for job in found.jobs
        ),
        assumed="\n".join(f"| {what} | {number} |" for what, number in assumed),
        per_container=round(one - none),
        disk=f"{summary(found)}.",
        retention=found.retention,
    )
