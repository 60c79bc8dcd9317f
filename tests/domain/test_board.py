"""When a theme comes back, and the days that an answer may be promised for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.board import HORIZON, PATIENCE, Gathering, Matter, Theme, comes_back, parse_due
from bot.domain.errors import BadDue

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
TODAY = NOW.date()
DAYS = st.integers(min_value=-400, max_value=400).map(lambda n: TODAY + timedelta(days=n))
AGES = st.integers(min_value=0, max_value=60).map(lambda n: timedelta(days=n))


@given(due=DAYS, age=AGES)
def test_a_blocker_comes_back_from_the_day_after_its_own(due: date, age: timedelta) -> None:
    theme = Theme("t", Matter.BLOCKER, "T", NOW - age, due_on=due)
    assert comes_back(theme, NOW, TODAY) is (due < TODAY)


@given(age=AGES)
def test_without_a_day_it_comes_back_after_a_fortnight(age: timedelta) -> None:
    theme = Theme("t", Matter.BLOCKER, "T", NOW - age)
    assert comes_back(theme, NOW, TODAY) is (age >= PATIENCE)


@given(due=st.none() | DAYS, age=AGES)
def test_what_is_answered_or_good_practice_never_does(due: date | None, age: timedelta) -> None:
    answered = Theme("t", Matter.BLOCKER, "T", NOW - age, due_on=due, answer="Oui", answered_at=NOW)
    practice = Theme("t", Matter.PRACTICE, "T", NOW - age, due_on=due)
    assert not comes_back(answered, NOW, TODAY)
    assert not comes_back(practice, NOW, TODAY)


@given(DAYS)
def test_a_day_is_promised_from_today_to_a_year_ahead(day: date) -> None:
    if TODAY <= day <= TODAY + HORIZON:
        assert parse_due(day.isoformat(), TODAY) == day
    else:
        with pytest.raises(BadDue):
            parse_due(day.isoformat(), TODAY)


@pytest.mark.parametrize("typed", ["demain", "2026-02-30", "9999-12-31", "24/12/2026"])
def test_what_is_no_such_day_is_refused(typed: str) -> None:
    with pytest.raises(BadDue):
        parse_due(typed, TODAY)


def test_no_day_is_a_promise_to_come() -> None:
    assert parse_due("", TODAY) is None


def test_a_gathering_takes_findings_until_its_last_moment() -> None:
    gathering = Gathering("g", True, NOW, NOW + timedelta(days=7))
    assert gathering.takes_findings(NOW)
    assert not gathering.takes_findings(gathering.closes_at)
    assert not Gathering("g", True, NOW, NOW + timedelta(days=7), closed_at=NOW).takes_findings(NOW)
