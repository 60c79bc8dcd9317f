"""The turn of one workspace: claim what may leave, in one transaction in which each card is drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bot.chat.card import Card
from bot.chat.messenger import Notice
from bot.chat.platform import Platform
from bot.context import Reading
from bot.crash import crash
from bot.domain.circle import Circle
from bot.domain.message import Message, Obstacle
from bot.locales import Translator
from scheduler.pump import limits, times
from scheduler.pump.delivery import Moment, Outgoing
from scheduler.pump.failures import Kinds, give_up
from scheduler.pump.policy import count_used, decide
from storage import circles, deliveries, people
from storage.deliveries import DueWorkspace, Look
from storage.messages import NOTHING_TO_SHOW
from storage.paces import Paces
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

LOOKS = 5
"""Messages that one turn looks for in the chat, at most."""


@dataclass(slots=True)
class Turn:
    """What one turn of a workspace claimed. `used_up`: the rate limits of the workspace that are used up, by
    key, until when. `used`: what is taken of each person's ceiling. `more`: not everything fitted in."""

    workspace: DueWorkspace
    circle: Circle
    room: int
    began: Moment
    paces: Paces
    outgoing: list[Outgoing] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    used_up: dict[str, datetime] = field(default_factory=dict)
    used: Counter[str | None] = field(default_factory=Counter)
    more: bool = False

    @property
    def now(self) -> datetime:
        return self.began.now

    def wait(self, key: str, until: datetime) -> None:
        """Note that a rate limit is used up. Of several messages the one that may leave first counts."""
        self.used_up[key] = min(until, self.used_up.get(key, until))


