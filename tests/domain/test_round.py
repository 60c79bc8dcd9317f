"""Consent: one objection is enough against a change, one other person's word for it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rhythm import Ritual
from bot.domain.round import (
    CADENCES,
    CEILINGS,
    WEEKS,
    Cadence,
    Ceiling,
    Change,
    Outcome,
    Purpose,
    RitualWeek,
    Stance,
    Voice,
    change_of,
    outcome,
    setting_of,
    value_of,
    working_days_after,
)

AUTHOR = "author"
voices = st.lists(
    st.builds(Voice, st.sampled_from([AUTHOR, "ines", "hugo", "tom"]), st.sampled_from(Stance)),
    unique_by=lambda voice: voice.person_id,
)
changes = st.one_of(
    st.builds(Cadence, st.sampled_from(CADENCES)),
    st.builds(Ceiling, st.sampled_from(CEILINGS)),
    st.builds(RitualWeek, st.sampled_from(Ritual), st.sampled_from(WEEKS)),
    st.builds(Purpose, st.text(max_size=300), st.text(max_size=300)),
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], Outcome.LAPSED),
        ([Voice("ines", Stance.ABSTAIN)], Outcome.LAPSED),
        ([Voice(AUTHOR, Stance.AGREE)], Outcome.LAPSED),
        ([Voice("ines", Stance.AGREE)], Outcome.ACCEPTED),
        ([Voice("ines", Stance.AGREE), Voice("hugo", Stance.ABSTAIN)], Outcome.ACCEPTED),
        ([Voice("ines", Stance.AGREE), Voice("hugo", Stance.OBJECT, "Non.")], Outcome.OBJECTED),
    ],
)
def test_what_comes_of_it(said: list[Voice], expected: Outcome) -> None:
    assert outcome(AUTHOR, said) is expected


@given(voices)
def test_the_rule(said: list[Voice]) -> None:
    found = outcome(AUTHOR, said)
    objected = any(voice.stance is Stance.OBJECT for voice in said)
    carried = any(voice.stance is Stance.AGREE and voice.person_id != AUTHOR for voice in said)
    assert (found is Outcome.OBJECTED) == objected
    assert (found is Outcome.ACCEPTED) == (carried and not objected)
    assert found in (Outcome.OBJECTED, Outcome.ACCEPTED, Outcome.LAPSED)


@given(changes)
def test_a_change_is_kept_as_it_is(change: Change) -> None:
    assert change_of(setting_of(change), value_of(change)) == change
    assert len(setting_of(change)) <= 40


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 30))
def test_working_days_are_weekdays(day: date, number: int) -> None:
    last = working_days_after(day, number)
    passed = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(each.weekday() < 5 for each in passed) == number
    assert not number or last.weekday() < 5
