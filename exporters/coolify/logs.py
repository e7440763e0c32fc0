"""Structured logs: one line per event, as logfmt or JSON, with secrets redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from boxwatch.exporters.coolify.secret import HIDDEN

_PLAIN: Final = re.compile(r"[!-~]+")
_QUOTED: Final = re.compile(r'["\\=]')
FORMATS: Final = ("logfmt", "json")
LEVELS: Final = ("debug", "info", "warning", "error")
_ROOT: Final = "boxwatch.exporters.coolify"


def facts(**values: object) -> dict[str, object]:
    """An event's fields: `log.info("poll failed", extra=facts(account="main"))`. Empty values are left out."""
    return {"facts": {key: value for key, value in values.items() if value not in ("", None)}}


class Line(logging.Formatter):
    """Formats a record as one line and redacts secrets in it, wherever they came from."""

    def __init__(self, form: str, secrets: Callable[[], Iterable[str]]) -> None:
        """Write `logfmt` or `json`; `secrets` returns the strings to redact."""
        super().__init__()
        self._form = form
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        values: dict[str, object] = {
            "ts": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if self._form == "json":
            line = json.dumps(values, ensure_ascii=True, default=str)
        else:
            line = " ".join(f"{key}={_logfmt(value)}" for key, value in values.items())
        return hide(line, self._secrets())


def _logfmt(value: object) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text) and not _QUOTED.search(text):
        return text
    return json.dumps(text, ensure_ascii=True)


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with secrets redacted."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def set_up(level: str, form: str, secrets: Callable[[], Iterable[str]]) -> None:
    """Log to standard error; the command calls it once. Libraries and crashed threads log in the same format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(form, secrets))
    for name, least in ((_ROOT, level), ("asyncio", "warning")):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least.upper())
        logger.propagate = False
    threading.excepthook = _crashed


def _crashed(crash: threading.ExceptHookArgs) -> None:
    """Log what ended a thread, without its message and traceback, which may quote a response."""
    name = crash.thread.name if crash.thread is not None else ""
    found = where(crash.exc_value) if crash.exc_value is not None else {}
    logging.getLogger(_ROOT).error("thread crashed", extra=facts(thread=name, **found))


def where(error: BaseException) -> dict[str, str]:
    """An error's class and the line that raised it, without its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace is not None else ""
    return {"error": type(error).__name__, "at": place}
