"""What a page says about itself, read in a process of its own that can be killed.

`python -m bot.clients.parser`: on standard input one line of JSON (an Order), then the page's bytes; on
standard output one line of JSON (a Description). A page is hostile until read: 100,000 nested elements keep
the parser busy for half a minute. So the process bounds its own time and memory, opens nothing once it
reads, and its parent has a clock too.
"""

from __future__ import annotations

import codecs
import json
import re
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.clients.charset import codec
from bot.domain.characters import shorten, without_unseen
from bot.domain.picture import TYPES, may_be_shown

MAX_TITLE = 200
MAX_DESCRIPTION = 500
MAX_NAME = 100
MAX_URL = 2000
MAX_PICTURES = 8
MAX_SCRIPTS = 10
"""Of linked data, read in one page."""
LANGUAGES = ("fr", "en")
AT_ONCE = 5.0
"""Seconds: a page that sends its reader on within them is a way to another page."""


class Order(TypedDict):
    """`charset` as the server declared it, or empty; `cpu` in seconds, `memory` in bytes of address space."""

    charset: str
    cpu: int
    memory: int


class Picture(TypedDict):
    url: str
    alt: str


class Description(TypedDict):
    """What a page says about itself, as clean text of bounded length. A field is empty where the page says
    nothing. Addresses stand as the page wrote them, and may be relative to `base`. `refresh` is the address
    to which the page sends its reader at once. `pictures` are those that it offers and both chats show, the
    most trusted one first; `unshown` is the alternative text of the first that they do not show, None where
    there is none."""

    title: str
    description: str
    site_name: str
    language: str
    canonical: str
    base: str
    refresh: str
    pictures: list[Picture]
    unshown: str | None


