"""Values of a topology that may be secrets, which no message quotes.

The format has no place for a secret: keys that end in `_file` name a file with it. People write the secret itself there
all the same, or the webhook's URL in place of the whole receiver, and messages end up in the logs of CI.
"""

from __future__ import annotations

import re
from typing import Final

_SECRET: Final = re.compile(r"token|secret|passw|credential|api_?key|private_?key|_file\b", re.IGNORECASE)
# Keys of a receiver whose values may be quoted. A URL may be all one needs to post there, so it is not one of them.
_PLAIN: Final = frozenset({"to", "from", "smarthost", "channel", "chat_id", "region", "teams", "priority", "emergency"})
_RECEIVERS: Final = ("notifications", "receivers")
# In these sections the second part of a path is a name chosen by the user.
_NAMED: Final = frozenset({"servers", "services"})


def bears_secret(path: tuple[str | int, ...]) -> bool:
    """Whether the value at a path of a topology may be a secret."""
    keys = [part for part in path if isinstance(part, str)]
    if path[:2] == _RECEIVERS:
        return keys[-1] not in _PLAIN
    return any(map(is_secret, (*keys[:1], *keys[2:]) if keys and keys[0] in _NAMED else keys))


def is_secret(key: str) -> bool:
    """Whether a key's name suggests a secret, or a file with one."""
    return _SECRET.search(key) is not None
