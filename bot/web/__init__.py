"""The pages people open from chat, and what an operator asks, each a module with its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import web

from bot.context import Document
from bot.meters import Meters
from bot.web import about, files, health, metrics, pages, redirect, share
from storage.engines.database import Database


def routes(
    database: Database,
    site: str,
    now: Callable[[], datetime],
    documents: Iterable[Document] = (),
    *,
    secret: str,
    trusted_proxy: bool = False,
) -> list[web.RouteDef]:
    """`site` is our origin without a slash at its end, `secret` what readers' hashes are keyed with.
    `trusted_proxy`: the last hop of X-Forwarded-For is written by a proxy of ours."""
    return [
        *pages.routes(),
        *about.routes(),
        *share.routes(database, site, now),
        *redirect.routes(database, now, secret=secret, trusted_proxy=trusted_proxy),
        *files.routes(database, documents, now),
    ]


def operations(
    database: Database, meters: Meters, now: Callable[[], datetime], token: str = ""
) -> list[web.RouteDef]:
    """Is it alive, can it work, and how is it doing. `token`: whoever bears it may read the counters."""
    return [*health.routes(database), *metrics.routes(database, meters, now, token)]
