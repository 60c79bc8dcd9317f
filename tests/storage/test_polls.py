"""The counters of a poll, and what is left of an anonymous one when it has closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, update

from bot.domain.message import State
from bot.domain.poll import MAX_WORDS, POLL, Ballot, Poll, PollAnswer, Rules
from storage import ballots, deliveries, messages, polls, tables, votes
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from tests.storage.rows import NOW, fill

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
steps = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([votes.vote, votes.take_back])),
    max_size=30,
)


def opened(tx: Connection, rules: Rules, options: Sequence[str] = ("a", "b", "c")) -> Poll:
    if tx.execute(select(tables.circle.c.id)).first() is None:
        fill(tx, "ours")
    author = tx.execute(select(tables.person.c.id)).scalar_one()
    ours = CircleTransaction(tx, "ours")
    poll_id = polls.open_poll(ours, author, Ballot("?", tuple(options), NOW + DAY, rules), NOW)
    poll = polls.load(ours, poll_id)
    assert poll
    return poll


def held(tx: CircleTransaction, poll: Poll) -> Poll:
    now = polls.hold(tx, poll.id)
    assert now
    return now


def kept(tx: Connection, poll: Poll) -> int:
    """Rows that hold somebody's answer, sealed or not."""
    b, v = tables.ballot.c, tables.vote.c
    rows = (
        select(func.count()).where(b.subject_id == poll.id),
        select(func.count()).where(v.poll_id == poll.id),
    )
    return sum(tx.execute(each).scalar_one() for each in rows)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.booleans(), st.booleans())
def test_the_counters_are_what_counting_would_give(
    tx: Connection, steps: list[tuple[int, int, object]], many: bool, anonymous: bool
) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(many=many, anonymous=anonymous))
    options = polls.options(ours, poll)
    model: set[tuple[int, int]] = set()
    for person, option, act in steps:
        before = {voter for voter, _ in model}
        if act is votes.vote:
            change = votes.vote(ours, poll, f"person {person}", options[option])
            assert (change is None) is ((person, option) in model)
            model = {each for each in model if many or each[0] != person} | {(person, option)}
        else:
            change = votes.take_back(ours, poll, f"person {person}", options[option])
            assert (change is None) is ((person, option) not in model)
            model -= {(person, option)}
        after = {voter for voter, _ in model}
        assert (change.people if change else 0) == len(after) - len(before)
    for person in range(5):
        chosen = votes.answer_of(ours, poll, f"person {person}").chosen
        assert chosen == {option for voter, option in model if voter == person}
    people = {voter for voter, _ in model}
    assert held(ours, poll).voters == len(people)
    counts = [sum(option == n for _, option in model) for n in range(len(options))]
    assert [o.votes for o in polls.options(ours, poll)] == ([0, 0, 0] if anonymous else counts)
    polls.close(ours, poll, NOW)
    shown = not anonymous or len(people) >= 5
    assert [o.votes for o in polls.options(ours, poll)] == (counts if shown else [0, 0, 0])
    assert held(ours, poll).voters == (len(people) if shown else 0)


def test_who_has_answered_is_known_while_the_poll_is_open(tx: Connection) -> None:
    ours = CircleTransaction(tx, "ours")
    people = [f"person {n}" for n in range(4)]
    for anonymous in (True, False):
        poll = opened(tx, Rules(anonymous=anonymous, asks_words=True))
        votes.vote(ours, poll, people[0], polls.options(ours, poll)[0])
        votes.say(ours, poll, people[1], "words")
        votes.say(ours, poll, people[2], "words")
        votes.say(ours, poll, people[2], "")
        assert votes.answered(ours, poll, people) == set(people[:2])
        assert votes.answer_of(ours, poll, people[1]) == PollAnswer(words="words")


