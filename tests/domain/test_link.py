"""A web address is found in what people type, and kept as it can be followed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.domain.errors import BadLink
from bot.domain.link import MAX_URL, parse_link, web_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.org/actu", "https://example.org/actu"),
        ("HTTPS://Example.org/A", "https://Example.org/A"),
        ("https://example.org/a.", "https://example.org/a."),
        (
            "https://example.org/a?sig=%7Eab%2F%41&x=a+b#part",
            "https://example.org/a?sig=%7Eab%2F%41&x=a+b#part",
        ),
        ("https://exemple.fr/café?q=é", "https://exemple.fr/café?q=é"),
        ("https://bücher.example/", "https://bücher.example/"),
        ("https://a_b.example.org/", "https://a_b.example.org/"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://fa.example/می\u200cخواهم", "https://fa.example/می%E2%80%8Cخواهم"),
    ],
)
def test_an_address_is_kept_as_it_was_typed(typed: str, kept: str) -> None:
    assert parse_link(typed) == kept


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u200e", "\u202e", "\0"])
def test_unseen_characters_are_stripped(unseen: str) -> None:
    assert parse_link(f"https://example.org/actu{unseen}") == "https://example.org/actu"
    assert parse_link(f"https://exam{unseen}ple.org/ac{unseen}tu") == "https://example.org/actu"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.example.org/actu", "https://www.example.org/actu"),
        ("example.org/a", "https://example.org/a"),
        ("Example.org", "https://Example.org"),
        ("example.org:8080/a?b#c", "https://example.org:8080/a?b#c"),
        ("exemple.museum", "https://exemple.museum"),
        ("例え.みんな/a", "https://例え.みんな/a"),
    ],
)
def test_an_address_without_a_scheme_gets_one(typed: str, kept: str) -> None:
    assert parse_link(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Titre : https://example.org/a", "https://example.org/a"),
        ("Titre:https://example.org/a, à lire", "https://example.org/a"),
        ("À lire (https://example.org/a_(b)).", "https://example.org/a_(b)"),
        ("« https://example.org/a » et https://example.org/b", "https://example.org/a"),
        ("voir\u202fhttps://example.org/a\nmerci", "https://example.org/a"),
        ("voir www.example.org, merci", "https://www.example.org"),
        ("fin.Suite sur example.org/a !", "https://example.org/a"),
        ("<https://example.org/a|example.org>", "https://example.org/a"),
        ("Titre <https://example.org/a>.", "https://example.org/a"),
    ],
)
def test_a_link_is_found_in_what_was_typed(typed: str, kept: str) -> None:
    assert parse_link(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "  ",
            "\u200b",
            "bonjour",
            "et/ou",
            "fin.Suite du texte",
            "demain.matin",
            "rapport.pdf",
            "1.2.3.4/a",
        ),
        *(
            "localhost",
            "moi@example.org",
            "mailto:moi@example.org",
            "ftp://example.org/a",
            "javascript:alert(1)",
        ),
        *(
            "https://",
            "http://[",
            "http://[::1",
            "http://[::g]/",
            "http://a..b/",
            "http://-/",
            "http://a:99999/",
        ),
        *("http://a:x/", "http://a:0/", "https://exa mple.org/", "https://exa%6dple.org/", "exa$mple.org"),
        *("https://me:secret@example.org/", "https://good.example\\@evil.example", "https://example.org\\a"),
        *(
            "http://℀.com",
            f"http://{'a' * 64}.example",
            f"https://{'a.' * 140}example",
            f"https://a.fr/{'a' * 2000}",
        ),
    ],
)
def test_what_no_browser_can_be_sent_to_is_refused(typed: str) -> None:
    with pytest.raises(BadLink):
        parse_link(typed)


PARTS = st.sampled_from(
    [
        "http://",
        "https://",
        "www.",
        "example.org",
        ":",
        "80",
        "/",
        "[",
        "]",
        "@",
        ".",
        "é",
        "xn--",
        "%",
        "\\",
        " ",
        "<",
    ]
)


@given(st.text(max_size=40) | st.lists(PARTS | st.text(max_size=4), max_size=10).map("".join))
def test_a_link_that_is_kept_can_be_followed(text: str) -> None:
    with suppress(BadLink):
        kept = parse_link(text)
        assert parse_link(kept) == web_address(kept) == kept
        assert kept.startswith(("http://", "https://"))
        assert kept.isprintable()
        assert len(kept) <= MAX_URL
        assert str(URL(kept)).isascii()


@pytest.mark.parametrize(
    "stored", ["", "javascript:alert(1)", "see https://example.org", "https://example.org/\r\nX: y"]
)
def test_what_was_never_kept_is_no_address(stored: str) -> None:
    assert web_address(stored) == ""
