"""A container belongs to the service that scraping gives it."""

from __future__ import annotations

import pytest
from support.relabelled import relabelled
from support.topologies import a_service, a_topology

from boxwatch.discovery.matching import Matcher, Place
from boxwatch.discovery.model import Container, Labels

TOPOLOGY = a_topology(
    services=[
        a_service("web", containers=[{"resource": "web(-[0-9]+)?"}]),
        a_service(
            "stack",
            containers=[
                {"resource": "stack", "compose_service": "db", "component": "db"},
                {"resource": "stack", "component": "app"},
            ],
        ),
        a_service("named", containers=[{"name": "x.*"}]),
        a_service("staging", containers=[{"resource": "api", "project": "shop", "environment": "staging"}]),
    ]
)


@pytest.mark.parametrize(
    ("container", "place"),
    [
        (Container(name="a", labels=Labels(resource="web-2")), Place("web", "")),
        (Container(name="a", labels=Labels(resource="website")), None),
        (Container(name="a", labels=Labels(resource="web", pull_request=7)), None),
        (Container(name="xyz", labels=Labels(resource="web")), Place("named", "")),
        (Container(name="a", labels=Labels(resource="stack", compose_service="db")), Place("stack", "db")),
        (Container(name="a", labels=Labels(resource="stack", compose_service="other")), Place("stack", "app")),
        (
            Container(name="a", labels=Labels(resource="api", project="shop", environment="staging")),
            Place("staging", ""),
        ),
        (Container(name="a", labels=Labels(resource="api", project="shop")), None),
        (Container(name="a"), None),
    ],
)
def test_a_container_has_the_place_that_relabelling_gives_it(container: Container, place: Place | None) -> None:
    """Of several services the last, of several selectors the first, and none for a preview."""
    labels = relabelled(
        TOPOLOGY,
        "main",
        {
            "__name__": "container_start_time_seconds",
            "name": container.name,
            "container_label_coolify_resourceName": container.labels.resource,
            "container_label_coolify_projectName": container.labels.project,
            "container_label_coolify_environmentName": container.labels.environment,
            "container_label_coolify_pullRequestId": str(container.labels.pull_request),
            "container_label_com_docker_compose_service": container.labels.compose_service,
        },
    )
    assert labels is not None
    scraped = Place(labels["service"], labels.get("component", "")) if "service" in labels else None

    assert (Matcher(TOPOLOGY.services).place(container), scraped) == (place, place)
