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
from typing import TypedDict

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_TITLE = 200
MAX_DESCRIPTION = 500
MAX_NAME = 100
MAX_URL = 2000
LANGUAGES = ("fr", "en")


class Order(TypedDict):
    """`charset` as the server declared it, or empty; `cpu` in seconds, `memory` in bytes of address space."""

    charset: str
    cpu: int
    memory: int


class Description(TypedDict):
    """Clean text, bounded; addresses as the page wrote them, relative ones included. Empty: not said."""

    title: str
    description: str
    site_name: str
    language: str
    canonical: str
    image_url: str
    image_alt: str


TITLE = ("og:title", "twitter:title")
DESCRIPTION = ("og:description", "twitter:description", "description")
SITE = ("og:site_name", "application-name")
IMAGE = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
IMAGE_ALT = ("og:image:alt", "twitter:image:alt")

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:+-]{1,40})", re.IGNORECASE)
_PRESCAN = 4096
"""Bytes. HTML asks for the declaration in the first 1024; many pages put it later."""
_SUPERSETS = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
"""What browsers read instead (WHATWG Encoding)."""
_CODECS = frozenset(
    (
        *("utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5", "euc_jp", "shift_jis", "iso2022_jp"),
        *("euc_kr", "cp949", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman"),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *(f"cp{page}" for page in range(1250, 1259)),
    )
)
"""Python knows others that are no character sets: unicode_escape, punycode, utf-7…"""

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls, direction overrides, invisible marks. Joiners stay: emoji and several scripts need them."""
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
    codec = _codec(charset) or _declared(body)
    if codec:
        return body.decode(codec, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _codec(label: str) -> str:
    """Python's name of a character set pages are written in, empty for any other label."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    name = _SUPERSETS.get(name, name)
    return name if name in _CODECS else ""


def _declared(body: bytes) -> str:
    found = _META_CHARSET.search(body[:_PRESCAN])
    codec = _codec(found[1].decode("ascii", errors="replace")) if found else ""
    return "utf-8" if codec.startswith("utf-16") else codec  # it was read as ASCII, so it cannot be UTF-16


def _describe(page: LexborHTMLParser) -> Description:
    said = _said(page)
    return Description(
        title=clean(_first(said, TITLE) or _text(page, "head > title, body > title"), MAX_TITLE),
        description=clean(_first(said, DESCRIPTION), MAX_DESCRIPTION),
        site_name=clean(_first(said, SITE), MAX_NAME),
        language=_language(_attribute(page, "html", "lang")) or _language(said.get("og:locale", "")),
        canonical=_address(_attribute(page, "link[rel~='canonical' i]", "href") or said.get("og:url", "")),
        image_url=_address(_first(said, IMAGE)),
        image_alt=clean(_first(said, IMAGE_ALT), MAX_DESCRIPTION),
    )


def _said(page: LexborHTMLParser) -> dict[str, str]:
    """Every meta name or property with the first content that is not blank."""
    said: dict[str, str] = {}
    for node in page.css("meta[content]"):
        content = _value(node, "content")
        if content.strip():
            name = _value(node, "property") or _value(node, "name")
            said.setdefault(name.strip().lower(), content)
    return said


def _first(said: dict[str, str], names: tuple[str, ...]) -> str:
    return next((said[name] for name in names if name in said), "")


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
    line = _GAP.sub(" ", _UNSEEN.sub("", text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


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
