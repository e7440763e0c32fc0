"""Which servers a run is about: Grafana, Prometheus, or both."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from boxwatch.commands.grafana import GRAFANA_OPTIONS, URL, GrafanaOptions
from boxwatch.commands.prometheus import PROMETHEUS_OPTIONS, PrometheusOptions
from boxwatch.commands.way import WAY_OPTIONS, Way, collected

if TYPE_CHECKING:
    from boxwatch.commands.grafana import Live
    from boxwatch.publish.prometheus import Target


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that were named, as options; nothing is asked yet."""

    grafana_options: GrafanaOptions
    prometheus_options: PrometheusOptions
    way: Way

    @property
    def _grafana_url(self) -> str | None:
        # What is in the environment must not draw Grafana into a run that names another server.
        given = self.grafana_options.grafana_url
        return given or (None if self.prometheus_options.named else os.environ.get(URL) or None)

    def need(self) -> None:
        """Raises click.UsageError when none is named."""
        if not (self._grafana_url or self.prometheus_options.named):
            raise click.UsageError("Say where: --grafana URL, or --rules-dir DIR with --prometheus URL, or both.")

    def grafana(self) -> Live | None:
        """The Grafana that is meant.

        Raises:
            PublishError: the address, the token or the certificates cannot be used.
        """
        url = self._grafana_url
        return self.grafana_options.live(url, self.way) if url else None

    def prometheus(self) -> Target | None:
        """The Prometheus that is meant.

        Raises:
            PublishError: the address, a secret or the certificates cannot be used.
            click.UsageError: the options do not go together.
        """
        return self.prometheus_options.target(self.way) if self.prometheus_options.named else None


def servers(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every server, which the command gets as one value, `servers`."""

    @functools.wraps(command)
    def with_servers(
        *,
        grafana: GrafanaOptions,
        prometheus: PrometheusOptions,
        way: Way,
        **values: Any,  # noqa: ANN401 - click's own values
    ) -> Any:  # noqa: ANN401 - the command's
        return command(servers=Servers(grafana, prometheus, way), **values)

    decorated = collected("way", Way, WAY_OPTIONS)(with_servers)
    decorated = collected("prometheus", PrometheusOptions, PROMETHEUS_OPTIONS)(decorated)
    return collected("grafana", GrafanaOptions, GRAFANA_OPTIONS)(decorated)


def only_grafana(command: Callable[..., Any]) -> Callable[..., Any]:
    """Grafana's options, which the command gets as one value, `live`."""

    @functools.wraps(command)
    def with_live(*, grafana: GrafanaOptions, way: Way, **values: Any) -> Any:  # noqa: ANN401 - click's own values
        url = grafana.grafana_url or os.environ.get(URL)
        if not url:
            raise click.UsageError(f"Say where: --grafana URL, or {URL}.")
        return command(live=grafana.live(url, way), **values)

    return collected("grafana", GrafanaOptions, GRAFANA_OPTIONS)(collected("way", Way, WAY_OPTIONS)(with_live))
