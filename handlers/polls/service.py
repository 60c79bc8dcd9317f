"""Polls: opening, voting, adding, showing elsewhere, closing, opening again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.chat.form import Answers
from bot.chat.text import Mention
from bot.context import Context, Reading, Scope
from bot.domain.circle import Person
from bot.domain.errors import (
    BadInput,
    FormGone,
    NoChannelHere,
    NoMoreOptions,
    NotSharedPoll,
    NotYourPoll,
    NoWordsAsked,
    PollClosed,
    PollGone,
    Problems,
    TooManyWords,
)
from bot.domain.message import Kind
from bot.domain.poll import (
    MAX_OPTIONS,
    MAX_WORDS,
    POLL,
    POLL_AGAIN,
    POLL_AUTHOR,
    POLL_LOST,
    POLL_REMINDER,
    Ballot,
    Draft,
    Option,
    Poll,
    Quick,
    Repeat,
    Rules,
    closing_again,
    due_reminder,
    may_be_read,
    read_another,
    read_closing,
    read_options,
    read_question,
    schedule,
    tidy,
    usual_closing,
)
from bot.domain.schedule import due
from handlers.polls.cards import ANYWHERE, MEMBERS, RULES, Listed, View
from storage import channels, entries, messages, people, polls, slots, votes
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from storage.votes import Change

T = TypeVar("T")

KINDS = (POLL, POLL_REMINDER, POLL_AUTHOR, POLL_AGAIN)
"""All that shows somebody a poll."""
COALESCED = timedelta(seconds=2)
"""Votes within that time are one change of a card in a channel: 30 a minute, of the 50 that Slack allows a
workspace."""
SOON = timedelta(minutes=1)
"""By when everybody's own copy shows an option that was added, and its author's card the votes of others."""
LISTED = 5


# Opening


def start(ctx: Context, place: str) -> Draft:
    """A form is about to be opened here. Raises MembersOnly."""
    ctx.as_member()
    return draft(ctx, _noted(ctx, place))


def _noted(ctx: Context, place: str) -> str:
    workspace_id = ctx.person.workspace_id
    return polls.draft(ctx.tx, ctx.person.id, workspace_id, place, ctx.now)


def draft(ctx: Context, draft_id: str) -> Draft:
    """Raises MembersOnly; FormGone if it was used, or is somebody else's."""
    ctx.as_member()
    found = polls.load_draft(ctx.tx, draft_id, ctx.person.id)
    if found is None:
        raise FormGone
    return found


def proposed_closing(ctx: Context) -> datetime:
    country = ctx.member.preferences.country if ctx.member else ""
    return usual_closing(ctx.now, ctx.person.zone, country)


def open_quickly(ctx: Context, place: str, quick: Quick) -> Poll:
    """In this channel, with the usual rules. Raises MembersOnly or BadInput."""
    ctx.as_member()
    ballot = Ballot(
        read_question(quick.question),
        read_options(quick.options),
        proposed_closing(ctx),
        place=place,
        workspace_id=ctx.person.workspace_id,
    )
    return _open(ctx.tx, ctx.person, ballot, [_channel(ctx, place)], ctx.now)


def open_poll(ctx: Context, draft_id: str, answers: Answers) -> Poll:
    """Raises MembersOnly, FormGone or Problems."""
    found = draft(ctx, draft_id)
    ballot = _read(ctx, found, answers)
    polls.use_draft(ctx.tx, draft_id)
    where = [_channel(ctx, ballot.place)] if ballot.place else _members(ctx.tx, ctx.person)
    return _open(ctx.tx, ctx.person, ballot, where, ctx.now)


def _read(ctx: Context, draft: Draft, answers: Answers) -> Ballot:
    """All that is wrong with it at once. Raises Problems."""
    problems: list[BadInput] = []
    question = _or_problem(problems, lambda: read_question(answers.text("question")))
    options = _or_problem(problems, lambda: read_options(filter(tidy, answers.text("options").splitlines())))
    closes_at = _or_problem(problems, lambda: _closing(ctx, answers))
    if question is None or options is None or closes_at is None:
        raise Problems(*problems)
    rules, where = answers.many("rules"), answers.text("where")
    place = draft.place if where != MEMBERS else ""
    return Ballot(
        question,
        options,
        closes_at,
        Rules(**{name: name in rules for name in RULES}),
        _repeats(answers),
        place,
        draft.workspace_id if place else None,
        shared=bool(place) and where == ANYWHERE,
    )


