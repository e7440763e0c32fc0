"""The API of a Mimir-compatible ruler for one namespace: its groups one by one, and what is being evaluated.

Read in Mimir's source (pkg/ruler/api.go): a namespace without groups is 404, a group that is written or deleted is 202,
what is refused is 400 with the reason as text, and groups are not active at once.
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
        client: its URL is what stands before `/config/v1/rules`, such as http://HOST:PORT/prometheus.
        namespace: the groups' common name.
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
        """Name → group as stored.

        Raises:
            PublishError: it cannot be reached, refuses us, or answers as no ruler does.
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
            raise PublishError(f"{self.client.url} does not answer as a ruler does: is the URL right?") from error

    def put(self, group: Group) -> None:
        """Write a group, new or over the old one.

        Raises:
            PublishError: the ruler refuses, with its own words.
        """
        body = yaml.dump(dict(group), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False).encode()
        answer = self.client.request("POST", self._path, _TIMEOUT, body=body)
        if answer.status not in _GOOD:
            raise self._refused(answer, f"refuses the group {group.get('name')}")

    def delete(self, name: str) -> None:
        """Remove a group; fine when it is gone already.

        Raises:
            PublishError: the ruler refuses.
        """
        answer = self.client.request("DELETE", f"{self._path}/{quote(name, safe='')}", _TIMEOUT)
        if answer.status not in _GOOD and not (answer.status == _MISSING and self._is_ruler(answer)):
            raise self._refused(answer, f"does not remove the group {name}")

    @staticmethod
    def _is_ruler(answer: Answer) -> bool:
        """Whether it is the ruler that says "not there": any server says so of a path that it does not know."""
        return b"group" in answer.body

    def _refused(self, answer: Answer, what: str) -> PublishError:
        said = self.client.server_message(answer)
        hint = ""
        if answer.status in (_UNAUTHORISED, _FORBIDDEN):
            hint = "; is the token right, and is a tenant to be named with --tenant?"
        elif answer.status == _MISSING:
            hint = "; the URL is what stands before /config/v1/rules: http://HOST:PORT/prometheus for Mimir"
        return PublishError(f"{self.client.url} {what} ({answer.status}){said}{hint}")


def named(groups: Mapping[str, Group]) -> bytes:
    """Groups as a rule file."""
    document = {"groups": [dict(group) for group in groups.values()]}
    return yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False).encode()
