"""How long a text is on each network, and whether the composer holds exactly that text."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.network import (
    MAX_ADDRESS,
    BadInstance,
    Network,
    bluesky_length,
    composer,
    final_text,
    fits,
    length,
    mastodon_length,
    over,
    parse_instance,
    threads_length,
    utf16_length,
    x_length,
)

LINK = "https://cercle.example.org/r/kQ3vYt0s9w2m8b1x"
SHOWN = "cercle.example.org/r/kQ3vYt0s9w..."
"""The link as Bluesky's composer shows it."""
FAMILY = "👨‍👩‍👧‍👦"
WAVE = "👋🏽"
FRANCE = "🇫🇷"

texts = st.text(st.characters(exclude_categories=["Cs"]))
bits = ["é", "e\u0301", "の", "—", "“", FAMILY, WAVE, FRANCE, "1️⃣", " ", "\n", "\r\n", "&", "?", "#", LINK]
scraps = st.lists(st.sampled_from(bits) | st.text(max_size=5)).map("".join)


def test_the_link_comes_once_after_a_blank_line() -> None:
    assert (
        final_text("  Nos alternants racontent.\r\nLisez ! ", LINK)
        == f"Nos alternants racontent.\nLisez !\n\n{LINK}"
    )
    assert final_text("", LINK) == LINK
    assert final_text("Sans lien", "") == "Sans lien"


@pytest.mark.parametrize("words", [f"{LINK} vaut le détour", f"À lire ({LINK})", f"Ici : {LINK}.", LINK])
def test_a_link_the_member_placed_stays_where_it_is(words: str) -> None:
    assert final_text(words, LINK) == words


@pytest.mark.parametrize("longer", [f"{LINK}9", f"{LINK}/x", f"{LINK}?a=b", f"{LINK}-x"])
def test_another_link_that_starts_the_same_is_another_link(longer: str) -> None:
    assert final_text(longer, LINK) == f"{longer}\n\n{LINK}"


@given(scraps)
def test_finishing_a_text_twice_changes_nothing(words: str) -> None:
    once = final_text(words, LINK)
    assert final_text(once, LINK) == once
    assert LINK in once


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Nous recrutons.", 15),
        ("déjà vu", 7),
        ("de\u0301ja\u0300 vu", 7),
        ("«\N{NARROW NO-BREAK SPACE}oui\N{NARROW NO-BREAK SPACE}»", 9),
        ("“quoted” — and ‘so’ on…", 24),
        ("日本語", 6),
        ("한국어", 6),
        ("Привет", 6),
        ("\U0001f431", 2),
        (WAVE, 2),
        (FAMILY, 2),
        (FRANCE, 2),
        ("1️⃣", 2),
        ("❤️", 2),
        ("a\U00010000b", 4),
        ("http://a.fr", 23),
        (LINK, 23),
        (f"voir {LINK}, puis {LINK}.", 59),
        (f"({LINK})", 25),
        ("https://fr.wikipedia.org/wiki/Cercle_(g%C3%A9om%C3%A9trie)", 23),
        ("https://example.org:8443/a/b?c=d&e=f#g", 23),
        ("exemple.fr", 23),
        ("www.exemple.co.uk/page?x=1", 23),
        ("Voir exemple.com.", 29),
        ("moi@exemple.com", 15),
        ("http://localhost:8080/r/x", 25),
        ("ftp://exemple.com", 17),
        ("node.js, README.txt et v2.0", 27),
        ("fin.Suite", 9),
        ("日本https://a.fr/b語", 29),
        ("https://wiki.acme.local/a", 25),
        ("https://example.org/a–b/c d", 25),
        ("https://example.org/a_(b_(c)_d) !", 25),
        ("https://example.org/(a(b(c)))", 32),
        ("https://foo_bar.example.org/x", 23),
        ("https://foo.exam_ple.org/x", 26),
        ("https://exemple.museum/a", 23),
        ("exemple.photography", 23),
        ("https://中国.中国/a", 23),
        ("ahttp://a.fr", 12),
    ],
)
def test_x_weighs_as_twitter_text_does(text: str, weight: int) -> None:
    """Worked out by hand from the rules of twitter-text 3 and checked once against its official 3.1.0."""
    assert x_length(text) == weight


