"""pydantic's errors → issues in the terms of the topology file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from boxwatch.topology import kinds, notifications, secrets, wording
from boxwatch.topology.model import Exporters, Selector, Server, Service, Topology
from boxwatch.topology.reading import yaml_scalars
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.settings import Alerts, AlertTuning, Objectives, Stack, Thresholds, Tuning, Urls
from boxwatch.topology.wording import Unfit, did_you_mean, invisible_in, kind_of, listed, shown, visible

Context = Mapping[str, object]

# Terms from Docker, Compose and Kubernetes → the keys used here.
_SYNONYMS = {
    "mem": "memory", "ram": "memory", "mem_limit": "limit", "memory_limit": "limit", "limits": "limit",
    "requests": "memory", "resources": "memory", "reservation": "memory",
    "count": "replicas", "instances": "replicas", "scale": "replicas", "replica": "replicas",
    "type": "kind", "role": "kind", "host": "server", "node": "server", "cpu": "cpus", "vcpu": "cpus", "vcpus": "cpus",
    "cores": "cpus", "storage": "disk", "ssd": "disk", "ip": "address", "hostname": "address", "overhead": "reserved",
    "reserve": "reserved", "system": "reserved", "total": "stated_total", "expose": "exposed", "public": "exposed",
    "domain": "url", "fqdn": "url", "selectors": "containers", "selector": "containers", "container": "containers",
    "receiver": "to", "match": "labels", "matchers": "labels",
    "container_name": "name", "service": "compose_service", "interval": "scrape_interval", "hosts": "servers",
    "nodes": "servers", "machines": "servers", "apps": "services", "applications": "services",
}  # fmt: skip
_NEEDED = {
    "name": "name the deployment, such as `name: mvp`",
    "servers": "name at least one server",
    "services": "name at least one service",
    "kind": f"write one of {', '.join(kinds.NAMES)}",
    "server": "write the name of the server it runs on",
    "memory": "write the RAM, such as 1g",
    "cpus": "write the number of vCPUs",
    "disk": "write the size of the disk, such as 500GB",
    "node": "write the host:port of node_exporter, or `none`",
    "cadvisor": "write the host:port of cAdvisor, or `none`",
    "receivers": "name at least one receiver",
    "critical": "write the name of the receiver of critical alerts",
    "warning": "write the name of the receiver of warnings",
    "to": "write the recipient's address",
    "from": "write the sender's address",
    "smarthost": "write the host:port of the mail server",
    "url_file": "write the path of the file with the URL",
    "token_file": "write the path of the file with the token",
    "routing_key_file": "write the path of the file with the key",
    "api_key_file": "write the path of the file with the key",
    "user_key_file": "write the path of the file with the key",
    "chat_id": "write the numeric chat id",
}
_GUESS = re.compile(r"(?:did you mean|write) `(\w+)`(?:\?|: .*)")
# Where a secret is, what people write in place of the key that names a file with it: Alertmanager's own names, those of
# the services' pages, and the key without its end.
_FILES = {
    "url_file": ("url", "webhook", "webhook_url", "api_url", "api_url_file", "webhook_url_file", "hook", "link"),
    "token_file": ("token", "bot_token", "bot_token_file", "api_token", "bot"),
    "password_file": ("password", "pass", "passwd", "auth_password", "auth_password_file", "secret"),
    "routing_key_file": ("routing_key", "service_key", "service_key_file", "integration_key", "key"),
    "bearer_token_file": ("bearer_token", "bearer", "token", "authorization", "credentials_file", "credentials"),
    "metrics_token_file": (
        "metrics_token",
        "token",
        "token_file",
        "bearer_token",
        "bearer_token_file",
        "metrics_bearer_token",
    ),
}
_LEVELS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("the top of the file", Topology),
    ("a server", Server),
    ("a service", Service),
    ("a service's `containers`", Selector),
    ("`thresholds`", Thresholds),
    ("`alerts`", Alerts),
    ("`urls`", Urls),
    ("an alert of `alerts.rules`", AlertTuning),
    ("`objectives`", Objectives),
    ("`stack`", Stack),
    ("a server's `exporters`", Exporters),
    ("`notifications`", notifications.Notifications),
    ("a receiver", notifications.Receiver),
    ("`quiet`", notifications.Quiet),
    ("`routes`", notifications.Route),
)


def issues_of(error: ValidationError, value: Mapping[str, object]) -> list[Issue]:
    """Each pydantic error about the value, as an issue at its path in the document.

    A misspelt required key is one issue, not an unknown key and a missing one.
    """
    sections = {section: list(body.items()) for section, body in value.items() if isinstance(body, Mapping)}
    issues = [_mistake(detail, _path(detail["loc"], sections)) for detail in error.errors(include_url=False)]
    meant = {(*issue.path[:-1], found[1]) for issue in issues if (found := _GUESS.fullmatch(issue.hint))}
    return [issue for issue in issues if not (issue.absent and issue.path in meant)]


def _mistake(detail: ErrorDetails, path: Path) -> Issue:
    given = detail["input"]
    message, hint = _sentence(detail, path, wording.Hidden(given) if _is_hidden(path, given) else given)
    # For an unknown key, or an invalid name of a server or service, the key itself is wrong.
    is_name = detail["loc"][-1] == "name" and len(path) < len(detail["loc"])
    at_key = is_name or detail["type"] == "extra_forbidden"
    return Issue(path, message, hint, at_key=at_key, absent=detail["type"] == "missing")


def _is_hidden(path: Path, given: object) -> bool:
    return not (given is None or isinstance(given, (list, tuple, dict))) and secrets.bears_secret(path)


def _sentence(detail: ErrorDetails, path: Path, given: object) -> tuple[str, str]:
    """Message and hint: what is wrong, and what to write instead."""
    context = detail.get("ctx", {})
    if isinstance(cause := context.get("error"), Unfit):
        return f"{_subject(given)}{cause.message}", cause.hint
    explain = _EXPLANATIONS.get(detail["type"])
    if explain is None:
        return f"{_subject(given)}does not fit: {detail['msg']}", ""
    return explain(path, given, context)


def _path(location: tuple[int | str, ...], sections: Mapping[str, Sequence[tuple[str, object]]]) -> Path:
    """Pydantic location as a path in the document, which has names of servers and services instead of indices."""
    section, *below = location
    if not below or not isinstance(below[0], int):
        return location
    (name, body), rest = sections[str(section)][below[0]], below[1:]
    if rest == ["name"]:
        return (section, name)
    # The models hold a list of servers, where the file usually has one.
    if rest == ["server", 0] and isinstance(body, Mapping) and not isinstance(body["server"], list):
        return (section, name, "server")
    return (section, name, *rest)


def _subject(given: object) -> str:
    """The value as written, if it fits on one line, as the subject of the sentence."""
    return "" if given is None or isinstance(given, (list, tuple, dict, wording.Hidden)) else f"{shown(given)} "


def _missing(path: Path, _given: object, _context: Context) -> tuple[str, str]:
    needed = "write the name of a receiver" if "routes" in path else _NEEDED.get(str(path[-1]), "")
    return "is missing", needed


def _too_small(_path: Path, given: object, context: Context) -> tuple[str, str]:
    return f"{shown(given)} is less than the minimum of {context['ge']}", ""


def _too_large(_path: Path, given: object, context: Context) -> tuple[str, str]:
    return f"{shown(given)} is more than the maximum of {context['le']}", ""


def _no_mapping(_path: Path, given: object, _context: Context) -> tuple[str, str]:
    message = f"{_subject(given)}is {kind_of(given)}, not a mapping"
    return message, "write `key: value` lines below, indented"


def _unknown_key(path: Path, given: object, _context: Context) -> tuple[str, str]:
    key = str(path[-1])
    model = _model_at(path[:-1])
    known = [
        field.alias or name
        for name, field in model.model_fields.items()
        if name != "name" or model is Selector or model is Topology
    ]
    strange = invisible_in(key)
    if strange:
        return f"has an invisible character in the key: {strange}", "delete it"
    if key.strip() == "":
        return "is an empty key", "write a key before the colon"
    folded = key.lower().replace("-", "_")
    nearest = f"did you mean `{_SYNONYMS[folded]}`?" if _SYNONYMS.get(folded) in known else did_you_mean(key, known)
    for meant, words in _FILES.items():
        if meant in known and folded in words:
            nearest = f"write `{meant}`: it is a secret, and belongs in a file"
    if ":" in key and given is not None:
        nearest = "put a space after the colon"
    if not nearest:
        homes = [where for where, other in _LEVELS if other is not model and key in other.model_fields]
        nearest = f"it belongs to {homes[0]}" if homes else f"valid keys: {listed(known, most=20)}"
    return "is not a known key", nearest


def _model_at(path: Path) -> type[BaseModel]:
    """The model of the mapping at a path. The second part of a path is an arbitrary name."""
    if not path:
        return Topology
    sections: dict[str, type[BaseModel]] = {
        "thresholds": Thresholds,
        "alerts": Alerts,
        "urls": Urls,
        "objectives": Objectives,
        "stack": Stack,
    }
    if path[:2] == ("alerts", "rules"):
        return Tuning if "services" in path[3:] else AlertTuning
    if path[0] == "notifications":
        return notifications.model_at(path[1:])
    if path[0] not in ("servers", "services"):
        return sections[str(path[0])]
    inner: dict[str, type[BaseModel]] = {
        "exporters": Exporters,
        "containers": Selector,
        "thresholds": Thresholds,
        "objectives": Objectives,
    }
    if len(path) > 2:  # noqa: PLR2004 - section and name
        return inner[str(path[2])]
    return Server if path[0] == "servers" else Service


def _no_choice(path: Path, given: object, context: Context) -> tuple[str, str]:
    field = path[-1]
    if field == "kind":
        if not isinstance(given, str):
            return (
                f"{_subject(given)}is {kind_of(given)}, not a kind of service",
                f"write one of {', '.join(kinds.NAMES)}",
            )
        word = given.lower()
        synonym = kinds.synonyms().get(word)
        meant = f"did you mean `{synonym}`?" if synonym else did_you_mean(word, kinds.NAMES)
        return f"{_subject(given)}is not a known kind", meant or f"write one of {', '.join(kinds.NAMES)}"
    if field == "version":
        return f"{_subject(given)}is not a version supported by this boxwatch", "write 1, without quotes"
    return f"{_subject(given) or kind_of(given) + ' '}is not a valid choice", "write " + str(
        context["expected"]
    ).replace("'", "")


def _no_integer(path: Path, given: object, _context: Context) -> tuple[str, str]:
    if isinstance(given, str):
        reason, hint = yaml_scalars.misread_number(given)
        if not reason and "ports" in path and ":" in given:
            return f"{shown(given)} is not a port", f"write only the container's port: {given.split(':')[-1][:10]}"
        if reason:
            return f"{shown(given)} {reason}", hint
    if isinstance(given, float) and given.is_integer():
        return f"{shown(given)} is not a whole number", f"write {int(given)}"
    return f"{_subject(given)}is {kind_of(given)}, not a whole number", ""


def _no_boolean(_path: Path, given: object, _context: Context) -> tuple[str, str]:
    hint = yaml_scalars.misread_boolean(str(given)) if isinstance(given, (str, int)) else ""
    return f"{_subject(given)}is {kind_of(given)}, not true or false", hint


def _no_list(path: Path, given: object, _context: Context) -> tuple[str, str]:
    message = f"{_subject(given)}is {kind_of(given)}, not a list"
    if isinstance(given, dict):
        return message, "put a dash and a space before its first key"
    if path[-1] == "ports" and isinstance(given, (int, str)) and not isinstance(given, bool):
        return message, f"write [{visible(str(given))[:20]}]"
    return message, "write a list with a dash before each item"


_EXPLANATIONS: Mapping[str, Callable[[Path, object, Context], tuple[str, str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _no_choice,
    "int_type": _no_integer,
    "bool_type": _no_boolean,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "tuple_type": _no_list,
    "model_type": _no_mapping,
    "model_attributes_type": _no_mapping,
}
