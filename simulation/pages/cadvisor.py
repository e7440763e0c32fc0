"""cAdvisor 0.60 on cgroup v2, with the flags that boxwatch's stack gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import Box
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.lives import Deploy, Life
from boxwatch.simulation.pages import process
from boxwatch.topology.units import MIB

EXPORTER: Final = "cadvisor"
_HELPER: Final = "ghcr.io/coollabsio/coolify-helper:1.0.15"
_BUILD_MEMORY: Final = 500 * MIB


def samples(box: Box, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment."""
    yield from process.samples(box.start - 86400, now, 60 * MIB, 40)
    if box.fault("blind", now):
        return
    bare = box.fault("labels lost", now) is not None
    for life in box.running(now, server):
        yield from _container(box, life, now, bare=bare)
    for deploy in box.building(now, server):
        yield from _helper(deploy, now, bare=bare)


def labels(life: Life) -> dict[str, str]:
    """Docker's labels of a container that are whitelisted."""
    slot = life.slot
    found: dict[str, str] = {}
    if slot.resource:
        found |= {
            "container_label_coolify_resourceName": slot.resource,
            "container_label_coolify_projectName": slot.project,
            "container_label_coolify_environmentName": slot.environment,
            "container_label_coolify_pullRequestId": "0",
        }
    service = slot.compose_service or (slot.docker_name(life.created) if slot.resource else slot.name)
    return {**found, "container_label_com_docker_compose_service": service}


def _container(box: Box, life: Life, now: float, *, bare: bool) -> Iterator[Sample]:
    slot = life.slot
    named = {"id": f"/system.slice/docker-{life.name}.scope", "image": slot.image, "name": life.name}
    if not bare:
        named |= labels(life)
    used, cached = box.memory(life, now)
    yield Sample("container_start_time_seconds", float(int(life.started)), named)
    yield Sample("container_creation_time_seconds", float(int(life.created)), named)
    yield Sample("container_spec_memory_limit_bytes", float(slot.limit), named)
    yield Sample("container_memory_working_set_bytes", float(used + cached), named)
    yield Sample("container_memory_total_active_file_bytes", float(cached), named)
    yield Sample("container_oom_events_total", float(life.kills), named)
    cores = box.cores(slot).total(life.started, now)
    yield Sample("container_cpu_usage_seconds_total", cores, {**named, "cpu": "total"})
    yield Sample("container_pressure_memory_stalled_seconds_total", 0.0002 * (now - life.started), named)
    flow = box.requests().get(slot)
    moved = flow.total(life.started, now) if flow else 4 * (now - life.started)
    interface = {**named, "interface": "eth0"}
    yield Sample("container_network_receive_bytes_total", float(int(2100 * moved)), interface)
    yield Sample("container_network_transmit_bytes_total", float(int(31000 * moved)), interface)
    device = {**named, "device": "/dev/nvme0n1"}
    yield Sample("container_fs_reads_bytes_total", float(int(900 * moved)), device)
    yield Sample("container_fs_writes_bytes_total", float(int(2600 * moved)), device)
    yield Sample("container_health_state", 1.0 if slot.application else -1.0, named)


def _helper(deploy: Deploy, now: float, *, bare: bool) -> Iterator[Sample]:
    """The container in which Coolify builds: a random name and no labels of a resource."""
    name = f"h{int(deploy.requested):023d}"
    named = {"id": f"/system.slice/docker-{name}.scope", "image": _HELPER, "name": name}
    if not bare:
        named |= {"container_label_com_docker_compose_service": ""}
    yield Sample("container_start_time_seconds", float(int(deploy.builds[0])), named)
    yield Sample("container_spec_memory_limit_bytes", 0.0, named)
    yield Sample("container_memory_working_set_bytes", float(_BUILD_MEMORY), named)
    yield Sample("container_memory_total_active_file_bytes", 0.0, named)
    yield Sample("container_oom_events_total", 0.0, named)
    since = now - deploy.builds[0]
    yield Sample("container_cpu_usage_seconds_total", 1.6 * since, {**named, "cpu": "total"})
