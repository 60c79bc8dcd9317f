"""The sample world over HTTP: good pages, and pages that go wrong as pages do."""

from __future__ import annotations

import asyncio
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import aiohttp
import pytest

from bot.platforms.playground import world
from bot.platforms.playground.world import PAGES, Kind, Page
from tests.platforms.playground.scene import Scene, served


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with served() as scene:
        yield scene


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.og: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta" and (name := found.get("property")):
            self.og[name] = found.get("content") or ""


async def read(scene: Scene, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(scene.url + path) as answer:
        return answer.status, await answer.text()


def only(kind: Kind) -> list[Page]:
    return [page for page in PAGES if page.kind is kind]


def test_two_languages_tell_three_topics_and_every_mishap() -> None:
    told = Counter((page.language, page.topic) for page in only(Kind.ARTICLE))
    assert len(told) == 6
    assert Counter(page.language for page in only(Kind.ARTICLE)) == {"fr": 6, "en": 6}
    for language in ("fr", "en"):
        assert {page.kind for page in PAGES if page.language == language} == set(Kind)
    assert len({page.path for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("page", only(Kind.ARTICLE), ids=lambda page: page.path)
async def test_an_article_tells_what_a_preview_needs(scene: Scene, page: Page) -> None:
    status, html = await read(scene, page.path)
    og = Tags(html).og
    assert status == 200
    assert og["og:title"] == page.title
    assert og["og:description"] == page.description
    assert og["og:locale"] == {"fr": "fr_FR", "en": "en_GB"}[page.language]
    assert og["og:url"] == scene.url + page.path
    assert og["og:image"] == f"{scene.url}{world.PREFIX}/{page.picture}"
    assert og["og:image:alt"] == page.alt


@pytest.mark.parametrize("picture", sorted({page.picture for page in PAGES}))
async def test_a_picture_is_a_png_of_the_size_networks_ask_for(scene: Scene, picture: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{scene.url}{world.PREFIX}/{picture}") as answer,
    ):
        body = await answer.read()
    assert answer.content_type == "image/png"
    assert body[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", body[16:24]) == (1200, 630)
    assert len(body) < 60_000


async def test_the_broken_page_answers_with_an_error(scene: Scene) -> None:
    for page in only(Kind.ERROR):
        assert (await read(scene, page.path))[0] == 500


async def test_the_truncated_page_stops_in_its_head(scene: Scene) -> None:
    for page in only(Kind.TRUNCATED):
        status, html = await read(scene, page.path)
        assert status == 200
        assert html.endswith('<meta property="og:description"')
        assert "<body>" not in html


async def test_the_bare_page_has_no_tags(scene: Scene) -> None:
    for page in only(Kind.BARE):
        status, html = await read(scene, page.path)
        assert status == 200
        assert Tags(html).og == {}
        assert "<title>" in html


async def test_the_slow_page_stops_when_its_reader_leaves(scene: Scene) -> None:
    page = only(Kind.SLOW)[0]
    started = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.4)) as session:
        with pytest.raises(asyncio.TimeoutError):
            await session.get(scene.url + page.path)
    await asyncio.sleep(0.5)
    working = [task for task in asyncio.all_tasks() if "_dawdle" in str(task.get_stack())]
    assert working == []
    assert time.monotonic() - started < 5


async def test_the_slow_page_does_come(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "SLOW", 0.3)
    page = only(Kind.SLOW)[0]
    status, html = await read(scene, page.path)
    assert status == 200
    assert page.title in html


@pytest.mark.parametrize(
    "path", ["/fr/nothing", "/nothing.png", "/articles.toml", "/fr/..%2f..%2farticles.toml"]
)
async def test_what_is_not_there_is_not_there(scene: Scene, path: str) -> None:
    assert (await read(scene, world.PREFIX + path))[0] == 404