def test_closing_keeps_the_count_and_nothing_that_leads_to_anybody(tx: Connection) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(asks_words=True))
    option = polls.options(ours, poll)[0]
    box = ballots.box(ours, poll.id)
    assert box
    people = [f"person {n}" for n in range(6)]
    for n, person in enumerate(people):
        votes.vote(ours, poll, person, option)
        votes.say(ours, poll, person, f"words {n}")
    assert polls.close(ours, poll, NOW)
    assert not polls.close(ours, poll, NOW)
    closed = polls.load(ours, poll.id)
    assert closed
    assert (closed.voters, closed.closed_at, closed.lost) == (6, NOW, False)
    assert polls.options(ours, closed)[0].votes == 6
    assert kept(tx, closed) == 0
    assert ballots.box(ours, poll.id) is None
    assert poll.id in ballots.scrubs(tx)
    names = tx.execute(select(tables.poll_words.c.voter).where(tables.poll_words.c.poll_id == poll.id))
    assert len(set(names.scalars()) - {box.voter(person) for person in people}) == 6
    assert sorted(votes.words(ours, closed)) == [f"words {n}" for n in range(6)]


def test_a_result_of_fewer_than_five_is_not_even_kept(tx: Connection) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(asks_words=True))
    for n in range(4):
        votes.vote(ours, poll, f"person {n}", polls.options(ours, poll)[0])
        votes.say(ours, poll, f"person {n}", f"words {n}")
    polls.close(ours, poll, NOW)
    closed = held(ours, poll)
    assert closed.voters == 0
    assert not closed.shows_results
    assert [option.votes for option in polls.options(ours, closed)] == [0, 0, 0]
    assert votes.words(ours, closed) == ()


def test_free_words_count_those_who_wrote_and_not_those_who_voted(tx: Connection) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(asks_words=True))
    for n in range(6):
        votes.vote(ours, poll, f"person {n}", polls.options(ours, poll)[0])
        if n < 4:
            votes.say(ours, poll, f"person {n}", f"words {n}")
    polls.close(ours, poll, NOW)
    assert held(ours, poll).shows_results
    assert votes.words(ours, poll) == ()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=MAX_WORDS), st.booleans())
def test_what_was_answered_is_found_again_and_every_ballot_is_as_long(
    tx: Connection, words: str, many: bool
) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(many=many, asks_words=True))
    options = polls.options(ours, poll)
    lengths = set()
    for person, said, chosen in (("a", "", options[:1]), ("b", words, options), ("c", words, ())):
        for option in chosen:
            votes.vote(ours, poll, person, option)
        votes.say(ours, poll, person, said)
        told = frozenset(option.position for option in (chosen if many else chosen[-1:]))
        readable = said.encode("utf-8", "replace").decode()
        assert votes.answer_of(ours, poll, person) == PollAnswer(told, readable)
    rows = tx.execute(select(tables.ballot.c.sealed).where(tables.ballot.c.subject_id == poll.id))
    lengths |= {len(row.sealed) for row in rows}
    assert len(lengths) == 1


def test_free_answers_are_written_in_an_order_drawn_by_lot(tx: Connection) -> None:
    """By where they stand in the table."""
    ours = CircleTransaction(tx, "ours")
    orders = set()
    for _ in range(8):
        poll = opened(tx, Rules(asks_words=True))
        for n in range(6):
            votes.say(ours, poll, f"person {n}", f"words {n}")
        polls.close(ours, poll, NOW)
        place = "rowid" if tx.dialect.name == "sqlite" else "ctid"
        rows = tx.exec_driver_sql(f"SELECT text FROM poll_words WHERE poll_id = '{poll.id}' ORDER BY {place}")
        orders.add(tuple(row.text for row in rows))
    assert len(orders) > 4


def test_a_signed_poll_keeps_who_chose_what(tx: Connection) -> None:
    ours = CircleTransaction(tx, "ours")
    poll = opened(tx, Rules(anonymous=False))
    option = polls.options(ours, poll)[1]
    votes.vote(ours, poll, poll.author_id, option)
    polls.close(ours, poll, NOW)
    assert [option_id for option_id, _ in votes.signed(ours, poll)] == [option.id]


def test_drafts_are_used_once_by_whoever_opened_the_form(tx: Connection) -> None:
    fill(tx, "ours")
    ours = CircleTransaction(tx, "ours")
    author, home = (tx.execute(select(t.c.id)).scalar_one() for t in (tables.person, tables.workspace))
    draft_id = polls.draft(ours, author, home, "slack:T:C", NOW)
    assert polls.load_draft(ours, draft_id, "somebody else") is None
    found = polls.load_draft(ours, draft_id, author)
    assert found
    assert found.place == "slack:T:C"
    assert polls.use_draft(ours, draft_id)
    assert not polls.use_draft(ours, draft_id)


