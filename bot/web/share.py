"""`GET /s/{token}`: a member's own page, from which one text goes to one network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit

from aiohttp import web

from bot.domain.errors import BadInput
from bot.domain.link import web_address
from bot.domain.network import Composer, composer, final_text, over
from bot.domain.visitor import is_reader, on_phone
from bot.locales import Translator
from bot.web import pages
from bot.web.pages import TOKEN, kindly, unknown
from handlers.sharing.readers import Closed, PageView, open_page
from storage.engines.database import Database

ROWS = range(5, 15)
"""Lines of text the page shows without scrolling inside them, where the browser cannot measure by itself."""
COLUMNS = 56


def routes(database: Database, site: str, now: Callable[[], datetime]) -> list[web.RouteDef]:
    async def share(request: web.Request) -> web.Response:
        token = request.match_info["token"]
        view = await _open(request, token) if TOKEN.fullmatch(token) else None
        if view is None:
            return unknown()
        t = Translator(view.language)
        if view.closed is not None:
            return pages.page("closed.html", **_farewell(t, view, view.closed))
        return pages.page("share.html", **_offer(t, view, mobile=on_phone(request.headers)))

    async def _open(request: web.Request, token: str) -> PageView | None:
        human = is_reader(request.method, request.headers)
        if not human:
            return await database.read(lambda tx: open_page(tx, token, site, now(), human))
        return await database.transact(lambda tx: open_page(tx, token, site, now(), human))

    return [web.get(r"/s/{token:[\s\S]*}", kindly(share))]


def _farewell(t: Translator, view: PageView, closed: Closed) -> dict[str, object]:
    match closed:
        case Closed.WITHDRAWN:
            why = t("post.withdrawn")
        case Closed.EXPIRED:
            why = t("post.expired")
        case Closed.LEFT:
            why = t("share_page.left")
        case _:
            assert_never(closed)
    return {
        "language": t.language,
        "title": t("share_page.closed_title"),
        "about": "" if closed is Closed.LEFT else view.post.copy.title,
        "why": why,
    }


def _offer(t: Translator, view: PageView, *, mobile: bool) -> dict[str, object]:
    """`forward`: the composer takes the text as it is, so nothing is left to do on our page."""
    target = _composer(view, mobile)
    excess = over(view.network, view.words, view.link)
    text = final_text(view.words, view.link)
    return {
        "language": t.language,
        "text": text,
        "rows": _rows(text),
        "composer": target,
        "forward": target is not None and target.filled and not excess,
        "hint": _hint(t, view, target),
        "excess": t("share_page.too_long", excess, network=view.network.label) if excess else "",
        "article": _article(view),
        "words": _words(t, view),
    }


def _composer(view: PageView, mobile: bool) -> Composer | None:
    """None for Mastodon when we do not know the member's server."""
    try:
        return composer(view.network, view.words, view.link, mobile=mobile, instance=view.instance)
    except BadInput:
        return None


def _hint(t: Translator, view: PageView, target: Composer | None) -> str:
    if target is None:
        return t("share_page.no_server")
    if target.filled:
        return t("share_page.filled")
    return t("share_page.paste", network=view.network.label)


def _article(view: PageView) -> dict[str, str]:
    copy = view.post.copy
    url = web_address(copy.url)
    return {
        "title": copy.title,
        "url": url,
        "host": (urlsplit(url).hostname or "").removeprefix("www."),
        "picture": web_address(copy.picture_url),
        "alt": copy.picture_alt,
    }


def _rows(text: str) -> int:
    lines = sum(1 + len(line) // COLUMNS for line in text.split("\n"))
    return min(max(lines, ROWS.start), ROWS.stop)


def _words(t: Translator, view: PageView) -> dict[str, str]:
    network = view.network.label
    return {
        "title": t("share_page.title", network=network),
        "text": t("share_page.text"),
        "opening": t("share_page.opening", network=network),
        "stay": t("share_page.stay"),
        "open": t("share_page.open", network=network),
        "copy_open": t("share_page.copy_open", network=network),
        "copy_text": t("share_page.copy"),
        "copied": t("share_page.copied"),
        "select": t("share_page.select"),
        "sheet": t("share_page.sheet"),
        "by_hand": t("share_page.by_hand"),
        "read": t("button.read"),
        "next": t("share_page.next"),
        "tracked": t("share_page.tracked"),
    }
