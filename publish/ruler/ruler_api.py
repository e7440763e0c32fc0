"""The API of a Mimir-compatible ruler for one namespace: its stored groups, and the rules it evaluates.

According to Mimir's source (pkg/ruler/api.go), a namespace without groups returns 404, a written or deleted group 202,
a rejected one 400 with the reason as text, and groups do not become active at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import yaml

from boxwatch.errors import PublishError
from boxwatch.publish.http import Answer, Client
from boxwatch.publish.read_back import Source
from boxwatch.publish.ruler.ruler_group import Group

_OK, _MISSING = 200, 404
_UNAUTHORISED, _FORBIDDEN = 401, 403
_GOOD = frozenset({200, 201, 202, 204})
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class RulerApi:
    """One namespace of one tenant.

    Attributes:
        client: its URL is the part before `/config/v1/rules`, such as http://HOST:PORT/prometheus.
        namespace: the groups' namespace.
    """

    client: Client
    namespace: str

    @property
    def _path(self) -> str:
        return f"/config/v1/rules/{quote(self.namespace, safe='')}"

    @property
    def source(self) -> Source:
        """Where a read-back looks."""
        place = f"the namespace {self.namespace}"
        return Source("the ruler", place, f"the ruler shows no group of {place}", lambda file: file == self.namespace)

    def groups(self) -> dict[str, Group]:
        """Name → group, as stored.

        Raises:
            PublishError: the ruler cannot be reached, denies access, or does not respond like a ruler.
        """
        answer = self.client.request("GET", self._path, _TIMEOUT)
        if answer.status == _MISSING and self._is_ruler(answer):
            return {}
        if answer.status != _OK:
            raise self._refused(answer, "does not show its rules")
        try:
            document = yaml.load(answer.body, Loader=yaml.CSafeLoader)
            found = document.get(self.namespace, []) if isinstance(document, dict) else None
            return {str(group["name"]): group for group in found or []}
        except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise PublishError(f"{self.client.url} does not respond like a ruler: check the URL") from error

    def put(self, group: Group) -> None:
        """Write a group, whether or not it exists.

        Raises:
            PublishError: the ruler rejects it; quotes its message.
        """
        body = yaml.dump(dict(group), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False).encode()
        answer = self.client.request("POST", self._path, _TIMEOUT, body=body)
        if answer.status not in _GOOD:
            raise self._refused(answer, f"rejects the group {group.get('name')}")

    def delete(self, name: str) -> None:
        """Remove a group; succeeds if it is already gone.

        Raises:
            PublishError: the ruler does not remove it.
        """
        answer = self.client.request("DELETE", f"{self._path}/{quote(name, safe='')}", _TIMEOUT)
        if answer.status not in _GOOD and not (answer.status == _MISSING and self._is_ruler(answer)):
            raise self._refused(answer, f"does not remove the group {name}")

    @staticmethod
    def _is_ruler(answer: Answer) -> bool:
        """Whether the 404 comes from a ruler: any server returns 404 for a path it does not know."""
        return b"group" in answer.body

    def _refused(self, answer: Answer, what: str) -> PublishError:
        said = self.client.server_message(answer)
        hint = ""
        if answer.status in (_UNAUTHORISED, _FORBIDDEN):
            hint = "; check the token, and whether a tenant is required (--tenant)"
        elif answer.status == _MISSING:
            hint = "; the URL is the part before /config/v1/rules: http://HOST:PORT/prometheus for Mimir"
        return PublishError(f"{self.client.url} {what} ({answer.status}){said}{hint}")


def named(groups: Mapping[str, Group]) -> bytes:
    """Groups as a rule file."""
    document = {"groups": [dict(group) for group in groups.values()]}
    return yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False).encode()
