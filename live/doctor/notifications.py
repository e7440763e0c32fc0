"""Notifications: Prometheus' way to Alertmanager, its configuration and receivers, and the Watchdog's way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import ALERTMANAGER_FILE, PROMETHEUS, Examined
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.loaded_rules import KEY as RULES
from boxwatch.live.doctor.seen import Alertmanager
from boxwatch.publish import compare
from boxwatch.rules import deployment, names
from boxwatch.stack import receivers
from boxwatch.topology.notify_fields import NOBODY
from boxwatch.topology.wording import counted, listed

ID: Final = "notifications"
_ALERTMANAGER: Final = "alertmanager"
_CONFIG: Final = "alertmanager-config"
_CONNECTED: Final = "alertmanagers"
_WATCHDOG: Final = "watchdog"
_PUBLISH: Final = "run `boxwatch publish --alertmanager-dir DIR`, or start the stack with what `boxwatch build` wrote"
_SHOWN: Final = 5
_CONFIGS: Final = "_configs"
# A counter that Alertmanager starts at 0 grows by 1 with each failure; less is extrapolation.
_ONE: Final = 0.5


def lines(examined: Examined) -> Iterator[Line]:
    """From Prometheus to those who are notified."""
    yield from _connected(examined)
    yield from of_alertmanager(examined)
    yield from _reloads(examined)
    yield from _failures(examined)
    yield from _watchdog(examined, examined.seen.alertmanager)


def of_alertmanager(examined: Examined) -> Iterator[Line]:
    """What Alertmanager itself says; nothing if it was not asked."""
    seen = examined.seen.alertmanager
    if seen is None:
        return
    if seen.error:
        yield Line(
            check=ID, key=_ALERTMANAGER, state="problem", where="Alertmanager", what=f"cannot be asked: {seen.error}",
            action="start it, check the URL, or pass the credentials that it asks for",
        )  # fmt: skip
        return
    yield Line(check=ID, key=_ALERTMANAGER, state="ok", where="Alertmanager", what=f"version {seen.version} answers")
    yield from _configuration(examined, seen)


def _connected(examined: Examined) -> Iterator[Line]:
    found = examined.prometheus.alertmanagers
    errors = sum(one.value for one in examined.prometheus.answer(questions.SEND_ERRORS))
    if not found:
        yield Line(
            check=ID, key=_CONNECTED, state="problem", where="Prometheus", what="sends alerts to no Alertmanager",
            action=f"add `alerting: {{alertmanagers: [{{static_configs: [{{targets: "
            f"[{examined.topology.stack.alertmanager}]}}]}}]}}` to prometheus.yml",
            after=(PROMETHEUS,),
        )  # fmt: skip
    elif errors > _ONE:
        targets = examined.of_job(names.JOB_ALERTMANAGER, examined.topology.home.name)
        yield Line(
            check=ID, key=_CONNECTED, state="problem", where="Prometheus",
            what=f"could not deliver {counted(round(errors), 'alert')} to Alertmanager in 15 minutes",
            action=f"check that Prometheus reaches {listed(found, 3)}", after=(PROMETHEUS, *targets),
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=_CONNECTED, state="ok", where="Prometheus", what=f"sends alerts to {listed(found, 3)}",
            after=(PROMETHEUS,),
        )  # fmt: skip


def _configuration(examined: Examined, seen: Alertmanager) -> Iterator[Line]:
    """Whether Alertmanager runs with what was built, and every receiver notifies somebody."""
    built = _essence(examined, compare.parsed(examined.files[ALERTMANAGER_FILE]))
    missing = list(compare.missing(built, seen.config))
    after = (_ALERTMANAGER,)
    if missing:
        yield Line(
            check=ID, key=_CONFIG, state="problem", where="Alertmanager", what="runs with another configuration than "
            f"the built one: {listed(missing, _SHOWN)}", action=_PUBLISH, details=tuple(missing), after=after,
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=_CONFIG, state="ok", where="Alertmanager", what="has the built configuration", after=after
        )  # fmt: skip
    silent = [
        str(one.get("name"))
        for one in _maps(seen.config.get("receivers"))
        if one.get("name") != NOBODY and not any(key.endswith(_CONFIGS) and value for key, value in one.items())
    ]
    if silent:
        yield Line(
            check=ID, key="receivers", state="problem", where="Alertmanager",
            what=f"has receivers that notify nobody: {listed(silent)}", after=(*after, _CONFIG),
            action="give each an integration: docs/notifications.md",
        )  # fmt: skip


def _essence(examined: Examined, built: Mapping[str, object]) -> Mapping[str, object]:
    """What must be live: of a shared Alertmanager only our routes and receivers, which are merged into another's."""
    found = {key: value for key, value in built.items() if key not in ("templates", "global")}
    if not examined.topology.stack.shared:
        return found
    ours = [one for one in _maps(found.get("receivers")) if one.get("name") != NOBODY]
    return {"receivers": ours} if ours else {}


