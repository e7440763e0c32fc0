"""A release of Prometheus' directory: prometheus.yml and all rules, which only work together.

Prometheus opens prometheus.yml first and the rule files later, so a reload that someone else requests during the switch
could combine the old configuration with the new rules. Each configuration therefore lists a guard after the rules:
`release-ID.yaml`, an empty rule file in its own release. Every other release holds a file of that name which is not
valid, so Prometheus rejects the combination and keeps the rules it has: those of the old release, which match.

The rule file keeps its path in every release: Prometheus identifies groups by file and name across reloads, so alerts
keep firing. The guard also identifies the loaded configuration in /api/v1/status/config.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from boxwatch.errors import PublishError
from boxwatch.publish.rule_set import LIVE

CONFIG = "prometheus.yml"
RULES = f"rules/{LIVE}"
# As seen from prometheus.yml: through the link to the current release.
CURRENT = ".boxwatch/current"
_GUARD = re.compile(r"\brelease-([0-9a-f]{16})\.yaml\b")
# As our generator writes it.
_RULE_FILES = re.compile(rb"^rule_files:\n(?:- .*\n)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Release:
    """A configuration with its rules.

    Attributes:
        config: content of prometheus.yml.
        rules: content of the rule file; None for a configuration that boxwatch did not publish.
    """

    config: bytes
    rules: bytes | None

    @classmethod
    def of(cls, config: bytes, rules: bytes) -> Release:
        """A generated configuration, made to load exactly these rules.

        Raises:
            PublishError: the configuration has no list of rule files where it is generated.
        """
        digest = hashlib.sha256(config + b"\0" + rules).hexdigest()
        name = f"release-{digest[:16]}.yaml"
        listed = f"rule_files:\n- {CURRENT}/{RULES}\n- {CURRENT}/rules/{name}\n".encode()
        made, count = _RULE_FILES.subn(lambda _: listed, config)
        if count != 1:
            raise PublishError(f"{CONFIG} must list its rule_files once; nothing was published")
        return cls(made, rules)

    @property
    def guards(self) -> frozenset[str]:
        """Names of the guards listed in the configuration: one; none in a configuration written by someone else."""
        return guards(self.config.decode(errors="replace"))

    @property
    def plain(self) -> bytes:
        """The configuration as generated, for comparison: the list of rule files says nothing."""
        return _RULE_FILES.sub(b"", self.config) if self.guards or self.rules is not None else self.config

    def packed(self) -> bytes:
        """The release as one content, for the store."""
        rules = None if self.rules is None else _text(self.rules)
        return json.dumps({"config": _text(self.config), "rules": rules}).encode()

    @classmethod
    def unpacked(cls, content: bytes) -> Release:
        """The release from the store."""
        found = json.loads(content)
        rules = None if found["rules"] is None else _bytes(found["rules"])
        return cls(_bytes(found["config"]), rules)


def guards(config: str) -> frozenset[str]:
    """Names of the guards in the text of a configuration, as written or as /api/v1/status/config shows it."""
    return frozenset(found[0] for found in _GUARD.finditer(config))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
