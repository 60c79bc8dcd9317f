"""What people answer to a poll: votes and free words.

In a signed poll they are rows under the person's id, and the counters of the options move with them. In an
anonymous one they are sealed ballots (`storage.ballots`): nothing is counted before the poll closes. Whatever
changes an answer holds the poll (`storage.polls.hold`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, delete, insert, select, update

from bot.domain.errors import KeyChanged
from bot.domain.poll import MAX_OPTIONS, Option, Poll, PollAnswer, shuffled
from bot.domain.secrecy import enough
from storage import ballots, tables
from storage.ballots import Box
from storage.rows import among
from storage.tables import new_id
from storage.transaction import CircleTransaction

_p, _o, _v, _w = tables.poll.c, tables.poll_option.c, tables.vote.c, tables.poll_words.c
_who = tables.account.c
NOTHING = PollAnswer()


@dataclass(frozen=True, slots=True)
class Change:
    """An answer is another than before. `people`: how many more people have answered, -1 to 1."""

    people: int = 0


def vote(tx: CircleTransaction, poll: Poll, person_id: str, option: Option) -> Change | None:
    """Where one answer is asked for, it takes the place of another. None if it was there. Raises
    KeyChanged."""
    if not poll.rules.anonymous:
        return _vote_signed(tx, poll, person_id, option)
    kept = poll.rules.many

    def add(answer: PollAnswer) -> PollAnswer:
        return replace(answer, chosen=(answer.chosen if kept else frozenset()) | {option.position})

    return _change_ballot(tx, poll, person_id, add)


def take_back(tx: CircleTransaction, poll: Poll, person_id: str, option: Option) -> Change | None:
    """None if there was no such vote. Raises KeyChanged."""
    if not poll.rules.anonymous:
        return _take_signed_back(tx, poll, person_id, option)

    def drop(answer: PollAnswer) -> PollAnswer:
        return replace(answer, chosen=answer.chosen - {option.position})

    return _change_ballot(tx, poll, person_id, drop)


def say(tx: CircleTransaction, poll: Poll, person_id: str, text: str) -> Change | None:
    """Put free words in the place of what that person said before; empty for nothing. None if they are the
    same. Raises KeyChanged."""
    if not poll.rules.anonymous:
        return _say_signed(tx, poll, person_id, text)
    return _change_ballot(tx, poll, person_id, lambda answer: replace(answer, words=text))


def answer_of(tx: CircleTransaction, poll: Poll, person_id: str) -> PollAnswer:
    """Return what that person answered; nothing for an anonymous poll that has closed. Raises KeyChanged."""
    if not poll.rules.anonymous:
        return PollAnswer(_chosen_positions(tx, poll, person_id), _said(tx, poll, person_id))
    box = ballots.box(tx, poll.id)
    return _on_ballot(tx, box, box.voter(person_id)) if box else NOTHING


def answered(tx: CircleTransaction, poll: Poll, person_ids: Collection[str]) -> frozenset[str]:
    """Return who of these people has answered; nobody for an anonymous poll that has closed, or whose ballots
    cannot be read."""
    if not poll.rules.anonymous:
        return _signed_by(tx, poll, person_ids)
    try:
        box = ballots.box(tx, poll.id)
    except KeyChanged:
        box = None
    return ballots.answered(tx, box, person_ids) if box else frozenset()


_words = select(_w.text).where(_w.circle_id == bindparam("circle"), _w.poll_id == bindparam("poll"))


def words(tx: CircleTransaction, poll: Poll) -> tuple[str, ...]:
    """Return the free answers in no order (see `bot.domain.poll.may_be_read`); of an anonymous poll once it
    has closed."""
    if not poll.rules.asks_words:
        return ()
    return tuple(tx.execute(_words, {"circle": poll.circle_id, "poll": poll.id}).scalars())


_voters = (
    update(tables.poll)
    .where(_p.circle_id == bindparam("circle"), _p.id == bindparam("poll"))
    .values(voters=_p.voters + bindparam("more"))
)


def _count_voters(tx: CircleTransaction, poll: Poll, more: int) -> None:
    if more:
        tx.execute(_voters, {"circle": poll.circle_id, "poll": poll.id, "more": more})


# Signed


_one = (
    _v.circle_id == bindparam("circle"),
    _v.poll_id == bindparam("poll"),
    _v.voter == bindparam("who"),
)
_chosen = select(_v.option_id).where(*_one)
_positions = (
    select(_o.position)
    .join(tables.vote, (_v.circle_id == _o.circle_id) & (_v.option_id == _o.id))
    .where(*_one)
)
_put = insert(tables.vote)
_taken = delete(tables.vote).where(*_one, _v.option_id == bindparam("option"))
_counted = (
    update(tables.poll_option)
    .where(_o.circle_id == bindparam("circle"), _o.id == bindparam("option"))
    .values(votes=_o.votes + bindparam("more"))
)


def _theirs(poll: Poll, person_id: str) -> dict[str, str]:
    return {"circle": poll.circle_id, "poll": poll.id, "who": person_id}


def _chosen_positions(tx: CircleTransaction, poll: Poll, person_id: str) -> frozenset[int]:
    return frozenset(tx.execute(_positions, _theirs(poll, person_id)).scalars())


def _vote_signed(tx: CircleTransaction, poll: Poll, person_id: str, option: Option) -> Change | None:
    had = frozenset(tx.execute(_chosen, _theirs(poll, person_id)).scalars())
    if option.id in had:
        return None
    for other in frozenset() if poll.rules.many else had:
        _take(tx, poll, person_id, other)
    row = {"circle_id": poll.circle_id, "poll_id": poll.id, "voter": person_id, "option_id": option.id}
    tx.execute(_put, row)
    _count(tx, poll, option.id, 1)
    change = Change(0 if had else 1)
    _count_voters(tx, poll, change.people)
    return change


def _take_signed_back(tx: CircleTransaction, poll: Poll, person_id: str, option: Option) -> Change | None:
    had = frozenset(tx.execute(_chosen, _theirs(poll, person_id)).scalars())
    if option.id not in had:
        return None
    _take(tx, poll, person_id, option.id)
    change = Change(-1 if len(had) == 1 else 0)
    _count_voters(tx, poll, change.people)
    return change


def _take(tx: CircleTransaction, poll: Poll, person_id: str, option_id: str) -> None:
    tx.execute(_taken, {**_theirs(poll, person_id), "option": option_id})
    _count(tx, poll, option_id, -1)


def _count(tx: CircleTransaction, poll: Poll, option_id: str, more: int) -> None:
    tx.execute(_counted, {"circle": poll.circle_id, "option": option_id, "more": more})


_own_words = _words.where(_w.voter == bindparam("who"))


def _said(tx: CircleTransaction, poll: Poll, person_id: str) -> str:
    """Asks nothing of a poll that asks for no words."""
    if not poll.rules.asks_words:
        return ""
    return tx.execute(_own_words, _theirs(poll, person_id)).scalar() or ""


def _say_signed(tx: CircleTransaction, poll: Poll, person_id: str, text: str) -> Change | None:
    mine = {"circle_id": poll.circle_id, "poll_id": poll.id, "voter": person_id}
    tx.execute(delete(tables.poll_words).where(*(_w[name] == value for name, value in mine.items())))
    if text:
        tx.execute(insert(tables.poll_words).values(**mine, text=text))
    return Change()


def _signed_by(tx: CircleTransaction, poll: Poll, person_ids: Collection[str]) -> frozenset[str]:
    voted = select(_v.voter).where(_v.circle_id == poll.circle_id, _v.poll_id == poll.id)
    spoke = select(_w.voter).where(_w.circle_id == poll.circle_id, _w.poll_id == poll.id)
    both = voted.where(among(_v.voter, "people")).union(spoke.where(among(_w.voter, "people")))
    return frozenset(tx.execute(both, {"people": list(person_ids)}).scalars())


def signed(tx: CircleTransaction, poll: Poll) -> list[tuple[str, str]]:
    """(option, name) of a poll that is not anonymous, by name."""
    mine = (_v.circle_id == poll.circle_id, _v.poll_id == poll.id)
    theirs = (_who.circle_id == _v.circle_id) & (_who.person_id == _v.voter) & _who.receives
    voters = tables.vote.join(tables.account, theirs)
    rows = tx.execute(select(_v.option_id, _who.name).select_from(voters).where(*mine).order_by(_who.name))
    return [(row.option_id, row.name) for row in rows]


# Anonymous


def _on_ballot(tx: CircleTransaction, box: Box, voter: str) -> PollAnswer:
    content = ballots.answer(tx, box, voter)
    return PollAnswer.unpacked(content) if content else NOTHING


def _change_ballot(
    tx: CircleTransaction, poll: Poll, person_id: str, change: Callable[[PollAnswer], PollAnswer]
) -> Change | None:
    """An answer that is taken back whole leaves no ballot."""
    box = ballots.box(tx, poll.id)
    assert box is not None, "an open poll has its box"
    voter = box.voter(person_id)
    before = _on_ballot(tx, box, voter)
    after = change(before)
    if after == before:
        return None
    if after == NOTHING:
        ballots.withdraw(tx, box, voter)
    else:
        ballots.cast(tx, box, voter, after.packed(poll.rules))
    done = Change((after != NOTHING) - (before != NOTHING))
    _count_voters(tx, poll, done.people)
    return done


_result = (
    update(tables.poll_option)
    .where(
        _o.circle_id == bindparam("circle"),
        _o.poll_id == bindparam("poll"),
        _o.position == bindparam("place"),
    )
    .values(votes=bindparam("counted"))
)


def count_ballots(tx: CircleTransaction, poll: Poll) -> None:
    """Empty the box of an anonymous poll that closes, and keep its result: counts if enough people voted,
    free words if enough people wrote some. Every counter is written, so that no row tells by its transaction
    whose press wrote it."""
    contents = ballots.empty(tx, poll.id)
    answers = [PollAnswer.unpacked(content) for content in contents or ()]
    voted = [answer.chosen for answer in answers if answer.chosen]
    told = voted if enough(len(voted)) else []
    mine = (_p.circle_id == poll.circle_id, _p.id == poll.id)
    tx.execute(update(tables.poll).where(*mine).values(voters=len(told), lost=contents is None))
    counts = Counter(position for chosen in told for position in chosen)
    where = {"circle": poll.circle_id, "poll": poll.id}
    rows = [{**where, "place": place, "counted": counts[place]} for place in range(MAX_OPTIONS)]
    tx.execute(_result, rows)
    _keep_words(tx, poll, [answer.words for answer in answers if answer.words])


def _keep_words(tx: CircleTransaction, poll: Poll, said: Sequence[str]) -> None:
    """In an order drawn by lot, under names made up."""
    if enough(len(said)):
        of = {"circle_id": poll.circle_id, "poll_id": poll.id}
        rows = [{**of, "voter": new_id(), "text": text} for text in shuffled(said)]
        tx.execute(insert(tables.poll_words), rows)
