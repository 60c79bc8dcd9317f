"""What keeps thanks fair, with nobody counted: weights, stories, whispers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.kudos import (
    GIVERS,
    LONG,
    QUIET,
    SETTLED,
    STORIES,
    Answer,
    Kudos,
    KudosKind,
    Thanks,
    overlooked,
    possible_givers,
    stories,
    weight,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PEOPLE = tuple("abcdefgh")
ONE_MINUTE = timedelta(minutes=1)


def kudos(number: int, giver: str, *receivers: str) -> Kudos:
    thanks = tuple(Thanks(receiver, Answer.SHOWN) for receiver in receivers)
    return Kudos(f"k{number}", giver, KudosKind.HELP, "", NOW + number * ONE_MINUTE, thanks)


def numbered(*pairs: tuple[str, str]) -> list[Kudos]:
    return [kudos(number, giver, receiver) for number, (giver, receiver) in enumerate(pairs)]


@st.composite
def months(draw: st.DrawFn) -> list[Kudos]:
    def receivers(giver: str) -> st.SearchStrategy[list[str]]:
        others = [person for person in PEOPLE if person != giver]
        return st.lists(st.sampled_from(others), min_size=1, max_size=5, unique=True)

    givers = draw(st.lists(st.sampled_from(PEOPLE), max_size=25))
    return [kudos(number, giver, *draw(receivers(giver))) for number, giver in enumerate(givers)]


# Weights


@given(months())
def test_everything_weighs_something_and_nothing_more_than_one(month: list[Kudos]) -> None:
    weights = weight(month)
    assert weights.keys() == {each.id for each in month}
    assert all(0 < value <= 1 for value in weights.values())


@given(months(), st.randoms())
def test_the_order_in_which_they_come_changes_nothing(month: list[Kudos], random: object) -> None:
    shuffled = list(month)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert weight(shuffled) == pytest.approx(weight(month))
    assert stories(shuffled) == stories(month)


@given(months())
def test_what_is_not_returned_weighs_one(month: list[Kudos]) -> None:
    pairs = {(each.giver_id, receiver) for each in month for receiver in each.receivers}
    weights = weight(month)
    for each in month:
        if not any((receiver, each.giver_id) in pairs for receiver in each.receivers):
            assert weights[each.id] == 1


@given(st.integers(1, 60))
def test_a_pair_that_thanks_only_each_other_weighs_less_than_two_thanks(times: int) -> None:
    month = numbered(*[("a", "b"), ("b", "a")] * times)
    weights = weight(month)
    assert set(weights.values()) == {1 / (1 + times)}
    assert sum(weights.values()) < 2


@given(months(), st.lists(st.sampled_from("wxyz"), min_size=1, max_size=5, unique=True))
def test_to_thank_others_too_never_weighs_less(month: list[Kudos], others: list[str]) -> None:
    before = weight(month)
    wider = [kudos(100 + number, "a", other) for number, other in enumerate(others)]
    after = weight([*month, *wider])
    assert all(after[id] >= value - 1e-9 for id, value in before.items())


def test_the_more_both_thank_others_the_nearer_to_one() -> None:
    closed = weight(numbered(("a", "b"), ("b", "a")))["k0"]
    half = weight(numbered(("a", "b"), ("b", "a"), ("a", "c")))["k0"]
    open_ = weight(numbered(("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("b", "d")))["k0"]
    assert closed == 0.5
    assert closed < half < open_ < 1


# Stories


@given(months(), st.integers(0, 9))
def test_stories_are_few_of_the_month_each_once_and_in_its_order(month: list[Kudos], most: int) -> None:
    told = stories(month, most)
    assert len(told) == min(most, len(month))
    assert len({each.id for each in told}) == len(told)
    assert all(each in month for each in told)
    assert told == sorted(told, key=lambda each: (each.given_at, each.id))


@given(months())
def test_nobody_appears_twice_while_somebody_else_could(month: list[Kudos]) -> None:
    """Five thanks between ten others beside any month: no story of those five is left out for a repeat."""
    apart = [kudos(200 + n, f"giver{n}", f"receiver{n}") for n in range(STORIES)]
    told = stories([*month, *apart])
    people = [person for each in told for person in (each.giver_id, *each.receivers)]
    assert len(people) == len(set(people))


def test_a_closed_pair_gives_way() -> None:
    pair = numbered(*[("a", "b"), ("b", "a")] * 10)
    others = [kudos(100 + n, f"g{n}", f"r{n}") for n in range(STORIES)]
    assert stories([*pair, *others]) == others


def test_a_recap_has_at_most_five_and_an_empty_month_none() -> None:
    assert stories([]) == []
    assert len(stories(numbered(*[("a", "b")] * 9))) == STORIES


# Nobody overlooked

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 24), timezones=st.just(UTC))  # noqa: DTZ001
BY_PERSON = st.dictionaries(st.sampled_from(PEOPLE), MOMENTS)


@given(BY_PERSON, BY_PERSON, BY_PERSON)
def test_only_members_long_unthanked_are_overlooked(
    joined: dict[str, datetime], thanked: dict[str, datetime], whispered: dict[str, datetime]
) -> None:
    found = overlooked(joined, thanked, whispered, NOW)
    assert len(found) == len(set(found))
    for person in PEOPLE:
        settled = person in joined and joined[person] <= NOW - SETTLED
        fed = person in thanked and thanked[person] > NOW - LONG
        heard = person in whispered and whispered[person] > NOW - QUIET
        assert (person in found) == (settled and not fed and not heard)


def test_whoever_was_whispered_about_waits_behind_the_others() -> None:
    joined = dict.fromkeys("abc", NOW - LONG)
    whispered = {"a": NOW - 2 * QUIET, "b": NOW - 3 * QUIET}
    assert overlooked(joined, {}, whispered, NOW) == ["c", "b", "a"]


@given(st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 9)), BY_PERSON)
def test_a_giver_hears_one_whisper_a_month_and_only_with_a_tie(
    ties: dict[str, int], whispered: dict[str, datetime]
) -> None:
    asked = possible_givers(ties, whispered, NOW)
    assert len(asked) <= GIVERS
    for person in asked:
        assert ties[person] > 0
        assert whispered.get(person, NOW - QUIET) <= NOW - QUIET
    free = {p for p, n in ties.items() if n and whispered.get(p, NOW - QUIET) <= NOW - QUIET}
    assert len(asked) == min(GIVERS, len(free))


def test_givers_take_turns_and_the_nearest_comes_first() -> None:
    ties = {"a": 9, "b": 1, "c": 5}
    assert possible_givers(ties, {}, NOW) == ["a", "c"]
    heard = dict.fromkeys("ac", NOW)
    assert possible_givers(ties, heard, NOW) == ["b"]
    assert possible_givers(ties, {**heard, "b": NOW + QUIET}, NOW + QUIET) == ["a", "c"]
