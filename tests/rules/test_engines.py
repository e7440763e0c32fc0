"""What the subjects of databases, caches and stores share."""

from __future__ import annotations

import pytest
from support.topologies import a_service, a_topology

from boxwatch.rules import catalogue

_SUBJECTS = {
    "postgres": {"postgres", "postgres_connections", "postgres_activity", "postgres_storage"},
    "redis": {"redis", "redis_memory", "redis_storage"},
    "elasticsearch": {"elasticsearch", "elasticsearch_capacity"},
    "minio": {"minio", "minio_capacity"},
}


@pytest.mark.parametrize("kind", _SUBJECTS)
def test_there_are_rules_only_for_what_is_scraped(kind: str) -> None:
    """A rule on metrics that nothing exposes could never fire."""

    def ids(**changes: object) -> set[str]:
        made = catalogue.subjects(a_topology(services=(a_service("db", kind=kind, **changes),)))
        return {subject.id for subject in made} & set().union(*_SUBJECTS.values())

    assert ids() == _SUBJECTS[kind]
    assert ids(metrics="none") == set()


def test_engines_of_every_server_get_the_same_rules() -> None:
    """A second server or service changes no rule about engines."""
    one = catalogue.files(catalogue.build(a_topology(name="mvp", services=(a_service("db", kind="postgres"),))))
    two = catalogue.files(
        catalogue.build(
            a_topology(name="mvp", services=(a_service("db", kind="postgres"), a_service("more", kind="postgres")))
        )
    )

    paths = {path for path in one if "postgres" in path}
    assert paths
    assert {path for path in paths if one[path] != two[path]} == set()
