"""Memory of Prometheus and cAdvisor, which grows with what they measure."""

from __future__ import annotations

from typing import Final

from boxwatch.topology.units import MIB

# Resident memory without series, and for each of them, with two hours of samples and queries. Measured without either:
# 111 to 118 MiB at 10,000 to 14,000 series, 253 to 283 MB at 50,000 (Prometheus 2.42 and 3.5).
_PROMETHEUS: Final = 75 * MIB
_OF_SERIES: Final = 8 * 1024
# cAdvisor 0.60.5: 33 MB with 5 containers, 35 with 30.
_CADVISOR: Final = 32 * MIB
_OF_CONTAINER: Final = MIB // 4


def prometheus(series: int) -> int:
    """Bytes that Prometheus needs for so many series."""
    return _PROMETHEUS + _OF_SERIES * series


def cadvisor(containers: int) -> int:
    """Bytes that cAdvisor needs for so many containers."""
    return _CADVISOR + _OF_CONTAINER * containers