# The card in a channel


def standing(tx: Connection) -> str:
    """A card in a channel that shows what was last asked for; its subject."""
    fill(tx, "ours")
    home = tx.execute(select(tables.workspace.c.id)).scalar_one()
    messages.request(CircleTransaction(tx, "ours"), POLL, "poll", [Recipient.channel(home, "slack:T:C")], NOW)
    (message,) = deliveries.due(tx, home, 0, NOW, 9)
    claimed = deliveries.claim(tx, [message], NOW, NOW + DAY)
    assert claimed
    assert deliveries.mark_shown(tx, [(claimed[0], "C:1")], NOW)
    return home


def row(tx: Connection) -> tuple[str, int, object]:
    m = tables.message.c
    found = tx.execute(select(m.state, m.wanted_version, m.due_at).where(m.subject_id == "poll")).one()
    return (found.state, found.wanted_version, found.due_at)


def vote_at(tx: Connection, second: float) -> None:
    moment = NOW + second * SECOND
    messages.redraw_in_channels(CircleTransaction(tx, "ours"), POLL, "poll", moment, after=2 * SECOND)


def test_votes_within_two_seconds_are_one_change(tx: Connection) -> None:
    standing(tx)
    for second in (10, 10.5, 11.9):
        vote_at(tx, second)
    assert row(tx) == (State.WAITING, 4, NOW + 12 * SECOND)


def test_votes_while_a_change_is_on_its_way_wait_their_two_seconds_too(tx: Connection) -> None:
    home = standing(tx)
    vote_at(tx, 10)
    (message,) = deliveries.due(tx, home, 3, NOW + 12 * SECOND, 9)
    claimed = deliveries.claim(tx, [message], NOW + 12 * SECOND, NOW + DAY)
    assert claimed
    for second in (12.1, 12.3):
        vote_at(tx, second)
    deliveries.mark_shown(tx, [(claimed[0], "C:1")], NOW + 12.4 * SECOND)
    assert row(tx) == (State.WAITING, 4, NOW + 14.1 * SECOND)


def test_a_change_asked_for_at_once_is_not_put_off_by_a_later_one(tx: Connection) -> None:
    home = standing(tx)
    vote_at(tx, 10)
    (message,) = deliveries.due(tx, home, 3, NOW + 12 * SECOND, 9)
    claimed = deliveries.claim(tx, [message], NOW + 12 * SECOND, NOW + DAY)
    assert claimed
    messages.redraw(CircleTransaction(tx, "ours"), POLL, "poll", NOW + 12.1 * SECOND)
    messages.redraw(CircleTransaction(tx, "ours"), POLL, "poll", NOW + 12.2 * SECOND, after=DAY)
    deliveries.mark_shown(tx, [(claimed[0], "C:1")], NOW + 12.4 * SECOND)
    assert row(tx)[2] == NOW + 12.4 * SECOND


def test_a_persons_own_copy_is_left_alone(tx: Connection) -> None:
    standing(tx)
    m = tables.message.c
    person = tx.execute(select(tables.person.c.id)).scalar_one()
    tx.execute(update(tables.message).where(m.subject_id == "poll").values(person_id=person))
    vote_at(tx, 10)
    assert row(tx)[:2] == (State.SHOWN, 1)


def test_a_foreign_circle_holds_nothing(tx: Connection) -> None:
    poll = opened(tx, Rules())
    option = polls.options(CircleTransaction(tx, "ours"), poll)[0].id
    for circle_id in ("theirs", ""):
        circle = CircleTransaction(tx, circle_id)
        assert polls.load(circle, poll.id) is None
        assert polls.hold(circle, poll.id) is None
        assert polls.hold_by_option(circle, option) is None
        assert polls.options(circle, replace(poll, circle_id=circle_id)) == ()
    assert tx.execute(select(func.count()).select_from(tables.vote)).scalar_one() == 1  # of `fill`
