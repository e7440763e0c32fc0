"""cAdvisor: whether it sees containers, their labels and what the rules read of them, as often as it is scraped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.discovery.model import Container
from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import Examined, config_key
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample
from boxwatch.publish.compare import milliseconds
from boxwatch.rules import names
from boxwatch.stack.containers import WHITELISTED_LABELS
from boxwatch.topology.model import Server
from boxwatch.topology.units import format_duration
from boxwatch.topology.wording import counted, listed

ID: Final = "cadvisor"
# Of all measurements, the share that must be new: less, and every other scrape repeats an older value.
_FRESH: Final = 0.75
# Series of raw cgroups, of which cAdvisor with --docker_only=true has the root's alone.
_FEW: Final = 500
_WHITELIST: Final = ",".join(WHITELISTED_LABELS)
_IMAGE: Final = "cadvisor"


def names_key(server: str) -> str:
    """Key of the line about the names of a server's containers."""
    return f"cadvisor-names:{server}"


def labels_key(server: str) -> str:
    """Key of the line about the labels of a server's containers."""
    return f"cadvisor-labels:{server}"


def lines(examined: Examined) -> Iterator[Line]:
    """What each server's cAdvisor lacks."""
    for server in examined.topology.servers if examined.prometheus.knows(questions.CONTAINERS) else ():
        yield from _of_server(examined, server)


def containers(examined: Examined, server: str) -> list[Sample]:
    """The containers that Prometheus sees on a server."""
    return [one for one in examined.prometheus.answer(questions.CONTAINERS) if one[names.SERVER] == server]


def _of_server(examined: Examined, server: Server) -> Iterator[Line]:
    name = server.name
    targets = examined.of_job(names.JOB_CADVISOR, name)
    found = containers(examined, name)
    where = f"cAdvisor on {name}"
    if not found:
        yield Line(
            check=ID, key=names_key(name), state="problem", where=where, what="names no container", after=targets,
            action="mount /var/run/docker.sock and /var/lib/docker into it, as the built compose.yaml does; with "
            "Docker 29, use cAdvisor 0.57 or later",
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=names_key(name), state="ok", where=where, what=f"names {counted(len(found), 'container')}",
            after=targets,
        )  # fmt: skip
    yield from _labels(examined, server, found)
    after = (*targets, names_key(name))
    yield from _metrics(examined, name, where, after)
    yield from _flags(examined, name, where, after)


def _labels(examined: Examined, server: Server, found: list[Sample]) -> Iterator[Line]:
    """Whether any container has a label, where the topology selects by labels."""
    services = examined.topology.services_on(server.name)
    selects = any(one.resource or one.compose_service for service in services for one in service.selectors)
    labelled = [one for one in found if one[names.RESOURCE] not in ("", names.BUILD_RESOURCE)]
    if not selects or (found and not labelled and _nobody_has_labels(examined, server.name)):
        return
    pools = {one.pool for one in examined.expected if (one.job, one.server) == (names.JOB_CADVISOR, server.name)}
    targets = examined.of_job(names.JOB_CADVISOR, server.name)
    after = (*targets, names_key(server.name), *map(config_key, sorted(pools)))
    where = f"cAdvisor on {server.name}"
    if found and not labelled:
        yield Line(
            check=ID, key=labels_key(server.name), state="problem", where=where, after=after,
            what="exports no label of any container, so services cannot be matched",
            action=f"start it with --whitelisted_container_labels={_WHITELIST} and --store_container_labels=false",
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=labels_key(server.name), state="ok", where=where, after=after,
            what=f"exports labels of {counted(len(labelled), 'container')}",
        )  # fmt: skip


def _nobody_has_labels(examined: Examined, server: str) -> bool:
    """Whether Docker says that no container has a label to export."""
    host = examined.seen.hosts.get(server)
    return host is not None and not any(
        one.labels.resource or one.labels.compose_service for one in host.containers if one.runs
    )


