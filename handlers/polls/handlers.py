"""What polls hear, and how their messages are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.domain.message import Message
from bot.domain.poll import POLL_LOST, Poll, Quick, parse_quick
from bot.domain.working_time import zone_or
from handlers.actions import OpenPoll
from handlers.polls import cards, service
from handlers.polls.cards import (
    AddOption,
    ChangePoll,
    OpenAddOption,
    OpenBallot,
    OpenChangePoll,
    OpenPollWords,
    RefreshPoll,
    SayWords,
    ShowAgain,
    ShowHere,
    ShowVoters,
    StopRepeating,
    TakeBack,
    View,
    Vote,
)
from storage import messages, polls
from storage.transaction import CircleTransaction, Transaction

router: Router[Context] = Router()


# Opening


def ballot_form(ctx: Context, action: OpenBallot) -> Form:
    closes = service.proposed_closing(ctx).astimezone(zone_or(ctx.person.zone))
    return cards.ballot_form(ctx.t, service.draft(ctx, action.draft), closes)


def _ask(ctx: Context, place: str, quick: Quick) -> Reply:
    closes = service.proposed_closing(ctx).astimezone(zone_or(ctx.person.zone))
    return Ask(cards.ballot_form(ctx.t, service.start(ctx, place), closes, quick))


@router.command("poll", "sondage", hint="verb.poll")
def poll_command(ctx: Context, event: Command, rest: str) -> Reply:
    """Options typed in a channel are put to the vote there at once. To write to every member takes a form."""
    quick = parse_quick(rest)
    if quick.options and event.place:
        return Say(cards.opened(ctx.t, service.open_quickly(ctx, event.place, quick)))
    return _ask(ctx, event.place, quick)


@router.click(OpenPoll)
def open_form(ctx: Context, event: Click, _: OpenPoll) -> Reply:
    return _ask(ctx, event.place, Quick())


@router.submission(OpenBallot, ballot_form)
def open_ballot(ctx: Context, event: Submission, action: OpenBallot) -> Reply:
    return Say(cards.opened(ctx.t, service.open_poll(ctx, action.draft, event.answers)))


# Voting


def _view(ctx: Context, poll: Poll) -> View:
    return service.view(ctx.tx, poll, ctx.person.id)


def _shown(ctx: Context, poll: Poll) -> Reply:
    """In a channel, an answer for that person alone; their own copy shows it by itself."""
    return None if poll.to_members else Say(cards.choice(ctx.t, _view(ctx, poll)), _secret(poll))


def _secret(poll: Poll) -> str:
    """The id of a secret poll, whose choice is never stored beside a person."""
    return poll.id if poll.rules.anonymous else ""


@router.click(Vote)
def vote(ctx: Context, event: Click, action: Vote) -> Reply:
    poll, new = service.vote(ctx, action.option)
    card = cards.choice(ctx.t, _view(ctx, poll), new=new)
    return None if poll.to_members else Say(card, _secret(poll))


@router.click(TakeBack)
def take_back(ctx: Context, event: Click, action: TakeBack) -> Reply:
    poll = service.take_back(ctx, action.option)
    return None if poll.to_members else Replace(cards.choice(ctx.t, _view(ctx, poll)), _secret(poll))


def words_form(ctx: Context, action: SayWords) -> Form:
    return cards.words_form(ctx.t, _view(ctx, service.asks_words(ctx, action.poll)))


@router.click(OpenPollWords)
def open_words(ctx: Context, event: Click, action: OpenPollWords) -> Reply:
    return Ask(words_form(ctx, SayWords(action.poll)))


@router.submission(SayWords, words_form)
def say(ctx: Context, event: Submission, action: SayWords) -> Reply:
    return _shown(ctx, service.say(ctx, action.poll, event.answers.text("words")))


def add_form(ctx: Context, action: AddOption) -> Form:
    return cards.add_form(ctx.t, _view(ctx, service.takes_options(ctx, action.poll)))


@router.click(OpenAddOption)
def open_add(ctx: Context, event: Click, action: OpenAddOption) -> Reply:
    return Ask(add_form(ctx, AddOption(action.poll)))


@router.submission(AddOption, add_form)
def add_option(ctx: Context, event: Submission, action: AddOption) -> Reply:
    service.add_option(ctx, action.poll, event.answers.text("options"))
    return None


@router.click(RefreshPoll)
def refresh(ctx: Context, event: Click, action: RefreshPoll) -> Reply:
    service.refresh(ctx, action.poll)
    return None


@router.click(ShowVoters)
def show_voters(ctx: Context, event: Click, action: ShowVoters) -> Reply:
    poll, signed = service.signed(ctx, action.poll)
    return Say(cards.voters(ctx.t, _view(ctx, poll), signed))


# Where it stands


@router.command("polls", "sondages", hint="verb.polls")
def list_polls(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.listed(ctx.t, service.listed(ctx, event.place)))


@router.click(ShowHere)
def show_here(ctx: Context, event: Click, action: ShowHere) -> Reply:
    return Say(cards.shown_here(ctx.t, service.show_here(ctx, action.poll, action.draft)))


@router.click(ShowAgain)
def show_again(ctx: Context, event: Click, action: ShowAgain) -> Reply:
    service.retry(ctx, action.poll)
    return None


# Changing


def change_form(ctx: Context, action: ChangePoll) -> Form:
    poll = service.changeable(ctx, action.poll)
    return cards.change_form(ctx.t, poll, poll.closes_at.astimezone(zone_or(ctx.person.zone)))


@router.click(OpenChangePoll)
def open_change(ctx: Context, event: Click, action: OpenChangePoll) -> Reply:
    return Ask(change_form(ctx, ChangePoll(action.poll)))


@router.submission(ChangePoll, change_form)
def change(ctx: Context, event: Submission, action: ChangePoll) -> Reply:
    return Say(cards.changed(ctx.t, service.change(ctx, action.poll, event.answers)))


@router.click(StopRepeating)
def stop_repeating(ctx: Context, event: Click, action: StopRepeating) -> Reply:
    service.stop_repeating(ctx, action.poll)
    return None


# Messages


def _seen(reading: Reading) -> View | None:
    poll = reading.once(polls.load, reading.message.subject_id)
    reader = reading.reader.id if reading.reader else None
    return service.view(reading.tx, poll, reader) if poll else None


def draw_poll(reading: Reading) -> Card | None:
    """What closed before it arrived never arrives."""
    view = _seen(reading)
    if view is None or (reading.message.shown_version == 0 and not view.poll.is_open(reading.now)):
        return None
    author = reading.once(service.author, view.poll)
    if reading.reader is None:
        return cards.in_channel(reading.t, view, author, reading.now)
    return cards.own(reading.t, view, author, reading.now)


def draw_reminder(reading: Reading) -> Card | None:
    """Nothing for somebody who answered meanwhile, or after the closing."""
    view = _seen(reading)
    if view is None or reading.reader is None:
        return None
    answered = bool(view.chosen or view.own_words)
    if reading.message.shown_version == 0 and (answered or not view.poll.is_open(reading.now)):
        return None
    return cards.reminder(reading.t, view, reading.once(service.author, view.poll), reading.now)


def draw_author(reading: Reading) -> Card | None:
    view = _seen(reading)
    if view is None:
        return None
    export = f"{reading.site}/f/poll.csv/{view.poll.export_token}"
    lost = service.is_lost(reading.tx, view.poll)
    return cards.author(reading.t, view, export, lost, reading.now)


def draw_lost(reading: Reading) -> Card | None:
    """What a channel did not take, until it stands there."""
    poll = reading.once(polls.load, reading.message.subject_id)
    if poll is None:
        return None
    lost = service.lost_places(reading, poll)
    if not lost and reading.message.shown_version == 0:
        return None
    return cards.lost(reading.t, poll, lost)


def tell_author(tx: Transaction, message: Message, now: datetime) -> None:
    """Tell the author that a channel did not take the poll, which they can mend."""
    if message.person_id is None:
        service.tell_lost(CircleTransaction(tx, message.circle_id), message.subject_id, now)


def tell_arrived(tx: Transaction, arrived: Sequence[Message], now: datetime) -> None:
    """Draw again what told the author that a channel did not take the poll."""
    for message in arrived:
        if message.person_id is None:
            messages.redraw(CircleTransaction(tx, message.circle_id), POLL_LOST, message.subject_id, now)
