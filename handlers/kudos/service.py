"""Saying thank you, and what a receiver makes of it; the wall; a whisper's two answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chat.form import Answers
from bot.chat.text import Mention, addresses, called, every_address, named
from bot.context import Context, Scope
from bot.domain.circle import Person
from bot.domain.errors import (
    BadInput,
    ButtonGone,
    KudosGone,
    KudosShown,
    NobodyToThank,
    NoThanks,
    NotMembers,
    NotOneself,
    Problems,
    ThankedAlready,
    ThanksSpent,
    ThanksTooLong,
    TooManyThanks,
    UnknownNames,
    WallNeedsChannel,
)
from bot.domain.kudos import (
    ALLOWANCE,
    ECHO,
    KUDOS,
    MAX_REASON,
    THANKS,
    WALL,
    WALL_DOWN,
    WHISPER,
    Answer,
    Kudos,
    KudosKind,
    Whisper,
    Why,
)
from bot.domain.message import Message
from bot.domain.working_time import week_of
from handlers.kudos.cards import Draft, Told
from storage import entries, kudos, messages, people, posts, shares, walls
from storage.messages import Recipient
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

LATEST = 8
JOINTS = ("and", "et")
SEPARATOR = r"(?:[\s,:;.!…–—|/=>→]|[+-](?!\d))*"
FOR = re.compile(rf"\A{SEPARATOR}(?:(?:for|pour)\b)?{SEPARATOR}", re.IGNORECASE)
"""What stands between the people and the words."""
UNKNOWN = re.compile(r"\A[\s,&+]*(?:(?:and|et)\s+)?(@\w\S*)", re.IGNORECASE)
"""Somebody who was meant, under a name that nobody has: at the beginning, or behind those who are known."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command taken apart. `sure`: it begins with those who are meant; otherwise they are a guess.
    `unknown`: a name among theirs that nobody has. `whole` is all of it, as it can be read."""

    people: tuple[str, ...]
    reason: str
    whole: str
    sure: bool
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who was meant: members to thank, and those who cannot be thanked."""

    members: list[Person] = field(default_factory=list)
    outsiders: list[str] = field(default_factory=list)
    oneself: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    kudos: Kudos
    chosen: Chosen
    left: int


# Reading what was typed


def read(ctx: Context, text: str) -> Typed:
    """Read "@a @b for …". Without people at its beginning, those anywhere in it are a guess. An "@Name" there
    that no member has is told as `unknown`."""
    homes = kudos.homes(ctx.tx)
    text = _called(ctx, text)
    first, rest = addresses(text, homes, JOINTS)
    words = FOR.sub("", rest, count=1) if first else rest
    people = first or every_address(text, homes)
    named_next = UNKNOWN.match(rest)
    unknown = named_next[1].rstrip(",;:.") if named_next else ""
    return Typed(people, _readable(ctx, words, homes), _readable(ctx, text, homes), bool(first), unknown)


def _called(ctx: Context, text: str) -> str:
    """Where the platform did not say who an "@Name" is: the one member of that name, wherever they are."""
    return called(text, kudos.names(ctx.tx)) if "@" in text else text


def _readable(ctx: Context, text: str, homes: Iterable[str]) -> str:
    return named(text, tuple(homes), lambda address: name_of(ctx, address))


def name_of(ctx: Context, address: str) -> str:
    return ctx.called(address).removeprefix("@")


def draft(ctx: Context, addresses: Sequence[str] = (), reason: str = "", notice: str = "") -> Draft:
    """What the form is filled with: its list of people knows those of one's own workspace only."""
    members, here = choose(ctx, addresses).members, ctx.person.workspace_id
    others = [f"@{each.name}" for each in members if each.workspace_id != here]
    several = len(kudos.homes(ctx.tx)) > 1
    mine = tuple(each.address for each in members if each.workspace_id == here)
    return Draft(mine, ", ".join(others) if several else None, reason, notice)