def _metrics(examined: Examined, server: str, where: str, after: tuple[str, ...]) -> Iterator[Line]:
    answers = examined.prometheus.samples.get(questions.CONTAINER_METRICS)
    if answers is None:
        return
    there = {one["__name__"] for one in answers if one[names.SERVER] == server}
    missing = [name for name in questions.ESSENTIAL if name not in there]
    groups = sorted({group for name in missing if (group := questions.ESSENTIAL[name])})
    key = f"cadvisor-metrics:{server}"
    if missing:
        disabled = f"remove {listed(groups)} from its --disable_metrics, or " if groups else ""
        yield Line(
            check=ID, key=key, state="problem", where=where, what=f"does not export {listed(missing)}", after=after,
            action=f"{disabled}use a version from 0.57 on",
        )  # fmt: skip
    else:
        yield Line(check=ID, key=key, state="ok", where=where, what="exports what rules read", after=after)


def _flags(examined: Examined, server: str, where: str, after: tuple[str, ...]) -> Iterator[Line]:
    interval = examined.topology.scrape_interval
    flags = _started_with(examined, server)
    key = f"cadvisor-interval:{server}"
    fresh = _of(examined, questions.HOUSEKEEPING, server)
    said = milliseconds(flags.get("housekeeping_interval", "1s")) or 0
    dynamic = flags.get("allow_dynamic_housekeeping", "true") != "false"
    longest = format_duration(interval)
    if (fresh is not None and fresh < _FRESH) or (flags and said > 1000 * interval):
        measured = f"measures less often than it is scraped ({fresh:.0%} of the values are new)" if fresh else (
            f"measures every {format_duration(said // 1000)} and is scraped every {longest}"
        )  # fmt: skip
        yield Line(
            check=ID, key=key, state="warning", where=where, what=measured, after=after,
            action=f"start it with --housekeeping_interval={longest} --allow_dynamic_housekeeping=false",
        )  # fmt: skip
    elif flags and said < 1000 * interval and dynamic and "housekeeping_interval" not in flags:
        yield Line(
            check=ID, key=key, state="warning", where=where, after=after,
            what=f"measures every second, although it is scraped every {longest}: that costs CPU",
            action=f"start it with --housekeeping_interval={longest} --allow_dynamic_housekeeping=false",
        )  # fmt: skip
    elif fresh is not None or flags:
        yield Line(check=ID, key=key, state="ok", where=where, what="measures as often as it is scraped", after=after)
    dropped = _of(examined, questions.DROPPED, server)
    if (dropped or 0) > _FEW or (flags and flags.get("docker_only", "false") != "true"):
        count = f"{dropped:,.0f} samples of each scrape are" if dropped else "samples of other cgroups are"
        yield Line(
            check=ID, key=f"cadvisor-cgroups:{server}", state="warning", where=where, after=after,
            what=f"measures cgroups that are no containers: {count} dropped",
            action="start it with --docker_only=true",
        )  # fmt: skip
    if flags and flags.get("store_container_labels", "true") != "false":
        yield Line(
            check=ID, key=f"cadvisor-store:{server}", state="warning", where=where, after=after,
            what="exports every label of every container, which costs CPU and shows Traefik's passwords",
            action=f"start it with --store_container_labels=false --whitelisted_container_labels={_WHITELIST}",
        )  # fmt: skip
    lacking = [one for one in WHITELISTED_LABELS if one not in flags.get("whitelisted_container_labels", "").split(",")]
    if flags.get("store_container_labels") == "false" and lacking:
        yield Line(
            check=ID, key=f"cadvisor-whitelist:{server}", state="problem", where=where, after=after,
            what=f"does not export the labels {listed(lacking)}",
            action=f"start it with --whitelisted_container_labels={_WHITELIST}",
        )  # fmt: skip


def _of(examined: Examined, question: str, server: str) -> float | None:
    found = (one.value for one in examined.prometheus.answer(question) if one[names.SERVER] == server)
    return next(found, None)


def _started_with(examined: Examined, server: str) -> dict[str, str]:
    """Flags of the server's cAdvisor, where Docker describes its container."""
    host = examined.seen.hosts.get(server)
    running: list[Container] = [one for one in host.containers if one.runs] if host else []
    return next((dict(one.flags) for one in running if one.repository == _IMAGE), {})
