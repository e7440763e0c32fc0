"""Applies a plan: write, start, wait until every container is healthy. Interrupted anywhere, the next run continues.

The order matters: Coolify writes the files of a compose file in the background, and Docker makes a directory of a file
that is not there when a container starts. So the files have time before the start. Nothing is ever deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from boxwatch.errors import PublishError
from boxwatch.exporters.coolify.status import parse
from boxwatch.publish.coolify import compose_change, marker
from boxwatch.publish.coolify.coolify_api import CoolifyApi, Resource
from boxwatch.publish.coolify.marker import Marker
from boxwatch.publish.coolify.plan import STARTING, Desired, Plan, Target, healthy
from boxwatch.topology.wording import counted, listed

Say = Callable[[str], None]
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, in seconds.

    Attributes:
        timeout: until every container is healthy.
        poll: between two readings of the status.
        settle: before the start, for Coolify's jobs that write files; each new file adds `file`.
        file: for one new file: a few commands over SSH.
        proof: how long replaced containers have to look healthy. Sentinel reports once a minute; until then Coolify
            shows the states of the old ones.
        now: the time, which only grows.
        sleep: waits.
    """

    timeout: float = 600.0
    poll: float = 5.0
    settle: float = 10.0
    file: float = 1.0
    proof: float = 90.0
    now: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a plan.

    Attributes:
        api: Coolify.
        desired: the resource.
        plan: the plan made for it.
        timing: how long to wait.
    """

    api: CoolifyApi
    desired: Desired
    plan: Plan
    timing: Timing

    def apply(self, say: Say, watch: Watch) -> None:
        """Apply the plan.

        Args:
            say: prints a line for each step.
            watch: is told how many containers are healthy, of how many.

        Raises:
            PublishError: a request failed, or a container is not healthy in time; says how far it came.
        """
        plan = self.plan
        if plan.target is not None:
            uuid = self._create(plan.target)
            say(f"created {plan.name} ({uuid})")
        else:
            uuid = plan.uuid
            if plan.why:
                compose = self.desired.compose if plan.send_compose else None
                self.api.update(uuid, self._described(marker.CHANGING) | self._urls(), compose)
                say(f"updated {plan.name}")
        if plan.values:
            self.api.set_variables(uuid, plan.values)
            say(f"set {counted(len(plan.values), 'variable')}")
        for component, excluded in plan.exclusions:
            self.api.exclude(uuid, component, excluded=excluded)
        if plan.why:
            self.timing.sleep(self.timing.settle + self.timing.file * plan.new_files)
            self.api.start(uuid, self._described(marker.STARTING))
            say(f"started {plan.name}")
        if plan.wait:
            self._wait(uuid, say, watch)
            self.api.update(uuid, self._described(marker.DEPLOYED))

    def _described(self, state: str) -> dict[str, object]:
        description = self.plan.live.description if self.plan.live else ""
        return {"description": marker.written(description, Marker(self.plan.deployment, state))}

    def _urls(self) -> dict[str, object]:
        """The addresses to set, as a part of a request."""
        if not self.plan.urls:
            return {}
        return {"urls": [{"name": name, "url": url} for name, url in self.plan.urls.items()]}

    def _create(self, target: Target) -> str:
        """Create the resource; if the response is lost, look for it among the resources that are there now."""
        body: dict[str, object] = {
            "name": self.desired.name,
            **self._described(marker.CHANGING),
            "project_uuid": target.project.uuid,
            "environment_uuid": target.environment.uuid,
            "server_uuid": target.server.uuid,
            "instant_deploy": False,
            **self._urls(),
        }
        if self.desired.destination:
            body["destination_uuid"] = self.desired.destination
        try:
            return self.api.create(body, self.desired.compose)
        except PublishError:
            ours = Marker(self.desired.deployment, marker.CHANGING)
            there = [
                one
                for one in self.api.resources()
                if marker.of(one.description) == ours and one.environment == target.environment.number
            ]
            if len(there) != 1:
                raise
            return there[0].uuid

    def _wait(self, uuid: str, say: Say, watch: Watch) -> None:
        """Wait until every container is healthy, and has been so for the time of proof."""
        timing, names = self.timing, tuple(compose_change.services(self.desired.document))
        # A new resource has no old containers.
        proof = 0.0 if self.plan.target else timing.proof
        begin = timing.now()
        since: float | None = None
        told: set[str] = set()
        while True:
            found = self.api.resource(uuid)
            now = timing.now()
            good = {one.name for one in found.components if one.name in names and healthy(one.status)}
            watch(len(good), len(names))
            if not proof:
                for name in sorted(good - told):
                    say(f"{name} is healthy")
                told |= good
            # While Coolify starts a resource, the states of its containers are those of before.
            whole = parse(found.status).state != STARTING and good.issuperset(names)
            since = (now if since is None else since) if whole else None
            if since is not None and now - since >= proof:
                return
            if now - begin >= timing.timeout:
                raise PublishError(_late(found, names, good, timing.timeout))
            timing.sleep(timing.poll)


def _late(found: Resource, names: tuple[str, ...], good: set[str], seconds: float) -> str:
    states = {one.name: one.status or "no status" for one in found.components}
    bad = [f"{name} ({states.get(name, 'no container')})" for name in names if name not in good]
    bad = bad or [f"the resource as a whole ({found.status})"]
    return (
        f"{found.name} was started, and after {seconds / 60:g} min these are not healthy: {listed(bad)}. Read their"
        " logs in Coolify; the same command continues from here"
    )
