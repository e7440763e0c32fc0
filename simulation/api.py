"""Questions to the demo's own Prometheus and Alertmanager, on loopback."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from boxwatch.errors import ToolError

_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer.

    Attributes:
        labels: its labels.
        points: (time by the wall, value), oldest first.
    """

    labels: dict[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Api:
    """A Prometheus at a base URL."""

    url: str

    def instant(self, query: str, at: float) -> tuple[Series, ...]:
        """The value of a query at a moment of the wall."""
        data = self._ask("query", query=query, time=f"{at:.3f}")
        if data["resultType"] in ("scalar", "string"):
            return (Series({}, ((data["result"][0], float(data["result"][1])),)),)
        return tuple(Series(one["metric"], (_point(one["value"]),)) for one in data["result"])

    def range(self, query: str, since: float, until: float, step: float) -> tuple[Series, ...]:
        """The values of a query over a time of the wall."""
        data = self._ask("query_range", query=query, start=f"{since:.3f}", end=f"{until:.3f}", step=f"{step:.3f}")
        return tuple(Series(one["metric"], tuple(map(_point, one["values"]))) for one in data["result"])

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The data of any other path: `rules`, `targets`."""
        return self._ask(path)

    def _ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        body = urllib.parse.urlencode(parameters).encode() if parameters else None
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", body, timeout=_TIMEOUT) as answer:  # noqa: S310 - loopback only
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = json.loads(error.read() or b"{}").get("error", error.reason)
            raise ToolError(f"the demo's Prometheus refused {parameters.get('query', path)}: {said}") from error
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise ToolError(f"the demo's Prometheus does not answer: {error}") from error


def _point(pair: list[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
