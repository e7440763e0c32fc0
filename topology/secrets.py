"""Which values of a topology may be secrets, so that no message quotes them.

The format has no place for a secret: keys that end in `_file` name a file with it. People write the secret itself there
all the same, or the webhook's URL in place of the whole receiver, and messages end up in the logs of CI.
"""

from __future__ import annotations

import re
from typing import Final

_SECRET: Final = re.compile(r"token|secret|passw|credential|api_?key|private_?key|_file\b", re.IGNORECASE)
# What may be quoted of a receiver; of the rest, an address may be all that one needs to post there.
_PLAIN: Final = frozenset({"to", "from", "smarthost", "channel", "chat_id", "region", "teams", "priority", "emergency"})
_RECEIVERS: Final = ("notifications", "receivers")
# The second part of a path in these sections is a name, which says nothing of what is below.
_NAMED: Final = frozenset({"servers", "services"})


def bears_secret(path: tuple[str | int, ...]) -> bool:
    """Whether what stands at a path of a topology may be a secret."""
    keys = [part for part in path if isinstance(part, str)]
    if path[:2] == _RECEIVERS:
        return keys[-1] not in _PLAIN
    return any(map(is_secret, (*keys[:1], *keys[2:]) if keys and keys[0] in _NAMED else keys))


def is_secret(key: str) -> bool:
    """Whether a key is called like one that holds a secret, or names a file with one."""
    return _SECRET.search(key) is not None
