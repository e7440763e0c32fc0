"""Deployments to a fake Coolify in no time: a small stack, a clock that is slept through, and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from boxwatch.publish.coolify import compose_change
from boxwatch.publish.coolify import plan as planning
from boxwatch.publish.coolify.coolify_api import CoolifyApi
from boxwatch.publish.coolify.deploy import Deployment, Timing
from boxwatch.publish.coolify.plan import Desired, Plan
from support.coolify_writes import LiveCoolify, Stack, sender

NOON: Final = 1787400000.0
NAME: Final = "monitoring"
ADDRESS: Final = "https://grafana.example.com:3000"


def compose(services: Mapping[str, str], variables: Sequence[str] = ()) -> str:
    """A compose file as the build makes them.

    Args:
        services: each with the content of its inline file, whose name has a hash.
        variables: required by every service.
    """
    document: dict[str, Any] = {"services": {}, "networks": {"coolify": {"external": True}}}
    for name, content in services.items():
        path = f"/etc/boxwatch/{name}-{abs(hash(content)) % 16**8:08x}.yml"
        document["services"][name] = {
            "image": f"example/{name}:v1.0.{len(content)}",
            "command": [f"--config.file={path}"],
            "user": "472:0",
            "read_only": True,
            "environment": [*(["SERVICE_URL_GRAFANA_3000"] if name == "grafana" else []),
                            *(f"X_{one}=${{{one}:?}}" for one in variables), "MODE=${BOXWATCH_MODE:-usual}"],
            "networks": ["coolify"],
            "volumes": [f"{name}:/data",
                        {"type": "bind", "source": f"./config/{path[1:]}", "target": path, "content": content}],
        }  # fmt: skip
    document["volumes"] = dict.fromkeys(services)
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False)


@dataclass
class World:
    """A Coolify with one project, and a clock.

    Attributes:
        time: seconds since 1970.
        fake: the Coolify.
        environment: id of its production environment.
        said: lines that deployments printed.
    """

    time: float = NOON
    fake: LiveCoolify = field(init=False)
    environment: int = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Set Coolify up."""
        self.fake = LiveCoolify(lambda: self.time, limit=10**6)
        self.environment = self.fake.add_project("Shop", "production", "staging")
        self.fake.add_server("localhost")

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.time += seconds

    @property
    def timing(self) -> Timing:
        """Timing by this clock."""
        return Timing(now=lambda: self.time, sleep=self.sleep)

    def api(self, before: Callable[[str], None] = lambda _request: None) -> CoolifyApi:
        """A connection."""
        return CoolifyApi(sender(self.fake, before), "http://coolify")

    def plan(self, desired: Desired) -> Plan:
        """The plan of a deployment."""
        return planning.plan(self.api(), desired)

    def deploy(self, desired: Desired, before: Callable[[str], None] = lambda _request: None) -> Plan:
        """Plan and apply, unless there is nothing to do."""
        api = self.api(before)
        plan = planning.plan(api, desired)
        assert not plan.refused, list(plan.lines())
        if plan.differs:
            Deployment(api, desired, plan, self.timing).apply(self.said.append, lambda _done, _of: None)
        return plan

    def stack(self) -> Stack:
        """Our resource."""
        (found,) = (one for one in self.fake.stacks.values() if "[boxwatch" in (one.record["description"] or ""))
        return found

    def outcome(self) -> dict[str, Any]:
        """What is there and what runs, without how it came to be."""
        stack = self.stack()
        document = compose_change.read(stack.raw)
        assert document is not None
        return {
            "compose": document,
            "values": stack.values,
            "description": stack.record["description"],
            "services": {
                part["name"]: (part["image"], part["fqdn"], part["status"], part["exclude_from_status"])
                for part in stack.record["applications"]
            },
            "running": stack.running,
        }


def desired(text: str, values: Mapping[str, str] | None = None, **more: Any) -> Desired:  # noqa: ANN401 - of Desired
    """What to deploy."""
    return Desired(deployment="shop", name=NAME, compose=text, values=values or {}, **more)
