"""What can go wrong on the simulated box: one record for each thing that is wrong for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "stopped",  # a container is stopped, and started again when the fault ends
    "leaking",  # a container's memory grows to its limit, where the kernel kills it, again and again
    "crashing",  # a container ends a few seconds after each start
    "deploy",  # a resource is deployed; `amount` is how long the old and the new container overlap, or less than 0
    "failed deploy",  # a deployment ends as failed; the old container stays
    "stuck deploy",  # a deployment stays in progress without progress
    "disk filling",  # the disk fills within the time given, and stays full
    "disk gone",  # the second disk has failed
    "database down",  # a backing service does not answer; its container and its exporter run
    "connections",  # a PostgreSQL has as many sessions as it allows
    "redis full",  # a Redis without eviction is at its maximum and refuses writes
    "elasticsearch red",  # primary shards are missing
    "drive offline",  # MinIO has lost a drive
    "certificate",  # certificates have not been renewed and expire within days
    "traffic",  # requests multiplied by `amount`
    "failing",  # a share `amount` of a service's requests end with a 5xx
    "blind",  # cAdvisor answers without containers
    "labels lost",  # cAdvisor was started without the flags for Docker's labels
    "unreachable",  # Coolify cannot reach the server by SSH
    "exposed",  # a port answers on the public address
    "starving",  # a build takes all cores and what memory is left
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong for a while.

    Attributes:
        kind: what is wrong.
        begins: when it begins, in seconds: of a scenario after its start, of a box since 1970.
        ends: when it is repaired.
        subject: the resource, service, port or URL; empty for the server.
        amount: how much, in the unit of its kind.
    """

    kind: Kind
    begins: float
    ends: float
    subject: str = ""
    amount: float = 0.0

    def at(self, start: float) -> Fault:
        """The same, on a box's clock."""
        return replace(self, begins=self.begins + start, ends=self.ends + start)

    def active(self, now: float) -> bool:
        """Whether it is wrong at a moment."""
        return self.begins <= now < self.ends
