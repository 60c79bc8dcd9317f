"""What may be put to the vote, read the way people type it."""

from __future__ import annotations

import string
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.errors import (
    BadPollClosing,
    DomainError,
    EmptyOption,
    OptionTooLong,
    QuestionMissing,
    QuestionTooLong,
    SameOption,
    TooFewOptions,
    TooManyOptions,
    UnclosedQuotes,
    WordsOutsideQuotes,
)
from bot.domain.poll import (
    MAX_OPTION,
    MAX_OPTIONS,
    Poll,
    Quick,
    Repeat,
    Rules,
    alike,
    closing_again,
    due_reminder,
    may_be_read,
    parse_quick,
    read_another,
    read_closing,
    read_options,
    read_question,
    schedule,
    usual_closing,
)
from bot.domain.schedule import instant
from bot.domain.secrecy import ENOUGH
from bot.domain.working_time import zone_or

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("", Quick()),
        ("Quand ?", Quick("Quand ?")),
        ('"Quand ?"', Quick("Quand ?")),
        ('"Quand ?" "lundi" "mardi"', Quick("Quand ?", ("lundi", "mardi"))),
        ('"Quand ?", "lundi", "mardi"', Quick("Quand ?", ("lundi", "mardi"))),
        ("“Quand ?” “lundi” “mardi”", Quick("Quand ?", ("lundi", "mardi"))),
        ('”Quand ?” „lundi“ "mardi”', Quick("Quand ?", ("lundi", "mardi"))),
        ("« Quand ? » « lundi » «mardi»", Quick(" Quand ? ", (" lundi ", "mardi"))),
        ('« Le "grand" jour » "oui" "l\'autre"', Quick(' Le "grand" jour ', ("oui", "l'autre"))),
        ('Quand ? "lundi" "mardi"', Quick("Quand ?", ("lundi", "mardi"))),
        ('"Quand ?" "" "mardi"', Quick("Quand ?", ("", "mardi"))),
    ],
)
def test_the_quick_way(typed: str, heard: Quick) -> None:
    assert parse_quick(typed) == heard


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ('"Quand ?" "lundi" "mardi', UnclosedQuotes),
        ('"Quand ? "lundi" "mardi"', UnclosedQuotes),
        ("« Quand ? » « lundi", UnclosedQuotes),
        ('"Quand ?" lundi "mardi"', WordsOutsideQuotes),
        ('"Quand ?" "lundi" "mardi" vite', WordsOutsideQuotes),
    ],
)
def test_quotes_that_do_not_close(typed: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        parse_quick(typed)


words = st.text(st.characters(exclude_characters='"“”„‟«»\0', exclude_categories=["Cs"]), min_size=1)


@given(st.lists(words, min_size=1, max_size=12), st.sampled_from(['""', "“”", "„“", "«»"]))
def test_what_stands_in_quotes_is_heard_as_it_is(parts: list[str], marks: str) -> None:
    quick = parse_quick(" ".join(f"{marks[0]}{part}{marks[1]}" for part in parts))
    assert (quick.question, *quick.options) == tuple(parts)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], TooFewOptions),
        (["one"], TooFewOptions),
        (["a", ""], EmptyOption),
        (["a", " \t "], EmptyOption),
        (["a", "\u200b\u2060"], EmptyOption),
        (["Oui", "oui"], SameOption),
        (["le  matin", " Le matin"], SameOption),
        (["café", "cafe\u0301"], SameOption),
        (["a\u200bb", "ab"], SameOption),
        (["a", "b" * 76], OptionTooLong),
        ([str(n) for n in range(11)], TooManyOptions),
    ],
)
def test_options_that_cannot_be_put_to_the_vote(options: list[str], error: type[DomainError]) -> None:
    with pytest.raises(error):
        read_options(options)


@given(st.lists(st.text(string.printable, min_size=1, max_size=30), min_size=2, max_size=10))
def test_options_are_kept_in_order_on_one_line(options: list[str]) -> None:
    assume(all(option.split() for option in options))
    assume(len({alike(option) for option in options}) == len(options))
    assume(all(any(c not in string.whitespace and c.isprintable() for c in option) for option in options))
    assert read_options(options) == tuple(" ".join(option.split()) for option in options)


def test_an_option_that_is_added_keeps_the_same_rules() -> None:
    there = [str(n) for n in range(MAX_OPTIONS - 1)]
    assert read_another(" un  autre ", there) == "un autre"
    for typed, error in ((" 3", SameOption), ("", EmptyOption), ("x" * (MAX_OPTION + 1), OptionTooLong)):
        with pytest.raises(error):
            read_another(typed, there)
    with pytest.raises(TooManyOptions):
        read_another("un autre", [*there, "plein"])


def test_a_question_is_there_and_fits() -> None:
    assert read_question("  Et\nalors ? ") == "Et alors ?"
    with pytest.raises(QuestionMissing):
        read_question(" \n")
    with pytest.raises(QuestionTooLong):
        read_question("?" * 151)


# When it closes


@pytest.mark.parametrize(
    ("now", "zone", "country", "closes"),
    [
        ("2026-11-24T09:00", "Europe/Paris", "", "2026-11-27T16:00"),
        ("2026-11-26T09:00", "Europe/Paris", "", "2026-12-01T16:00"),
        ("2026-11-28T09:00", "Europe/Paris", "", "2026-12-02T16:00"),
        ("2026-12-23T09:00", "Europe/Paris", "", "2026-12-28T16:00"),
        ("2026-12-23T09:00", "Europe/Paris", "FR", "2026-12-29T16:00"),
        ("2026-11-24T22:00", "Asia/Kolkata", "", "2026-11-30T11:30"),
        ("2026-10-22T09:00", "Europe/Paris", "", "2026-10-27T16:00"),
    ],
)
def test_the_usual_closing_is_three_working_days_on_at_five(
    now: str, zone: str, country: str, closes: str
) -> None:
    assert usual_closing(at(now), zone, country) == at(closes)


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("", ""),
        ("soon", "17:00"),
        ("2026-11-27", "17 h"),
        ("2026-11-23", "17:00"),
        ("2026-11-24", "09:59"),
        ("2027-11-25", "17:00"),
        ("9999-12-31", "23:59"),
        ("0001-01-01", ""),
        ("2026-11-27", "17:00+05:00"),
    ],
)
def test_a_closing_that_cannot_be(day: str, hour: str) -> None:
    with pytest.raises(BadPollClosing):
        read_closing(day, hour, "Europe/Paris", NOW)