def _reloads(examined: Examined) -> Iterator[Line]:
    for one in examined.prometheus.answer(questions.RELOADED):
        program = one["__name__"].partition("_")[0]
        if one.value == 0:
            yield Line(
                check=ID if program == _ALERTMANAGER else "configuration", key=f"reload:{program}", state="problem",
                where=_TITLES.get(program, program),
                what="rejected its configuration at the last reload and runs with an older one",
                action="its log names the line: correct it and reload", after=(PROMETHEUS,),
            )  # fmt: skip


_TITLES: Final = {"alertmanager": "Alertmanager", "prometheus": "Prometheus", "blackbox": "blackbox exporter"}


def _failures(examined: Examined) -> Iterator[Line]:
    targets = examined.of_job(names.JOB_ALERTMANAGER, examined.topology.home.name)
    failed = [one for one in examined.prometheus.answer(questions.FAILED) if one.value > _ONE]
    key = "deliveries"
    if failed:
        parts = [
            f"{round(one.value)} by {one['integration']}" + (f" ({one['reason']})" if one["reason"] else "")
            for one in failed
        ]
        yield Line(
            check=ID, key=key, state="problem", where="Alertmanager", after=targets,
            what=f"failed to deliver notifications in the last hour: {listed(parts, _SHOWN)}",
            action="Alertmanager's log says why; `boxwatch notify test --alertmanager URL` tries each receiver",
        )  # fmt: skip
    elif questions.FAILED in examined.prometheus.samples:
        yield Line(
            check=ID, key=key, state="ok", where="Alertmanager", what="has delivered what it sent in the last hour",
            after=targets,
        )  # fmt: skip


def _watchdog(examined: Examined, seen: Alertmanager | None) -> Iterator[Line]:
    """Whether the alert that always fires leaves the server."""
    said = examined.topology.notifications
    where = "Watchdog"
    fires = any(one.value == 1 for one in examined.prometheus.answer(questions.WATCHDOG))
    after: tuple[str, ...] = (PROMETHEUS, RULES)
    if said is None:
        yield Line(
            check=ID, key=_WATCHDOG, state="warning", where="notifications", what="nobody is notified of any alert",
            action="add `notifications` to the topology: docs/notifications.md",
        )  # fmt: skip
        return
    if said.watchdog is None:
        yield Line(
            check=ID, key=_WATCHDOG, state="warning", where=where,
            what="goes nowhere: nobody notices when this server is gone",
            action="name a receiver outside this server as `notifications.watchdog`: docs/watchdog.md",
        )  # fmt: skip
        return
    if not fires and examined.prometheus.knows(questions.WATCHDOG):
        yield Line(
            check=ID, key=_WATCHDOG, state="problem", where=where, what="does not fire, so no rule is evaluated",
            action="wait for one interval after a start; then see Prometheus' page *Rules*", after=after,
        )  # fmt: skip
        return
    after = (*after, _CONNECTED, _ALERTMANAGER, _CONFIG)
    receiver = deployment.group(examined.topology, receivers.heartbeat(said.watchdog))
    if seen is None or seen.error:
        yield Line(
            check=ID, key=_WATCHDOG, state="ok", where=where, after=after,
            what="fires; pass --alertmanager URL to see whether it leaves this server",
        )  # fmt: skip
    elif seen.heartbeats is None:
        yield Line(
            check=ID, key=_WATCHDOG, state="problem", where=where, what="fires, and Alertmanager does not have it",
            action="check that Prometheus sends its alerts to this Alertmanager", after=after,
        )  # fmt: skip
    elif seen.suppressed:
        yield Line(
            check=ID, key=_WATCHDOG, state="problem", where=where, what="is silenced or inhibited in Alertmanager",
            action="let the silence expire: Alertmanager, page *Silences*", after=after,
        )  # fmt: skip
    elif receiver not in seen.heartbeats:
        yield Line(
            check=ID, key=_WATCHDOG, state="problem", where=where, action=_PUBLISH, after=after,
            what=f"goes to {listed(seen.heartbeats)}, not to {receiver}",
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=_WATCHDOG, state="ok", where=where, what=f"is sent to {receiver}",
            after=(*after, "deliveries"),
        )  # fmt: skip


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
