"""Applications, services, databases, servers and backups: odd records in otherwise valid lists."""

from __future__ import annotations

from boxwatch.exporters.coolify import names, resources, servers
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.status import Status

# ruff: noqa: D103 - the names of the tests are sentences

NOW = 1787400000.0
BOX = payloads.server(0, "box", NOW)


def _fields(record: payloads.Record) -> tuple[Fields, list[str]]:
    complaints: list[str] = []
    return Fields(record, complaints.append), complaints


def test_parts_of_the_same_name_or_of_none_are_left_out() -> None:
    service = payloads.service(1, "search", BOX, 1, NOW)
    service["databases"] = [payloads.part("search", NOW), {"name": None}, payloads.part("other", NOW)]
    fields, complaints = _fields(service)
    found = resources.read(fields, names.SERVICE)

    assert found is not None
    assert [part.name for part in found.parts] == ["search", "other"]
    assert complaints == ["part", "part"]


def test_a_part_can_be_left_out_of_the_services_state_on_purpose() -> None:
    service = payloads.service(1, "search", BOX, 1, NOW)
    service["applications"][0]["exclude_from_status"] = True
    found = resources.read(_fields(service)[0], names.SERVICE)

    assert found is not None
    assert found.parts[0].excluded


def test_backups_are_bounded() -> None:
    database = payloads.database(3, "db", "redis", BOX, 1, NOW)
    database["backup_configs"] = [database["backup_configs"][0] | {"uuid": f"b{number}"} for number in range(50)]
    fields, complaints = _fields(database)
    found = resources.read(fields, names.DATABASE)

    assert found is not None
    assert len(found.backups) == 32
    assert complaints == ["backup"]


def test_new_words_of_backups_are_told() -> None:
    database = payloads.database(3, "db", "redis", BOX, 1, NOW)
    database["backup_configs"][0]["frequency"] = "every_blue_moon"
    database["backup_configs"][0]["latest_log"]["status"] = "postponed"
    fields, complaints = _fields(database)
    found = resources.read(fields, names.DATABASE)

    assert found is not None
    assert (found.backups[0].result, found.backups[0].interval) == ("unknown", None)
    assert sorted(complaints) == ["backup_status", "frequency"]


def test_a_resource_without_server_or_environment_is_still_one() -> None:
    found = resources.read(_fields({"uuid": "a", "name": None})[0], names.APPLICATION)

    assert found == resources.Resource(names.APPLICATION, "a", "a", Status(understood=False))
    assert found.slug == "a"


def test_records_without_uuid_are_none() -> None:
    for kind in names.TYPES:
        assert resources.read(_fields({"name": "x"})[0], kind) is None
    assert resources.read_light(_fields({"type": "application"})[0]) is None
    assert servers.read(_fields({"name": "x"})[0]) is None


def test_a_proxy_can_be_missing_or_in_a_new_state() -> None:
    fields, complaints = _fields({"proxy": {"type": "CADDY", "status": "levitating"}})
    detail = servers.read_detail(fields)

    assert (detail.proxy, detail.proxy_state, complaints) == ("caddy", "unknown", ["proxy_status"])
    assert servers.read_detail(_fields({})[0]).proxy == "none"
    assert servers.read_detail(_fields({"proxy": [], "traefik_outdated_info": {"current": "3.5"}})[0]).outdated
