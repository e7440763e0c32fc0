"""The types of single values of a topology, and the base of its models.

Sizes are bytes, durations seconds, shares ratios; what people write (`1g`, `5m`, `90%`) is converted by
`boxwatch.topology.fields` and described for editors by `boxwatch.topology.forms`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import core_schema

from boxwatch.topology import alert_fields, fields, forms, kinds, metrics_fields

# A Prometheus label value could be anything; a name is also a file name, a Grafana variable and a word in PromQL.
Name = Annotated[
    str,
    StringConstraints(strict=True),
    BeforeValidator(fields.name),
    WithJsonSchema(forms.NAME),
]
Memory = Annotated[int, BeforeValidator(fields.memory), WithJsonSchema(forms.MEMORY)]
Reserve = Annotated[int, BeforeValidator(fields.reserve), WithJsonSchema(forms.MEMORY)]
Limit = Annotated[int | Literal["none"], BeforeValidator(fields.limit), WithJsonSchema(forms.LIMIT)]
Disk = Annotated[int, BeforeValidator(fields.disk), WithJsonSchema(forms.DISK)]
Seconds = Annotated[int, BeforeValidator(fields.duration), WithJsonSchema(forms.DURATION)]
ScrapeInterval = Annotated[int, BeforeValidator(fields.scrape_interval), WithJsonSchema(forms.DURATION)]
Ratio = Annotated[float, BeforeValidator(fields.ratio), WithJsonSchema(forms.RATIO)]
Grace = Annotated[int, BeforeValidator(fields.grace), WithJsonSchema(forms.DURATION)]
Horizon = Annotated[int, BeforeValidator(fields.horizon), WithJsonSchema(forms.DURATION)]
Objective = Annotated[float, BeforeValidator(fields.objective), WithJsonSchema(forms.RATIO)]
HttpUrl = Annotated[str, BeforeValidator(fields.http_url), WithJsonSchema(forms.URL)]
HostPort = Annotated[str, BeforeValidator(fields.host_port), WithJsonSchema(forms.HOST_PORT)]
PublicAddress = Annotated[str, BeforeValidator(fields.public_address), WithJsonSchema(forms.HOST)]
Host = Annotated[str, BeforeValidator(fields.host), WithJsonSchema(forms.HOST)]
Targets = Annotated[tuple[HostPort, ...], BeforeValidator(fields.targets), WithJsonSchema(forms.TARGETS)]
Path = Annotated[str, BeforeValidator(metrics_fields.path), WithJsonSchema(forms.PATH)]
Latency = Annotated[float, BeforeValidator(fields.latency), WithJsonSchema(forms.LATENCY)]
Threshold = Annotated[float, BeforeValidator(alert_fields.threshold), WithJsonSchema(forms.THRESHOLD)]
Wait = Annotated[int, BeforeValidator(alert_fields.wait), WithJsonSchema(forms.DURATION)]
Buckets = Annotated[tuple[float, ...], BeforeValidator(fields.buckets), WithJsonSchema(forms.BUCKETS)]
Pattern = Annotated[str, BeforeValidator(fields.pattern), WithJsonSchema(forms.PATTERN)]
# As pydantic makes it of a Literal, whose members would have to be written out a second time.
KindName = Annotated[str, GetPydanticSchema(lambda _type, _make: core_schema.literal_schema(list(kinds.NAMES)))]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Model(BaseModel):
    """Unknown keys are mistakes, and nothing changes after loading."""

    # The strings below attributes are their descriptions. boxwatch.topology.schema reads them from the source when
    # they are wanted; pydantic's use_attribute_docstrings would do it at every import.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Frozen(dict[_Key, _Value]):
    """A mapping that nothing changes after loading, so that models with it can be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        """By what it says, whatever the order."""
        return hash(frozenset(self.items()))