SITE = ("og:site_name", "application-name")

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PRESCAN = 4096
"""Bytes. HTML asks for the declaration in the first 1024; many pages put it later."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]{1,40})", re.IGNORECASE)
_XML = re.compile(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:+-]{1,40})", re.IGNORECASE)
_REFRESH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*[;,]?\s*(?:url\s*=\s*)?[\"']?\s*([^\"']*)", re.IGNORECASE)

_GAP = re.compile(r"\s{2,}|[^\S \u00a0\u202f]")
"""Whitespace to be one space. A single no-break space stays: French puts it before its punctuation."""


def read(body: bytes, charset: str = "") -> Description:
    """Never raises, whatever the bytes."""
    return _describe(LexborHTMLParser(decode(body, charset)))


def decode(body: bytes, charset: str = "") -> str:
    """By byte order mark, then `charset`, then the page's own word, then UTF-8, then Windows-1252."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    known = codec(charset) or _declared(body)
    if known:
        return body.decode(known, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _declared(body: bytes) -> str:
    """Return the character set that the page names, in its elements or in an XML declaration; a comment or a
    description names none. UTF-16 shows without being named."""
    if body.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if body[0] else "utf-16-be"
    head = body[:_PRESCAN].decode("latin-1")
    xml = _XML.match(head)
    labels = (*(_label(meta) for meta in LexborHTMLParser(head).css("meta")), xml[1] if xml else "")
    found = next(filter(None, map(codec, labels)), "")
    return "utf-8" if found.startswith("utf-16") else found  # it was read as ASCII, so it cannot be UTF-16


def _label(meta: LexborNode) -> str:
    if charset := _value(meta, "charset"):
        return charset
    named = _CHARSET.search(_value(meta, "content"))
    return named[1] if named and _value(meta, "http-equiv").strip().lower() == "content-type" else ""


def _describe(page: LexborHTMLParser) -> Description:
    metas = list(_metas(page))
    said = _said(metas)
    articles = list(_articles(page))
    data = articles[0] if articles else {}
    pictures, unshown = _pictures(page, metas, articles)
    title = (
        *(said.get(name, "") for name in ("og:title", "twitter:title")),
        _string(data.get("headline")),
        _item(page, "[itemprop~='headline' i]") or _item(page, "meta[itemprop~='name' i]"),
        *(said.get(name, "") for name in ("dc.title", "dcterms.title")),
        _text(page, "head > title, body > title"),
        _text(page, "h1"),
    )
    description = (
        *(said.get(name, "") for name in ("og:description", "twitter:description", "description")),
        _string(data.get("description")),
        _item(page, "meta[itemprop~='description' i]"),
        *(said.get(name, "") for name in ("dc.description", "dcterms.description")),
    )
    return Description(
        title=_first_seen(title, MAX_TITLE),
        description=_first_seen(description, MAX_DESCRIPTION),
        site_name=_first_seen([said.get(name, "") for name in SITE], MAX_NAME),
        language=_language(_attribute(page, "html", "lang")) or _language(said.get("og:locale", "")),
        canonical=_address(_attribute(page, "link[rel~='canonical' i]", "href") or said.get("og:url", "")),
        base=_address(_attribute(page, "base[href]", "href")),
        refresh=_refresh(page),
        pictures=pictures,
        unshown=unshown,
    )


def _metas(page: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Yield name or property, and content, of each meta element whose content is not blank."""
    for node in page.css("meta[content]"):
        content = _value(node, "content")
        if content.strip():
            name = _value(node, "property") or _value(node, "name")
            yield name.strip().lower(), content


def _said(metas: Sequence[tuple[str, str]]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, content in metas:
        said.setdefault(name, content)
    return said


def _articles(page: LexborHTMLParser) -> Iterator[Mapping[str, Any]]:
    """Yield what linked data (schema.org) says of articles on the page."""
    for script in page.css("script[type='application/ld+json' i]")[:MAX_SCRIPTS]:
        try:
            found = json.loads(script.text())
        except (ValueError, RecursionError):
            continue
        for thing in found if isinstance(found, list) else [found]:
            graph = thing.get("@graph") if isinstance(thing, dict) else None
            inner = graph if isinstance(graph, list) else []
            yield from (each for each in (thing, *inner) if isinstance(each, dict) and each.get("headline"))


def _pictures(
    page: LexborHTMLParser, metas: Sequence[tuple[str, str]], articles: Sequence[Mapping[str, Any]]
) -> tuple[list[Picture], str | None]:
    """Return the pictures that stand for the page and that both chats may show, in the order of trust; and
    the alternative text of the first of those that they do not show, None if there is none."""
    said = _said(metas)
    opened, other = _open_graph(metas)
    alt = said.get("og:image:alt") or said.get("twitter:image:alt", "")
    if len({each for _, each in opened}) <= 1:
        opened = [(url, each or alt) for url, each in opened]
    named = [
        (said.get(name, ""), said.get("twitter:image:alt", ""))
        for name in ("twitter:image", "twitter:image:src")
    ]
    plain = [
        _attribute(page, "link[rel~='image_src' i]", "href"),
        *(url for article in articles for url in _images(article.get("image"))),
        _item(page, "[itemprop~='image' i]"),
    ]
    offered = [*opened, *named, *((url, "") for url in plain)]
    found = {
        url: clean(alt, MAX_DESCRIPTION) for written, alt in reversed(offered) if (url := _address(written))
    }
    ranked = [Picture(url=url, alt=alt) for url, alt in reversed(found.items())]
    unshown = [each for each in ranked if each["url"] in other or not may_be_shown(each["url"])]
    shown = [each for each in ranked if each not in unshown]
    return shown[:MAX_PICTURES], unshown[0]["alt"] if unshown else None


def _open_graph(metas: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], set[str]]:
    """Return (address, alternative text) of each picture, and the addresses of those of which the page says
    that they are of another format than the chats show. What describes a picture comes after it; of its two
    addresses the secure one is better."""
    pictures: list[tuple[list[str], list[str], list[str]]] = []
    for name, content in metas:
        match name:
            case "og:image" | "og:image:url":
                if not pictures or content not in pictures[-1][0]:
                    pictures.append(([content], [], []))
            case "og:image:secure_url":
                if not pictures or len(pictures[-1][0]) > 1:
                    pictures.append(([], [], []))
                pictures[-1][0].insert(0, content)
            case "og:image:alt" if pictures:
                pictures[-1][1].append(content)
            case "og:image:type" if pictures:
                pictures[-1][2].append(content.strip().lower())
    found = [(url, alts[0] if alts else "") for urls, alts, _ in pictures for url in urls]
    other = {_address(url) for urls, _, types in pictures if _is_other(types) for url in urls}
    return found, other


def _is_other(types: Sequence[str]) -> bool:
    """Tell whether a picture is said to be of types of which the chats show none."""
    return bool(types) and not set(types) & {*TYPES, "image/jpg"}


def _images(value: object) -> Iterator[str]:
    """Yield the addresses in an "image" of linked data: one, several, or objects that have one."""
    match value:
        case str():
            yield value
        case list():
            for each in value[:MAX_PICTURES]:
                if not isinstance(each, list):
                    yield from _images(each)
        case {"url": str(url)} | {"contentUrl": str(url)}:
            yield url


def _refresh(page: LexborHTMLParser) -> str:
    """Return where the page sends its reader at once. What is for browsers without scripts does not count."""
    for node in page.css("meta[http-equiv='refresh' i]"):
        found = _REFRESH.match(_value(node, "content"))
        hidden = node.parent is not None and node.parent.tag == "noscript"
        if found and found[2].strip() and float(found[1]) <= AT_ONCE and not hidden:
            return _address(found[2])
    return ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _first_seen(texts: Sequence[str], limit: int) -> str:
    """Return the first of the texts of which something is seen."""
    return next(filter(None, (clean(text, limit) for text in texts)), "")


def _item(page: LexborHTMLParser, selector: str) -> str:
    """Return the value of a microdata property."""
    node = page.css_first(selector)
    if node is None:
        return ""
    return _value(node, "content") or _value(node, "href") or _value(node, "src") or node.text()


def _text(page: LexborHTMLParser, selector: str) -> str:
    node = page.css_first(selector)
    return node.text() if node else ""


def _attribute(page: LexborHTMLParser, selector: str, name: str) -> str:
    node = page.css_first(selector)
    return _value(node, name) if node else ""


def _value(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _language(tag: str) -> str:
    primary = re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]
    return primary if primary in LANGUAGES else ""


def _address(text: str) -> str:
    """An address is kept whole or not at all."""
    stripped = text.strip()
    return stripped if len(stripped) <= MAX_URL else ""


def clean(text: str, limit: int) -> str:
    """One line of at most `limit` characters; a cut shows as "…"."""
    whole = text.encode("utf-8", "replace").decode()
    return shorten(_GAP.sub(" ", without_unseen(whole)).strip(), limit)


def confine(cpu: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    if sys.platform == "linux":  # macOS refuses this one
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def open_nothing_more() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def main() -> None:
    order: Order = json.loads(sys.stdin.buffer.readline())
    confine(order["cpu"], order["memory"])
    page = decode(sys.stdin.buffer.read(), order["charset"])
    open_nothing_more()  # only now: a codec is a module that is loaded when first used
    sys.stdout.write(json.dumps(_describe(LexborHTMLParser(page))) + "\n")


if __name__ == "__main__":
    main()