def test_a_closing_is_read_by_the_clock_of_its_author() -> None:
    assert read_closing("2026-11-27", "", "Europe/Paris", NOW) == at("2026-11-27T16:00")
    assert read_closing("2026-11-24", "16:00", "Asia/Kolkata", NOW) == at("2026-11-24T10:30")


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


# What repeats


@given(
    st.timedeltas(timedelta(0), timedelta(days=730)).map(
        lambda span: datetime(2026, 1, 1, tzinfo=UTC) + span
    ),
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sampled_from([Repeat.WEEKLY, Repeat.FORTNIGHTLY, Repeat.MONTHLY]),
)
def test_it_comes_back_on_its_weekday_at_its_hour_all_year(
    began: datetime, zone: str, repeats: Repeat
) -> None:
    when = schedule(poll(repeats=repeats), began, zone)
    first = began.astimezone(zone_or(zone))
    days = [first.date() + n * DAY for n in range(1, 366)]
    fallen = [day for day in days if when.falls_on(day)]
    assert {day.weekday() for day in fallen} == {first.weekday()}
    a_year = {Repeat.WEEKLY: (52, 52), Repeat.FORTNIGHTLY: (23, 25), Repeat.MONTHLY: (11, 13)}
    least, most = a_year[repeats]
    assert least <= len(fallen) <= most
    walls = {instant(when, day).astimezone(zone_or(zone)).time() for day in fallen}
    usual = time(first.hour, first.minute)
    assert usual in walls
    assert all(abs(wall.hour - usual.hour) % 24 <= 1 for wall in walls)


@pytest.mark.parametrize("now", ["2026-03-31T08:00", "2026-10-27T09:00"])
def test_the_next_of_a_series_closes_at_the_same_hour_through_both_nights(now: str) -> None:
    began, closes = at("2026-03-24T09:00"), at("2026-03-27T16:00")
    if now.startswith("2026-10"):
        began, closes = at("2026-10-20T08:00"), at("2026-10-23T15:00")
    again = closing_again(began, closes, "Europe/Paris", at(now)).astimezone(zone_or("Europe/Paris"))
    assert again.time() == time(17)
    assert (again.date() - at(now).date()).days == 3


# Secrets


def poll(**changes: object) -> Poll:
    values: dict[str, object] = {
        "rules": Rules(),
        "opened_at": NOW,
        "closes_at": NOW + 3 * DAY,
    }
    return Poll("p", "c", "a", "?", **{**values, **changes})  # type: ignore[arg-type]


def test_free_answers_of_an_anonymous_poll_are_read_at_the_end_and_from_five_on() -> None:
    four, five = [str(n) for n in range(ENOUGH - 1)], [str(n) for n in range(ENOUGH)]
    closed = poll(closed_at=NOW)
    assert may_be_read(poll(), five) == ()
    assert may_be_read(closed, four) == ()
    assert sorted(may_be_read(closed, five)) == five
    signed = Rules(anonymous=False, live=True)
    assert may_be_read(poll(rules=signed), four[:1]) == ("0",)
    assert may_be_read(poll(rules=Rules(anonymous=False, live=False)), four) == ()


def test_their_order_is_another_at_each_look() -> None:
    closed, texts = poll(closed_at=NOW), [str(n) for n in range(9)]
    looks = {may_be_read(closed, texts) for _ in range(20)}
    assert len(looks) > 10


@pytest.mark.parametrize("live", [True, False])
def test_results_show_at_the_end_of_an_anonymous_poll_and_from_five_voters_on(live: bool) -> None:
    rules = Rules(live=live)
    assert not poll(rules=rules, voters=9).shows_results
    assert not poll(rules=rules, voters=4, closed_at=NOW).shows_results
    assert poll(rules=rules, voters=5, closed_at=NOW).shows_results
    signed = Rules(anonymous=False, live=live)
    assert poll(rules=signed).shows_results is live
    assert poll(rules=signed, closed_at=NOW).shows_results


def test_how_many_voted_is_rounded_down_while_an_anonymous_poll_is_open() -> None:
    assert poll(voters=9).voters_told == 5
    assert poll(voters=9, closed_at=NOW).voters_told == 9
    assert poll(voters=9, rules=Rules(anonymous=False)).voters_told == 9


@pytest.mark.parametrize(
    ("changes", "left", "due"),
    [
        ({}, DAY, True),
        ({}, DAY + timedelta(minutes=1), False),
        ({}, timedelta(0), False),
        ({"closed_at": NOW}, DAY, False),
        ({"place": "slack:T:C"}, DAY, False),
        ({"closes_at": NOW + 2 * DAY - timedelta(minutes=1)}, DAY, False),
        ({"closes_at": NOW + 2 * DAY}, DAY, True),
    ],
)
def test_a_reminder_is_due_a_day_before_the_end_of_a_long_poll_for_members(
    changes: dict[str, object], left: timedelta, due: bool
) -> None:
    one = poll(**changes)
    assert due_reminder(one, one.closes_at - left) is due
