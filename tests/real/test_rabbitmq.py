"""A real RabbitMQ raises its alarms, keeps what nobody acknowledges, and stops; Prometheus fires the rules about it."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from support import rabbitmq
from support.programs import free_port, get, running, wait_for
from support.rabbitmq import Broker
from support.topologies import a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.topology.settings import Alerts

Program = Callable[[str], str]

_AT_ONCE = ("RabbitmqDown", "RabbitmqMemoryAlarm", "RabbitmqUnackedHigh")


@dataclass(frozen=True, slots=True)
class Rig:
    """A broker, and a Prometheus with the rules that are built.

    Attributes:
        broker: service `broker`.
        prometheus: URL.
    """

    broker: Broker
    prometheus: str

    def rows(self, query: str) -> list[dict[str, str]]:
        """The labels of what a query finds."""
        answer = get(f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
        return [row["metric"] for row in answer["data"]["result"]] if answer else []

    def firing(self, alert: str) -> list[dict[str, str]]:
        """The labels of an alert's instances."""
        return self.rows(f'ALERTS{{alertname="{alert}",alertstate="firing"}}')

    def silent(self, alert: str) -> bool:
        """Whether none of its instances is there."""
        return not self.rows(f'ALERTS{{alertname="{alert}"}}')


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Rig]:
    """Both programs, until the module's tests are done."""
    tmp = tmp_path_factory.mktemp("rabbitmq")
    metrics, port = free_port(), free_port()
    rules: dict[str, dict[str, object]] = {name: {"for": "0s"} for name in _AT_ONCE}
    rules["RabbitmqUnackedHigh"]["threshold"] = 20
    topology = a_topology(
        services=(a_service("broker", kind="rabbitmq", metrics=f"127.0.0.1:{metrics}"),),
        alerts=Alerts.model_validate({"rules": rules}),
    ).model_copy(update={"scrape_interval": 3})
    directory.apply(directory.plan(assemble(topology), tmp / "built"))
    options = [f"--config.file={tmp}/built/prometheus/prometheus.yml", f"--storage.tsdb.path={tmp}/data"]
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(rabbitmq.broker(tmp / "node", metrics))
        stack.enter_context(running([program("prometheus"), *options, listen], tmp / "prometheus.log"))
        made = Rig(broker, f"http://127.0.0.1:{port}")
        wait_for(lambda: made.rows("rabbitmq_detailed_queue_consumers or rabbitmq_queues"), "scrape of RabbitMQ")
        yield made


def test_a_consumer_that_acknowledges_nothing_is_told_of_with_its_queue(rig: Rig) -> None:
    """And what it held waits without a consumer once it is gone."""
    with rabbitmq.client(rig.broker) as client:
        client.declare("orders")
        client.publish("orders", 30)
        client.consume("orders")
        (fired,) = wait_for(lambda: rig.firing("RabbitmqUnackedHigh"), "RabbitmqUnackedHigh")

    assert (fired["server"], fired["service"], fired["vhost"], fired["queue"]) == ("main", "broker", "/", "orders")
    wait_for(lambda: rig.silent("RabbitmqUnackedHigh"), "end of RabbitmqUnackedHigh")
    waits = "rabbitmq_detailed_queue_messages_ready == 30 and rabbitmq_detailed_queue_consumers == 0"
    (queue,) = wait_for(lambda: rig.rows(waits), "queue without consumers")
    assert queue["queue"] == "orders"


def test_pages_are_scraped_without_what_nobody_reads(rig: Rig) -> None:
    """The Erlang runtime's series, and the families' rest."""
    wait_for(lambda: rig.rows("rabbitmq_alarms_memory_used_watermark"), "alarms")
    assert rig.rows('{__name__=~"(erlang|telemetry)_.+"}') == []
    assert rig.rows("rabbitmq_detailed_queue_messages") == []


def test_a_memory_alarm_is_told_of_until_it_is_over(rig: Rig) -> None:
    """Critical, since a RabbitMQ that blocks publishers wakes someone."""
    rig.broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
    (fired,) = wait_for(lambda: rig.firing("RabbitmqMemoryAlarm"), "RabbitmqMemoryAlarm")
    assert fired["severity"] == "critical"

    rig.broker.ctl("set_vm_memory_high_watermark", "0.4")
    wait_for(lambda: rig.silent("RabbitmqMemoryAlarm"), "end of RabbitmqMemoryAlarm")


def test_an_application_that_is_stopped_in_a_running_node_is_down(rig: Rig) -> None:
    """Its pages go with it, so nothing else would tell."""
    rig.broker.ctl("stop_app")
    (fired,) = wait_for(lambda: rig.firing("RabbitmqDown"), "RabbitmqDown")
    assert (fired["service"], fired["severity"]) == ("broker", "critical")

    rig.broker.ctl("start_app")
    wait_for(lambda: rig.silent("RabbitmqDown"), "end of RabbitmqDown")
