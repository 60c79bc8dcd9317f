"""What people make of what arrives: the dice decide, and most stay silent."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from bot.chat.action import Action
from bot.chat.form import Value
from bot.chat.reply import Say
from bot.domain.board import Matter
from bot.locales import Translator
from handlers.board.cards import NEW, AnswerTheme, PlanTheme, Sort, Tell
from handlers.kudos.cards import GiveKudos, Keep, OpenWhisper, Refuse, Show, TellAuthor
from handlers.polls.cards import TakeBack, Vote
from handlers.posts.cards import AnswerQuestion
from handlers.pulse.cards import AnswerPulse
from handlers.rounds.cards import Object, TakeStance
from handlers.sharing.cards import AskAuthor, Decline, Later, Now, Posted, PutOff
from storage import board, circles, tables
from storage.transaction import CircleTransaction, Transaction
from tests.year.cast import LEAD, Player
from tests.year.oracle import QUARTER, PutAside, Record
from tests.year.programme import Arrival, Programme, offered


@dataclass
class People:
    """`glum`: months in which few dare to speak. `undecided`: everybody puts every post aside, and then
    thinks again."""

    programme: Programme
    glum: frozenset[int]
    undecided: bool

    @property
    def dice(self) -> random.Random:
        return self.programme.dice

    @property
    def record(self) -> Record:
        return self.programme.record

    def __call__(self, arrival: Arrival) -> None:
        if arrival.kind == "post":
            self.reads(arrival)
        elif arrival.kind in HABITS:
            chance, most, name = HABITS[arrival.kind]
            if self.dice.random() < chance:
                self.soon(getattr(self, name), arrival, most)

    def soon(
        self, act: Callable[..., Awaitable[object]], arrival: Arrival, most: int = 12, *more: object
    ) -> None:
        """Within so many quarters of an hour."""
        moment = self.programme.clock() + self.dice.randint(1, most) * QUARTER
        self.programme.at(moment, partial(act, arrival, *more))

    # posts

    def reads(self, arrival: Arrival) -> None:
        post = arrival.subject
        match self.dice.randrange(20):
            case n if n < 6 or self.undecided:
                self.soon(self.puts_aside, arrival)
            case n if n < 8:
                self.soon(self.settles, arrival, 12, Decline(post))
            case n if n < 12:
                self.soon(self.settles, arrival, 12, Posted(post, "linkedin"))
            case 12:
                self.soon(self.asks, arrival)

    async def puts_aside(self, arrival: Arrival) -> None:
        if await self.programme.presses(arrival.player, Later(arrival.subject)) is not None:
            return
        await self.reads_moment(arrival)
        match self.dice.randrange(4 if self.undecided else 8):
            case 0 | 1 | 2:
                self.soon(self.chooses, arrival, 4)
            case 3:
                self.soon(self.settles, arrival, 4, Decline(arrival.subject))
            case 4:
                self.soon(self.settles, arrival, 4, Now(arrival.subject))

    async def chooses(self, arrival: Arrival) -> None:
        """Another moment than was proposed, and perhaps yet another."""
        action = offered(self.programme.card(arrival), PutOff, self.dice)
        if action is not None and await self.programme.presses(arrival.player, action) is None:
            await self.reads_moment(arrival)
            if self.dice.random() < 0.3:
                self.soon(self.chooses, arrival, 2)

    async def reads_moment(self, arrival: Arrival) -> None:
        """What the card says now."""
        s, a = tables.stance.c, tables.account.c
        who, post = arrival.player.id, arrival.subject
        query = select(s.later_until).join(tables.account, a.person_id == s.person_id)
        mine = query.where(a.external_id == who, s.post_id == post)
        until = await self.programme.database.transact(lambda tx: tx.execute(mine).scalar_one())
        self.record.put_aside[who, post] = PutAside(self.programme.clock(), until)

    async def settles(self, arrival: Arrival, action: Action) -> None:
        """No reminder of it from now on."""
        if await self.programme.presses(arrival.player, action) is None:
            if chosen := self.record.put_aside.get((arrival.player.id, arrival.subject)):
                chosen.off = self.programme.clock()
            if not isinstance(action, Now):
                self.is_done(arrival)

    def is_done(self, arrival: Arrival) -> None:
        self.record.done.setdefault((arrival.player.id, arrival.subject), self.programme.clock())

    async def posts(self, arrival: Arrival) -> None:
        await self.settles(arrival, Posted(arrival.subject, "linkedin"))

    async def asks(self, arrival: Arrival) -> None:
        await self.programme.submits(arrival.player, AskAuthor(arrival.subject), question="May I?")

    async def answers(self, arrival: Arrival) -> None:
        await self.programme.submits(arrival.player, AnswerQuestion(arrival.subject), answer="Of course.")

    # what the circle is asked

    async def votes(self, arrival: Arrival) -> None:
        action = offered(self.programme.card(arrival), Vote, self.dice)
        if action is None:
            return
        reply = await self.programme.presses(arrival.player, action)
        if reply is None or (isinstance(reply, Say) and offered(reply.card, TakeBack)):
            self.is_done(arrival)

    async def tells_how_it_is(self, arrival: Arrival) -> None:
        trust = "1" if self.programme.clock().month in self.glum else "5"
        marks = {"trust": trust, "pressure": "3", "energy": "3"}
        reply = await self.programme.submits(arrival.player, AnswerPulse(arrival.subject), **marks)
        if isinstance(reply, Say) and reply.card.title == Translator(arrival.player.language)("pulse.noted"):
            self.is_done(arrival)

    async def says_what_holds_back(self, arrival: Arrival) -> None:
        words = f"Time, said {arrival.player.id}."
        await self.programme.submits(arrival.player, Tell(arrival.subject), blocker=words, practice=words)

    async def speaks_up(self, arrival: Arrival) -> None:
        """In autumn, some object."""
        if self.programme.clock().month == 9 and self.dice.random() < 0.2:
            await self.programme.submits(
                arrival.player, Object(arrival.subject), reason="It would be too much."
            )
        else:
            await self.programme.presses(arrival.player, TakeStance(arrival.subject, "agree"))

    # the board

    async def sorts(self, arrival: Arrival) -> None:
        """The lead makes one theme of it all, and now and then finds somebody to look after it."""
        if arrival.player != LEAD:
            return
        found = await self.programme.database.transact(_unsorted)
        if not found:
            return
        values: dict[str, Value] = {
            "findings": tuple(found),
            "theme": NEW,
            "title": f"Time, {self.programme.clock():%B}",
        }
        await self.programme.submits(LEAD, Sort(Matter.BLOCKER), **values)
        if self.dice.random() < 0.6:
            (theme, changes), *_ = await self.programme.database.transact(_themes)
            values = {"title": "Time", "owner": (self.colleague(LEAD).address,), "due_on": ""}
            await self.programme.submits(LEAD, PlanTheme(theme, changes), **values)

    async def answers_theme(self, arrival: Arrival) -> None:
        themes = dict(await self.programme.database.transact(_themes))
        action = AnswerTheme(arrival.subject, themes[arrival.subject])
        await self.programme.submits(arrival.player, action, answer="One meeting less.")

    async def answers_oldest_theme(self, arrival: Arrival) -> None:
        *_, (theme, changes) = await self.programme.database.transact(_themes)
        await self.programme.submits(arrival.player, AnswerTheme(theme, changes), answer="We will see to it.")

    # thank-yous

    def colleague(self, player: Player) -> Player:
        """A member of the same workspace."""
        here = [other for other in self.programme.cast if other.home == player.home and other != player]
        return self.dice.choice([other for other in here if self.record.is_member(other.id)])

    async def thanks(self, arrival: Arrival, whisper: str = "") -> None:
        values: dict[str, Value] = {
            "people": (self.colleague(arrival.player).address,),
            "kind": "help",
            "reason": f"for your help, {self.programme.clock():%d %B %H:%M}",
        }
        await self.programme.submits(arrival.player, GiveKudos(whisper), **values)

    async def receives_thanks(self, arrival: Arrival) -> None:
        answer = self.dice.choice((Show, Show, Keep, Refuse))
        await self.programme.presses(arrival.player, answer(arrival.subject))

    async def hears_whisper(self, arrival: Arrival) -> None:
        card = self.programme.card(arrival)
        if (told := offered(card, TellAuthor)) is not None:
            await self.programme.presses(arrival.player, told)
        elif offered(card, OpenWhisper) is not None:
            await self.thanks(arrival, arrival.subject)


HABITS = {
    "reminder": (0.4, 12, "posts"),
    "question": (0.8, 12, "answers"),
    "question_again": (1, 12, "answers"),
    "poll": (0.5, 200, "votes"),
    "poll_reminder": (0.4, 12, "votes"),
    "pulse": (0.6, 300, "tells_how_it_is"),
    "pulse_reminder": (0.3, 12, "tells_how_it_is"),
    "gathering": (0.3, 200, "says_what_holds_back"),
    "gathered": (1, 12, "sorts"),
    "theme_owner": (0.6, 100, "answers_theme"),
    "themes_returned": (1, 12, "answers_oldest_theme"),
    "kudos_week": (0.3, 100, "thanks"),
    "thanks": (0.7, 100, "receives_thanks"),
    "whisper": (0.6, 24, "hears_whisper"),
    "round": (0.4, 100, "speaks_up"),
}
"""By the kind of what arrived: how many act on it, within how many quarters of an hour, and how."""


def _unsorted(tx: Transaction) -> list[str]:
    circle_id = circles.every(tx)[0].id
    return [finding.id for finding in board.unsorted(CircleTransaction(tx, circle_id), Matter.BLOCKER, 10)]


def _themes(tx: Transaction) -> list[tuple[str, int]]:
    """Those that wait for an answer and how often each was changed, newest first."""
    waiting = board.unanswered(CircleTransaction(tx, circles.every(tx)[0].id))
    latest = sorted(waiting, key=lambda theme: theme.created_at, reverse=True)
    return [(theme.id, theme.changes) for theme in latest]