def _or_problem(problems: list[BadInput], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except BadInput as problem:
        problems.append(problem)
        return None


def _closing(ctx: Context, answers: Answers) -> datetime:
    return read_closing(answers.text("closes_date"), answers.text("closes_time"), ctx.person.zone, ctx.now)


def _repeats(answers: Answers) -> Repeat:
    named = answers.text("repeats")
    return Repeat(named) if named in tuple(Repeat) else Repeat.NEVER


def _open(
    tx: CircleTransaction,
    author: Person,
    ballot: Ballot,
    where: Sequence[Recipient],
    now: datetime,
    series: str = "",
    authors: Kind = POLL_AUTHOR,
) -> Poll:
    poll_id = polls.open_poll(tx, author.id, ballot, now, series)
    poll = polls.load(tx, poll_id)
    assert poll is not None
    messages.request(tx, POLL, poll_id, where, now)
    messages.request(tx, authors, poll_id, [Recipient.of(author)], now)
    if poll.to_members:
        entries.write(tx, "log.poll_opened", now, question=poll.question)
    _take_past_slots(tx, poll, author.zone, now)
    return poll


def _take_past_slots(tx: CircleTransaction, poll: Poll, zone: str, now: datetime) -> None:
    """The day on which a series begins is done with: that is this poll."""
    if poll.repeats and poll.series == poll.id:
        when = schedule(poll, poll.opened_at, zone)
        for slot in due(when, now, ()):
            slots.win(tx, when.name, slot.local_date, now)


def _channel(ctx: Context, place: str) -> Recipient:
    return Recipient.channel(ctx.person.workspace_id, place)


def _members(tx: CircleTransaction, author: Person) -> list[Recipient]:
    """Everybody but the author, whose own card has the buttons too."""
    everyone = people.everyone(tx)
    return [Recipient.of(person) for person, _ in everyone if person.id != author.id]


# Voting


def vote(ctx: Context, option_id: str) -> tuple[Poll, bool]:
    """The poll, and whether that is news: a double click is one vote. Raises PollGone, PollClosed,
    MembersOnly or KeyChanged."""
    poll, option = _offered(ctx, option_id)
    change = votes.vote(ctx.tx, poll, ctx.person.id, option)
    _show(ctx, poll, change)
    return poll, change is not None


def take_back(ctx: Context, option_id: str) -> Poll:
    """Raises PollGone, PollClosed, MembersOnly or KeyChanged."""
    poll, option = _offered(ctx, option_id)
    _show(ctx, poll, votes.take_back(ctx.tx, poll, ctx.person.id, option))
    return poll


def _offered(ctx: Context, option_id: str) -> tuple[Poll, Option]:
    held = polls.hold_by_option(ctx.tx, option_id)
    if held is None:
        raise PollGone
    return _answerable(ctx, held[0]), held[1]


def answerable(ctx: Context, poll_id: str) -> Poll:
    """A poll that this person may answer now. Raises PollGone, PollClosed or MembersOnly."""
    return _answerable(ctx, polls.hold(ctx.tx, poll_id))


def _answerable(ctx: Context, poll: Poll | None) -> Poll:
    if poll is None:
        raise PollGone
    if poll.to_members:
        ctx.as_member()
    if not poll.is_open(ctx.now):
        raise PollClosed
    return poll


def _show(ctx: Context, poll: Poll, change: Change | None) -> None:
    """Have the cards drawn again that a changed answer changes."""
    if change is None:
        return
    if poll.rules.anonymous:
        _show_secret(ctx, poll, change)
    else:
        _show_everywhere(ctx, poll)


def _show_everywhere(ctx: Context, poll: Poll) -> None:
    """Have the cards in channels drawn again, this person's own, and where it counts votes the author's: as
    few however many vote."""
    author = _to_author(poll)
    if not poll.to_members:
        messages.redraw_in_channels(
            ctx.tx, POLL, poll.id, ctx.now, after=COALESCED, followed_by=author, later=SOON
        )
    elif poll.shows_results:
        messages.redraw(ctx.tx, author, poll.id, ctx.now, after=SOON)
    if poll.to_members or _is_mine(ctx, poll):
        messages.redraw_for(ctx.tx, ctx.person.id, poll.id, ctx.now)


def _to_author(poll: Poll) -> Kind:
    """Return the kind of the card that its author has."""
    return POLL_AUTHOR if poll.series == poll.id else POLL_AGAIN


def _show_secret(ctx: Context, poll: Poll, change: Change) -> None:
    """The cards in channels when the number of voters that they tell is another; a member's own when it is
    their first answer, or was their last. Else an answer changes no card."""
    if poll.to_members:
        if change.people:
            messages.redraw_for(ctx.tx, ctx.person.id, poll.id, ctx.now)
    elif replace(poll, voters=poll.voters + change.people).voters_told != poll.voters_told:
        messages.redraw_in_channels(ctx.tx, POLL, poll.id, ctx.now, after=COALESCED)
        messages.redraw(ctx.tx, _to_author(poll), poll.id, ctx.now, after=COALESCED)


def say(ctx: Context, poll_id: str, typed: str) -> Poll:
    """A free answer, in the place of an earlier one; nothing takes it back. Raises NoWordsAsked,
    TooManyWords, PollGone, PollClosed, MembersOnly or KeyChanged."""
    poll = asks_words(ctx, poll_id)
    if len(typed) > MAX_WORDS:
        raise TooManyWords(limit=MAX_WORDS, length=len(typed))
    _show(ctx, poll, votes.say(ctx.tx, poll, ctx.person.id, typed if tidy(typed) else ""))
    return poll


def asks_words(ctx: Context, poll_id: str) -> Poll:
    poll = answerable(ctx, poll_id)
    if not poll.rules.asks_words:
        raise NoWordsAsked
    return poll


def add_option(ctx: Context, poll_id: str, typed: str) -> Poll:
    """Raises NoMoreOptions, BadInput, PollGone, PollClosed or MembersOnly."""
    poll = takes_options(ctx, poll_id)
    labels = [option.label for option in polls.options(ctx.tx, poll)]
    another = read_another(typed, labels)
    polls.add_option(ctx.tx, poll.id, another, len(labels))
    for kind in KINDS:
        messages.redraw(ctx.tx, kind, poll.id, ctx.now, after=SOON)
    _show_everywhere(ctx, poll)
    return poll


def takes_options(ctx: Context, poll_id: str) -> Poll:
    poll = answerable(ctx, poll_id)
    if not poll.rules.open_options or len(polls.options(ctx.tx, poll)) >= MAX_OPTIONS:
        raise NoMoreOptions
    return poll


def refresh(ctx: Context, poll_id: str) -> None:
    """One's own copy, as things stand. Raises PollGone."""
    poll = polls.load(ctx.tx, poll_id)
    if poll is None:
        raise PollGone
    messages.redraw_for(ctx.tx, ctx.person.id, poll.id, ctx.now)


def signed(ctx: Context, poll_id: str) -> tuple[Poll, Sequence[tuple[str, str]]]:
    """Who chose what, of a poll that says so on its card, once its results show: (option, name). Raises
    PollGone or MembersOnly."""
    poll = polls.load(ctx.tx, poll_id)
    if poll is None or poll.rules.anonymous or not poll.shows_results:
        raise PollGone
    if poll.to_members:
        ctx.as_member()
    return poll, votes.signed(ctx.tx, poll)


# Where it stands


def listed(ctx: Context, place: str) -> list[Listed]:
    """The open polls that concern this person, and which of them may be shown in this channel."""
    found = polls.open_polls(ctx.tx, ctx.now)
    ours = [each for each in found if _is_mine(ctx, each) or (ctx.member and _is_public(each))][:LISTED]
    may_be_shown = place and any(_may_show(ctx, poll) for poll in ours)
    here = _noted(ctx, place) if may_be_shown else ""
    return [Listed(poll, _is_mine(ctx, poll), here if _may_show(ctx, poll) else "") for poll in ours]


def _is_mine(ctx: Context, poll: Poll) -> bool:
    return poll.author_id == ctx.person.id


def _is_public(poll: Poll) -> bool:
    return poll.to_members or poll.shared


def _may_show(ctx: Context, poll: Poll) -> bool:
    """Its author anywhere, other members where the author allowed it; what goes to members only, nobody."""
    return not poll.to_members and (_is_mine(ctx, poll) or (poll.shared and ctx.member is not None))


def show_here(ctx: Context, poll_id: str, draft_id: str) -> Poll:
    """Have it stand in the channel that the draft knows too. Raises NoChannelHere, PollGone, PollClosed or
    NotSharedPoll."""
    poll = answerable(ctx, poll_id)
    found = polls.load_draft(ctx.tx, draft_id, ctx.person.id)
    if found is None or not found.place:
        raise NoChannelHere
    if not _may_show(ctx, poll):
        raise NotSharedPoll
    messages.request(ctx.tx, POLL, poll.id, [_channel(ctx, found.place)], ctx.now)
    return poll


def retry(ctx: Context, poll_id: str) -> None:
    """Put it again where it could not be put. Raises PollGone or NotYourPoll."""
    poll = mine(ctx, poll_id)
    for copy in polls.standing(ctx.tx, poll):
        if copy.lost:
            messages.retry_undelivered(ctx.tx, copy.message_id, ctx.now)
    messages.redraw_for(ctx.tx, ctx.person.id, poll.id, ctx.now)


def tell_lost(tx: CircleTransaction, poll_id: str, now: datetime) -> None:
    """Tell the author that a channel did not take their poll: on their card of it and, if they opened it
    themselves, in a message of its own, because a card that changes notifies nobody."""
    poll = polls.load(tx, poll_id)
    if poll is None:
        return
    for kind in (POLL_AUTHOR, POLL_AGAIN, POLL_LOST):
        messages.redraw(tx, kind, poll_id, now)
    if poll.series == poll.id:
        author, _ = people.load(tx, poll.author_id)
        messages.request(tx, POLL_LOST, poll_id, [Recipient.of(author)], now)


def lost_places(scope: Scope, poll: Poll) -> list[Mention]:
    """Return the channels that did not take it."""
    lost = [copy.where.address for copy in polls.standing(scope.tx, poll) if copy.lost]
    names = channels.names(scope.tx, lost)
    return [Mention(address, names.get(address) or scope.t("undelivered.a_channel")) for address in lost]


def is_lost(tx: CircleTransaction, poll: Poll) -> bool:
    return any(copy.lost for copy in polls.standing(tx, poll))


# Changing and closing


def mine(ctx: Context, poll_id: str) -> Poll:
    """Raises PollGone or NotYourPoll."""
    poll = polls.hold(ctx.tx, poll_id)
    if poll is None:
        raise PollGone
    if not _is_mine(ctx, poll):
        raise NotYourPoll
    return poll


def changeable(ctx: Context, poll_id: str) -> Poll:
    poll = mine(ctx, poll_id)
    if not poll.is_open(ctx.now):
        raise PollClosed
    return poll


def change(ctx: Context, poll_id: str, answers: Answers) -> Poll:
    """Close it now, or at another time; have it repeat or not. Raises PollGone, NotYourPoll, PollClosed or
    BadPollClosing."""
    poll = changeable(ctx, poll_id)
    repeats = _repeats(answers)
    polls.repeat(ctx.tx, poll, repeats, ctx.now)
    _take_past_slots(ctx.tx, replace(poll, repeats=repeats), ctx.person.zone, ctx.now)
    if answers.yes("now"):
        close(ctx.tx, poll, ctx.now)
    else:
        polls.mark(ctx.tx, poll, closes_at=_closing(ctx, answers))
        _redraw(ctx.tx, poll, ctx.now)
    return mine(ctx, poll_id)


def stop_repeating(ctx: Context, poll_id: str) -> None:
    """Raises PollGone or NotYourPoll."""
    poll = mine(ctx, poll_id)
    polls.repeat(ctx.tx, poll, Repeat.NEVER, ctx.now)
    messages.redraw_for(ctx.tx, ctx.person.id, poll.id, ctx.now)


def close(tx: CircleTransaction, poll: Poll, now: datetime) -> bool:
    """The count stands, every copy says so, and no choice leads to anybody any more."""
    held = polls.hold(tx, poll.id)
    if held is None or not polls.close(tx, held, now):
        return False
    if poll.to_members:
        _tell(tx, poll.id, now)
    _redraw(tx, poll, now)
    return True


def _tell(tx: CircleTransaction, poll_id: str, now: datetime) -> None:
    """In the public log, how many voted where that may be told."""
    poll = polls.load(tx, poll_id)
    assert poll is not None
    if poll.shows_results:
        entries.write(tx, "log.poll_closed", now, question=poll.question, voters=str(poll.voters))
    else:
        entries.write(tx, "log.poll_few", now, question=poll.question)


def _redraw(tx: CircleTransaction, poll: Poll, now: datetime) -> None:
    for kind in KINDS:
        messages.redraw(tx, kind, poll.id, now)


def remind(tx: CircleTransaction, poll: Poll, now: datetime) -> bool:
    """One message to each member who has the poll and has not answered."""
    if not due_reminder(poll, now):
        return False
    readers = [reader for reader in polls.readers(tx, poll) if reader.person_id]
    done = votes.answered(tx, poll, [reader.person_id for reader in readers if reader.person_id])
    silent = [reader for reader in readers if reader.person_id not in done]
    messages.request(tx, POLL_REMINDER, poll.id, silent, now)
    polls.mark(tx, poll, reminded_at=now)
    return True


def open_again(tx: CircleTransaction, poll_id: str, now: datetime) -> None:
    """The next of its series, where the last one stood; none once its author has left the circle."""
    poll = polls.hold(tx, poll_id)
    if poll is None or not poll.repeats:
        return
    polls.repeat(tx, poll, Repeat.NEVER, now)
    close(tx, poll, now)
    author, member = people.load(tx, poll.author_id)
    first = polls.load(tx, poll.series)
    if member is None or first is None:
        return
    where = [copy.where for copy in polls.standing(tx, poll)] or _members(tx, author)
    closes_at = closing_again(first.opened_at, first.closes_at, author.zone, now)
    labels = tuple(option.label for option in polls.options(tx, poll))
    ballot = Ballot(
        poll.question, labels, closes_at, poll.rules, poll.repeats, poll.place, poll.workspace_id, poll.shared
    )
    _open(tx, author, ballot, where, now, poll.series, POLL_AGAIN)


# What is seen


def view(ctx: Context, poll: Poll) -> View:
    """What this person sees of a poll in an answer that only they see. Raises KeyChanged."""
    answer = votes.answer_of(ctx.tx, poll, ctx.person.id)
    return replace(_common(ctx.tx, poll), chosen=answer.chosen, own_words=answer.words)


def shown(reading: Reading, poll: Poll) -> View:
    """What a message shows of a poll. What its reader answered to an anonymous one stands in no message."""
    view = reading.once(_common, poll)
    if reading.reader is None:
        return view
    if poll.rules.anonymous:
        readers = reading.readers or frozenset((reading.reader.id,))
        return replace(view, voted=reading.reader.id in reading.once(votes.answered, poll, readers))
    answer = votes.answer_of(reading.tx, poll, reading.reader.id)
    voted = answer != votes.NOTHING
    return replace(view, chosen=answer.chosen, own_words=answer.words, voted=voted)


def _common(tx: CircleTransaction, poll: Poll) -> View:
    """What everybody sees of it."""
    readable = may_be_read(poll, votes.words(tx, poll)) if poll.lets_words_be_read else ()
    return View(poll, polls.options(tx, poll), words=readable)


def has_voted(ctx: Context, poll: Poll) -> bool:
    return bool(votes.answered(ctx.tx, poll, [ctx.person.id]))


def vote_of(ctx: Context, poll_id: str) -> Poll:
    """A poll in which this person asks to see what they answered. Raises PollGone, PollClosed or
    MembersOnly."""
    return _answerable(ctx, polls.load(ctx.tx, poll_id))


def author(tx: CircleTransaction, poll: Poll) -> Mention:
    found, _ = people.load(tx, poll.author_id)
    return Mention(found.address, found.name)
