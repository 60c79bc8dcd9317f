"""How long a platform asks to wait."""

from __future__ import annotations

import pytest

from bot.chat.messenger import asked_to_wait

DATE = "Mon, 30 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("", None),
        ("soon", None),
        ("0", None),
        ("-1", None),
        ("nan", None),
        ("inf", 3600),
        ("9e9", 3600),
        ("Mon, 30 Nov 2026 12:00:45 GMT", 45),
        ("Monday, 30-Nov-26 12:01:00 GMT", 60),
        ("Tue, 01 Dec 2026 12:00:00 GMT", 3600),
        ("Mon, 30 Nov 2026 11:59:00 GMT", None),
        ("Mon, 30 Nov 9999999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_within_reason(said: str, meant: float | None) -> None:
    assert asked_to_wait(said, DATE) == meant


@pytest.mark.parametrize("date", ["", "today", "Mon, 30 Nov 2026 12:00:00"])
def test_a_moment_says_nothing_without_the_clock_that_it_was_read_from(date: str) -> None:
    assert asked_to_wait("Mon, 30 Nov 2026 12:00:45 GMT", date) is None
