"""The field types of the topology, and the base class of its models.

Sizes are in bytes, durations in seconds, shares in 0 to 1. `boxwatch.topology.fields` converts the written form (`1g`,
`5m`, `90%`), and `boxwatch.topology.forms` describes it for editors.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
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
from boxwatch.topology.units import format_duration

_SCRAPES = forms.within(forms.DURATION, " to ".join(map(format_duration, fields.SCRAPE_INTERVALS)))
_GRACES = forms.within(forms.DURATION, f"at most {format_duration(fields.LONGEST_GRACE)}")
_HORIZONS = forms.within(forms.DURATION, f"at least {format_duration(fields.SHORTEST_HORIZON)}")
_WAITS = forms.within(forms.DURATION, f"`0s` to {format_duration(alert_fields.LONGEST_WAIT)}")
_OBJECTIVES = forms.within(forms.RATIO, "less than 100%")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Frozen(dict[_Key, _Value]):
    """A mapping that is never changed after loading, so that models with one can be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash the content, independent of order."""
        return hash(frozenset(self.items()))


# A label value could be any text, but a name is also a file name, a Grafana variable and a PromQL identifier.
Name = Annotated[
    str,
    StringConstraints(strict=True),
    BeforeValidator(fields.name),
    WithJsonSchema(forms.NAME),
]
Memory = Annotated[int, BeforeValidator(fields.memory), WithJsonSchema(forms.MEMORY)]
ServiceMemory = Annotated[int, BeforeValidator(fields.service_memory), WithJsonSchema(forms.MEMORY)]
Reserve = Annotated[int, BeforeValidator(fields.reserve), WithJsonSchema(forms.MEMORY)]
Limit = Annotated[int | Literal["none"], BeforeValidator(fields.limit), WithJsonSchema(forms.LIMIT)]
Disk = Annotated[int, BeforeValidator(fields.disk), WithJsonSchema(forms.DISK)]
Seconds = Annotated[int, BeforeValidator(fields.duration), WithJsonSchema(forms.DURATION)]
ScrapeInterval = Annotated[int, BeforeValidator(fields.scrape_interval), WithJsonSchema(_SCRAPES)]
Ratio = Annotated[float, BeforeValidator(fields.ratio), WithJsonSchema(forms.RATIO)]
Grace = Annotated[int, BeforeValidator(fields.grace), WithJsonSchema(_GRACES)]
Horizon = Annotated[int, BeforeValidator(fields.horizon), WithJsonSchema(_HORIZONS)]
Objective = Annotated[float, BeforeValidator(fields.objective), WithJsonSchema(_OBJECTIVES)]
HttpUrl = Annotated[str, BeforeValidator(fields.http_url), WithJsonSchema(forms.URL)]
HostPort = Annotated[str, BeforeValidator(fields.host_port), WithJsonSchema(forms.HOST_PORT)]
HostPortOrNone = Annotated[
    str | None, BeforeValidator(fields.host_port_or_none), WithJsonSchema(forms.HOST_PORT_OR_NONE)
]
PublicAddress = Annotated[str, BeforeValidator(fields.public_address), WithJsonSchema(forms.HOST)]
Host = Annotated[str, BeforeValidator(fields.host), WithJsonSchema(forms.HOST)]
Targets = Annotated[tuple[HostPort, ...], BeforeValidator(fields.targets), WithJsonSchema(forms.TARGETS)]
Path = Annotated[str, BeforeValidator(metrics_fields.path), WithJsonSchema(forms.PATH)]
Latency = Annotated[float, BeforeValidator(fields.latency), WithJsonSchema(forms.LATENCY)]
Threshold = Annotated[float, BeforeValidator(alert_fields.threshold), WithJsonSchema(forms.THRESHOLD)]
Wait = Annotated[int, BeforeValidator(alert_fields.wait), WithJsonSchema(_WAITS)]
Labels = Annotated[dict[str, str], BeforeValidator(alert_fields.labels), AfterValidator(Frozen)]
Buckets = Annotated[tuple[float, ...], BeforeValidator(fields.buckets), WithJsonSchema(forms.BUCKETS)]
Pattern = Annotated[str, BeforeValidator(fields.pattern), WithJsonSchema(forms.PATTERN)]
# Equivalent to a Literal, whose members would have to be repeated here.
KindName = Annotated[str, GetPydanticSchema(lambda _type, _make: core_schema.literal_schema(list(kinds.NAMES)))]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]


class Model(BaseModel):
    """Base of the topology models: unknown keys are errors, and instances are immutable."""

    # The strings below attributes are their descriptions. boxwatch.topology.schema reads them from the source on
    # demand; pydantic's use_attribute_docstrings would do it at every import.
    model_config = ConfigDict(extra="forbid", frozen=True)