def wanted(ctx: Context, answers: Answers) -> tuple[str, ...]:
    """The addresses that a form holds. Raises UnknownNames."""
    typed = called(answers.text("elsewhere"), kudos.names(ctx.tx))
    found, rest = addresses(typed, kudos.homes(ctx.tx), JOINTS)
    if rest:
        raise UnknownNames(names=rest)
    return tuple(dict.fromkeys((*answers.many("people"), *found)))


def kind(value: str) -> KudosKind:
    return KudosKind(value) if value in tuple(KudosKind) else KudosKind.HELP


# Giving


def give(ctx: Context, addresses: Sequence[str], kind: KudosKind, reason: str) -> Given:
    """A private card to each of them. Whoever cannot be thanked is left out, as long as somebody is left.

    Raises MembersOnly, Problems, ThanksTooLong, ThankedAlready, TooManyThanks or ThanksSpent.
    """
    ctx.as_member()
    kudos.one_act_at_a_time(ctx.tx, ctx.person.id)
    chosen = choose(ctx, addresses)
    _check(ctx, chosen, reason)
    receivers = [person.id for person in chosen.members]
    id = kudos.give(ctx.tx, ctx.person.id, kind, reason, receivers, ctx.now)
    readers = (Recipient.of(p) for p in chosen.members)
    messages.request(ctx.tx, THANKS, id, readers, ctx.now)
    return Given(mine(ctx, id), chosen, left(ctx))


def choose(ctx: Context, addresses: Sequence[str]) -> Chosen:
    chosen = Chosen()
    for address in addresses:
        person = people.at_address(ctx.tx, address)
        if person and people.load(ctx.tx, person.id)[1] is not None:
            chosen.members.append(person)
        else:
            chosen.outsiders.append(name_of(ctx, address))
    others = [person for person in chosen.members if person.id != ctx.person.id]
    return Chosen(others, list(dict.fromkeys(chosen.outsiders)), len(others) < len(chosen.members))


def _check(ctx: Context, chosen: Chosen, reason: str) -> None:
    problems: list[BadInput] = [] if chosen.members else [_nobody(chosen)]
    problems += [] if reason else [NoThanks()]
    if problems:
        raise Problems(*problems)
    if len(reason) > MAX_REASON:
        raise ThanksTooLong(over=ctx.t.number(len(reason) - MAX_REASON), limit=MAX_REASON)
    _check_echo(ctx, chosen, reason)
    _check_allowance(ctx, len(chosen.members))


def _nobody(chosen: Chosen) -> BadInput:
    if chosen.outsiders:
        return NotMembers()
    return NotOneself() if chosen.oneself else NobodyToThank()


def _check_echo(ctx: Context, chosen: Chosen, reason: str) -> None:
    receivers = {person.id for person in chosen.members}
    just = kudos.given(ctx.tx, ctx.person.id, ctx.now - ECHO)
    if any(each.reason == reason and set(each.receivers) == receivers for each in just):
        raise ThankedAlready


def _check_allowance(ctx: Context, wanted: int) -> None:
    free, monday = left(ctx), ctx.t.day(week_of(ctx.person.zone, ctx.now)[1])
    if not free:
        raise ThanksSpent(allowance=ALLOWANCE, day=monday)
    if wanted > free:
        raise TooManyThanks(left=free, allowance=ALLOWANCE, day=monday)


def left(ctx: Context) -> int:
    """People one may still thank this week, by one's own clock."""
    week = week_of(ctx.person.zone, ctx.now)
    return max(0, ALLOWANCE - kudos.count_thanked(ctx.tx, ctx.person.id, *week))


def mine(ctx: Context, kudos_id: str) -> Kudos:
    """One that this person gave and did not take back. Raises MembersOnly or KudosGone."""
    ctx.as_member()
    found = kudos.load(ctx.tx, kudos_id)
    if found is None or found.giver_id != ctx.person.id or found.taken_back_at is not None:
        raise KudosGone
    return found


