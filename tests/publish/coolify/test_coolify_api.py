"""Requests over HTTP, and what Coolify's refusals mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.coolify_writes import LiveCoolify, served
from support.deploying import NOON, World, compose

from boxwatch.errors import PublishError
from boxwatch.exporters.coolify.fake import traps
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.publish.coolify import coolify_api
from boxwatch.publish.coolify.coolify_api import CoolifyApi, Variable
from boxwatch.publish.http import Answer


def _answering(status: int, document: object) -> CoolifyApi:
    content = document.encode() if isinstance(document, str) else json.dumps(document).encode()

    def send(method: str, path: str, body: bytes | None, *, again: bool) -> Answer:
        del method, path, body, again
        return Answer(status, content, {})

    return CoolifyApi(send, "http://coolify")


class _Echo(LiveCoolify):
    """Refuses every request, and quotes what it is given."""

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> traps.Answer:
        del method, target, headers, body
        return traps.answer({"message": self.version}, 422)


def _token(folder: Path) -> Path:
    path = folder / "token"
    path.write_text(f"{TOKEN}\n", encoding="utf-8")
    return path


def test_requests_arrive_over_http(tmp_path: Path) -> None:
    """Read and written, with the token from a file."""
    fake = LiveCoolify(lambda: NOON)
    fake.add_project("Shop", "production")
    fake.add_server("localhost")
    stack = fake.add_stack("monitoring", 1, compose({"a": "x"}))
    with served(fake) as url:
        send, named = coolify_api.over_http(url, _token(tmp_path), (), None)
        api = CoolifyApi(send, named)
        assert api.version() == "4.3.11"
        api.set_variables(stack.record["uuid"], {"A": "it is"})
        assert api.variables(stack.record["uuid"])[-1] == Variable("A", "it is")


def test_no_secret_is_in_a_message(tmp_path: Path) -> None:
    """Neither the token, nor its part that works alone, nor a value, whoever echoes them."""
    secrets = ("hunter2", "hunter2-and-more")
    tail = TOKEN.partition("|")[2]
    with served(_Echo(lambda: NOON, version=f"{TOKEN} {tail} {' '.join(secrets)}")) as url:
        send, named = coolify_api.over_http(url, _token(tmp_path), secrets, None)
        with pytest.raises(PublishError) as caught:
            CoolifyApi(send, named).version()
    assert str(caught.value).endswith("GET " + named + "/api/v1/version: *** *** *** ***")
    assert "hunter2" not in repr(Variable("A", "hunter2"))


def test_a_token_file_without_a_token_is_named(tmp_path: Path) -> None:
    """Before anything is sent."""
    (tmp_path / "token").write_text("two words\n", encoding="utf-8")

    with pytest.raises(PublishError, match="contains no token: it must contain one line with only the token"):
        coolify_api.over_http("http://127.0.0.1:1", tmp_path / "token", (), None)


@pytest.mark.parametrize(
    ("status", "document", "message"),
    [
        (401, {"message": "Unauthenticated."}, "authentication failed"),
        (403, {"success": True, "message": "API is disabled."}, "Coolify's API is disabled in its settings"),
        (403, {"message": "Missing required permissions: deploy"}, "the token lacks deploy; create one with read"),
        (404, {"message": "Service not found."}, "Service not found"),
        (409, {"message": "m", "conflicts": []}, "another resource has the same domain"),
        (422, {"message": "Validation failed.", "errors": {"urls": ["Bad.", "Worse."]}}, "failed urls: Bad. Worse."),
        (422, {"message": "Validation failed.", "errors": ["Bad."]}, "Validation failed Bad."),
        (400, {"message": "Server has multiple destinations and you do not set destination_uuid."}, "destination_uuid"),
        (500, "<html>", "answered 500"),
        (302, "<html>", "Coolify redirects"),
        (200, "<html>", "does not answer in JSON: is this Coolify's URL"),
        (200, [1], "answers with no object: is this Coolify's URL"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_says_what_to_do(status: int, document: object, message: str) -> None:
    """Coolify's refusals, a proxy's pages, and other servers."""
    with pytest.raises(PublishError, match=message):
        _answering(status, document).resource("u")


def test_a_list_that_is_none_is_told() -> None:
    """Another server's answer."""
    with pytest.raises(PublishError, match="answers with no list"):
        _answering(200, [1]).resources()


def test_a_list_with_gaps_is_an_object() -> None:
    """PHP makes one of it."""
    assert [one.uuid for one in _answering(200, {"0": {"uuid": "a"}, "2": {"uuid": "b"}}).resources()] == ["a", "b"]


def test_a_creation_without_a_uuid_is_none() -> None:
    """Coolify always sends one."""
    with pytest.raises(PublishError, match="did not say what it created"):
        _answering(201, {"domains": []}).create({}, "services: {}")


def test_databases_are_containers_too() -> None:
    """Coolify decides by the image; they are left out of the status at another path."""
    world = World()
    uuid = world.fake.add_stack("monitoring", 1, compose({"a": "x"})).record["uuid"]
    record = world.fake.stacks[uuid].record
    record["databases"], record["applications"] = record["applications"], []

    (part,) = world.api().resource(uuid).components
    assert (part.name, part.database) == ("a", True)
    sent: list[str] = []
    with pytest.raises(PublishError, match="Service not found"):
        world.api(sent.append).exclude(uuid, part, excluded=True)
    assert sent == [f"PATCH /api/v1/services/{uuid}/databases/{part.uuid}"]
