"""A member's own share page: what it says, to whom, and what it records."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.domain.member import Preferences
from bot.domain.network import Network
from bot.domain.share import Share
from storage import people
from tests.web.world import ARTICLE, BROWSER, COPY, PHONE, SITE, World

TAGS = [
    "<script>alert({n})</script>",
    "<img src=x onerror=alert({n})>",
    "<svg onload=alert({n})>",
    "</textarea><script>alert({n})</script>",
    '" onmouseover=alert({n}) x="',
    "' onfocus=alert({n}) autofocus x='",
    "</title><script>alert({n})</script>",
    "<iframe src=javascript:alert({n})>",
    "<base href=//evil.example/{n}>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}'>",
    "<link rel=stylesheet href=//evil.example/{n}>",
    "<style>@import '//evil.example/{n}'</style>",
    "<form action=//evil.example/{n}><button>",
    "<object data=//evil.example/{n}>",
    "<math><mi xlink:href=javascript:alert({n})>",
    "<a href=javascript:alert({n})>x</a>",
    "<!--<script>alert({n})//-->",
    "<![CDATA[<script>alert({n})]]>",
    "{{{{ {n} * {n} }}}}",
    "{{% for x in range({n}) %}}x{{% endfor %}}",
    "${{alert({n})}}",
    "&lt;script&gt;alert({n})&lt;/script&gt;",
    "&#60;script&#62;alert({n})",
    "\u003cscript\u003ealert({n})\u003c/script\u003e",
    "<scr\x00ipt>alert({n})</scr\x00ipt>",
]
WRAPPINGS = ["{}", "x {} y", "\n{}\n", "\u202e{}\ufeff"]
PAYLOADS = [wrapping.format(tag.format(n=90 + i)) for i, tag in enumerate(TAGS) for wrapping in WRAPPINGS]


class Markup(HTMLParser):
    """The elements of a page with their attributes, and the text of its form field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.typed = ""
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag == "textarea"

    def handle_data(self, data: str) -> None:
        self.typed += data if self._inside else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    @property
    def shape(self) -> list[tuple[str, frozenset[str]]]:
        return [(tag, frozenset(attributes)) for tag, attributes in self.elements]

    def one(self, id: str) -> dict[str, str | None]:
        return next(attributes for _, attributes in self.elements if attributes.get("id") == id)

    def links(self) -> list[str]:
        found = (attributes.get(name) for _, attributes in self.elements for name in ("href", "src"))
        return [link for link in found if link]


def test_there_are_a_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) == 100


@pytest.mark.parametrize("field", ["words", "title", "url", "picture_url", "picture_alt"])
async def test_nothing_anybody_typed_becomes_markup(world: World, field: str) -> None:
    page = await world.page()
    await world.write("x", title="x")
    shape = Markup((await world.get(page)).text).shape
    for payload in PAYLOADS:
        values = {field: payload} if field != "words" else {}
        await world.write(payload if field == "words" else "x", **values)
        markup = Markup((await world.get(page)).text)
        assert set(markup.shape) <= set(shape), payload
        assert all(link.startswith(("https://", "/static/", "#stay")) for link in markup.links()), payload
        if field == "words":
            assert payload.strip() in markup.typed.replace("\ufffd", "\x00")


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "data:text/html,x", "file:///x", "//evil.example"])
async def test_only_web_addresses_become_links_and_pictures(world: World, scheme: str) -> None:
    await world.write("x", url=scheme, picture_url=scheme)
    assert scheme not in Markup((await world.get(await world.page())).text).links()


async def test_it_shows_the_text_and_opens_the_composer_with_it(world: World) -> None:
    share = await world.share()
    answer = await world.get(await world.page())
    markup = Markup(answer.text)
    text = f"{COPY.openings[0]}\n\n{SITE}/r/{share.link_token}"
    assert answer.status == 200
    assert markup.typed == text
    composer = urlsplit(markup.one("open")["href"] or "")
    assert composer.netloc == "www.linkedin.com"
    assert parse_qs(composer.query)["text"] == [text]
    assert ARTICLE in markup.links()
    assert "Votre texte pour LinkedIn" in answer.text


async def test_own_words_win_over_the_opening(world: World) -> None:
    await world.write("Ma première semaine ici.\r\nRien à voir.")
    typed = Markup((await world.get(await world.page())).text).typed
    assert typed.startswith("Ma première semaine ici.\nRien à voir.\n\nhttps://cercle.example/r/")


async def test_each_member_reads_their_own_language(world: World) -> None:
    french = (await world.get(await world.page(), BROWSER | {"Accept-Language": "en"})).text
    english = (await world.get(await world.page(person=world.sam))).text
    assert '<html lang="fr">' in french
    assert "Copier le texte" in french
    assert '<html lang="en">' in english
    assert "Copy the text" in english
    assert "Votre" not in english


async def test_it_is_private_and_strict(world: World) -> None:
    headers = (await world.get(await world.page())).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https:")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "Set-Cookie" not in headers


async def test_no_script_or_style_stands_in_the_page_itself(world: World) -> None:
    text = (await world.get(await world.page())).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", text)


