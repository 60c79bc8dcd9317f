"""What all our pages have in common: templates, headers, assets, and kind words for what went wrong."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.locales import LANGUAGES, Translator

log = structlog.get_logger()

HERE = Path(__file__).parent
ASSETS = {"page.css": "text/css", "share.js": "text/javascript", "cercle.svg": "image/svg+xml"}
BODIES = {name: (HERE / "static" / name).read_bytes() for name in ASSETS}
VERSION = hashlib.sha256(b"".join(BODIES.values())).hexdigest()[:12]
"""In the address of each asset, so that a browser may keep it and still sees a new one."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ASSET_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable"}

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
"""As storage.tables.new_id makes them; anything else is not even looked for."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals["version"] = VERSION


def page(template: str, status: int = 200, /, **values: object) -> web.Response:
    text = templates.get_template(template).render(values)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def unknown() -> web.Response:
    """There is nothing behind that address. Who came is unknown too, so both languages are spoken."""
    spoken = [(t.language, t("share_page.unknown_title"), t("share_page.unknown")) for t in _translators()]
    return page("sorry.html", 404, spoken=spoken)


def failed(number: str) -> web.Response:
    """Something is wrong with us."""
    spoken = [(t.language, t("failure.title"), t("failure.body", id=number)) for t in _translators()]
    return page("sorry.html", 503, spoken=spoken)


def _translators() -> list[Translator]:
    return [Translator(language) for language in LANGUAGES]


def kindly(handler: Handler) -> Handler:
    """Whatever goes wrong is logged under a number, which the visitor is shown instead of a traceback."""

    @wraps(handler)
    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Exception:
            number = secrets.token_hex(4)
            log.exception("web.failed", number=number, route=handler.__qualname__)
            return failed(number)

    return answered


def routes() -> list[web.RouteDef]:
    return [web.get("/static/{name}", _asset)]


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in ASSETS:
        return unknown()
    return web.Response(body=BODIES[name], content_type=ASSETS[name], charset="utf-8", headers=ASSET_HEADERS)