@pytest.mark.parametrize(
    ("count", "text", "expected"),
    [
        (utf16_length, "Écoute 👋", 9),
        (bluesky_length, f"a{FAMILY}{FRANCE}e\u0301", 4),
        (bluesky_length, FAMILY, 3),
        (bluesky_length, FAMILY * 200, 500),
        (bluesky_length, "\r\n", 1),
        (bluesky_length, f"lire {LINK} !", 7 + len(SHOWN)),
        (bluesky_length, "(https://exemple.fr/a).", 15),
        (bluesky_length, "https://exemple.fr/", 10),
        (bluesky_length, "https://exemple.fr/abcdefghijklmn", 25),
        (bluesky_length, "https://exemple.fr/abcdefghijklmno", 26),
        (bluesky_length, "https://bücher.example/é?x=1#y.", 35),
        (bluesky_length, "http://[x", 9),
        (bluesky_length, "exemple.fr/abcdefghijklmnopq", 28),
        (threads_length, "Été 日本", 6),
        (threads_length, "🙂", 4),
        (threads_length, "1️⃣", 7),
        (threads_length, f"a{FAMILY}", 26),
        (mastodon_length, f"a{FAMILY}{FRANCE} é", 5),
        (mastodon_length, f"lire {LINK} !", 30),
        (mastodon_length, "exemple.com", 11),
        (mastodon_length, "https://wiki.acme.local/a", 25),
        (mastodon_length, "https://example.org/a_(b_(c)_d) !", 25),
        (mastodon_length, "merci @moi@mastodon.social !", 12),
    ],
)
def test_each_network_counts_its_own_way(count: Callable[[str], int], text: str, expected: int) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("network", "filler", "most"),
    [
        (Network.LINKEDIN, "é", 3000 - 2 - len(LINK)),
        (Network.LINKEDIN, "🙂", (3000 - 2 - len(LINK)) // 2),
        (Network.X, "é", 280 - 2 - 23),
        (Network.X, "語", (280 - 2 - 23) // 2),
        (Network.X, FAMILY, (280 - 2 - 23) // 2),
        (Network.BLUESKY, "é", 300 - 2 - len(SHOWN)),
        (Network.BLUESKY, FAMILY, (3000 - 2 - len(SHOWN)) // 25),
        (Network.THREADS, "é", 500 - 2 - len(LINK)),
        (Network.THREADS, "🙂", (500 - 2 - len(LINK)) // 4),
        (Network.MASTODON, "é", 500 - 2 - 23),
        (Network.MASTODON, FAMILY, 500 - 2 - 23),
    ],
)
def test_the_last_text_that_fits(network: Network, filler: str, most: int) -> None:
    assert fits(network, filler * most, LINK)
    assert over(network, filler * most, LINK) == 0
    assert not fits(network, filler * (most + 1), LINK)
    assert over(network, filler * (most + 1), LINK) >= 1


def test_bluesky_takes_what_its_composer_would_shorten() -> None:
    assert fits(Network.BLUESKY, "a" * 260, LINK)
    assert length(Network.BLUESKY, "a" * 260, LINK) == 262 + len(SHOWN)


def test_a_link_counts_23_on_mastodon_only_where_a_word_begins() -> None:
    link = "http://" + "b" * 30 + ".com/example"
    assert mastodon_length("a" * 476 + " " + link) == 500
    assert mastodon_length("a" * 476 + link) == 525
    assert not fits(Network.MASTODON, "a" * 476 + link, "")


@pytest.mark.parametrize("network", [Network.WHATSAPP, Network.FACEBOOK])
def test_where_nobody_meets_the_limit(network: Network) -> None:
    assert network.limit is None
    assert fits(network, "long " * 1000, LINK)


@given(st.sampled_from(Network), scraps)
def test_any_text_has_a_length(network: Network, words: str) -> None:
    counted = length(network, words, LINK)
    assert counted >= 23 or network.limit is None
    assert over(network, words, LINK) == max(0, counted - (network.limit or counted))


@pytest.mark.parametrize(
    "text",
    [
        bit * (3000 // len(bit))
        for bit in ("a", "a.", "語.", "a-", "@a", "a@", "a.fr", "https://a", "a.fr/((", "a.fr?a.", "@.")
    ],
)
@pytest.mark.parametrize("network", Network)
def test_no_text_takes_long_to_count(network: Network, text: str) -> None:
    """A regular expression that backtracks would take minutes here."""
    assert length(network, text, LINK) > 0


HOSTS = {
    Network.LINKEDIN: "www.linkedin.com",
    Network.X: "x.com",
    Network.BLUESKY: "bsky.app",
    Network.THREADS: "www.threads.com",
    Network.MASTODON: "piaille.fr",
    Network.WHATSAPP: "wa.me",
    Network.FACEBOOK: "www.facebook.com",
}


@given(st.sampled_from(Network), scraps | texts, texts, st.booleans())
@example(Network.X, "a&url=https://evil.example#{host}", "https://a.fr/?a=b&c=d#e", True)
@example(Network.BLUESKY, "lone \ud800 surrogate", LINK, False)
def test_a_composer_holds_exactly_the_text(network: Network, words: str, link: str, mobile: bool) -> None:
    opened = composer(network, words, link, mobile=mobile, instance="piaille.fr")
    parts = urlsplit(opened.url)
    fields = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    fields.pop("shareActive", None)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", HOSTS[network], "")
    assert opened.url.isascii()
    assert len(fields) == 1
    ((value,),) = fields.values()
    sent = final_text(words, link) if opened.filled else link
    assert value == sent.encode(errors="replace").decode()
    assert opened.filled == (network is not Network.FACEBOOK and not (network is Network.LINKEDIN and mobile))


@pytest.mark.parametrize(
    ("network", "mobile", "url", "filled"),
    [
        (Network.LINKEDIN, False, "https://www.linkedin.com/feed/?shareActive=true&text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.LINKEDIN, True, "https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fa.fr", False),
        (Network.X, True, "https://x.com/intent/tweet?text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.BLUESKY, True, "https://bsky.app/intent/compose?text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.THREADS, True, "https://www.threads.com/intent/post?text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.MASTODON, True, "https://piaille.fr/share?text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.WHATSAPP, True, "https://wa.me/?text=%C3%80%20lire%0A%0Ahttps%3A%2F%2Fa.fr", True),
        (Network.FACEBOOK, False, "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fa.fr", False),
    ],
)  # fmt: skip
def test_addresses(network: Network, mobile: bool, url: str, filled: bool) -> None:
    opened = composer(network, "À lire", "https://a.fr", mobile=mobile, instance="@moi@piaille.fr")
    assert (opened.url, opened.filled) == (url, filled)


@pytest.mark.parametrize("network", Network)
def test_an_address_no_server_would_take_goes_without_the_text(network: Network) -> None:
    opened = composer(network, "🙂" * 3000, LINK, mobile=False, instance="piaille.fr")
    assert not opened.filled
    assert len(opened.url) < MAX_ADDRESS
    assert opened.url.endswith("https%3A%2F%2Fcercle.example.org%2Fr%2FkQ3vYt0s9w2m8b1x")


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("mastodon.social", "mastodon.social"),
        (" Mastodon.Social. ", "mastodon.social"),
        ("https://piaille.fr", "piaille.fr"),
        ("https://piaille.fr/@moi?x=1#y", "piaille.fr"),
        ("piaille.fr/@moi", "piaille.fr"),
        ("@moi@piaille.fr", "piaille.fr"),
        ("moi@social.ministere.example.fr", "social.ministere.example.fr"),
        ("été.social", "xn--t-9fab.social"),
        ("ｍａｓｔｏｄｏｎ。ｓｏｃｉａｌ", "mastodon.social"),
        ("xn--t-9fab.social", "xn--t-9fab.social"),
    ],
)
def test_a_server_as_people_type_it(typed: str, host: str) -> None:
    assert parse_instance(typed) == host


@pytest.mark.parametrize(
    "typed",
    [
        "", "mastodon", "@moi", "@moi@", "localhost", "foo.localhost", "cercle.local", "box.home.arpa", "a.internal",
        "127.0.0.1", "10.0.0.8", "[::1]", "0x7f.1", "2130706433", "1.2.3.4.5", "192.168.1.0x1", "mastodon.social:8080",
        "https://evil@mastodon.social", "https://a:b@mastodon.social", "ftp://mastodon.social", "javascript:alert(1)",
        "mastodon.social\\@evil.fr", "mastodon .social", "-a.fr", "a-.fr", "a..fr", ".fr", "a.f", "a_b.fr",
        "a.fr\nb.fr", "mastodon.social@", "x" * 64 + ".fr", "a." * 130 + "fr", "\ud800.fr", "mastodon.soc\u0000ial",
    ],
)  # fmt: skip
def test_what_is_no_public_server_is_refused(typed: str) -> None:
    with pytest.raises(BadInstance):
        parse_instance(typed)
    with pytest.raises(BadInstance):
        composer(Network.MASTODON, "À lire", LINK, mobile=False, instance=typed)


@given(texts | st.from_regex(r"[a-z0-9.@:/\\-]{1,30}", fullmatch=True))
def test_any_typing_gives_a_bare_host_or_a_reason(typed: str) -> None:
    try:
        host = parse_instance(typed)
    except BadInstance:
        return
    assert regex.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)
    assert urlsplit(f"https://{host}/share").hostname == host
    assert parse_instance(host) == host


@pytest.mark.parametrize("network", Network)
def test_every_network_has_its_name(network: Network) -> None:
    assert network.label.casefold() == network.value
    assert Network(network.value) is network
