"""Labels of alerts besides those of their series: severity, and those that the topology adds for routes.

An alert's own labels (`alerts.rules`) precede those of the service that it is about (`services.NAME.labels`), and these
the deployment's (`labels`). One rule fires for many services, so a label that depends on the service is a template.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from boxwatch.rules import deployment, names
from boxwatch.rules.model import Alert
from boxwatch.topology.model import Topology

_Choice = tuple[str, tuple[str, ...]]


def labels(topology: Topology, alert: Alert) -> dict[str, str]:
    """The labels as written in a rule file."""
    found = {"severity": alert.severity, **alert.labels}
    for key in _keys(topology, alert):
        general = topology.labels.get(key, "")
        special = _by_value(topology, key) if _is_about_services(alert) else ()
        if special or general:
            found[key] = _template(special, general)
    return found | deployment.labels(topology)


def labels_of(topology: Topology, alert: Alert, instance: Mapping[str, str]) -> dict[str, str]:
    """The labels of one firing instance, with those of its series."""
    own = {service.name: service.labels for service in topology.services}.get(instance.get(names.SERVICE, ""), {})
    added = {key: own.get(key, topology.labels.get(key, "")) for key in _keys(topology, alert)}
    return {
        "severity": alert.severity,
        **alert.labels,
        **{key: value for key, value in added.items() if value},
        **instance,
        **deployment.labels(topology),
    }


def _keys(topology: Topology, alert: Alert) -> Iterable[str]:
    """The labels that the deployment or a service sets, and the alert itself does not."""
    every = itertools.chain(topology.labels, *(service.labels for service in topology.services))
    return [key for key in dict.fromkeys(every) if key not in alert.labels]


def _is_about_services(alert: Alert) -> bool:
    return any(one.labels.get(names.SERVICE) for case in alert.fires for one in case.expects)


def _by_value(topology: Topology, key: str) -> tuple[_Choice, ...]:
    """(value, services) for the services whose value differs from the deployment's."""
    found: dict[str, list[str]] = {}
    for service in topology.services:
        value = service.labels.get(key)
        if value is not None and value != topology.labels.get(key):
            found.setdefault(value, []).append(service.name)
    return tuple((value, tuple(services)) for value, services in found.items())


def _template(special: tuple[_Choice, ...], general: str) -> str:
    if not special:
        return general
    cases = [
        f"if eq $labels.{names.SERVICE} {' '.join(f'{chr(34)}{name}{chr(34)}' for name in services)} }}}}{value}"
        for value, services in special
    ]
    otherwise = f"{{{{ else }}}}{general}" if general else ""
    return "{{ " + "{{ else ".join(cases) + otherwise + "{{ end }}"
