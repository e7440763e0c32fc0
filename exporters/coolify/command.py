"""The `boxwatch-coolify-exporter` command, also available as `boxwatch exporter coolify`."""

from __future__ import annotations

import asyncio
import importlib.metadata
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.config import AccountConfig, Config, ConfigError, load, unknown_variables
from boxwatch.exporters.coolify.docker_disk import DockerDisk
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.logs import facts, set_up, where
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.state_file import StateFile
from boxwatch.exporters.coolify.transport import HttpTransport
from boxwatch.exporters.coolify.web import Web
from boxwatch.exporters.coolify.webconfig import Watcher, WebConfig
from boxwatch.exporters.coolify.webconfig import load as load_web_config

_LOG: Final = logging.getLogger(__name__)
# Docker waits 10 seconds between SIGTERM and SIGKILL.
_GRACE: Final = 4.5
# For clients that are receiving an answer, and as much again for those that have to be dropped.
_WEB_GRACE: Final = 1.0
_WEB_CHECK: Final = 10.0
# Longest time a thread holds the interpreter, so that a scrape does not wait while the exposition is rendered.
_SWITCH: Final = 0.0005


def version() -> str:
    """Version of the installed package, or BOXWATCH_VERSION in the image, which contains only the exporter."""
    try:
        return importlib.metadata.version("boxwatch")
    except importlib.metadata.PackageNotFoundError:
        return os.environ.get("BOXWATCH_VERSION", "unknown")


def revision() -> str:
    """The commit that the image was built from; empty if unknown."""
    return os.environ.get("BOXWATCH_REVISION", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    try:
        config = load(arguments, os.environ, version())
        return run(config)
    except BoxwatchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT."""
    set_up(config.log_level, config.log_format, partial(_secrets, config))
    for name in unknown_variables(os.environ):
        _LOG.warning("unknown environment variable", extra=facts(name=name))
    given = systemd_sockets(os.environ) if config.systemd_socket else []
    web_config = load_web_config(config.web_config_file) if config.web_config_file else WebConfig()
    registry = CollectorRegistry()
    exporter = build(config, registry)
    # After the first rendering, so that an exporter that cannot be registered fails with a clear error.
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    for account in config.accounts:
        warn_of_plain_http(account)
    sys.setswitchinterval(_SWITCH)
    try:
        asyncio.run(_serve(exporter, web_config, config, given, threading.Event()))
    except OSError as error:
        raise ConfigError(f"cannot listen on {config.host}:{config.port}: {os.strerror(error.errno or 0)}") from None
    _LOG.info("stopped")
    return 0


def _secrets(config: Config) -> list[str]:
    return [trace for account in config.accounts for trace in account.token.known()]


def build(config: Config, registry: CollectorRegistry) -> Exporter:
    """Build the exporter from a configuration, without starting it."""
    clock = Clock()
    watches = []
    for wanted in config.accounts:
        try:
            transport = HttpTransport(wanted.url, wanted.limits, ca_file=wanted.ca_file, proxy=wanted.proxy)
        except OSError:
            raise ConfigError(f"ca-file of account {wanted.name}: {wanted.ca_file} contains no certificates") from None
        api = Api(
            transport,
            wanted.token,
            RateLimiter(wanted.requests_per_minute, clock),
            clock,
            Counts(),
            agent=f"boxwatch-coolify-exporter/{version()}",
            most=wanted.max_resources,
        )
        account = Account(wanted.name, api, clock, wanted.interval, wanted.stale_after, wanted.disabled)
        # One turn may read several pages of a history, each for up to the total time limit of a request.
        watches.append(Watch(account, wanted.url, turn_limit=6 * wanted.limits.total + 60))
    state_file = StateFile(config.state_file) if config.state_file else None
    return Exporter(watches, registry, version(), revision=revision(), state_file=state_file)


async def _serve(
    exporter: Exporter, web_config: WebConfig, config: Config, given: Sequence[socket.socket], web_stop: threading.Event
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_mishap)
    web = Web(exporter, web_config, hook=config.webhook_path)
    watcher = Watcher(config.web_config_file, web_config, web.use) if config.web_config_file else None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _reload, watcher)
    listening = await web.serve(config.host, config.port, given)
    exporter.start()
    if config.docker_socket:
        disk = DockerDisk(config.docker_socket, exporter.snapshots)
        threading.Thread(target=disk.run, args=(web_stop,), name="docker disk", daemon=True).start()
    if watcher is not None:
        threading.Thread(target=watcher.run, args=(web_stop, _WEB_CHECK), name="web configuration", daemon=True).start()
    for one in listening.sockets:
        host, port, *_ = one.getsockname() if one.family != socket.AF_UNIX else (one.getsockname(), 0)
        _LOG.info("listening", extra=facts(host=host, port=port, tls=web_config.tls is not None))
    await stop.wait()
    _LOG.info("stopping")
    web_stop.set()
    exporter.begin_to_stop()
    await web.stop(listening, _WEB_GRACE)
    exporter.stop(_GRACE - 2 * _WEB_GRACE)


def _reload(watcher: Watcher | None) -> None:
    """SIGHUP reads the web configuration again; a token in a file is noticed without it."""
    _LOG.info("reloading")
    if watcher is not None:
        watcher.hurry()


def _mishap(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log an error of the event loop in one line: its own handler prints a traceback."""
    del loop
    error = context.get("exception")
    if not isinstance(error, OSError):
        found = where(error) if isinstance(error, BaseException) else {}
        _LOG.error("internal error", extra=facts(detail=str(context.get("message", "")), **found))


def systemd_sockets(environment: Mapping[str, str], first: int = 3) -> list[socket.socket]:
    """The listening sockets that systemd passed on (sd_listen_fds).

    Raises:
        ConfigError: there are none.
    """
    number = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(os.getpid()) or not number.isdigit() or int(number) < 1:
        raise ConfigError("systemd-socket: systemd passed no socket: start the exporter by its socket unit")
    return [socket.socket(fileno=descriptor) for descriptor in range(first, first + int(number))]


def warn_of_plain_http(account: AccountConfig) -> None:
    """Log a warning if the token would cross the internet unencrypted."""
    parts = urlsplit(account.url)
    host = parts.hostname or ""
    try:
        private = ipaddress.ip_address(host).is_private
    except ValueError:
        # A name without a dot belongs to the Docker network.
        private = "." not in host or host.endswith((".internal", ".local", ".localhost"))
    if parts.scheme == "http" and not private:
        _LOG.warning("the token is sent over plain HTTP: use https", extra=facts(account=account.name, host=host))
