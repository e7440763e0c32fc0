"""Configuration from flags, environment variables and a file, in this order of precedence."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify.fields import clean
from boxwatch.exporters.coolify.names import OPTIONAL
from boxwatch.exporters.coolify.options import ACCOUNT, FILE, OPTIONS, PREFIX, TOKEN_VARIABLE, Option, parser
from boxwatch.exporters.coolify.secret import FixedToken, Token, TokenFile
from boxwatch.exporters.coolify.transport import Limits, check_url

_SECRET_PATH: Final = re.compile(r"/[A-Za-z0-9/_-]{24,256}")
_PORTS: Final = range(65536)
_ACCOUNT_KEYS: Final = ("name", "token-variable", *(option.name for option in ACCOUNT))


class ConfigError(BoxwatchError):
    """An option is missing or invalid; the message names it and the valid values."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """Configuration of one account: a URL, a token and their limits."""

    name: str
    url: str
    token: Token
    requests_per_minute: float
    interval: float
    stale_after: float
    ca_file: Path | None
    proxy: str
    limits: Limits
    max_resources: int
    disabled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Config:
    """The complete configuration."""

    accounts: tuple[AccountConfig, ...]
    host: str
    port: int
    systemd_socket: bool
    webhook_path: str
    docker_socket: str
    web_config_file: Path | None
    state_file: Path | None
    log_level: str
    log_format: str


def load(arguments: Sequence[str] | None, environment: Mapping[str, str], version: str) -> Config:
    """Read flags, environment and file.

    Raises:
        ConfigError: an option is missing or invalid, or the file cannot be read.
    """
    flags = vars(parser(version).parse_args(arguments))
    every = (*OPTIONS.values(), FILE)
    # An empty variable is one that is not set: compose files set those that are missing to nothing.
    given: dict[str, object] = {o.name: environment[o.variable] for o in every if environment.get(o.variable)}
    given |= {key: value for key, value in flags.items() if value is not None}
    path = str(given.pop(FILE.name, ""))
    document = _read(Path(path)) if path else {}
    entries = document.pop("accounts", None)
    folder = Path(path).parent
    values = _place(document, tuple(OPTIONS), folder, path) | given
    if entries is None:
        accounts: tuple[AccountConfig, ...] = (_account("default", values, environment, TOKEN_VARIABLE),)
    else:
        accounts = _accounts(entries, values, environment, folder, path)
    host, port = _listen(_text(values, "listen"))
    return Config(
        accounts=accounts,
        host=host,
        port=port,
        systemd_socket=_switch(values, "systemd-socket"),
        docker_socket=_text(values, "docker-socket"),
        webhook_path=_secret_path(_text(values, "webhook-path")),
        web_config_file=_path(values, "web-config-file"),
        state_file=_state_file(values),
        log_level=_text(values, "log-level"),
        log_format=_text(values, "log-format"),
    )


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os.strerror(error.errno or 0)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        # The parser's message may quote the file, and with it a token in the wrong place.
        raise ConfigError(f"{path} is not valid TOML") from None


def _place(table: Mapping[str, object], known: Sequence[str], folder: Path, where: str) -> dict[str, object]:
    """A table of the file, with dashes in its keys and paths relative to the file's directory."""
    placed: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in known:
            raise ConfigError(f"{where}: unknown option {key:.40}; valid here: {', '.join(known)}")
        option = OPTIONS.get(name)
        placed[name] = str(folder / value) if option and option.path and isinstance(value, str) and value else value
    return placed


def _accounts(
    entries: object, shared: Mapping[str, object], environment: Mapping[str, str], folder: Path, where: str
) -> tuple[AccountConfig, ...]:
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{where}: accounts must be an array of tables: [[accounts]]")
    accounts: list[AccountConfig] = []
    for entry in entries:
        values = {**shared, **_place(entry, _ACCOUNT_KEYS, folder, f"{where}: accounts")}
        name = values.pop("name", None)
        if not isinstance(name, str) or not name or clean(name) != name:
            raise ConfigError(f"{where}: every [[accounts]] requires a name, which becomes the `account` label")
        if any(account.name == name for account in accounts):
            raise ConfigError(f"{where}: two accounts are named {name}")
        variable = values.pop("token-variable", None)
        accounts.append(_account(name, values, environment, str(variable) if variable else ""))
    return tuple(accounts)


