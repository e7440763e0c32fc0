"""The `boxwatch-coolify-exporter` command, also available as `boxwatch exporter coolify`."""

from __future__ import annotations

import asyncio
import importlib.metadata
import ipaddress
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.config import AccountConfig, Config, ConfigError, load
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.logs import facts, set_up
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.state_file import StateFile
from boxwatch.exporters.coolify.transport import HttpTransport
from boxwatch.exporters.coolify.web import Web
from boxwatch.exporters.coolify.webconfig import WebConfig
from boxwatch.exporters.coolify.webconfig import load as load_web_config

_LOG: Final = logging.getLogger(__name__)
# Docker waits 10 seconds between SIGTERM and SIGKILL.
_GRACE: Final = 5.0
_CERTIFICATE_CHECK: Final = 60.0
# Longest time a thread holds the interpreter, so that a scrape does not wait while the exposition is rendered.
_SWITCH: Final = 0.0005


def version() -> str:
    """Version of the installed package, or BOXWATCH_VERSION in the image, which contains only the exporter."""
    try:
        return importlib.metadata.version("boxwatch")
    except importlib.metadata.PackageNotFoundError:
        return os.environ.get("BOXWATCH_VERSION", "unknown")


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
    web_config = load_web_config(config.web_config_file) if config.web_config_file else WebConfig()
    registry = CollectorRegistry()
    exporter = build(config, registry)
    # After the first rendering, so that an exporter that cannot be registered fails with a clear error.
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    set_up(config.log_level, config.log_format, exporter.secrets)
    for account in config.accounts:
        warn_of_plain_http(account)
    sys.setswitchinterval(_SWITCH)
    try:
        asyncio.run(_serve(exporter, web_config, config))
    except OSError as error:
        raise ConfigError(f"cannot listen on {config.host}:{config.port}: {os.strerror(error.errno or 0)}") from None
    _LOG.info("stopped")
    return 0


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
        account = Account(wanted.name, api, clock, wanted.interval, wanted.stale_after)
        # One turn may read several pages of a history, each for up to the total time limit of a request.
        watches.append(Watch(account, wanted.url, turn_limit=6 * wanted.limits.total + 60))
    state_file = StateFile(config.state_file) if config.state_file else None
    return Exporter(watches, registry, version(), state_file=state_file)


async def _serve(exporter: Exporter, web_config: WebConfig, config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await Web(exporter, web_config).serve(config.host, config.port)
    exporter.start()
    port = server.sockets[0].getsockname()[1]
    _LOG.info("listening", extra=facts(host=config.host, port=port, tls=web_config.tls is not None))
    reload = asyncio.create_task(_reload_certificate(web_config))
    await stop.wait()
    _LOG.info("stopping")
    reload.cancel()
    server.close()
    await asyncio.to_thread(exporter.stop, _GRACE)


async def _reload_certificate(web_config: WebConfig) -> None:
    """Load a renewed certificate for new connections; files are checked every minute."""
    seen = _stamps(web_config)
    while web_config.tls is not None and web_config.certificate is not None:
        await asyncio.sleep(_CERTIFICATE_CHECK)
        stamps = _stamps(web_config)
        if stamps != seen:
            seen = stamps
            try:
                web_config.tls.load_cert_chain(*web_config.certificate)
                _LOG.info("certificate reloaded")
            except OSError as error:
                _LOG.warning("certificate cannot be reloaded", extra=facts(error=type(error).__name__))


def _stamps(web_config: WebConfig) -> Mapping[Path, int]:
    return {path: path.stat().st_mtime_ns for path in web_config.certificate or () if path.exists()}


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
