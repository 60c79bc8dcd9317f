"""Logs: one JSON object a line on the standard error, no local values in tracebacks, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|Bearer\s+[\w.~+/-]+=*|eyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=/[sr]/)[\w-]{22}"
)
"""Slack's tokens, bearer tokens, JWTs, and the tokens in our own share addresses."""
BLOT = "•••"


def configure(level: str = "INFO") -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger().handlers[0].addFilter(_redact_record)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: blotted(value) if isinstance(value, str) else value for key, value in event.items()}


def _redact_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = blotted(record.getMessage()), ()
    return True


def blotted(text: str) -> str:
    return SECRETS.sub(BLOT, text)
