"""Slugs as in Coolify's container labels: Laravel's Str::slug."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters that Unicode does not decompose; other Latin letters lose their marks. Other scripts are dropped here, whereas
# Laravel transliterates them: a resource with such a name keeps only its ASCII part, or its uuid.
_LATIN: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "\u0131": "i", "ħ": "h", "Ħ": "h"}
)
_DROPPED: Final = re.compile(r"[^a-z0-9\s-]+")
_SEPARATORS: Final = re.compile(r"[\s-]+")


def slug(name: str, otherwise: str = "") -> str:
    """The name as spelled in `coolify.resourceName` (Coolify 4.3.11, bootstrap/helpers/docker.php).

    >>> slug("Shop API"), slug("café_backend v2"), slug("me@work")
    ('shop-api', 'cafe-backend-v2', 'me-at-work')
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LATIN)).encode("ascii", "ignore").decode("ascii")
    spaced = plain.replace("_", "-").replace("@", "-at-").lower()
    return _SEPARATORS.sub("-", _DROPPED.sub("", spaced)).strip("-") or otherwise
