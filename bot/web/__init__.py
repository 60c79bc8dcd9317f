"""The pages people open from chat, each a module with its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import web

from bot.context import Document
from bot.web import about, files, health, pages, redirect, share
from storage.database import Database


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
        *health.routes(database),
    ]
