"""A link: where a web address stands in typed text, and which addresses are taken.

A form accepts, a page shows and a redirect follows what this one rule lets through.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from bot.domain.characters import without_unseen
from bot.domain.errors import BadLink
from bot.domain.top_level import TOP_LEVEL

MAX_URL = 2000

_WRAPPED = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>", re.IGNORECASE)
"""As Slack writes a link: <url|label>."""
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_WITH_SCHEME = re.compile(
    r"(?:^|(?<=[\s:(\[{,;|'’]))https?://(?=localhost|\[|[^\s/?#<>\"]+\.)[^\s<>\"«»“”„]+", re.IGNORECASE
)
"""Between other words a host has a dot or brackets."""
_HOST = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
_WITHOUT_SCHEME = re.compile(
    rf"(?:^|(?<=[\s(\[{{,;|'’:]))(?P<host>{_HOST})(?::\d+)?(?P<rest>[/?#][^\s<>\"«»“”„]*)?(?![\w@:])",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_JOINERS = str.maketrans({"\u200c": "%E2%80%8C", "\u200d": "%E2%80%8D"})
_PUNCTUATION = ".,;:!?…'’*"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def parse_link(text: str) -> str:
    """Return the first web address in the text, or the text itself if it is one; https:// is put before an
    address that has no scheme. Raises BadLink, whatever the text."""
    words = _WRAPPED.sub(r" \1 ", without_unseen(text)).strip()
    return _checked(_found(words))


def web_address(kept: str) -> str:
    """Return an address that `parse_link` returned before, and "" for anything else that was stored."""
    try:
        return kept if parse_link(kept) == kept else ""
    except BadLink:
        return ""


def _found(words: str) -> str:
    """Return what looks like an address: all of the words if they are one, else the first of them."""
    alone = len(words.split(None, 1)) == 1
    if alone and _SCHEME.match(words):
        return words
    if found := _WITH_SCHEME.search(words):
        return _without_punctuation(found[0])
    if _SCHEME.search(words):
        raise BadLink
    for found in _WITHOUT_SCHEME.finditer(words):
        if _is_host(found["host"], alone or bool(found["rest"])):
            return f"https://{_without_punctuation(found[0])}"
    raise BadLink


def _is_host(host: str, alone: bool) -> bool:
    """Tell whether a name without http:// is a site's. Between other words it takes "www." or a path: a full
    stop without a space behind it looks the same as a site's name."""
    ending = host.rpartition(".")[2].lower()
    known = ending in TOP_LEVEL or ending.startswith("xn--")
    return host.lower().startswith("www.") or (known and alone)


def _without_punctuation(link: str) -> str:
    """Return the link without the end of the sentence that it stands in."""
    while True:
        last = link[-1]
        opening = _BRACKETS.get(last, "")
        unbalanced = bool(opening) and link.count(last) > link.count(opening)
        if not unbalanced and last not in _PUNCTUATION:
            return link
        link = link[:-1]


def _checked(link: str) -> str:
    """Return the link as it is kept. Raises BadLink for one that no browser could be sent to."""
    link = link.translate(_JOINERS)
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        odd = "@" in parts.netloc or parts.port == 0
    except ValueError:
        raise BadLink from None
    fit = link.isprintable() and len(link) <= MAX_URL and not re.search(r"[\s\\]", link)
    if not fit or odd or not _is_address(host, parts):
        raise BadLink
    return f"{parts.scheme}{link[len(parts.scheme) :]}"


def _is_address(host: str, parts: SplitResult) -> bool:
    if parts.netloc.startswith("["):
        return _is_literal(host)
    try:
        ascii_host = host.encode("idna").decode()
    except UnicodeError:
        return False
    labels = ascii_host.removesuffix(".").split(".")
    return len(ascii_host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
