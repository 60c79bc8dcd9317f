"""Files behind links that nobody can guess: a poll's answers, a date for the calendar, a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from urllib.parse import quote

from aiohttp import web

from bot.context import Document, File
from bot.web import pages
from storage.engines.database import Database
from storage.transaction import Transaction


def routes(
    database: Database, documents: Iterable[Document], now: Callable[[], datetime]
) -> list[web.RouteDef]:
    known = {document.name: document for document in documents}

    async def give(request: web.Request) -> web.Response:
        name, token = request.match_info["name"], request.match_info["token"]
        if name not in known or not pages.TOKEN.fullmatch(token):
            return pages.unknown()
        file = await database.read(partial(_made, document=known[name], now=now(), token=token))
        return _sent(file) if file else pages.unknown()

    return [web.get("/f/{name}/{token}", pages.kindly(give))]


def _made(tx: Transaction, *, document: Document, now: datetime, token: str) -> File | None:
    return document.make(tx, now, token)


def _sent(file: File) -> web.Response:
    how = "inline" if file.shown else "attachment"
    named = f"{how}; filename*=UTF-8''{quote(file.name)}"
    headers = {**pages.HEADERS, "Content-Type": file.content_type, "Content-Disposition": named}
    return web.Response(body=file.body, headers=headers)
