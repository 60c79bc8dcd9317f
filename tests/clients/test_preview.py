"""A page tells what it is about, whatever it is made of; the worst page costs one process and a moment."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clients import errors, parser
from bot.clients.http import GuardedClient, Page
from bot.clients.preview import MAX_BYTES, Limits, Preview, describe, preview
from tests.clients.test_http import self_signed
from tests.emulators import web
from tests.emulators.web import Web

CORPUS = Path(__file__).with_name("corpus")
QUICK = Limits(cpu=1, wall=5)
LIMIT = {"title": 200, "description": 500, "site_name": 100}
ADDRESSES = ("canonical", "base", "refresh")


def sample(served: Web) -> GuardedClient:
    return GuardedClient(allowed_origins=frozenset({served.origin}))


async def previewed(answer: web.Answer, path: str = "/", limits: Limits = QUICK) -> tuple[str, Preview]:
    """The origin it was served from, and what was made of it."""
    async with Web({path.partition("#")[0]: answer}) as served, sample(served) as client:
        return served.origin, await preview(client, served.origin + path, limits=limits)


def html(head: str, body: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


# What a page says


async def test_a_french_article() -> None:
    body = (CORPUS / "article_fr.html").read_bytes()
    origin, found = await previewed(web.page(body), "/journal/alternants?utm_source=mail#haut")
    assert found == Preview(
        url=f"{origin}/journal/alternants",
        title="Comment nous accueillons nos alternants\u00a0: trois promotions racontent",
        description="Trois promotions d’alternants racontent leur première semaine\u202f; "
        "deux sont devenus collègues.",
        image_url=f"{origin}/images/alternants.jpg?taille=1200&v=2",
        image_alt="Six personnes autour d’une table, en atelier",
        site_name="Le journal de l’équipe",
        language="fr",
    )


async def test_an_english_article_of_another_age() -> None:
    body = (CORPUS / "article_en.html").read_bytes()
    origin, found = await previewed(web.page(body, "application/xhtml+xml"), "/notes")
    assert found == Preview(
        url=f"{origin}/notes",
        title="Why we write our accessibility notes in public",
        description="Two years of notes, what they changed, and what we would do otherwise.",
        image_url="https://images.example/notes.png",
        image_alt="A notebook",
        site_name="",
        language="en",
    )


async def test_the_address_after_a_redirect_is_the_base() -> None:
    answers = {
        "/short": web.redirect("/a/long"),
        "/a/long": web.page(html("<title>x</title><meta property=og:image content=b.png>")),
    }
    async with Web(answers) as served, sample(served) as client:
        found = await preview(client, served.origin + "/short")
        assert (found.url, found.image_url) == (f"{served.origin}/a/long", f"{served.origin}/a/b.png")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("/b?c", "{origin}/b?c"),
        ("{origin}/b", "{origin}/b"),
        ("/", "{origin}/a"),
        ("", "{origin}/a"),
        ("https://other.example/b", "{origin}/a"),
        ("javascript:alert(1)", "{origin}/a"),
        ("http://127.0.0.1/b", "{origin}/a"),
        ("http://[::1", "{origin}/a"),
    ],
)
async def test_a_page_names_its_address_on_its_own_site_only(said: str, kept: str) -> None:
    async with Web() as served, sample(served) as client:
        link = f'<title>x</title><link rel="Canonical" href="{said.format(origin=served.origin)}">'
        served.answers["/a"] = web.page(html(link))
        assert (await preview(client, served.origin + "/a")).url == kept.format(origin=served.origin)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "http://127.0.0.1/a.png",
        "http://[::1]/a.png",
        "http://localhost/a.png",
        "https://user:password@example.com/a.png",
        "https://example.com:8443/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/a b.png",
        "https://example.com/" + "a" * 2000,
        "http://[",
    ],
)
async def test_a_picture_that_is_not_on_the_public_web_is_left_out(address: str) -> None:
    body = html(f'<title>x</title><meta property="og:image" content="{address}">')
    _, found = await previewed(web.page(body))
    assert found.image_url == ""


DATA = """<script type="application/ld+json">{"headline": "H", "image": "/data.png"}</script>"""
GOOD = (
    '<meta property="og:image" content="https://example.com/b.png"><meta property="og:image:alt" content="B">'
)


@pytest.mark.parametrize(
    "bad",
    [
        "data:image/png;base64,AAAA",
        "http://localhost/a.png",
        "https://example.com/a b.png",
        "http://[",
        "https://example.com/photo.webp",
        "/logo.svg",
        'https://example.com/17"><meta property="og:image:type" content="image/webp',
    ],
)
async def test_the_first_picture_that_can_be_shown_is_offered(bad: str) -> None:
    first = f'<meta property="og:image" content="{bad}"><meta property="og:image:alt" content="A">'
    _, found = await previewed(web.page(html("<title>x</title>" + first + GOOD)))
    assert (found.image_url, found.image_alt) == ("https://example.com/b.png", "B")


@pytest.mark.parametrize(
    "picture",
    [
        '<meta property="og:image" content="/a.webp"><meta property="og:image:alt" content="A">',
        '<meta property="og:image" content="/a"><meta property="og:image:type" content="image/svg+xml">'
        '<meta property="og:image:alt" content="A">',
    ],
)
async def test_a_page_with_no_other_picture_than_one_that_is_not_shown(picture: str) -> None:
    _, found = await previewed(web.page(html("<title>x</title>" + picture)))
    assert (found.image_url, found.image_alt, found.unshown) == ("", "A", True)
    _, found = await previewed(web.page(html("<title>x</title>" + picture + GOOD)))
    assert (found.image_url, found.image_alt, found.unshown) == ("https://example.com/b.png", "B", False)


@pytest.mark.parametrize(
    ("markup", "image"),
    [
        ('<meta property="og:image" content="/og.png"><link rel="image_src" href="/src.png">', "/og.png"),
        ('<link rel="image_src" href="/src.png"><script type="application/ld+json">{}</script>', "/src.png"),
        ('<base href="/deep/er/"><meta name="twitter:image" content="t.png">', "/deep/er/t.png"),
        ('<base href="/deep/er/"><meta property="og:image" content="o.png">', "/deep/er/o.png"),
        ('<base href="/deep/er/"><link rel="image_src" href="src.png">', "/deep/er/src.png"),
        (f'{DATA}<link rel="image_src" href="/src.png">', "/src.png"),
        (f'<meta itemprop="image" content="/item.png">{DATA}', "/data.png"),
        (f'{DATA}<meta property="og:image" content="/og.png">', "/og.png"),
        ('<base href="javascript:x"><meta name="twitter:image" content="t.png">', "/t.png"),
        ('<meta itemprop="image" content="/item.png">', "/item.png"),
        ('<img itemprop="image" src="/item.png">', "/item.png"),
        (
            "<meta property=og:image content=/a.png><meta property=og:image:secure_url content=/s.png>",
            "/s.png",
        ),
    ],
)
async def test_where_a_page_names_its_picture(markup: str, image: str) -> None:
    origin, found = await previewed(web.page(html("<title>x</title>" + markup)))
    assert found.image_url == origin + image


def linked(data: str) -> str:
    return f'<script type="application/ld+json">{data}</script>'


@pytest.mark.parametrize(
    ("data", "images"),
    [
        ('{"headline": "H", "image": "a.png"}', ["a.png"]),
        ('{"headline": "H", "image": ["a.png", {"url": "b.png"}]}', ["a.png", "b.png"]),
        (
            '[{"@graph": [{"image": "no.png"}, {"headline": "H", "image": {"contentUrl": "a.png"}}]}]',
            ["a.png"],
        ),
        ('{"headline": "H", "image": {"@id": "#a"}}', []),
        ('{"headline": "H", "image": 7}', []),
    ],
)
def test_linked_data_names_headline_and_picture(data: str, images: list[str]) -> None:
    found = parser.read(html(linked(data) + "<title>H | Site</title>"))
    assert (found["title"], [picture["url"] for picture in found["pictures"]]) == ("H", images)


@pytest.mark.parametrize(
    "data", ["", "{", "[" * 100_000, "null", "7", '{"headline": 7}', '{"@graph": {"headline": []}}']
)
def test_linked_data_that_says_nothing_is_passed_over(data: str) -> None:
    assert parser.read(html(linked(data) + "<title>plain</title>"))["title"] == "plain"


async def test_a_picture_on_http_is_offered_on_https_if_it_answers_there(tmp_path: Path) -> None:
    context = self_signed("pictures.example", tmp_path)
    answers = {"/a.png": web.page(b"\x89PNG", "image/png"), "/b.png": web.page(b"<p>", "text/html")}

    async def names(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with Web(answers, tls=context) as pictures, Web() as served:
        site, there = f"http://page.example:{served.port}", f"pictures.example:{pictures.port}"
        async with GuardedClient(names, frozenset({site, f"https://{there}"})) as client:
            client._transport = httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(cafile=tmp_path / "server.pem")
            )
            for path, expected in (("a.png", f"https://{there}/a.png"), ("b.png", ""), ("c.png", "")):
                markup = f'<title>x</title><meta property="og:image" content="http://{there}/{path}">'
                served.answers["/"] = web.page(html(markup))
                assert (await preview(client, f"{site}/", limits=QUICK)).image_url == expected


# Where a page sends its reader


@pytest.mark.parametrize("content", ["0;url=/b", "0; URL='/b'", "1, /b", ' 5.0 ;url = "/b" ', "0 /b"])
async def test_a_page_that_sends_its_reader_on_is_followed(content: str) -> None:
    meta = f"<title>Wait</title><meta http-equiv=Refresh content='{content}'>".replace("'/b'", "/b")
    answers = {"/a": web.page(html(meta)), "/b": web.page(html("<title>There</title>"))}
    async with Web(answers) as served, sample(served) as client:
        found = await preview(client, served.origin + "/a", limits=QUICK)
        assert (found.title, found.url) == ("There", f"{served.origin}/b")


@pytest.mark.parametrize(
    "markup",
    [
        "<meta http-equiv=refresh content='300;url=/b'>",
        "<meta http-equiv=refresh content='0'>",
        "<meta http-equiv=refresh content='0;url=/a#top'>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1/'>",
        "<noscript><meta http-equiv=refresh content='0;url=/b'></noscript>",
    ],
)
async def test_a_page_that_stays_is_read(markup: str) -> None:
    answers = {
        "/a": web.page(html("<title>Here</title>" + markup)),
        "/b": web.page(html("<title>There</title>")),
    }
    async with Web(answers) as served, sample(served) as client:
        assert (await preview(client, served.origin + "/a", limits=QUICK)).title == "Here"


async def test_pages_that_send_their_reader_round_and_round_are_left() -> None:
    answers = {
        path: web.page(html(f"<title>x</title><meta http-equiv=refresh content='0;url={other}'>"))
        for path, other in (("/a", "/b"), ("/b", "/a"))
    }
    async with Web(answers) as served, sample(served) as client:
        with pytest.raises(errors.Astray):
            await preview(client, served.origin + "/a", limits=QUICK)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title>plain</title>", "plain"),
        ("<h1>A <b>first</b> heading</h1><h1>second</h1>", "A first heading"),
        ("<title>\u200b</title><h1>heading</h1>", "heading"),
        ("<meta name=DC.Title content=dc><title>plain</title>", "dc"),
        ("<meta name=dcterms.title content=dc><h1>heading</h1>", "dc"),
        ("<h1>heading</h1><title>plain</title>", "plain"),
        ("<h1 itemprop=headline>item</h1><meta name=DC.Title content=dc>", "item"),
        ("<meta itemprop=name content=item><h1>heading</h1>", "item"),
        (linked('{"headline": "data"}') + "<h1 itemprop=headline>item</h1>", "data"),
        ("<meta property=og:title content=open>" + linked('{"headline": "data"}'), "open"),
        (
            "<title>🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f</title>",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        ("<title>" + "👩\u200d👧" * 70 + "</title>", "👩\u200d👧" * 66 + "…"),
        ("<title>plain</title><meta property=og:title content=open>", "open"),
        ("<meta name=og:title content='by name'>", "by name"),
        ("<meta property=OG:Title content=shouted>", "shouted"),
        ("<meta property=og:title content=' '><title>plain</title>", "plain"),
        ("<meta property=og:title content=first><meta property=og:title content=second>", "first"),
        ("<title>a &lt;b&gt; &amp; c</title>", "a <b> & c"),
        ("<title>a\n\t  b</title>", "a b"),
        ("<title>a\u202eb\u200b\u0007c\ufeff</title>", "abc"),
        ("<title>👩🏽\u200d🚀 fine</title>", "👩🏽\u200d🚀 fine"),
        ("<title>« Oui\u00a0»\u202f!</title>", "« Oui\u00a0»\u202f!"),
        ("<title>" + "a" * 200 + "</title>", "a" * 200),
        ("<title>" + "a" * 201 + "</title>", "a" * 199 + "…"),
        ("<title>&#xD800;&#0;x</title>", "\ufffd\ufffdx"),
        ("<title><script>alert(1)</script></title>", "<script>alert(1)</script>"),
    ],
)
def test_titles(markup: str, title: str) -> None:
    assert parser.read(html(markup))["title"] == title


@pytest.mark.parametrize(
    ("tag", "language"),
    [("fr", "fr"), ("FR-ca", "fr"), ("en_US", "en"), ("fro", ""), ("de", ""), ("", ""), ("frère", "")],
)
def test_languages(tag: str, language: str) -> None:
    assert parser.read(f"<html lang='{tag}'>".encode())["language"] == language


# Charsets


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Été</title>".encode(), "utf-8"),
        ("<title>Été</title>".encode(), ""),
        ("<title>Été</title>".encode(), "no-such-charset"),
        ("<title>Été</title>".encode("latin-1"), "iso-8859-1"),
        ("<title>Été</title>".encode("latin-1"), ""),
        ("<title>Été</title>".encode("iso8859-15"), "latin9"),
        ("<meta charset=windows-1252><title>Été</title>".encode("cp1252"), ""),
        ("<meta charset='utf-16'><title>Été</title>".encode(), ""),
        (
            "<meta http-equiv=content-type content='text/html; charset=macintosh'><title>Été</title>".encode(
                "mac-roman"
            ),
            "",
        ),
        ("\ufeff<title>Été</title>".encode(), "iso-8859-1"),
        ("\ufeff<title>Été</title>".encode("utf-16-le"), "utf-8"),
        ("\ufeff<title>Été</title>".encode("utf-16-be"), ""),
        ("<meta charset=unicode_escape><title>Été</title>".encode(), ""),
        ("<title>Été</title>".encode(), "punycode"),
        ("<title>Été</title>".encode(), "rot13"),
        ("<title>Été</title>".encode(), "zip"),
        ("<title>Été</title>".encode(), "undefined"),
        ("<title>Été</title>".encode(), "..os"),
    ],
)
def test_charsets(body: bytes, charset: str) -> None:
    assert parser.read(body, charset)["title"] == "Été"


@pytest.mark.parametrize(
    ("text", "encoding", "charset"),
    [
        ("髙島屋①", "cp932", "windows-31j"),
        ("髙島屋①", "cp932", "Shift_JIS"),
        ("똠방각하", "cp949", "cp949"),
        ("똠방각하", "cp949", "ks_c_5601-1987"),
        ("㗎嘅", "big5hkscs", "big5-hkscs"),
        ("ภาษาไทย “x”", "cp874", "windows-874"),
        ("Été", "utf-16-le", "utf-16"),
        ("Été", "utf-16-be", "utf-16be"),
        ("Été", "utf-16-le", ""),
        ("Été", "utf-16-be", ""),
    ],
)
def test_character_sets_are_those_of_browsers(text: str, encoding: str, charset: str) -> None:
    assert parser.read(f"<title>{text}</title>".encode(encoding), charset)["title"] == text


@pytest.mark.parametrize(
    "said",
    [
        "<!-- <meta charset=koi8-r> -->",
        "<meta name=description content='a page with charset=koi8-r'>",
        "<meta http-equiv=refresh content='300; charset=koi8-r'>",
        "<title>x</title><script>'<meta charset=koi8-r>'</script>",
    ],
)
def test_a_character_set_that_is_only_talked_about_is_none(said: str) -> None:
    found = parser.read(f"{said}<meta property=og:title content=Été>".encode())
    assert found["title"] == "Été"


def test_a_page_names_its_character_set_as_xml_or_html() -> None:
    xml = '<?xml version="1.0" encoding="windows-1251"?><title>Привет</title>'
    assert parser.read(xml.encode("cp1251"))["title"] == "Привет"
    assert (
        parser.read("<meta charset=windows-1251><title>Привет</title>".encode("cp1251"))["title"] == "Привет"
    )


async def test_an_answer_as_long_as_can_be_is_heard() -> None:
    long = "\U0001f389" * 2000
    markup = "".join(f"<meta property=og:image content='{n}{long}'>" for n in range(9)).replace(
        long, long[:1990]
    )
    markup += f"<title>{long}</title><base href='/{long[:1990]}'><meta name=description content='{long}'>"
    _, found = await previewed(web.page(html(markup)))
    assert len(found.title) == 200


@pytest.mark.parametrize("charset", ["utf-8", "utf-16le", "shift_jis", "gb18030", "iso-2022-jp", "big5"])
async def test_a_broken_charset_is_read_as_far_as_it_goes(charset: str) -> None:
    body = b"<title>caf\xe9 \xff\xfe \x80\x81</title><meta name=description content=plain>" + bytes(
        range(256)
    )
    try:
        _, found = await previewed(web.page(body, f"text/html; charset={charset}"))
    except errors.Blank:
        assert charset == "utf-16le"
    else:
        assert "caf" in found.title


# The worst of pages


def nested(tags: int) -> bytes:
    return b"<title>deep</title>" + b"<div>" * tags


HOSTILE = {
    "endless": (web.endless(), errors.Blank),
    "empty": (web.page(b""), errors.Blank),
    "nothing said": (web.page(html("", "<p>x</p>")), errors.Blank),
    "invisible": (web.page(html("<title>\u200b\u202e </title>")), errors.Blank),
    "nested": (web.page(nested(100_000)), errors.Tangled),
    "attributes": (
        web.page(b"<title>x</title><p " + b" ".join(b"a%d=1" % n for n in range(110_000)) + b">"),
        errors.Tangled,
    ),
    "picture in disguise": (web.page(b"\x89PNG\r\n\x1a\n" + bytes(5000)), errors.Blank),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_page_ends_in_a_reason(name: str) -> None:
    answer, expected = HOSTILE[name]
    started = time.perf_counter()
    with pytest.raises(expected):
        await previewed(answer)
    assert time.perf_counter() - started < 10


async def test_the_clock_ends_what_its_own_limit_does_not() -> None:
    started = time.perf_counter()
    with pytest.raises(errors.Tangled):
        await previewed(web.page(nested(100_000)), limits=Limits(cpu=60, wall=0.5))
    assert time.perf_counter() - started < 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
async def test_memory_is_bounded() -> None:
    limits = Limits(memory=64 << 20)
    _, found = await previewed(web.page(html("<title>x</title>")), limits=limits)
    assert found.title == "x"
    with pytest.raises(errors.Tangled):
        await previewed(web.page(html("<title>x</title>", "<b>a" * 250_000)), limits=limits)


def test_a_parser_that_is_taken_over_opens_nothing() -> None:
    code = "import bot.clients.parser as p; p._describe = lambda _: open('/etc/passwd').read(); p.main()"
    order = b'{"charset": "", "cpu": 1, "memory": 500000000}\n<title>x</title>'
    ended = subprocess.run([sys.executable, "-c", code], input=order, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"Too many open files" in ended.stderr


async def test_what_stands_at_the_beginning_of_a_heavy_page_is_enough() -> None:
    _, found = await previewed(web.endless(b"<title>First of all</title><body>"))
    assert found.title == "First of all"


async def test_a_title_of_ten_megabytes() -> None:
    body = b"<title>" + b"a" * (10 << 20) + b"</title>"
    _, found = await previewed(web.page(body))
    assert len(found.title) == 200
    whole = Page("http://sample.example/", 200, "text/html", "", body)
    assert len((await describe(whole, QUICK))["title"]) == 200
    assert len(body) > MAX_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_no_process_is_left_behind() -> None:
    for answer in (web.page(html("<title>x</title>")), web.page(nested(100_000))):
        with suppress(errors.Tangled):
            await previewed(answer, limits=Limits(wall=0.5))
    assert workers() == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_no_process_is_left_behind_by_a_caller_who_gives_up() -> None:
    page = Page("http://sample.example/", 200, "text/html", "", nested(100_000))
    reading = asyncio.create_task(describe(page, Limits(cpu=60, wall=60)))
    async with asyncio.timeout(5):
        while not workers():
            await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert workers() == []


def workers() -> list[str]:
    """Parsing processes of ours that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"bot.clients.parser" in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


