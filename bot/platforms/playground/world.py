"""The sample world: the pages of an invented company, served by the playground for the bot to read.

Most are articles as a site publishes them, with Open Graph tags; a few go wrong the way pages do.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import assert_never

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

PREFIX = "/playground/world"
FOLDER = Path(__file__).parent / "page" / "world"

SLOW = 20.0
"""Seconds the slow page takes: longer than anybody waits for a page."""
GLANCE = 0.2
"""Seconds between two looks at whether the reader of the slow page has left."""
CUT_AT = '<meta property="og:description"'
"""Where the truncated page ends: in the middle of its head."""


class Kind(Enum):
    ARTICLE = "article"
    ERROR = "error"
    TRUNCATED = "truncated"
    SLOW = "slow"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class Page:
    """`path` is absolute on this server; `picture` a file name in FOLDER, described by `alt`."""

    path: str
    title: str
    language: str
    kind: Kind
    topic: str
    description: str
    picture: str
    alt: str
    paragraphs: tuple[str, ...]


def _read() -> Iterator[Page]:
    library = tomllib.loads((FOLDER / "articles.toml").read_text(encoding="utf-8"))
    for page in library["page"]:
        yield Page(
            path=f"{PREFIX}/{page['language']}/{page['slug']}",
            title=page["title"],
            language=page["language"],
            kind=Kind(page.get("kind", "article")),
            topic=page["topic"],
            description=page["description"],
            picture=page["picture"],
            alt=page["alt"],
            paragraphs=tuple(page["paragraphs"]),
        )


PAGES: tuple[Page, ...] = tuple(_read())
_BY_PATH = {page.path: page for page in PAGES}
_PICTURES = {page.picture: (FOLDER / page.picture).read_bytes() for page in PAGES}
_STYLE = (FOLDER / "world.css").read_bytes()
_TEMPLATE = Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template("article.html")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[web.RouteDef]:
    return [
        web.get(PREFIX + "/{language}/{slug}", _page),
        web.get(PREFIX + "/{name}", _file),
    ]


def html(page: Page, origin: str) -> str:
    """`origin` begins the addresses in the Open Graph tags, which have to be absolute."""
    whole = _TEMPLATE.render(page=page, origin=origin, prefix=PREFIX, bare=page.kind is Kind.BARE)
    return whole.partition(CUT_AT)[0] + CUT_AT if page.kind is Kind.TRUNCATED else whole


async def _page(request: web.Request) -> web.StreamResponse:
    page = _BY_PATH.get(request.path)
    if page is None:
        raise web.HTTPNotFound
    text = html(page, str(request.url.origin()))
    match page.kind:
        case Kind.ARTICLE | Kind.BARE | Kind.TRUNCATED:
            return _response(text)
        case Kind.ERROR:
            return _response(text, status=500)
        case Kind.SLOW:
            await _dawdle(request)
            return _response(text)
        case _:
            assert_never(page.kind)


def _response(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


async def _dawdle(request: web.Request) -> None:
    """Wait SLOW seconds, or until the reader has left."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SLOW
    # aiohttp tells nobody that the reader has left: one has to look.
    while loop.time() < until and _listening(request):  # noqa: ASYNC110
        await asyncio.sleep(GLANCE)


def _listening(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name == "world.css":
        return web.Response(body=_STYLE, content_type="text/css", charset="utf-8", headers=_HEADERS)
    if name in _PICTURES:
        return web.Response(body=_PICTURES[name], content_type="image/png", headers=_HEADERS)
    raise web.HTTPNotFound
