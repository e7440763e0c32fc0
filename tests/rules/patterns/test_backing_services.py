"""Rules on databases, caches and stores."""

from __future__ import annotations

import pytest
from support.topologies import a_service, a_topology

from boxwatch.rules import catalogue
from boxwatch.topology.kinds import KINDS, Kind

_ENGINES = tuple(kind for kind in KINDS if kind.scraped and not kind.about_others)


@pytest.mark.parametrize("kind", _ENGINES, ids=lambda kind: kind.name)
def test_only_scraped_services_have_rules(kind: Kind) -> None:
    """A service without metrics gets no rules, because they could never fire."""
    every = {subject for engine in _ENGINES for subject in engine.rules}

    def ids(**changes: object) -> set[str]:
        made = catalogue.subjects(a_topology(services=(a_service("db", kind=kind.name, **changes),)))
        return {subject.id for subject in made} & every

    assert ids() == set(kind.rules)
    assert ids(metrics="none") == set()


def test_services_of_every_server_get_the_same_rules() -> None:
    """A second service of a kind changes no rule about the kind."""
    one = catalogue.files(catalogue.build(a_topology(name="mvp", services=(a_service("db", kind="postgres"),))))
    two = catalogue.files(
        catalogue.build(
            a_topology(name="mvp", services=(a_service("db", kind="postgres"), a_service("more", kind="postgres")))
        )
    )

    paths = {path for path in one if "postgres" in path}
    assert paths
    assert {path for path in paths if one[path] != two[path]} == set()