def change_kind(ctx: Context, kudos_id: str, kind: str) -> Kudos:
    """Raises KudosGone, KudosShown, or ButtonGone for a kind there is not."""
    if kind not in tuple(KudosKind):
        raise ButtonGone
    return _change(ctx, kudos_id, kind=kind)


def take_back(ctx: Context, kudos_id: str) -> Kudos:
    """Until it is shown. Whether it was read, kept or declined makes no difference, so that none can be told
    from another. Raises KudosGone or KudosShown."""
    return _change(ctx, kudos_id, taken_back_at=ctx.now)


def _change(ctx: Context, kudos_id: str, **values: object) -> Kudos:
    before = mine(ctx, kudos_id)
    if before.shown_to:
        raise KudosShown
    kudos.change(ctx.tx, kudos_id, **values)
    messages.redraw(ctx.tx, THANKS, kudos_id, ctx.now)
    after = kudos.load(ctx.tx, kudos_id)
    assert after is not None
    return after


# Receiving


def answer(ctx: Context, kudos_id: str, answer: Answer) -> None:
    """What one receiver makes of it. Raises MembersOnly or KudosGone."""
    ctx.as_member()
    found = kudos.load(ctx.tx, kudos_id)
    if found is None or found.taken_back_at is not None or found.answer_of(ctx.person.id) is None:
        raise KudosGone
    kudos.answer(ctx.tx, kudos_id, ctx.person.id, answer, ctx.now)
    messages.redraw_for(ctx.tx, ctx.person.id, kudos_id, ctx.now)
    if answer is Answer.SHOWN:
        messages.request(ctx.tx, KUDOS, kudos_id, walls.walls(ctx.tx), ctx.now)
        messages.restore(ctx.tx, kudos_id, ctx.now)
    messages.redraw(ctx.tx, KUDOS, kudos_id, ctx.now)


def told(scope: Scope, given: Kudos, receivers: Iterable[str]) -> Told:
    mentions = sorted((mention(scope, each) for each in receivers), key=lambda each: each.name)
    return Told(given, mention(scope, given.giver_id), tuple(mentions))


def mention(scope: Scope, person_id: str) -> Mention:
    person, _ = people.load(scope.tx, person_id)
    return Mention(person.address, person.name or scope.t("kudos.someone"))


def shown_to(scope: Scope, given: Kudos) -> list[str]:
    """The receivers who agreed and are still in the circle."""
    return [each for each in given.shown_to if is_member(scope, each)]


def is_member(scope: Scope, person_id: str) -> bool:
    return people.load(scope.tx, person_id)[1] is not None


def received(ctx: Context) -> list[Told]:
    found = kudos.received(ctx.tx, ctx.as_member().person_id, LATEST)
    return [told(ctx, each, ()) for each in found]


def given_this_week(ctx: Context) -> list[Told]:
    monday, _ = week_of(ctx.person.zone, ctx.now)
    found = kudos.given(ctx.tx, ctx.person.id, monday)
    return [told(ctx, each, each.receivers) for each in found if not each.shown_to]


# The wall


def latest(ctx: Context) -> list[Told]:
    """Raises MembersOnly."""
    ctx.as_member()
    found = kudos.shown(ctx.tx, limit=LATEST)
    return [told(ctx, each, each.shown_to) for each in found]


def hang_wall(ctx: Context, place: str) -> bool:
    """Have the wall hang in that channel as soon as its sign stands there. False if it hangs there already.
    Raises CommsOnly or WallNeedsChannel."""
    ctx.as_comms()
    if not place:
        raise WallNeedsChannel
    there = Recipient.channel(ctx.person.workspace_id, place)
    if there in walls.walls(ctx.tx):
        return False
    if not messages.is_waiting(ctx.tx, WALL, place):
        messages.request(ctx.tx, WALL, new_id(), [there], ctx.now)
    return True


def note_hung(tx: Transaction, arrived: Sequence[Message], now: datetime) -> None:
    """The sign stands in a channel, so the wall hangs there: Cercle can speak to everybody there."""
    for message in arrived:
        circle = CircleTransaction(tx, message.circle_id)
        walls.hang(circle, message.workspace_id, message.address)
        entries.write(circle, "log.wall_hung", now)


