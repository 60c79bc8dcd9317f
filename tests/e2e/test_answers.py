"""No answer is lost, whatever becomes of the calls that bring it; `make bench` tries a thousand."""

from __future__ import annotations

import pytest

from tests.bench.answers import CHATS, Tally, echoing, trial


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("seed", [1, 2])
async def test_answers_survive_a_platform_that_fails_in_three_of_ten_calls(
    database_url: str, chat: str, seed: int
) -> None:
    with echoing():
        tally = await trial(database_url, chat, 60, seed)
    assert tally.asked == 60
    assert (tally.lost, tally.unexplained) == ([], []), str(tally)
    assert tally.twice, "no answer of the platform was lost: this tries nothing"


def test_the_tally_counts_what_is_lost_and_what_stands_there_twice() -> None:
    tally = Tally()
    for word, unanswered in {
        "once": [False],
        "lost": [],
        "explained": [True, False],
        "three times": [True, True, False],
        "unexplained": [False, False],
    }.items():
        tally.note(word, unanswered)
    assert tally.lost == ["lost"]
    assert tally.twice == ["explained", "three times", "unexplained"]
    assert tally.unexplained == ["unexplained"]
    assert (tally.asked, tally.right) == (5, 3)
