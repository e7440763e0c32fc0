"""Every kind of service has all that its record promises; what one lacks is said in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.contract import lacks
from support.topologies import complete

from boxwatch.rules.minio import minio
from boxwatch.rules.model import Subject
from boxwatch.rules.postgres import postgres
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology import kinds
from boxwatch.topology.kinds import KINDS, Kind, Page
from boxwatch.topology.model import Topology

POSTGRES, MINIO, OTHER = kinds.of("postgres"), kinds.of("minio"), kinds.of("other")
# As somebody begins it: a record, and nothing else.
BEGUN = Kind(
    name="kafka",
    title="Kafka",
    holds_data=True,
    port=9092,
    exporter="kafka",
    target="{}:9308",
    pages=(Page(), Page(path="/metrics/detailed", params=(("family", ("topics",)),), name="detailed")),
)


@pytest.mark.repeats
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_lacks_nothing(kind: Kind) -> None:
    """Job, page, alerts, inhibition, exposure, healthy day, dashboard, documents, and its place in the tests."""
    found = lacks(kind)

    assert not found, "\n".join(found)


def test_names_and_aliases_are_of_one_kind() -> None:
    """Else the error for an unknown kind would suggest one of two."""
    words = [word for kind in KINDS for word in (kind.name, *kind.aliases)]

    assert sorted(set(words)) == sorted(words)
    assert [system.name for system in SYSTEMS if not system.kind.scraped] == []


def test_images_and_types_are_of_one_kind() -> None:
    """Else a discovered service would have one of two kinds; images are written as they are looked up."""
    images = [image for kind in KINDS for image in kind.images]
    types = [name for kind in KINDS for name in kind.coolify_types]

    assert sorted(set(images)) == sorted(images)
    assert sorted(set(types)) == sorted(types)
    assert [image for image in images if kinds.of_image(image) is None] == []
    assert [name for name in types if kinds.of_coolify_type(f"standalone-{name}") is None] == []


def test_a_kind_that_is_only_a_record_is_told_all_that_it_lacks() -> None:
    """In the order in which one would add it."""
    assert lacks(BEGUN) == [
        "kafka is no service of the complete topology: support.topologies.complete() needs one",
        "kafka holds data, and no case of PortExposed is about it: see rules/probes/exposure_proofs.py",
        "kafka is not recognised by `boxwatch init --from-docker`: add images=",
        "kafka has no scrape job kafka: list its SYSTEM in rules/systems.py",
        "kafka has no scrape job kafka_detailed: list its SYSTEM in rules/systems.py",
        "kafka: kafka is not in the catalogue: record it with python -m boxwatch.exporters.catalogue.record PAGE...",
        "kafka has no dashboard: add dashboards/kafka.py, or set dashboard=None",
        (
            "kafka has no row in docs/exporters/databases.md: add `| kafka | NAME:9308 | versions |` there, or"
            " docs/exporters/kafka.md"
        ),
        "kafka has no rules: add rules/kafka/kafka_system.py, and list its SYSTEM in rules/systems.py",
    ]


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (replace(OTHER, wakes=False), "other is an exception that the document of `pages` does not name"),
        (replace(OTHER, user_facing=True), "other is an exception that the document of `user_facing` does not name"),
        (replace(OTHER, rules=("other",)), "other has rules or a dashboard, and no exporter: add exporter="),
        (replace(OTHER, dashboard="other"), "other has rules or a dashboard, and no exporter: add exporter="),
        (replace(POSTGRES, port=None), "postgres holds data and has no port: add port="),
        (replace(POSTGRES, target="9187"), "postgres has no usual place: add target="),
        (replace(POSTGRES, pages=(Page(), Page())), "postgres has two pages with one job: give each a name="),
        (
            replace(POSTGRES, exporter="pg"),
            "postgres: pg is not in the catalogue: record it with python -m boxwatch.exporters.catalogue.record",
        ),
        (
            replace(POSTGRES, pages=(Page(path="/probe"),)),
            "postgres does not say how the catalogue calls its page /probe: add recorded=",
        ),
        (
            replace(POSTGRES, pages=(Page(recorded=("pg9",)),)),
            "postgres: no page of postgres_exporter was recorded as pg9: record it, or correct recorded=",
        ),
        (
            replace(MINIO, alternatives=(Page(path="/minio/metrics/v4"),)),
            "minio does not say how the catalogue calls its page /minio/metrics/v4: add recorded=",
        ),
        (
            replace(MINIO, pages=(Page(path="/minio/v2/metrics/node", recorded=("v2-node-*",)),)),
            "minio: alert MinioQuorumLost reads what is not scraped: minio_cluster_health_status is on no page",
        ),
        (
            replace(POSTGRES, dashboard=""),
            "postgres has no dashboard: add dashboards/postgres.py, or set dashboard=None",
        ),
        (replace(POSTGRES, dashboard="pg"), "postgres has no dashboard: add dashboards/pg.py, or set dashboard=None"),
        (
            replace(POSTGRES, target="{}:1"),
            "postgres has no row in docs/exporters/databases.md: add `| postgres | NAME:1",
        ),
        (
            replace(POSTGRES, rules=("postgres",)),
            "postgres has the subjects postgres, postgres_connections, postgres_activity, postgres_storage, and its",
        ),
        (replace(POSTGRES, down=()), "postgres has no alert that says it is down: name it in down=, or set down=None"),
        (replace(POSTGRES, blind=""), "postgres has no alert that says its exporter is blind: name it in blind="),
        (replace(POSTGRES, down=("PgDown",)), "postgres has no alert PgDown: add it to rules/postgres/postgres.py"),
        (replace(POSTGRES, blind="PgMissing"), "postgres has no alert PgMissing: add it to rules/postgres/postgres.py"),
        (
            replace(POSTGRES, pages=(Page(name="own"),)),
            'PostgresDown reads nothing of postgres: its expression needs job="postgres_own"',
        ),
        (
            replace(POSTGRES, pages=(Page(name="own"),)),
            "postgres has alerts that TargetDown of job postgres_own does not silence: rules/inhibition.py",
        ),
        (
            replace(POSTGRES, down=("PostgresDeadlocks",)),
            "postgres has alerts that PostgresDeadlocks does not silence: rules/inhibition.py reads SYSTEMS",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_what_a_kind_lacks_is_said(kind: Kind, sentence: str) -> None:
    """Each branch of the contract, by a record of which one thing was changed."""
    assert [each for each in lacks(kind) if each.startswith(sentence)]


def _unlisted(topology: Topology) -> Subject | None:
    return postgres.subject(topology)


def test_what_a_system_lacks_is_said() -> None:
    """Its subjects, and its healthy day."""
    system = next(one for one in SYSTEMS if one.name == "postgres")
    without_day = replace(system, healthy_day=lambda _hours: ())
    stranger = replace(system, subjects=(_unlisted, minio.subject))

    assert lacks(POSTGRES, (without_day,)) == [
        "postgres has no healthy day: healthy_day of its SYSTEM makes no series of job=postgres"
    ]
    assert lacks(POSTGRES, (stranger,))[:2] == [
        (
            "postgres has the subjects postgres, minio, and its record says postgres, postgres_connections, "
            "postgres_activity, postgres_storage: correct rules="
        ),
        "postgres has subjects that nobody makes: add them to rules/catalogue.py",
    ]
    assert lacks(POSTGRES, ())[-1:] == [
        "postgres has no rules: add rules/postgres/postgres_system.py, and list its SYSTEM in rules/systems.py"
    ]


def test_nothing_is_owed_on_purpose() -> None:
    """None says that somebody thought of it."""
    assert lacks(replace(POSTGRES, dashboard=None, down=None, blind=None)) == []


def test_the_complete_topology_has_every_kind() -> None:
    """Whatever the default deployment has."""
    assert {service.kind for service in complete().services} == set(kinds.NAMES)


def test_an_unknown_kind_is_refused() -> None:
    """A misspelt kind would otherwise mean that there is no service of it."""
    with pytest.raises(KeyError):
        complete().services_of("postgrse")
