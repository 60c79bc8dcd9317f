"""`/`: what this address is and what is kept, for whoever follows the links in the Teams package."""

from __future__ import annotations

from aiohttp import web

from bot.locales import LANGUAGES, Translator
from bot.web.pages import page

SECTIONS = (
    ("about.what_title", "about.what"),
    ("about.kept_title", "about.kept"),
    ("about.terms_title", "about.terms"),
    ("about.help_title", "about.help"),
)


def routes() -> list[web.RouteDef]:
    return [web.get("/", _about)]


async def _about(_: web.Request) -> web.Response:
    spoken = [
        (language, [(t(title), t(body)) for title, body in SECTIONS])
        for language in LANGUAGES
        for t in (Translator(language),)
    ]
    return page("about.html", spoken=spoken)