def test_the_server_never_loads_the_html_parser() -> None:
    code = "import sys, bot.clients.preview; sys.exit('selectolax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_worker_sees_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable that would change how Python starts changes nothing."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    _, found = await previewed(web.page(html("<title>x</title>")))
    assert found.title == "x"


# Any page


FRAGMENTS = st.sampled_from(
    [
        *(
            "<",
            ">",
            "</",
            "<!--",
            "-->",
            "<![CDATA[",
            "<?xml",
            "&",
            "&#x0;",
            "&#xD800;",
            "&amp;",
            '"',
            "'",
            "=",
        ),
        *("<title>", "</title>", "<html lang=fr>", "<head>", "<body>", "<template>", "<svg>", "<math>"),
        *("<meta ", "property=og:title ", "name=description ", "content=", "charset=utf-16", "og:image"),
        *(
            "<link rel=canonical href=",
            "http://[",
            "\x00",
            "\ud7ff",
            "\u202e",
            "\ufeff",
            " " * 300,
            "é" * 300,
        ),
    ]
)
PAGES = st.binary(max_size=500) | st.lists(FRAGMENTS | st.text(max_size=20), max_size=40).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)


def check_bounds(found: Any) -> None:
    assert all(len(found[name]) <= limit for name, limit in LIMIT.items())
    assert found["language"] in ("", "fr", "en")
    assert all(len(found[name]) <= parser.MAX_URL for name in ADDRESSES)
    assert len(found["pictures"]) <= parser.MAX_PICTURES
    for picture in found["pictures"]:
        assert 0 < len(picture["url"]) <= parser.MAX_URL
        assert picture["alt"] == parser.clean(picture["alt"], parser.MAX_DESCRIPTION)
    for name in LIMIT:
        assert found[name] == parser.clean(found[name], LIMIT[name])
        assert not set(found[name]) & set("\x00\r\n\t\u202e\u200b")
        found[name].encode()


@settings(max_examples=400, deadline=None)
@given(PAGES, st.text(max_size=20) | st.sampled_from(["utf-8", "utf-16", "shift_jis", "idna", "hex"]))
def test_any_bytes_are_read_without_an_error(body: bytes, charset: str) -> None:
    check_bounds(parser.read(body, charset))


@given(st.text(), st.integers(1, 60))
def test_clean_text_is_bounded_and_stays_as_it_is(text: str, limit: int) -> None:
    once = parser.clean(text, limit)
    assert len(once) <= limit
    assert parser.clean(once, limit) == once
