"""The networks a member shares on: how long a text may be there, and where their own composer opens."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from urllib.parse import quote

import regex

from bot.domain.errors import BadInput


class Network(StrEnum):
    LINKEDIN = "linkedin"
    X = "x"
    BLUESKY = "bluesky"
    THREADS = "threads"
    MASTODON = "mastodon"
    WHATSAPP = "whatsapp"
    FACEBOOK = "facebook"

    @property
    def label(self) -> str:
        """Its own name, the same in every language."""
        return LABELS[self]

    @property
    def limit(self) -> int | None:
        """The longest text it takes, in the units of `length`; None where nobody meets it."""
        return LIMITS.get(self)


LABELS = {
    Network.LINKEDIN: "LinkedIn",
    Network.X: "X",
    Network.BLUESKY: "Bluesky",
    Network.THREADS: "Threads",
    Network.MASTODON: "Mastodon",
    Network.WHATSAPP: "WhatsApp",
    Network.FACEBOOK: "Facebook",
}
LIMITS = {
    Network.LINKEDIN: 3000,
    Network.X: 280,
    Network.BLUESKY: 300,
    Network.THREADS: 500,
    Network.MASTODON: 500,
}
"""learn.microsoft.com posts-api; twitter-text config v3; lexicon app.bsky.feed.post; developers.facebook.com
threads/posts; docs.joinmastodon.org (a server may allow more). WhatsApp takes 65,536 characters and Facebook
63,206, more than a form does."""

TAKES_TEXT = {
    Network.LINKEDIN: "https://www.linkedin.com/feed/?shareActive=true&text=",
    Network.X: "https://x.com/intent/tweet?text=",
    Network.BLUESKY: "https://bsky.app/intent/compose?text=",
    Network.THREADS: "https://www.threads.com/intent/post?text=",
    Network.MASTODON: "https://{host}/share?text=",
    Network.WHATSAPP: "https://wa.me/?text=",
}
TAKES_LINK = {
    Network.LINKEDIN: "https://www.linkedin.com/sharing/share-offsite/?url=",
    Network.FACEBOOK: "https://www.facebook.com/sharer/sharer.php?u=",
}
"""docs.x.com web-intent; bsky-docs intent-links; developers.facebook.com threads-web-intents; LinkedIn's feed
address is undocumented, and its documented one takes no text."""

MAX_ADDRESS = 8000
"""Characters of a composer's address. Web servers commonly refuse a request line above 8 KiB."""

PLACEHOLDER = "x" * 23
"""What any link counts for on X (twitter-text, transformedURLLength) and on Mastodon."""

BLUESKY_BYTES_A_GRAPHEME = 10
"""Bluesky takes 300 graphemes and 3,000 bytes, so one grapheme more is owed for every 10 bytes."""


@dataclass(frozen=True, slots=True)
class Composer:
    """Where the network's own composer opens, and whether the text is in it already."""

    url: str
    filled: bool


class BadInstance(BadInput):
    """That is not the address of a Mastodon server. It looks like mastodon.social or @you@mastodon.social"""

    field = "instance"


def final_text(words: str, link: str) -> str:
    """What is posted: the words, a blank line, the link; the link once, wherever the member put it."""
    words = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not link or (link in words and regex.search(rf"{regex.escape(link)}(?![\w/?#&=%-])", words)):
        return words
    return f"{words}\n\n{link}" if words else link


def fits(network: Network, words: str, link: str) -> bool:
    return over(network, words, link) == 0


def over(network: Network, words: str, link: str) -> int:
    """How much too long the text is for that network, 0 when it fits."""
    return max(0, length(network, words, link) - network.limit) if network.limit else 0


def length(network: Network, words: str, link: str) -> int:
    """How long that network finds the final text, link included."""
    text = final_text(words, link)
    match network:
        case Network.LINKEDIN:
            return utf16_length(text)
        case Network.X:
            return x_length(text)
        case Network.BLUESKY:
            return bluesky_length(text)
        case Network.THREADS:
            return threads_length(text)
        case Network.MASTODON:
            return mastodon_length(text)
        case Network.WHATSAPP | Network.FACEBOOK:
            return len(text)
        case _:
            assert_never(network)