def _account(name: str, values: Mapping[str, object], environment: Mapping[str, str], variable: str) -> AccountConfig:
    for option in ("url", "proxy"):
        url = _text(values, option)
        try:
            if url or option == "url":
                check_url(url)
        except ValueError as error:
            raise ConfigError(f"{option} of account {name}: {error}") from None
    ca_file = _path(values, "ca-file")
    if ca_file is not None and not ca_file.is_file():
        raise ConfigError(f"ca-file of account {name}: {ca_file} is not a file")
    return AccountConfig(
        name=name,
        url=_text(values, "url"),
        token=_token(name, values, environment, variable),
        requests_per_minute=_number(values, "requests-per-minute"),
        interval=_number(values, "interval"),
        stale_after=_number(values, "stale-after"),
        ca_file=ca_file,
        proxy=_text(values, "proxy"),
        limits=Limits(
            connect=_number(values, "connect-timeout"),
            read=_number(values, "read-timeout"),
            total=_number(values, "total-timeout"),
            body=int(_number(values, "max-body-bytes")),
        ),
        max_resources=int(_number(values, "max-resources")),
        disabled=_disabled(name, values),
    )


def _disabled(name: str, values: Mapping[str, object]) -> frozenset[str]:
    found = frozenset(filter(None, (word.strip() for word in _text(values, "disable").split(","))))
    unknown = sorted(found - {*OPTIONAL, "domains"})
    if unknown:
        raise ConfigError(
            f"disable of account {name}: unknown collector {unknown[0]:.40}; valid: {', '.join((*OPTIONAL, 'domains'))}"
        )
    # Without a task's runs nothing is known of it, and the other way round.
    return found | ({"tasks", "task_runs"} if found & {"tasks", "task_runs"} else set())


def _token(name: str, values: Mapping[str, object], environment: Mapping[str, str], variable: str) -> Token:
    path = _path(values, "token-file")
    if path is not None:
        return TokenFile(path)
    if variable and environment.get(variable):
        return FixedToken(environment[variable])
    hint = f"pass --token-file or set {variable}" if variable else "set token_file or token_variable"
    raise ConfigError(f"account {name} has no token: {hint}")


def _value(values: Mapping[str, object], name: str) -> object:
    return values.get(name, OPTIONS[name].default)


def _text(values: Mapping[str, object], name: str) -> str:
    option, value = OPTIONS[name], _value(values, name)
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a quoted string")
    if option.choices and value not in option.choices:
        raise ConfigError(f"{name} must be one of {', '.join(option.choices)}")
    return value


def _secret_path(text: str) -> str:
    if text and not _SECRET_PATH.fullmatch(text):
        raise ConfigError(
            "webhook-path must be a slash and at least 24 letters, digits, slashes, dashes or underscores: "
            "it is its own password"
        )
    return text


def _switch(values: Mapping[str, object], name: str) -> bool:
    value = _value(values, name)
    word = str(value).lower() if isinstance(value, (str, bool)) else ""
    if word not in ("true", "false"):
        raise ConfigError(f"{name} must be true or false")
    return word == "true"


def unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Variables with the exporter's prefix that name no option: misspelt ones, or those that Docker makes of a name."""
    known = {option.variable for option in (*OPTIONS.values(), FILE)}
    return tuple(sorted(name for name in environment if name.startswith(PREFIX) and name not in known))


def _path(values: Mapping[str, object], name: str) -> Path | None:
    text = _text(values, name)
    return Path(text) if text else None


def _state_file(values: Mapping[str, object]) -> Path | None:
    path = _path(values, "state-file")
    if path is not None and (not path.name or path.is_dir()):
        raise ConfigError(f"state-file {path} is a directory: name a file in it")
    return path


def _number(values: Mapping[str, object], name: str) -> float:
    option: Option = OPTIONS[name]
    value = _value(values, name)
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < option.least:
        raise ConfigError(f"{name} must be a number no less than {option.least:g}")
    return number


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    bare = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if bare or not (port.isascii() and port.isdigit() and int(port) in _PORTS):
        raise ConfigError("listen must end in a port: :18000, 127.0.0.1:18000 or [::1]:18000")
    return host.removeprefix("[").removesuffix("]"), int(port)
