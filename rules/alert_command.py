"""The first command of an alert, with the names filled in, and the Coolify resource that it is about.

The person on call knows the service, but not its container, which Coolify names after a uuid, nor the name of the
resource. Both follow from the topology's selectors and the alert's labels, so every alert that has them carries them as
annotations, and messages show them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from boxwatch.rules import names
from boxwatch.rules.model import Alert
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Selector, Service, Topology

_RESOURCE: Final = "coolify.resourceName"
_COMPOSE: Final = "com.docker.compose.service"
_ENVIRONMENT: Final = "coolify.environmentName"
_PROJECT: Final = "coolify.projectName"
# A label, or the first of two that is not empty.
_LABEL: Final = re.compile(r"<(\w+)(?:\|(\w+))?>")
# The end of the default selector, NAME-1 and so on.
_REPLICAS: Final = "(-[0-9]+)?"
_LITERAL: Final = re.compile(r"[A-Za-z0-9_-]+")
# What Docker is to expand, and Prometheus is not: from the first braces of a text to the last.
_BRACES: Final = re.compile(r"\{\{[^<`]*\}\}")
_SNIPPET: Final = re.compile(r"`([^`]+)`")
_PROGRAMS: Final = frozenset(
    {
        "cat", "conntrack", "curl", "date", "df", "dmesg", "docker", "du", "findmnt", "free", "journalctl", "last",
        "lsblk", "ps", "ss", "systemctl", "timedatectl", "vmstat",
    }
)  # fmt: skip
_INSTANCE: Final = "instance"
# Lists all containers of a server.
ALL: Final = "docker ps -a"
_NAMED: Final = "name=^<name>$"
# What runbooks call what a label of the alert names.
_PLACEHOLDERS: Final = {"NAME": names.NAME, "DEVICE": names.DEVICE, "URL": _INSTANCE}
_PLACEHOLDER: Final = re.compile(r"\b[A-Z]{3,}\b")
# Words in capitals that are none, such as SQL.
_NO_PLACEHOLDERS: Final = frozenset({"SELECT", "FROM", "GROUP", "ORDER", "WHERE", "LIKE", "DESC"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text with the alert's labels in it, `<service>`, that may differ by service.

    Attributes:
        general: for all other services.
        by_service: service → text.
        without: for instances of the alert that are about no service; None where there are none.
    """

    general: str
    by_service: Mapping[str, str] = field(default_factory=dict)
    without: str | None = None

    def template(self) -> str:
        """The text as an annotation of a rule."""
        same: dict[str, list[str]] = {}
        for service, text in self.by_service.items():
            same.setdefault(text, []).append(service)
        cases = [
            (f"eq $labels.{names.SERVICE} " + " ".join(f'"{one}"' for one in services), text)
            for text, services in same.items()
        ]
        if self.without is not None:
            cases.insert(0, (f'eq $labels.{names.SERVICE} ""', self.without))
        if not cases:
            return _template(self.general)
        chain = "{{ else ".join(f"if {condition} }}}}{_template(text)}" for condition, text in cases)
        return f"{{{{ {chain}{{{{ else }}}}{_template(self.general)}{{{{ end }}}}"

    def of(self, labels: Mapping[str, str]) -> str:
        """The text of one firing instance."""
        service = labels.get(names.SERVICE, "")
        text = self.by_service.get(service, self.general)
        if not service and self.without is not None:
            text = self.without
        return _LABEL.sub(lambda match: labels.get(match[1], "") or labels.get(match[2] or "", ""), text)


def command(topology: Topology, alert: Alert) -> Text | None:
    """The first command to run on the server; None where the runbook has none."""
    labels = _labels(alert)
    written = _first_command(alert, labels)
    if _is_about_a_container(alert, labels):
        # A list of all containers does not show which one is meant.
        return Text(written if "<" in written or written.startswith("dmesg") else f"docker ps -a --filter {_NAMED}")
    if names.UUID in labels:
        # Coolify calls every container after the resource's uuid.
        return Text("docker ps -a --filter name=<uuid>")
    if _INSTANCE in labels:
        return Text(f"curl -sv '<{_INSTANCE}>'")
    if names.SERVICE in labels:
        found = {
            # Without containers there is nothing to list.
            service.name: _find(service) if topology.runs_in_containers(service) else ""
            for service in _services(topology, alert)
            if service.containers or not topology.runs_in_containers(service)
        }
        if not any(topology.runs_in_containers(service) for service in _services(topology, alert)):
            return None
        without = ALL if _is_sometimes_without_service(alert) else None
        general = _grep((f"<service>{_REPLICAS}",), _RESOURCE)
        return Text(general, {name: text for name, text in found.items() if text != general}, without)
    return _plain(written)


def listing(topology: Topology, alert: Alert) -> dict[str, str]:
    """Service → the command that lists its containers, for the services that the alert may be about."""
    if names.SERVICE not in _labels(alert):
        return {}
    return {
        service.name: _find(service).replace("<service>", service.name)
        for service in _services(topology, alert)
        if topology.runs_in_containers(service)
    }


def resource(topology: Topology, alert: Alert) -> Text | None:
    """The Coolify resource or the containers that the alert is about, and their environment; None if about neither."""
    labels = _labels(alert)
    if names.UUID in labels:
        return Text("<project>/<environment>/<resource>")
    is_container = _is_about_a_container(alert, labels)
    if not is_container and names.SERVICE not in labels:
        return None
    # A container that Coolify did not start has a name only.
    one = "<resource|name>" if is_container else "<service>"
    special = {
        service.name: (one if is_container else _called(service)) + _place(service)
        for service in _services(topology, alert)
        if service.containers and names.SERVICE in labels
    }
    return Text(one, {name: text for name, text in special.items() if text != one})