@pytest.mark.parametrize(
    ("network", "phone", "forward", "copy_first"),
    [
        (Network.LINKEDIN, False, True, False),
        (Network.LINKEDIN, True, False, True),
        (Network.FACEBOOK, False, False, True),
        (Network.FACEBOOK, True, False, True),
        (Network.X, True, True, False),
        (Network.BLUESKY, False, True, False),
        (Network.THREADS, True, True, False),
        (Network.MASTODON, False, True, False),
        (Network.WHATSAPP, True, True, False),
    ],
)
async def test_it_passes_on_by_itself_only_where_the_text_goes_along(
    world: World, network: Network, phone: bool, forward: bool, copy_first: bool
) -> None:
    answer = await world.get(await world.page(network), PHONE if phone else BROWSER)
    button = Markup(answer.text).one("open")
    assert ("data-forward" in button, "data-copy-first" in button) == (forward, copy_first)
    assert ("ne reçoit que le lien" in answer.text) == copy_first


async def test_a_text_that_is_too_long_stays_and_says_by_how_much(world: World) -> None:
    await world.write("a" * 300)
    answer = await world.get(await world.page(Network.X))
    button = Markup(answer.text).one("open")
    assert "Trop long de 69 caractères pour X" in answer.text
    assert "data-forward" not in button
    assert (button["href"] or "").startswith("https://x.com/intent/tweet?text=aaa")


async def test_mastodon_without_a_server_can_be_copied(world: World) -> None:
    await world.do(lambda tx: people.prefer(tx, world.camille, Preferences()))
    answer = await world.get(await world.page(Network.MASTODON))
    assert answer.status == 200
    assert "/cercle réglages" in answer.text
    assert 'id="open"' not in answer.text
    assert 'id="copy"' in answer.text


async def opened(world: World) -> Share:
    return await world.share()


async def test_opening_is_recorded_once_and_redraws_the_card(world: World) -> None:
    page = await world.page()
    assert (await opened(world)).opened_at is None
    await world.get(page)
    assert (await opened(world)).opened_at == world.now
    now, soon = timedelta(0), timedelta(seconds=20)
    waiting = {("post", "camille"): now, ("reminder", "camille"): now, ("author", "sam"): soon}
    assert await world.waiting() == waiting
    assert world.rings == 1
    first, world.now = world.now, world.now + timedelta(hours=1)
    await world.get(page)
    assert (await opened(world)).opened_at == first
    assert (await world.share(Network.X)).opened_at is None


async def test_many_visits_at_once_open_it_once(world: World) -> None:
    page = await world.page()
    answers = await asyncio.gather(*(world.get(page) for _ in range(200)))
    assert {answer.status for answer in answers} == {200}
    assert [message.wanted_version for message in await world.due()] == [2, 2, 2]


@pytest.mark.parametrize(
    "headers",
    [
        BROWSER | {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        BROWSER | {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"},
        BROWSER | {"Sec-Purpose": "prefetch;prerender"},
        BROWSER | {"Sec-Fetch-Mode": "cors"},
        {"User-Agent": "curl/8.5.0"},
        {},
    ],
)
async def test_previews_see_the_page_and_record_nothing(world: World, headers: dict[str, str]) -> None:
    assert (await world.get(await world.page(), headers)).status == 200
    assert (await opened(world)).opened_at is None
    assert await world.waiting() == {}


async def test_head_records_nothing(world: World) -> None:
    answer = await world.get(await world.page(), method="HEAD")
    assert (answer.status, answer.text) == (200, "")
    assert (await opened(world)).opened_at is None


async def closed(world: World, sentence: str) -> None:
    """The page says so kindly, offers nothing, and records nothing."""
    answer = await world.get(await world.page())
    assert answer.status == 200
    assert sentence in answer.text
    assert "Il n’y a plus rien à partager ici" in answer.text
    assert "linkedin.com" not in answer.text
    assert "/r/" not in answer.text
    assert "<script" not in answer.text
    assert (await opened(world)).opened_at is None
    assert await world.waiting() == {}


async def test_a_withdrawn_post_is_closed(world: World) -> None:
    await world.withdraw()
    await closed(world, "retiré par son auteur")


async def test_an_expired_post_is_closed(world: World) -> None:
    world.now = COPY.expires_at
    await closed(world, "n’est plus proposé")


async def test_whoever_left_finds_it_closed_and_is_not_shown_the_post(world: World) -> None:
    await world.leave(world.camille)
    await closed(world, "quand vous avez quitté le cercle")
    assert COPY.title not in (await world.get(await world.page())).text
    assert (await world.get(await world.page(person=world.sam))).status == 200


async def test_a_closed_page_speaks_english_too(world: World) -> None:
    await world.withdraw()
    answer = await world.get(await world.page(person=world.sam))
    assert "There is nothing left to share here" in answer.text
    assert '<html lang="en">' in answer.text


async def test_assets_can_be_kept_and_strangers_are_not_there(world: World) -> None:
    text = (await world.get(await world.page())).text
    assets = [link for link in Markup(text).links() if link.startswith("/static/")]
    assert len(set(assets)) == 3
    for asset in assets:
        answer = await world.get(world.url + asset)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for stranger in ("share.py", "..%2Fshare.py", "..%2F..%2Fsettings.py", ".", "%00"):
        assert (await world.get(f"{world.url}/static/{stranger}")).status == 404


async def test_a_broken_database_gives_a_kind_page(world: World) -> None:
    page = await world.page()
    await world.lose_table("words")
    answer = await world.get(page)
    assert answer.status == 503
    assert "Something did not work" in answer.text
    assert "Traceback" not in answer.text
