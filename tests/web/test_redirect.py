"""The tracked link: where it leads, and who counts."""

from __future__ import annotations

import asyncio
import random
import re
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import aiohttp
import pytest

from bot.domain.link import parse_link
from bot.domain.network import Network
from storage.engines.connect import is_file
from tests.web.world import ARTICLE, BROWSER, FIREFOX, World

CRAWLERS = (
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "curl/8.5.0",
    "",
)


async def test_it_leads_to_the_article_and_keeps_nothing_of_the_reader(world: World) -> None:
    answer = await world.get(await world.link())
    assert (answer.status, answer.headers["Location"]) == (302, ARTICLE)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.text == ""


async def test_a_thousand_visits_of_one_reader_are_one(world: World) -> None:
    link = await world.link()
    for _ in range(20):
        answers = await asyncio.gather(*(world.get(link) for _ in range(50)))
        assert {answer.status for answer in answers} == {302}
    assert await world.clicks() == 1


async def test_two_readers_are_two_and_tomorrow_counts_again(world: World) -> None:
    link = await world.link()
    await world.get(link)
    await world.get(link, FIREFOX)
    assert await world.clicks() == 2
    world.now = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    await world.get(link)
    assert await world.clicks() == 2
    world.now += timedelta(seconds=1)
    await world.get(link)
    assert await world.clicks() == 3


async def test_each_link_counts_for_its_own_member(world: World) -> None:
    await world.get(await world.link())
    await world.get(await world.link(Network.X))
    await world.get(await world.link(person=world.sam))
    assert [await world.clicks(who) for who in (world.camille, world.sam, None)] == [2, 1, 3]


@pytest.mark.parametrize("agent", CRAWLERS)
async def test_crawlers_are_sent_the_same_way_and_never_count(world: World, agent: str) -> None:
    answer = await world.get(await world.link(), BROWSER | {"User-Agent": agent})
    assert (answer.status, answer.headers["Location"]) == (302, ARTICLE)
    assert await world.clicks() == 0
    assert world.rings == 0


@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_what_nobody_clicked_never_counts(world: World, header: dict[str, str]) -> None:
    assert (await world.get(await world.link(), BROWSER | header)).status == 302
    assert await world.clicks() == 0


async def test_head_says_the_same_and_counts_nothing(world: World) -> None:
    answer = await world.get(await world.link(), method="HEAD")
    assert (answer.status, answer.headers["Location"]) == (302, ARTICLE)
    assert await world.clicks() == 0


async def test_a_counted_reader_moves_the_figures_a_little_later(world: World) -> None:
    await world.get(await world.link())
    soon = timedelta(seconds=20)
    assert await world.waiting() == {
        ("post", "camille"): soon,
        ("reminder", "camille"): soon,
        ("author", "sam"): soon,
    }
    assert world.rings == 0
    world.now += timedelta(seconds=15)
    await world.get(await world.link(), FIREFOX)
    assert set((await world.waiting()).values()) == {timedelta(seconds=5)}


async def test_a_reader_who_was_counted_moves_nothing(world: World) -> None:
    await world.get(await world.link())
    before = await world.waiting()
    await world.get(await world.link())
    assert await world.waiting() == before


async def test_a_withdrawn_post_still_leads_there_and_counts(world: World) -> None:
    await world.withdraw()
    assert (await world.get(await world.link())).headers["Location"] == ARTICLE
    assert await world.clicks() == 1


async def test_whoever_left_is_told_nothing(world: World) -> None:
    await world.leave(world.camille)
    assert (await world.get(await world.link())).status == 302
    assert await world.clicks() == 1
    assert set(await world.waiting()) == {("author", "sam")}


async def test_neither_address_nor_agent_is_stored(world: World) -> None:
    await world.get(await world.link(), BROWSER | {"X-Forwarded-For": "203.0.113.77"})
    dump = await world.dump()
    assert await world.clicks() == 1
    for trace in ("127.0.0.1", "203.0.113.77", "Chrome/149", "Mozilla"):
        assert trace not in dump


async def test_a_forwarded_address_is_believed_only_behind_our_proxy(world: World) -> None:
    link = await world.link()
    for last in range(5):
        await world.get(link, BROWSER | {"X-Forwarded-For": f"203.0.113.{last}"})
    assert await world.clicks() == 1


async def test_behind_our_proxy_its_own_hop_tells_readers_apart(proxied: World) -> None:
    link = await proxied.link()
    for hops in ("203.0.113.1", "198.51.100.9, 203.0.113.1", "evil, more, 203.0.113.1", "203.0.113.2"):
        await proxied.get(link, BROWSER | {"X-Forwarded-For": hops})
    assert await proxied.clicks() == 2


async def test_many_readers_at_once_are_each_counted_once(proxied: World) -> None:
    link = await proxied.link()
    visits = [BROWSER | {"X-Forwarded-For": f"203.0.113.{n % 40}"} for n in range(400)]
    answers = await asyncio.gather(*(proxied.get(link, headers) for headers in visits))
    assert {answer.status for answer in answers} == {302}
    assert await proxied.clicks() == 40


