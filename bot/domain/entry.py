"""The circle's public log: what was decided, opened, changed, told to everybody in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """`what` is a key of the catalogue, `log.…`, and `values` what fills its braces."""

    at: datetime
    what: str
    values: Mapping[str, str]
