"""The predicted series are those of a real Prometheus that scrapes real and recorded pages.

node_exporter and Prometheus are the distribution's. The other pages are recorded from real exporters, except those of
cAdvisor, MinIO and Grafana, of which no page is at hand: they are made from the catalogue, so only the sum of the
others tests anything, and it is compared, too.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml
from support import third_party
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.rules import catalogue
from boxwatch.stack.costs import costs, dimensions, exposures
from boxwatch.stack.costs.exposures import Exposure
from boxwatch.topology import default
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology

pytestmark = pytest.mark.third_party
Program = Callable[[str], str]
