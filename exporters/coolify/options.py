"""The options: their names, defaults and bounds, and the flags made of them.

argparse and not click, so that the exporter's image holds prometheus_client and nothing else.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify.logs import FORMATS, LEVELS

PREFIX: Final = "COOLIFY_EXPORTER_"
TOKEN_VARIABLE: Final = "COOLIFY_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        default: a string or a number; its type is the option's.
        least: the smallest number that makes sense.
        choices: all words that are allowed; empty if any is.
        path: whether it names a file, which in a configuration file is found from that file's folder.
    """

    name: str
    default: str | float
    help: str
    least: float = 0.0
    choices: tuple[str, ...] = ()
    path: bool = False

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def shown_default(self) -> str:
        """The default as help and documentation show it."""
        return str(self.default) if isinstance(self.default, str) else str(int(self.default))


# Each account's own. In a file they stand in [[accounts]], or before them for all; else they are the only one's.
ACCOUNT: Final = (
    Option("url", "http://coolify:8080", "where Coolify answers, without /api/v1"),
    Option("token-file", "", f"file with an API token that has the ability `read` (or {TOKEN_VARIABLE})", path=True),
    Option("requests-per-minute", 60.0, "the most that any minute sees; Coolify grants a user 200 by default", 4),
    Option("interval", 60.0, "seconds between two readings of states; the other sources follow from it", 5),
    Option("stale-after", 300.0, "seconds for which a source that fails is still shown as it was"),
    Option("ca-file", "", "certificate authorities to trust instead of the system's", path=True),
    Option("proxy", "", "HTTP proxy to go through; the environment's proxies are never used"),
    Option("connect-timeout", 5.0, "seconds for the connection", 0.1),
    Option("read-timeout", 15.0, "seconds without a single byte of an answer", 0.1),
    Option("total-timeout", 60.0, "seconds for a whole answer", 0.1),
    Option("max-body-bytes", float(64 << 20), "bytes of an answer", 1 << 16),
    Option("max-resources", 5000.0, "records of one list that are shown", 1),
)
PROCESS: Final = (
    Option("listen", ":18000", "address and port to serve at"),
    Option("web-config-file", "", "TLS and passwords, in the format of Prometheus' exporter-toolkit", path=True),
    Option("state-file", "", "file that keeps the totals of deployments over restarts; none by default", path=True),
    Option("log-level", "info", "least level to log", choices=LEVELS),
    Option("log-format", "logfmt", "form of the log", choices=FORMATS),
)
FILE: Final = Option("config-file", "", "TOML file with these options, and with [[accounts]]", path=True)
OPTIONS: Final = {option.name: option for option in (*ACCOUNT, *PROCESS)}


def parser(version: str) -> argparse.ArgumentParser:
    """The command's flags. There is none for the token: flags are seen in the process list."""
    found = argparse.ArgumentParser(
        prog="boxwatch-coolify-exporter",
        description="Prometheus exporter for Coolify: polls within a budget, answers scrapes from memory.",
        epilog=f"Each option can also be set in the environment, as {PREFIX}URL for --url, or in the file, as url.",
        allow_abbrev=False,
    )
    found.add_argument("--version", action="version", version=f"boxwatch-coolify-exporter {version}")
    for option in (*ACCOUNT, *PROCESS, FILE):
        shown = f" (default: {option.shown_default})" if option.default != "" else ""
        metavar = "|".join(option.choices) or option.name.rsplit("-", 1)[-1].upper()
        found.add_argument(f"--{option.name}", metavar=metavar, help=option.help + shown)
    return found