def utf16_length(text: str) -> int:
    """UTF-16 code units, as LinkedIn's limit is counted (developers.buffer.com, character limits)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


GRAPHEME = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")
X_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator}{2}|\u20E3")

HOST_LABEL = r"[^\x00-,./:-@\[-`{-\x7f\s]+"
LETTER = r"a-z0-9\u00c0-\u024f\u0400-\u04ff"
PATH = rf"/(?:(?:\([^()\s]+\)|[{LETTER}!*';:=+,.$%#\[\]_~@|&/-])*(?:\([^()\s]+\)|[{LETTER}=_#/+-]))?"
QUERY = r"\?[a-z0-9!?*'();:&=+$/%#\[\]_.,~|@-]*[a-z0-9\-_&=#/]"
TAIL = rf"(?::\d+)?(?:{PATH})?(?:{QUERY})?"
FULL_LINK = rf"https?://(?:{HOST_LABEL}\.)+[a-z]{{2,}}{TAIL}"
WEB_LINK = regex.compile(FULL_LINK, regex.IGNORECASE)

COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca
cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo
fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it
je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn
mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps
pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th
tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
GENERIC = "com org net edu gov int mil info biz name pro mobi jobs museum app dev page blog site online store"
BARE_LINK = (
    rf"(?<![a-z0-9_@＠$#＃./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    rf"(?:{'|'.join(f'{COUNTRIES} {GENERIC}'.split())})(?![{LETTER}@＠_-]|\.[a-z]){TAIL}"
)
X_LINK = regex.compile(f"{FULL_LINK}|{BARE_LINK}", regex.IGNORECASE)
"""X also counts a link without https:// as one. It knows every top-level domain; those of countries and the
commonest others are here, and a rarer one counts by its letters."""

LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Characters that weigh 1 on X; all others weigh 2 (twitter-text config v3, whose scale is 100)."""

REMOTE_MENTION = regex.compile(r"(?<![\w/=])(@\w(?:[\w.-]*\w)?)@[\w.-]*\w")


def x_length(text: str) -> int:
    """Weighted length, as twitter-text 3 counts it: a link 23, an emoji 2 however many it is made of."""
    text = unicodedata.normalize("NFC", text)
    return sum(_x_weight(grapheme) for grapheme in GRAPHEME.findall(X_LINK.sub(PLACEHOLDER, text)))


def _x_weight(grapheme: str) -> int:
    if X_EMOJI.search(grapheme):
        return 2
    return sum(1 if any(a <= ord(c) <= z for a, z in LIGHT) else 2 for c in grapheme)


def bluesky_length(text: str) -> int:
    """Graphemes, or a tenth of the UTF-8 bytes where that is more: 300 is the end of either."""
    size = len(text.encode(errors="replace"))
    return max(len(GRAPHEME.findall(text)), -(-size // BLUESKY_BYTES_A_GRAPHEME))


def threads_length(text: str) -> int:
    """Characters, and whatever may be an emoji for as many as its UTF-8 bytes."""
    return sum(
        len(grapheme.encode(errors="replace")) if EMOJI.search(grapheme) else len(grapheme)
        for grapheme in GRAPHEME.findall(text)
    )


def mastodon_length(text: str) -> int:
    """Graphemes, a link for 23, a mention without its server (mastodon, StatusLengthValidator)."""
    short = REMOTE_MENTION.sub(r"\1", WEB_LINK.sub(PLACEHOLDER, text))
    return len(GRAPHEME.findall(short))


def composer(network: Network, words: str, link: str, *, mobile: bool, instance: str = "") -> Composer:
    """The network's own composer, filled with the final text where it lets us.

    LinkedIn's site for phones drops the text and Facebook never takes one: both are given the link alone.
    So is any network whose address would be too long with the text. `instance` is read by `parse_instance`;
    raises BadInstance when Mastodon has none.
    """
    host = parse_instance(instance) if network is Network.MASTODON else ""
    whole = TAKES_TEXT.get(network, "").format(host=host) + _quoted(final_text(words, link))
    dropped = network not in TAKES_TEXT or (mobile and network is Network.LINKEDIN)
    if not dropped and len(whole) <= MAX_ADDRESS:
        return Composer(whole, filled=True)
    bare = TAKES_LINK.get(network) or TAKES_TEXT[network].format(host=host)
    return Composer(bare + _quoted(link), filled=False)


def _quoted(text: str) -> str:
    """Percent-encoded whole, so that no text can end its parameter or change the host."""
    return quote(text, safe="", errors="replace")


PRIVATE_ENDINGS = frozenset((
    "alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localhost",
    "onion", "private", "test",
))  # fmt: skip
"""Special-use and customary names that no public server has (RFC 6761, 6762, 7686, 9476)."""
HOST = regex.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
TYPED_INSTANCE = regex.compile(
    r"(?:https?://|@?[\w.-]+@)?(?P<host>[^@:/?#\\\s]+)(?:[/?#].*)?", regex.IGNORECASE
)


def parse_instance(typed: str) -> str:
    """The bare host of a Mastodon server: "mastodon.social", from that, from an address on it, or from a
    handle "@me@mastodon.social". Raises BadInstance for anything that is no public host name."""
    found = TYPED_INSTANCE.fullmatch(typed.strip())
    try:
        host = found["host"].rstrip(".").encode("idna").decode().lower() if found else ""
    except UnicodeError:
        raise BadInstance from None
    if not HOST.fullmatch(host) or host.rpartition(".")[2] in PRIVATE_ENDINGS:
        raise BadInstance
    return host