def _services(topology: Topology, alert: Alert) -> tuple[Service, ...]:
    """The services that it may be about: an alert that is called after a kind is about no other."""
    of = {kind.name for kind in KINDS if alert.alert.lower().startswith(kind.name)}
    return tuple(service for service in topology.services if not of or service.kind in of)


def _labels(alert: Alert) -> frozenset[str]:
    return frozenset(
        label for case in alert.fires for one in case.expects for label, value in one.labels.items() if value
    )


def _is_about_a_container(alert: Alert, labels: frozenset[str]) -> bool:
    # Nodes of Elasticsearch have names too.
    return names.NAME in labels and alert.alert.startswith("Container")


def _is_sometimes_without_service(alert: Alert) -> bool:
    return f"with $labels.{names.SERVICE}" in alert.description


def _plain(text: str) -> Text | None:
    return Text(text) if text else None


def _first_command(alert: Alert, labels: frozenset[str]) -> str:
    """The first command of the runbook in which every placeholder is a label of the alert; empty if there is none."""
    for step in alert.runbook.first_look:
        for snippet in _SNIPPET.findall(step):
            words = set(_PLACEHOLDER.findall(snippet)) - _NO_PLACEHOLDERS
            if snippet.split()[0] in _PROGRAMS and all(_PLACEHOLDERS.get(word) in labels for word in words):
                return _PLACEHOLDER.sub(_filled, snippet)
    return ""


def _filled(word: re.Match[str]) -> str:
    label = _PLACEHOLDERS.get(word[0])
    return word[0] if label is None else f"<{label}>"


def _find(service: Service) -> str:
    """The command that lists the containers of a service."""
    selectors = service.selectors
    where = "".join(
        f" --filter label={label}={value}"
        for label, values in (
            (_PROJECT, {one.project for one in selectors}),
            (_ENVIRONMENT, {one.environment for one in selectors}),
        )
        for value in values
        if len(values) == 1 and value is not None and _LITERAL.fullmatch(value)
    )
    for label, patterns, others in (
        (_RESOURCE, [one.resource for one in selectors], [(one.compose_service, one.name) for one in selectors]),
        (_COMPOSE, [one.compose_service for one in selectors], [(one.resource, one.name) for one in selectors]),
        ("", [one.name for one in selectors], [(one.resource, one.compose_service) for one in selectors]),
    ):
        given = tuple(dict.fromkeys(_own(service, pattern) for pattern in patterns if pattern is not None))
        if None in patterns or any(any(other) for other in others):
            continue
        if len(given) == 1 and _LITERAL.fullmatch(given[0].replace("<service>", "x")):
            only = f"label={label}={given[0]}" if label else f"name=^{given[0]}$"
            return f"docker ps -a{where} --filter {only}"
        return _grep(given, label, where)
    alternatives = tuple(
        ",".join(f"({pattern})" if pattern else "[^, ]*" for pattern in (one.resource, one.compose_service, one.name))
        for one in selectors
    )
    columns = f'{{{{.Label "{_RESOURCE}"}}}},{{{{.Label "{_COMPOSE}"}}}},{{{{.Names}}}} {{{{.Status}}}}'
    return f"docker ps -a{where} --format '{columns}' | grep -P {shlex.quote(f'^({chr(124).join(alternatives)}) ')}"


def _own(service: Service, pattern: str) -> str:
    """A pattern that begins with the service's name, so that services alike share a text."""
    rest = pattern.removeprefix(service.name)
    return f"<service>{rest}" if rest in ("", _REPLICAS) else pattern


def _grep(patterns: tuple[str, ...], label: str, where: str = "") -> str:
    """A list of containers, those with a value in the first column."""
    columns = (f'{{{{.Label "{label}"}}}} ' if label else "") + "{{.Names}} {{.Status}}"
    pattern = "|".join(patterns)
    pattern = f"({pattern})" if "|" in pattern else pattern
    return f"docker ps -a{where} --format '{columns}' | grep -P {shlex.quote(f'^{pattern} ')}"


def _called(service: Service) -> str:
    """What the containers are called: the resources, else the compose services, else the names."""
    for values in (
        [one.resource for one in service.selectors],
        [one.compose_service for one in service.selectors],
        [one.name for one in service.selectors],
    ):
        if given := list(dict.fromkeys(value for value in values if value is not None)):
            called = [_own(service, pattern).removesuffix(_REPLICAS) for pattern in given]
            return called[0] if len(called) == 1 else f"{', '.join(called[:-1])} or {called[-1]}"
    return service.name


def _place(service: Service) -> str:
    """The environment, and the project, if the selectors name them."""

    def only(one: Selector) -> tuple[str, ...]:
        return tuple(value for value in (one.project, one.environment) if value is not None)

    places = dict.fromkeys(only(one) for one in service.selectors if only(one))
    return f" ({' or '.join('/'.join(place) for place in places)})" if places else ""


def _template(text: str) -> str:
    """A text as Go's template: its braces as they are, its labels expanded."""
    escaped = _BRACES.sub(lambda match: f"{{{{ `{match[0]}` }}}}", text)
    return _LABEL.sub(
        lambda match: (
            f"{{{{ or $labels.{match[1]} $labels.{match[2]} }}}}" if match[2] else f"{{{{ $labels.{match[1]} }}}}"
        ),
        escaped,
    )