class TurnTaker:
    """Take the turns of one pump."""

    def __init__(
        self, platforms: Mapping[str, Platform], kinds: Kinds, site: str, now: Callable[[], datetime]
    ) -> None:
        self._platforms = platforms
        self._kinds = kinds
        self._site = site
        self._now = now

    def take(self, tx: Transaction, workspace: DueWorkspace, room: int) -> Turn | None:
        """Claim up to `room` messages. None while another process has its turn in that workspace."""
        taken = circles.take_turn(tx, workspace.id)
        if taken is None:
            return None
        circle, connected = taken
        began = Moment.by(self._now)
        turn = Turn(workspace, circle, room, began, Paces(tx, began.now))
        if not connected:
            deliveries.rest(tx, workspace.id, began.now, began.now + times.REST)
            return turn
        turn.paces.read(limits.keys(workspace.id))
        if workspace.looks:
            self._claim_looks(tx, turn)
        for rank in workspace.ranks:
            self._claim_rank(tx, turn, rank)
        turn.paces.write()
        crash("pump.claiming")
        return turn

    def _claim_looks(self, tx: Transaction, turn: Turn) -> None:
        id = turn.workspace.id
        limit = {limits.look_key(id): self._platforms[turn.workspace.platform].pace.find}
        for message in deliveries.to_look_for(tx, id, turn.now, LOOKS):
            if used_up := turn.paces.take(limit):
                turn.wait(*used_up)
                return
            if (look := deliveries.start_look(tx, message, turn.now + times.LEASE)) is not None:
                turn.looks.append(look)

    def _claim_rank(self, tx: Transaction, turn: Turn, rank: int) -> None:
        """Claim as many as there is room for, until the workspace's rate limit for them is used up. No more
        are read than may leave. While those have to wait for something else, twice as many are read each
        time."""
        limit = limits.of_rank(self._platforms[turn.workspace.platform].pace, rank)
        key, few = limits.rank_key(turn.workspace.id, rank), limits.few(limit, rank)
        room, read = turn.room - len(turn.outgoing) - len(turn.looks), 0
        while (until := turn.paces.used_up(key, limit, few)) is None:
            if read >= room:
                turn.more = True
                return
            most = min(room - read, turn.paces.left(key, limit) + read)
            due = deliveries.due(tx, turn.workspace.id, rank, turn.now, most)
            if due:
                turn.paces.read((limits.address_key(message) for message in due), holds=False)
                self._claim_due(tx, turn, rank, due)
            if len(due) < most:
                return
            read += len(due)
        turn.wait(key, until)

    def _claim_due(self, tx: Transaction, turn: Turn, rank: int, due: Sequence[Message]) -> None:
        """Decide, draw and claim, with about as many questions to the database as for one message."""
        key = limits.rank_key(turn.workspace.id, rank)
        cards: dict[str, Card] = {}
        ready = []
        for reading in self._may_leave(tx, turn, due):
            message = reading.message
            if (card := self._draw(turn, reading)) and self._take_limits(tx, turn, message, rank):
                cards[message.id] = card
                ready.append(message)
                turn.used[message.person_id] += self._counts(message)
            if key in turn.used_up:
                break
        for message in deliveries.claim(tx, ready, turn.now, turn.now + times.LEASE):
            notice = Notice(message.id, cards[message.id])
            turn.outgoing.append(Outgoing(message, turn.workspace.platform, notice, turn.began))

    def _may_leave(self, tx: Transaction, turn: Turn, due: Sequence[Message]) -> Iterator[Reading]:
        """Drop or postpone what may not leave now; give what is needed to draw the others."""
        circle, in_circle = turn.circle, CircleTransaction(tx, turn.circle.id)
        known = people.load_all(in_circle, {m.person_id for m in due if m.person_id})
        counting = (known[m.person_id][0] for m in due if m.person_id and self._counts(m))
        turn.used = Counter(count_used(in_circle, counting, turn.now))
        answers: dict[Hashable, Any] = {}
        readers = readers_of(due)
        for message in due:
            kind = self._kinds[message.kind].kind
            reader, member = known[message.person_id] if message.person_id else (None, None)
            used = turn.used[message.person_id]
            decision = decide(message, kind, circle, reader, member, used, turn.now)
            if decision.never:
                deliveries.drop_if_unchanged(tx, message, decision.never)
            elif decision.until is not None:
                deliveries.postpone(tx, message, decision.until)
            else:
                told = reader or circle
                t = Translator(told.language, told.zone, circle.zone)
                scope = in_circle, turn.now, circle, t, self._site
                together = readers[message.kind, message.subject_id]
                yield Reading(*scope, message, reader, member, together, known=answers)

    def _counts(self, message: Message) -> bool:
        """Does it take from its reader's ceiling when it leaves?"""
        return self._kinds[message.kind].kind.counts and message.shown_version == 0

    def _draw(self, turn: Turn, reading: Reading) -> Card | None:
        """Draw the card from today's data. A message without a card is dropped, or dead if drawing failed."""
        message = reading.message
        try:
            card = self._kinds[message.kind].draw(reading)
        except Exception:
            log.exception("pump.draw", kind=message.kind, message=message.id)
            give_up(reading.tx, self._kinds, message, "could not be drawn", turn.now, Obstacle.BROKEN)
            return None
        if card is None:
            deliveries.drop_if_unchanged(reading.tx, message, NOTHING_TO_SHOW)
        return card

    def _take_limits(self, tx: Transaction, turn: Turn, message: Message, rank: int) -> bool:
        """Take from the rate limits of the workspace and of the address. If the workspace's is used up, that
        is noted and the message stays due; if the address's is, the message is postponed."""
        pace = self._platforms[turn.workspace.platform].pace
        key, limit = limits.workspace_key(message), limits.of_message(pace, message)
        used_up = turn.paces.take({key: limit, limits.address_key(message): pace.channel})
        if used_up is None:
            return True
        if used_up[0] == key:
            turn.wait(key, turn.paces.used_up(key, limit, limits.few(limit, rank)) or used_up[1])
        else:
            deliveries.postpone(tx, message, used_up[1])
        return False


def readers_of(due: Iterable[Message]) -> Mapping[tuple[str, str], frozenset[str]]:
    """Return who is shown the same, by kind and subject."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for message in due:
        found[message.kind, message.subject_id] += [message.person_id] if message.person_id else []
    return {what: frozenset(who) for what, who in found.items()}
