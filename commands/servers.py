"""The servers a command operates on: Grafana, Prometheus, a ruler, or several of them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boxwatch.commands import configuration as configurations
from boxwatch.commands.configuration import (
    ALERTMANAGER_OPTIONS,
    BLACKBOX_OPTIONS,
    AlertmanagerOptions,
    BlackboxOptions,
    ServerOptions,
)
from boxwatch.commands.connection import CONNECTION_OPTIONS, ConnectionSettings, collected
from boxwatch.commands.grafana import GRAFANA_OPTIONS, URL, GrafanaOptions
from boxwatch.commands.prometheus import PROMETHEUS_OPTIONS, PrometheusOptions
from boxwatch.commands.ruler import RULER_OPTIONS, RulerOptions

if TYPE_CHECKING:
    from boxwatch.commands.grafana import Live
    from boxwatch.publish.configuration.configuration import Target as ConfigurationTarget
    from boxwatch.publish.prometheus.prometheus_rules import Target
    from boxwatch.publish.ruler.ruler_rules import Target as RulerTarget


@dataclass(frozen=True, slots=True)
class Servers:
    """The options of the named servers; no request has been sent yet."""

    grafana_options: GrafanaOptions
    prometheus_options: PrometheusOptions
    ruler_options: RulerOptions
    others: tuple[ServerOptions, ...]
    settings: ConnectionSettings

    @property
    def _grafana_url(self) -> str | None:
        # The environment must not draw Grafana into an operation on another server.
        given = self.grafana_options.grafana_url
        return given or (None if self._has_others else os.environ.get(URL) or None)

    @property
    def _has_others(self) -> bool:
        configured = any(configurations.named(each) for each in self.others)
        return configured or self.prometheus_options.named or self.ruler_options.named

    def need(self) -> None:
        """Raises click.UsageError if no server is named."""
        if not (self._grafana_url or self._has_others):
            raise click.UsageError(
                "no server named: pass --grafana URL, --prometheus URL with --prometheus-dir DIR or --rules-dir DIR, "
                "--alertmanager URL with --alertmanager-dir DIR, --blackbox URL with --blackbox-dir DIR, --ruler URL, "
                "or several"
            )

    def grafana(self) -> Live | None:
        """The Grafana the options describe.

        Raises:
            PublishError: the URL, the token or the certificates cannot be used.
        """
        url = self._grafana_url
        return self.grafana_options.live(url, self.settings) if url else None

    def prometheus(self) -> Target | None:
        """The Prometheus the options describe.

        Raises:
            PublishError: the URL, a secret or the certificates cannot be used.
            click.UsageError: the options contradict each other.
        """
        return self.prometheus_options.target(self.settings) if self.prometheus_options.named else None

    def configured(self) -> list[ConfigurationTarget]:
        """The Alertmanager and the blackbox exporter the options describe; raises as `prometheus` does."""
        return [configurations.target(each, self.settings) for each in self.others if configurations.named(each)]

    def ruler(self, backups: Path) -> RulerTarget | None:
        """The ruler the options describe; raises as `prometheus` does."""
        return self.ruler_options.target(self.settings, backups) if self.ruler_options.named else None


def servers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every server's options, passed to the command as one value, `servers`."""

    @functools.wraps(command)
    def with_servers(  # noqa: PLR0913 - a value for each server
        *,
        grafana: GrafanaOptions,
        prometheus: PrometheusOptions,
        ruler: RulerOptions,
        alertmanager: AlertmanagerOptions,
        blackbox: BlackboxOptions,
        settings: ConnectionSettings,
        **values: Any,  # noqa: ANN401 - click's own values
    ) -> Any:  # noqa: ANN401 - the command's
        return command(servers=Servers(grafana, prometheus, ruler, (blackbox, alertmanager), settings), **values)

    decorated = collected("settings", ConnectionSettings, CONNECTION_OPTIONS)(with_servers)
    decorated = collected("blackbox", BlackboxOptions, BLACKBOX_OPTIONS)(decorated)
    decorated = collected("alertmanager", AlertmanagerOptions, ALERTMANAGER_OPTIONS)(decorated)
    decorated = collected("ruler", RulerOptions, RULER_OPTIONS)(decorated)
    decorated = collected("prometheus", PrometheusOptions, PROMETHEUS_OPTIONS)(decorated)
    return collected("grafana", GrafanaOptions, GRAFANA_OPTIONS)(decorated)


def only_grafana(command: Callable[..., Any]) -> Callable[..., Any]:
    """Grafana's options, passed to the command as one value, `live`."""

    @functools.wraps(command)
    def with_live(*, grafana: GrafanaOptions, settings: ConnectionSettings, **values: Any) -> Any:  # noqa: ANN401 - click's own values
        url = grafana.grafana_url or os.environ.get(URL)
        if not url:
            raise click.UsageError(f"no Grafana named: pass --grafana URL or set {URL}")
        return command(live=grafana.live(url, settings), **values)

    return collected("grafana", GrafanaOptions, GRAFANA_OPTIONS)(
        collected("settings", ConnectionSettings, CONNECTION_OPTIONS)(with_live)
    )
