"""Logs: one JSON object a line on the standard error, no local values in tracebacks, no secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

import structlog

SECRETS = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+|xapp-[\w-]+"
    r"|(?:Bearer|Basic)\s+[\w.~+/-]+=*"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?<=/[sr]/)[\w-]{22}"
    r"|(?<=://)[^\s/?#@:]*:[^\s@]+(?=@)"
    r"|(?<=secret=)[^\s&\"']+|(?<=password=)[^\s&\"']+|(?<=token=)[^\s&\"']+|(?<=assertion=)[^\s&\"']+",
    re.IGNORECASE,
)
"""By their form: Slack's tokens, what stands in an Authorization header, JWTs, the tokens in our own share
addresses, user and password in an address, and the secret fields of OAuth's forms."""
NAMES = re.compile(r"secret|password|token|authorization|cookie|credential", re.IGNORECASE)
"""Whatever is kept under such a name is not for a log."""
SHORTEST = 6
"""Characters of a value that is blotted wherever it stands. A shorter one would blot out half of the words,
and is not fit to be a secret."""
BLOT = "•••"

_kept: set[str] = set()
_values: re.Pattern[str] | None = None


def keep_secret(values: Iterable[str]) -> None:
    """From now on these never stand in a log, as they are or as an address, JSON or Python writes them."""
    global _values
    for value in values:
        if len(value) >= SHORTEST:
            _kept.update(_spellings(value))
    longest_first = sorted(_kept, key=len, reverse=True)
    _values = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _spellings(value: str) -> set[str]:
    written = {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return written | {quote(value), quote(value, safe=""), quote_plus(value)}


def blotted(text: str) -> str:
    known = _values.sub(BLOT, text) if _values else text
    return SECRETS.sub(BLOT, known)


def configure(level: str = "INFO") -> None:
    """structlog's events and everybody else's records, in the same form to the same place."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_dressing(), *_ending()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _configure_stdlib()


def _dressing() -> list[Any]:
    return [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _ending() -> list[Any]:
    return [
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


class _Stderr(logging.StreamHandler[Any]):
    """Ours among the root logger's handlers."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Python's own would write out the arguments, whatever they hold."""
        structlog.get_logger().error("log.unreadable", logger=record.name)


def _configure_stdlib() -> None:
    handler = _Stderr(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_dressing()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending()],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not isinstance(other, _Stderr)), handler]
    root.setLevel(logging.WARNING)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {str(key): _cleaned(str(key), value) for key, value in event.items()}


def _cleaned(name: str, value: object) -> object:
    """Whatever JSON would write, without secrets; anything else as its representation."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() if not NAMES.search(name):
            return blotted(value)
        case str():
            return BLOT
        case Mapping():
            return {blotted(str(key)): _cleaned(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_cleaned(name, inner) for inner in value]
        case _:
            return BLOT if NAMES.search(name) else blotted(repr(value))


def catch_crashes() -> None:
    """The last word of a process, or of a thread, is a log line too."""
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


def _crashed(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    structlog.get_logger().critical("crashed", exc_info=error)


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    structlog.get_logger().critical("thread.crashed", exc_info=crash.exc_value)
