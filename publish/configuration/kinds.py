"""The servers whose configuration is published: file, header, what a bundle contains, and how it is read back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from boxwatch.checks.alertmanager import amtool
from boxwatch.errors import PublishError
from boxwatch.publish import compare
from boxwatch.publish.configuration.bundle import Bundle
from boxwatch.publish.http import Client

_OK = 200
_TEMPLATE = re.compile(r"\bboxwatch-[0-9a-f]{16}\.tmpl\b")
_TEMPLATES = ".boxwatch-alertmanager/templates"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server.

    Attributes:
        title: the server's name, also its key in JSON.
        who: the server, as messages name it.
        option: name of its options, such as `--alertmanager-dir`.
        file: name of the configuration file.
        header: how a generated configuration starts.
        bundle: the bundle of a deployment's artefacts.
        named: paths of our files that a configuration names.
        differs: how the server's configuration differs from a bundle; empty if it does not.
        remedy: what to do if it does not allow reloads over HTTP.
    """

    title: str
    who: str
    option: str
    file: str
    header: bytes
    bundle: Callable[[Mapping[str, bytes]], Bundle]
    named: Callable[[bytes], tuple[str, ...]]
    differs: Callable[[Client, Bundle, float], str]
    remedy: str


def _alertmanager(files: Mapping[str, bytes]) -> Bundle:
    """Checked by amtool where it is on the PATH and new enough."""
    tool = amtool.path()
    findings = list(amtool.check(files, tool)) if tool and not amtool.too_old(files, tool) else []
    if findings:
        said = "\n".join(f"{one.message}: {one.hint}" for one in findings)
        raise PublishError(f"{said}\nnothing was published")
    config, template = files["alertmanager/alertmanager.yml"], files["alertmanager/boxwatch.tmpl"]
    path = f"{_TEMPLATES}/boxwatch-{hashlib.sha256(config + template).hexdigest()[:16]}.tmpl"
    made, count = re.subn(rb"^- boxwatch\.tmpl$", f"- {path}".encode(), config, flags=re.MULTILINE)
    if count != 1:
        raise PublishError("alertmanager.yml must name boxwatch.tmpl once; nothing was published")
    return Bundle(made, {path: template})


def _templates(config: bytes) -> tuple[str, ...]:
    found = _TEMPLATE.findall(config.decode(errors="replace"))
    return tuple(f"{_TEMPLATES}/{name}" for name in dict.fromkeys(found))


def _alertmanager_differs(client: Client, bundle: Bundle, timeout: float) -> str:
    """By the template's name, which identifies the version; without ours, by receivers and the root route."""
    text = _shown(client, "/api/v2/status", timeout, lambda body: str(json.loads(body)["config"]["original"]))
    found, wanted = (set(_TEMPLATE.findall(each)) for each in (text, bundle.config.decode(errors="replace")))
    if found != wanted:
        return f"Alertmanager runs with {_or_other(found)}, not with {_or_other(wanted)}"
    if found:
        return ""
    shown, written = (_essence(compare.parsed(each)) for each in (text, bundle.config))
    return "" if shown == written else "Alertmanager runs with another configuration: receivers or root route differ"


def _or_other(templates: set[str]) -> str:
    return ", ".join(sorted(templates)) or "a configuration that boxwatch did not publish"


def _essence(config: Mapping[str, object]) -> object:
    route, receivers = config.get("route"), config.get("receivers")
    names = [item.get("name") for item in receivers if isinstance(item, dict)] if isinstance(receivers, list) else []
    return route.get("receiver") if isinstance(route, dict) else None, names


def _blackbox_differs(client: Client, bundle: Bundle, timeout: float) -> str:
    shown = compare.parsed(_shown(client, "/config", timeout, lambda body: body.decode()))
    written = compare.parsed(bundle.config)
    lacking = [*compare.missing(written, shown), *(f"modules.{name}" for name in _modules(shown) - _modules(written))]
    return f"the blackbox exporter runs with another configuration: {lacking[0]} differs" if lacking else ""


def _modules(config: Mapping[str, object]) -> set[str]:
    modules = config.get("modules")
    return set(modules) if isinstance(modules, dict) else set()


def _shown(client: Client, path: str, timeout: float, read: Callable[[bytes], str]) -> str:
    answer = client.request("GET", path, timeout)
    try:
        if answer.status == _OK:
            return read(answer.body)
    except (ValueError, TypeError, KeyError, RecursionError, yaml.YAMLError):
        pass
    said = f"{answer.status}{client.server_message(answer)}"
    raise PublishError(f"{client.url}{path} does not show a configuration ({said}): check the URL")


ALERTMANAGER = Kind(
    "Alertmanager",
    "Alertmanager",
    "alertmanager",
    "alertmanager.yml",
    b"# Alertmanager configuration of deployment ",
    _alertmanager,
    _templates,
    _alertmanager_differs,
    "check that the URL is Alertmanager's, and that a proxy lets POST /-/reload through",
)
BLACKBOX = Kind(
    "blackbox exporter",
    "the blackbox exporter",
    "blackbox",
    "blackbox.yml",
    b"# Modules of the blackbox exporter for deployment ",
    lambda files: Bundle(files["blackbox/blackbox.yml"]),
    lambda _: (),
    _blackbox_differs,
    "check that the URL is the blackbox exporter's, and that a proxy lets POST /-/reload through",
)
KINDS = (ALERTMANAGER, BLACKBOX)
