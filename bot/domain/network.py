"""The networks a member shares on: how long a text may be there, and where their own composer opens."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import assert_never
from urllib.parse import quote, urlsplit

import regex

from bot.domain.characters import GRAPHEME
from bot.domain.errors import BadInput
from bot.domain.top_level import TOP_LEVEL


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


EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")
X_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator}{2}|\u20E3")

# Links, as twitter-text 3.1.0 finds them (extractUrl and the expressions it is made of).

MARKS = r"\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
INVALID = r"\ufffe\ufeff\uffff"
BEFORE_LINK = rf"(?:[^A-Za-z0-9@＠$#＃{INVALID}]|^)"
HOST_CHARACTER = (
    r"[^/!'#%&()*+,\\\-.:;<=>?@\[\]^_{|}~$\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f"
    rf"\u205f\u3000{INVALID}{MARKS}]"
)
ENDING = r"(?:\L<endings>(?=[^0-9a-zA-Z@+-]|$)|xn--[-0-9a-z]+)"
LABEL = r"(?=[^.]{1,63}\.)"
"""A label is at most 63 characters long, and here a name has at most 16: no text takes long to search."""
HOST_NAME = (
    rf"(?:{LABEL}{HOST_CHARACTER}++(?:[_-]++{HOST_CHARACTER}++)*+\.){{0,15}}"
    rf"{LABEL}{HOST_CHARACTER}++(?:-++{HOST_CHARACTER}++)*+\.{ENDING}"
)
ACCENTED = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\xff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    r"\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
LETTER = rf"a-z0-9\u0400-\u04ff{ACCENTED}"


def _path(character: str, ending: str) -> str:
    """Two levels of parentheses may stand in a path, and be its end; punctuation is not."""
    balanced = rf"\((?:{character}+|{character}*\({character}+\){character}*)\)"
    return rf"/(?:(?:{balanced}|{character})*(?:{balanced}|{ending}))?"


PATH = _path(rf"[{LETTER}!*';:=+,.$/%#\[\]\-\u2013_~@|&]", rf"[{LETTER}+\-=_#/]")
QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
X_LINK = rf"({BEFORE_LINK})((https?://)?({HOST_NAME})(?::[0-9]+)?((?:{PATH})?)(?:{QUERY})?)"
X_BARE_HOST = rf"(?:{LABEL}[-a-z0-9{ACCENTED}]++\.)+{ENDING}"
"""What of a host counts where no http:// stands before it."""

MASTODON_PATH = _path(r"[^\s<>()?]", r"[^\s()?!*\"'「」<>;:=,.$%\[\]~&|@]")
MASTODON_LETTER = r"a-z0-9_&=#/\-\xa0-\ud7ff\uf900-\U000efffd"
MASTODON_QUERY = rf"\?[{MASTODON_LETTER}!?*'();:+$%\[\].,~|@^]*[{MASTODON_LETTER}]"
MASTODON_LINK = rf"({BEFORE_LINK})https?://{HOST_NAME}(?::[0-9]+)?(?:{MASTODON_PATH})?(?:{MASTODON_QUERY})?"
"""Mastodon uses twitter-text with its own rules for paths (config/initializers/twitter_regex.rb), and counts
only links that have http:// or https://."""

BLUESKY_LINK = regex.compile(r"(?:^|(?<=[\s(]))https?://\S+", regex.IGNORECASE)
SAFE = "%/:@!$&'()*+,;=?-._~|[]"
BLUESKY_PATH = 15
"""Characters of a path that Bluesky's composer shows whole; of a longer one, 13 and three dots."""

LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Characters that weigh 1 on X; all others weigh 2 (twitter-text config v3, whose scale is 100)."""

REMOTE_MENTION = regex.compile(r"(?<![\w/=])(@\w(?:[\w.-]*\w)?)@[\w.-]*\w")


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    """Compile a pattern with the endings, at its first use: it takes 60 ms."""
    return regex.compile(pattern, regex.IGNORECASE, endings=TOP_LEVEL)


def x_length(text: str) -> int:
    """Weighted length, as twitter-text 3 counts it: a link 23, an emoji 2 however many it is made of."""
    text = _compiled(X_LINK).sub(_x_counted, unicodedata.normalize("NFC", text))
    return sum(_x_weight(grapheme) for grapheme in GRAPHEME.findall(text))


def _x_counted(found: regex.Match[str]) -> str:
    """Return what the link counts for. Without http:// only names in Latin letters are links, and none that
    follows a dot, a dash or a slash; the path belongs to the last of them."""
    before, link, scheme, host, path = found.groups()
    if scheme:
        return f"{before}{PLACEHOLDER}"
    names = [] if before in ("-", "_", ".", "/") else list(_compiled(X_BARE_HOST).finditer(host))
    if not names:
        return found[0]
    end = names[-1].end()
    rest = "" if path else host[end:] + link[len(host) :]
    return before + _compiled(X_BARE_HOST).sub(PLACEHOLDER, host[:end]) + rest


def _x_weight(grapheme: str) -> int:
    if X_EMOJI.search(grapheme):
        return 2
    return sum(1 if any(a <= ord(c) <= z for a, z in LIGHT) else 2 for c in grapheme)


def bluesky_length(text: str) -> int:
    """Graphemes, or a tenth of the UTF-8 bytes where that is more: 300 is the end of either. Bluesky's own
    composer shortens the links it shows before it counts (bluesky-social/social-app, shortenLinks)."""
    text = BLUESKY_LINK.sub(_bluesky_shown, text)
    size = len(text.encode(errors="replace"))
    return max(len(GRAPHEME.findall(text)), -(-size // BLUESKY_BYTES_A_GRAPHEME))


def _bluesky_shown(found: regex.Match[str]) -> str:
    """Return the link as the composer shows it, with the punctuation that ends the sentence."""
    link = found[0]
    if link[-1] in ".,;:!?":
        link = link[:-1]
    if link[-1] == ")" and "(" not in link:
        link = link[:-1]
    try:
        parts = urlsplit(link)
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    except (ValueError, UnicodeError):
        return found[0]
    path = "" if parts.path == "/" else parts.path
    path = quote(path, safe=SAFE) + f"?{quote(parts.query, safe=SAFE)}" * bool(parts.query)
    path += f"#{quote(parts.fragment, safe=SAFE)}" * bool(parts.fragment)
    shown = path if len(path) <= BLUESKY_PATH else path[: BLUESKY_PATH - 2] + "..."
    return host + shown + found[0][len(link) :]


def threads_length(text: str) -> int:
    """Characters, and whatever may be an emoji for as many as its UTF-8 bytes."""
    return sum(
        len(grapheme.encode(errors="replace")) if EMOJI.search(grapheme) else len(grapheme)
        for grapheme in GRAPHEME.findall(text)
    )


def mastodon_length(text: str) -> int:
    """Graphemes, a link for 23, a mention without its server (mastodon, StatusLengthValidator)."""
    short = REMOTE_MENTION.sub(r"\1", _compiled(MASTODON_LINK).sub(rf"\1{PLACEHOLDER}", text))
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
