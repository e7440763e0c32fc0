"""Which service of a topology a container belongs to, by the rules that scraping applies.

Of several services the last one of the file wins, of the selectors of one service the first, and a preview of a pull
request belongs to none (`boxwatch.stack.containers` says the same to Prometheus; a test compares the two).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import re2

from boxwatch.discovery.model import Container
from boxwatch.topology.model import Selector, Service

LABELS: Final = ("resource", "compose_service", "name", "project", "environment")


@dataclass(frozen=True, slots=True)
class Place:
    """A component of a service; the component is empty where the service has only one."""

    service: str
    component: str


class Matcher:
    """The selectors of the services of one server."""

    def __init__(self, services: Iterable[Service]) -> None:
        """Compile them, those first that win."""
        self._rules = [
            (Place(service.name, selector.component or ""), _compiled(selector))
            for service in reversed(tuple(services))
            for selector in service.selectors
        ]

    def place(self, container: Container) -> Place | None:
        """The service and component of a container; None if no selector matches, and for a preview."""
        if container.labels.pull_request:
            return None
        texts = texts_of(container)
        for place, patterns in self._rules:
            if patterns and all(pattern.fullmatch(texts[label]) for label, pattern in patterns.items()):
                return place
        return None


def texts_of(container: Container) -> Mapping[str, str]:
    """What selectors compare, by their keys."""
    labels = container.labels
    return {
        "resource": labels.resource,
        "compose_service": labels.compose_service,
        "name": container.name,
        "project": labels.project,
        "environment": labels.environment,
    }


def _compiled(selector: Selector) -> dict[str, re2._Regexp]:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = False
    patterns = {label: getattr(selector, label) for label in LABELS}
    return {label: re2.compile(text, options) for label, text in patterns.items() if text is not None}
