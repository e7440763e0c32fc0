"""Answers of Prometheus' API from a table, for what does not depend on PromQL itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from boxwatch.live.source import Prometheus

NOW = 1_700_000_000.0
Labels = dict[str, str]


@dataclass
class FakePrometheus:
    """A server whose series are a table.

    Attributes:
        answers: query → series with their values; other queries give nothing.
        values: (label, selector) → values of a label.
        targets, groups: as its API shows them; None if it has no such path.
        refused: query → Prometheus' error.
        status: answered to everything, with no JSON, unless it is 200.
        asked: every path and query, in order.
    """

    answers: dict[str, list[tuple[Labels, float]]] = field(default_factory=dict)
    values: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    targets: list[dict[str, Any]] | None = None
    groups: list[dict[str, Any]] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = "http://prometheus:9090"

    def source(self, concurrency: int = 2) -> Prometheus:
        """The server to ask."""
        return Prometheus(self, concurrency)

    def send(self, path: str, form: str | None) -> tuple[int, object]:
        """As `boxwatch.live.source.Transport`."""
        parts = urlsplit(path)
        fields = {key: values[0] for key, values in parse_qs(form or parts.query).items()}
        self.asked.append(f"{parts.path} {fields.get('query', '')}".strip())
        if self.status != 200:
            return self.status, {"message": "refused"} if self.status in (401, 403) else None
        return self._answer(parts.path, fields)

    def _answer(self, path: str, fields: dict[str, str]) -> tuple[int, object]:  # noqa: PLR0911 - one for each path
        query = fields.get("query", "")
        if query in self.refused:
            return 422, {"status": "error", "errorType": "execution", "error": self.refused[query]}
        match path.split("/")[3:]:
            case ["query"] if query == "time()":
                return _good({"resultType": "scalar", "result": [NOW, str(NOW)]})
            case ["query"]:
                found = self.answers.get(query, [])
                return _good(
                    {"resultType": "vector", "result": [{"metric": m, "value": [NOW, str(v)]} for m, v in found]}
                )
            case ["query_range"]:
                found = self.answers.get(query, [])
                return _good(
                    {"resultType": "matrix", "result": [{"metric": m, "values": [[NOW, str(v)]]} for m, v in found]}
                )
            case ["label", label, "values"]:
                return _good(self.values.get((unquote(label), fields.get("match[]", "")), []))
            case ["labels"]:
                return _good(sorted({label for label, _ in self.values}))
            case ["targets"] if self.targets is not None:
                return _good({"activeTargets": self.targets})
            case ["rules"] if self.groups is not None:
                return _good({"groups": self.groups})
            case ["status", "config"]:
                return _good({"yaml": "global:\n  scrape_interval: 30s\n  evaluation_interval: 1m\n"})
            case _:
                return 404, {"status": "error", "error": "not found"}


def _good(data: object) -> tuple[int, object]:
    return 200, {"status": "success", "data": data}