def take_wall_down(ctx: Context, place: str) -> None:
    """Raises CommsOnly; ButtonGone where no wall hangs."""
    ctx.as_comms()
    there = Recipient.channel(ctx.person.workspace_id, place)
    if there not in walls.walls(ctx.tx):
        raise ButtonGone
    take_down(ctx.tx, there.workspace_id, ctx.now)
    messages.request(ctx.tx, WALL_DOWN, new_id(), [there], ctx.now)


def lose_wall(scope: Scope, place: str) -> None:
    """Cercle cannot speak in that channel any more, so no wall hangs there."""
    for wall in walls.walls(scope.tx):
        if wall.address == place:
            take_down(scope.tx, wall.workspace_id, scope.now)


def take_down(tx: CircleTransaction, workspace_id: str, now: datetime) -> None:
    walls.take_down(tx, workspace_id)
    entries.write(tx, "log.wall_taken_down", now)


# Whispers


def whisper(ctx: Context, whisper_id: str) -> Whisper:
    """One that was whispered to this person. Raises MembersOnly or ButtonGone."""
    ctx.as_member()
    found = kudos.load_whisper(ctx.tx, whisper_id)
    if found is None or found.giver_id != ctx.person.id:
        raise ButtonGone
    return found


def whisper_draft(ctx: Context, whisper_id: str) -> Draft:
    """The form that thanks whom a whisper is about."""
    if not whisper_id:
        return draft(ctx)
    about, _ = people.load(ctx.tx, whisper(ctx, whisper_id).about_id)
    return draft(ctx, [about.address])


def tell_author(ctx: Context, whisper_id: str) -> None:
    """Have the author know who posted: said by nobody but the one who did. Raises ButtonGone."""
    found = whisper(ctx, whisper_id)
    if found.why is not Why.POSTED or found.post_id is None:
        raise ButtonGone
    kudos.one_act_at_a_time(ctx.tx, ctx.person.id)
    if not kudos.told(ctx.tx, ctx.person.id, found.post_id):
        about = ctx.person.id, Why.TOLD, found.post_id
        tell(ctx.tx, found.about_id, *about, ctx.now)
    messages.redraw_for(ctx.tx, ctx.person.id, whisper_id, ctx.now)


def tell(
    tx: CircleTransaction,
    giver_id: str,
    about_id: str,
    why: Why,
    post_id: str | None,
    now: datetime,
    life: timedelta | None = None,
) -> None:
    """Whisper. After `life` it is stale; None for never."""
    giver, _ = people.load(tx, giver_id)
    id = kudos.whisper(tx, giver_id, about_id, why, now, post_id)
    reader = Recipient.of(giver)
    messages.request(tx, WHISPER, id, [reader], now, expires_at=now + life if life else None)


def was_heeded(scope: Scope, whisper: Whisper) -> bool:
    """Whoever heard it has said their thanks since."""
    about, since = whisper.about_id, whisper.made_at
    return kudos.thanked(scope.tx, about, since, whisper.giver_id)


def is_timely(scope: Scope, whisper: Whisper) -> bool:
    """Whether it may still leave: the person is in the circle, and nobody has thanked them meanwhile, or
    whoever said that they posted has not taken that back."""
    if not is_member(scope, whisper.about_id) or was_heeded(scope, whisper):
        return False
    if whisper.why is Why.BALANCE:
        return not kudos.thanked(scope.tx, whisper.about_id, whisper.made_at)
    poster = whisper.giver_id if whisper.why is Why.POSTED else whisper.about_id
    posts = shares.of_member(scope.tx, whisper.post_id or "", poster)
    return any(share.posted_at for share in posts)


def title(scope: Scope, whisper: Whisper) -> str:
    post = posts.load(scope.tx, whisper.post_id or "")
    return post.copy.title if post else ""
