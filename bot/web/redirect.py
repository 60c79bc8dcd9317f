"""`GET /r/{token}`: the tracked link that readers follow. No cookie is set and no address is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from yarl import URL

from bot.domain.visitor import is_reader
from bot.web.pages import TOKEN, kindly, unknown
from handlers.sharing.readers import Visitor, follow
from storage.engines.database import Database

HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes(
    database: Database,
    now: Callable[[], datetime],
    *,
    secret: str,
    trusted_proxy: bool = False,
) -> list[web.RouteDef]:
    """Crawlers and previews are sent the same way as readers: the page itself has what they draw a card
    from. `secret` keys the hash of an address, so that the database alone, salts and all, gives none away."""

    async def redirect(request: web.Request) -> web.Response:
        token = request.match_info["token"]
        url = await _follow(request, token) if TOKEN.fullmatch(token) else None
        if url is None:
            return unknown()
        return web.Response(status=302, headers={"Location": _ascii(url), **HEADERS})

    async def _follow(request: web.Request, token: str) -> str | None:
        if not is_reader(request.method, request.headers):
            return await database.read(lambda tx: follow(tx, token, None, now()))
        visitor = _visitor(request, secret.encode(), trusted_proxy)
        return await database.transact(lambda tx: follow(tx, token, visitor, now()))

    return [web.get(r"/r/{token:[\s\S]*}", kindly(redirect))]


def _visitor(request: web.Request, secret: bytes, trusted_proxy: bool) -> Visitor:
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())) if trusted_proxy else ""
    address = hops.rpartition(",")[2].strip() or request.remote or ""
    keyed = hmac.new(secret, address.encode(), hashlib.sha256).hexdigest()
    return Visitor(keyed, request.headers.get("User-Agent", ""), secrets.token_hex(32))


def _ascii(url: str) -> str:
    """As it was written where that is possible: what signs its own query breaks when it is rewritten."""
    return url if url.isascii() else str(URL(url))
