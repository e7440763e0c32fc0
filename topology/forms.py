"""JSON Schema of single fields, as far as an editor can check them.

They accept more than `boxwatch.topology.fields` only in ranges and RE2 syntax; whatever they reject, the converters
reject too. A test keeps the two consistent. The `$comment` of a form, which editors ignore, is its type and, after a
colon, how it is written; docs/topology.md is made of them.
"""

from __future__ import annotations

from typing import Any, Final

NAME_PATTERN: Final = "[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
LONGEST_NAME: Final = 40
LONGEST_PATTERN: Final = 500
LONGEST_URL: Final = 2000
SMALLEST_DISK: Final = 10**8

# Any JSON value.
Form = dict[str, Any]

NAME: Final[Form] = {
    "type": "string",
    "pattern": f"^{NAME_PATTERN}$",
    "maxLength": LONGEST_NAME,
    "$comment": "name: lower-case letters and digits, with single dashes or underscores between them, starting with a"
    f" letter; at most {LONGEST_NAME} characters",
}
MEMORY: Final[Form] = {
    "$comment": "memory size: a number with the unit k, m, g or t, in binary as in Docker (1g is 2^30 bytes); without a"
    " unit, bytes",
    "anyOf": [
        {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT]([iI]?[bB]?)|[bB]?)\s*$"},
        {"type": "integer", "minimum": 0},
    ],
    "examples": ["1g", "512m", "1.5GiB"],
}
LIMIT: Final[Form] = {
    "$comment": "memory size or `none`",
    "anyOf": [{"const": "none"}, *MEMORY["anyOf"]],
    "examples": ["none", "1g"],
}
DISK: Final[Form] = {
    "$comment": "disk size: a number with the unit GB or TB, in decimal as disks are sold, or GiB or TiB, in binary;"
    " without a unit, bytes",
    "anyOf": [
        {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT]([iI][bB]?|[bB])|[bB]?)\s*$"},
        {"type": "integer", "minimum": SMALLEST_DISK},
    ],
    "examples": ["500GB", "512GiB"],
}
DURATION: Final[Form] = {
    "$comment": "duration: numbers with the units d, h, m and s, the largest first",
    "type": "string",
    "pattern": r"^\s*(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?\s*$",
    "examples": ["30s", "5m", "1h30m", "2d"],
}
RATIO: Final[Form] = {
    "$comment": "share: a percentage above 0% and up to 100%, or a number above 0 and up to 1",
    "anyOf": [
        {"type": "string", "pattern": r"^\s*[0-9]{1,4}(\.[0-9]{1,4})?\s*%?\s*$"},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    ],
    "examples": ["90%", 0.9],
}
URL: Final[Form] = {
    "$comment": "URL: http or https, without a user name or password",
    "type": "string",
    "pattern": "^[hH][tT][tT][pP][sS]?://[^\\s\"'`{}<>]+$",
    "maxLength": LONGEST_URL,
    "examples": ["https://www.example.com"],
}
HOST: Final[Form] = {
    "$comment": "host: an IP address or a host name, without a port",
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "examples": ["10.0.0.2", "box.example.com"],
}
HOST_PORT: Final[Form] = {
    "$comment": "`host:port`: an IP address or a host name, a colon and a port; an IPv6 address stands in brackets",
    "type": "string",
    "pattern": "^.+:[0-9]{1,5}$",
    "examples": ["10.0.0.2:9100"],
}
HOST_PORT_OR_NONE: Final[Form] = {
    "anyOf": [{"const": "none"}, HOST_PORT],
    "examples": ["10.0.0.2:9100", "none"],
}
PATTERN: Final[Form] = {
    "$comment": "pattern: a regular expression in Prometheus' syntax (RE2), which must match the whole text",
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_PATTERN,
    "examples": ["web(-[0-9]+)?"],
}
TARGETS: Final[Form] = {
    "anyOf": [{"const": "none"}, HOST_PORT, {"type": "array", "items": HOST_PORT, "minItems": 1}],
    "examples": ["postgres-exporter:9187", "none"],
}
PATH: Final[Form] = {
    "$comment": "path: an absolute path",
    "type": "string",
    "pattern": "^/[A-Za-z0-9._~/%+@:,=&-]*$",
    "maxLength": 500,
    "examples": ["/metrics", "/minio/metrics/v3"],
}
THRESHOLD: Final[Form] = {
    "$comment": "threshold: a number above 0 in the unit of the alert, a percentage, or a duration, taken as seconds",
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {
            "type": "string",
            "pattern": r"^\s*([0-9]{1,4}(\.[0-9]{1,4})?\s*%|(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)\s*$",
        },
    ],
    "examples": ["85%", 100, "14d"],
}
LATENCY: Final[Form] = {
    "$comment": "response time: a number with the unit ms or s",
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s)\s*$",
    "examples": ["300ms", "1.2s"],
}
BUCKETS: Final[Form] = {
    "$comment": "list of seconds, ascending",
    "type": "array",
    "items": {"type": "number", "exclusiveMinimum": 0},
    "minItems": 1,
    "uniqueItems": True,
    "examples": [[0.1, 0.3, 1.2, 5]],
}


def within(form: Form, allowed: str) -> Form:
    """A form of which only a range is allowed: `10s to 60s`."""
    kind, _, rest = str(form["$comment"]).partition(":")
    return {**form, "$comment": f"{kind}, {allowed}:{rest}"}
