"""The exporter's options: names, defaults, bounds and command-line flags.

argparse rather than click, so that the exporter's image needs nothing but prometheus_client.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify.logs import FORMATS, LEVELS
from boxwatch.exporters.coolify.names import OPTIONAL

PREFIX: Final = "COOLIFY_EXPORTER_"
TOKEN_VARIABLE: Final = "COOLIFY_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        default: a string or a number; the option has the same type.
        least: smallest valid number.
        choices: valid words; empty if every word is valid.
        path: whether the value is a path. In a configuration file it is relative to that file's directory.
        also: the flag's name in Prometheus' exporters, which is accepted too.
        switch: whether the flag takes no value; elsewhere its value is true or false.
    """

    name: str
    default: str | float
    help: str
    least: float = 0.0
    choices: tuple[str, ...] = ()
    path: bool = False
    also: str = ""
    switch: bool = False

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def shown_default(self) -> str:
        """The default, formatted for help and documentation."""
        return str(self.default) if isinstance(self.default, str) else str(int(self.default))


# Options of an account. In a file they go into [[accounts]], or at the top level for all accounts.
ACCOUNT: Final = (
    Option("url", "http://coolify:8080", "base URL of Coolify, without /api/v1"),
    Option(
        "token-file", "", f"file with an API token that has the `read` ability (or set {TOKEN_VARIABLE})", path=True
    ),
    Option("requests-per-minute", 60.0, "maximum requests in any minute; Coolify allows each user 200 by default", 4),
    Option("interval", 60.0, "seconds between polls of resource states; other sources scale with it", 5),
    Option("stale-after", 300.0, "seconds for which a failing source keeps its last values"),
    Option("ca-file", "", "certificate authorities to trust instead of the system's (PEM)", path=True),
    Option("proxy", "", "HTTP proxy to use; proxy environment variables are ignored"),
    Option("connect-timeout", 5.0, "seconds to establish a connection", 0.1),
    Option("read-timeout", 15.0, "seconds to wait for the next byte of a response", 0.1),
    Option("total-timeout", 60.0, "seconds for a complete response", 0.1),
    Option("max-body-bytes", float(64 << 20), "maximum size of a response in bytes", 1 << 16),
    Option("disable", "", f"collectors to switch off, separated by commas: {', '.join(OPTIONAL)}, domains"),
    Option("max-resources", 5000.0, "maximum number of records read from one list", 1),
)
PROCESS: Final = (
    Option("listen", ":18000", "address and port to listen on", also="web.listen-address"),
    Option(
        "systemd-socket", "false", "take the listening sockets from systemd", also="web.systemd-socket", switch=True
    ),
    Option(
        "web-config-file",
        "",
        "TLS and basic auth, in the format of Prometheus' exporter-toolkit",
        path=True,
        also="web.config.file",
    ),
    Option(
        "webhook-path",
        "",
        "secret path (at least 24 characters) for Coolify's webhook, which makes the exporter poll at once",
        also="web.webhook-path",
    ),
    Option(
        "docker-socket",
        "",
        "Docker's socket, or host:port of a proxy for it, to ask every half hour what fills the disk; off by default",
    ),
    Option("state-file", "", "file that preserves deployment totals across restarts; none by default", path=True),
    Option("log-level", "info", "minimum level to log", choices=LEVELS, also="log.level"),
    Option("log-format", "logfmt", "log format", choices=FORMATS, also="log.format"),
)
FILE: Final = Option("config-file", "", "TOML file with these options and [[accounts]]", path=True)
_LIMITS: Final = tuple(option for option in ACCOUNT if option.name.endswith("-timeout") or "-bytes" in option.name)
_COOLIFY: Final = tuple(option for option in ACCOUNT if option not in _LIMITS)
_WEB: Final = tuple(option for option in PROCESS if option.also.startswith("web."))
_OTHERS: Final = (*(option for option in PROCESS if option not in _WEB), FILE)
OPTIONS: Final = {option.name: option for option in (*ACCOUNT, *PROCESS)}


def parser(version: str) -> argparse.ArgumentParser:
    """The command-line parser. No flag takes the token: flags are visible in the process list."""
    found = argparse.ArgumentParser(
        prog="boxwatch-coolify-exporter",
        description="Prometheus exporter for Coolify: polls its API within a rate limit, serves scrapes from memory.",
        epilog=f"Each option can also be set in the environment (--url: {PREFIX}URL) or in the config file (url)."
        " Signals: SIGHUP reads the web configuration again, SIGTERM stops within five seconds."
        " The exit codes are 0 after SIGTERM, and 2 for a configuration that cannot be used.",
        allow_abbrev=False,
    )
    found.add_argument("--version", action="version", version=f"boxwatch-coolify-exporter {version}")
    groups = (("Coolify", _COOLIFY), ("limits of a request", _LIMITS), ("web server", _WEB), ("process", _OTHERS))
    for title, options in groups:
        group = found.add_argument_group(title)
        for option in options:
            _add(group, option)
    return found


def _add(group: argparse._ArgumentGroup, option: Option) -> None:
    shown = f" (default: {option.shown_default})" if option.default != "" and not option.switch else ""
    flags = [f"--{name}" for name in (option.name, option.also) if name]
    if option.switch:
        group.add_argument(*flags, dest=option.name, action="store_const", const="true", help=option.help)
        return
    metavar = "|".join(option.choices) or option.name.rsplit("-", 1)[-1].upper()
    group.add_argument(*flags, dest=option.name, metavar=metavar, help=option.help + shown)
