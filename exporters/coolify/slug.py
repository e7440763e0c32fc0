"""Names as Coolify's container labels spell them: Laravel's Str::slug."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters that Unicode does not decompose; the rest of Latin loses its marks. Other scripts are dropped here, whereas
# Laravel spells them in Latin letters: a resource with such a name keeps only what is ASCII, or its uuid.
_LATIN: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "\u0131": "i", "ħ": "h", "Ħ": "h"}
)
_DROPPED: Final = re.compile(r"[^a-z0-9\s-]+")
_SEPARATORS: Final = re.compile(r"[\s-]+")


def slug(name: str, otherwise: str = "") -> str:
    """The name as `coolify.resourceName` has it (Coolify 4.3.11, bootstrap/helpers/docker.php).

    >>> slug("Shop API"), slug("café_backend v2"), slug("me@work")
    ('shop-api', 'cafe-backend-v2', 'me-at-work')
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LATIN)).encode("ascii", "ignore").decode("ascii")
    spaced = plain.replace("_", "-").replace("@", "-at-").lower()
    return _SEPARATORS.sub("-", _DROPPED.sub("", spaced)).strip("-") or otherwise