async def test_an_address_is_sent_as_it_was_written(world: World) -> None:
    for url, location in (
        (
            "https://example.org/a?sig=%7Eab%2F%41&x=a+b#part",
            "https://example.org/a?sig=%7Eab%2F%41&x=a+b#part",
        ),
        ("http://example.org", "http://example.org"),
        ("https://exemple.fr/café?q=é", "https://exemple.fr/caf%C3%A9?q=%C3%A9"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ):
        await world.write("x", url=url)
        assert (await world.get(await world.link())).headers["Location"] == location


@pytest.mark.parametrize(
    "typed",
    [
        "https://example.org/actu\u200b",
        "https://exam\u00adple.org/actu",
        "www.example.org/actu",
        "Titre : https://example.org/a",
        "https://example.org/a\u200cb",
    ],
)
async def test_what_the_form_keeps_is_followed_and_stands_on_the_page(world: World, typed: str) -> None:
    kept = parse_link(typed)
    await world.write("x", url=kept)
    assert (await world.get(await world.link())).headers["Location"] == kept
    assert f'href="{kept}"' in (await world.get(await world.page())).text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//example.org",
        "/local",
        "",
        "https://",
        "https://example.org/\r\nSet-Cookie: a=b",
        "https://example.org/\x00",
        "https://example.org/\x1b[2J",
        "https://[::1",
        "https://exa mple.org/",
        "vbscript:x",
        "blob:https://example.org/1",
    ],
)
async def test_a_stored_address_no_browser_may_be_sent_to_leads_nowhere(world: World, url: str) -> None:
    if "\0" in url and not is_file(world.database_url):
        pytest.skip("PostgreSQL stores no NUL")
    await world.write("x", url=url)
    answer = await world.get(await world.link())
    assert answer.status == 404
    assert "Location" not in answer.headers
    assert await world.clicks() == 0


def garbage() -> list[str]:
    generator = random.Random(7)
    letters = string.ascii_letters + string.digits + "-_"
    tokens = ["".join(generator.choices(letters, k=22)) for _ in range(40)]
    odd = ["https://evil.example/", "//evil.example", "../../etc/passwd", "a" * 3000, "", " ", "\x00"]
    odd += ["'; DROP TABLE share;--", "é" * 22, "%", "\r\nLocation: https://evil.example", "\\\\evil.example"]
    return tokens + odd + ["".join(map(chr, generator.choices(range(1, 0x2FFF), k=22))) for _ in range(40)]


@pytest.mark.parametrize("prefix", ["r", "s"])
async def test_no_address_of_the_visitor_s_making_leads_anywhere(world: World, prefix: str) -> None:
    link = (await world.link()).rpartition("/")[2]
    for token in [*garbage(), f"{link}/", f"{link}//evil.example", f"{link}.", f" {link}", f"{link}\n"]:
        answer = await world.get(f"{world.url}/{prefix}/{quote(token, safe='')}")
        assert answer.status == 404, token
        assert "Location" not in answer.headers
        assert 'lang="fr"' in answer.text
        assert 'lang="en"' in answer.text
        assert "evil" not in answer.text
    for extra in ("?url=https://evil.example", "?next=//evil.example", "#https://evil.example"):
        answer = await world.get(f"{world.url}/r/{link}{extra}")
        assert answer.headers["Location"] == ARTICLE
    assert await world.clicks() <= 1


async def test_the_host_header_changes_nothing(world: World) -> None:
    answer = await world.get(await world.link(), BROWSER | {"Host": "evil.example"})
    assert answer.headers["Location"] == ARTICLE


async def test_a_share_page_token_is_no_link_and_the_other_way_round(world: World) -> None:
    share = await world.share()
    assert (await world.get(f"{world.url}/r/{share.page_token}")).status == 404
    assert (await world.get(f"{world.url}/s/{share.link_token}")).status == 404


async def test_a_broken_database_gives_a_kind_page_with_a_number(world: World) -> None:
    link = await world.link()
    await world.lose_table("share")
    for headers in (BROWSER, {"User-Agent": "curl/8"}):
        answer = await world.get(link, headers)
        assert answer.status == 503
        assert "Quelque chose n’a pas marché" in answer.text
        assert "Something did not work" in answer.text
        assert "Traceback" not in answer.text
        assert not {"sqlite", "psycopg", "gone"} & set(re.findall(r"\w+", answer.text.lower()))


async def test_other_methods_are_refused(world: World) -> None:
    link = await world.link()
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await world.get(link, method=method)).status == 405
    assert await world.clicks() == 0


async def test_a_visitor_who_hangs_up_hurts_nobody(world: World) -> None:
    link = await world.link()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0001), aiohttp.ClientSession() as session:
                await session.get(link, headers=BROWSER)
    assert (await world.get(link)).status == 302
    assert await world.clicks() == 1
