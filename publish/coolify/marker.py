"""The marker in a resource's description: which deployment it belongs to, and how far its last deployment came.

Coolify has neither labels for resources nor transactions. The description is readable with `read`, is changed in the
same request as the compose file, and survives the process that wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MARKER: Final = re.compile(r"\[boxwatch deployment=(\S+) state=(changing|starting|deployed)\]")
_TEXT: Final = "Monitoring stack, deployed by boxwatch, which reads the end of this line."

# The files and variables are being written; the old containers run, or none.
CHANGING: Final = "changing"
# The start was requested.
STARTING: Final = "starting"
# All containers were healthy.
DEPLOYED: Final = "deployed"


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker.

    Attributes:
        deployment: name of the deployment.
        state: CHANGING, STARTING or DEPLOYED.
    """

    deployment: str
    state: str

    def __str__(self) -> str:
        """As it stands in the description."""
        return f"[boxwatch deployment={self.deployment} state={self.state}]"


def of(description: str) -> Marker | None:
    """The marker in a description; None if it has none."""
    match = _MARKER.search(description)
    return Marker(match[1], match[2]) if match else None


def written(description: str, marker: Marker) -> str:
    """The description with this marker; the rest is its user's."""
    if _MARKER.search(description):
        return _MARKER.sub(str(marker).replace("\\", r"\\"), description, count=1)
    return f"{description.rstrip() or _TEXT} {marker}"
