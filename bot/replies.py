"""Answers that could not be shown at once. They are stored, encrypted, and sent to the person's own
conversation with the bot as soon as that is possible."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot.chat import stored
from bot.chat.action import Action, unpack, verb_of
from bot.chat.card import Card, Element, FormButton, Quote, buttons, text
from bot.chat.event import Event, typed
from bot.chat.form import Form, chosen_in
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Notice, Reading
from bot.domain.circle import Person
from bot.domain.errors import FormExpired
from bot.domain.message import REPLY, Message
from bot.locales import Translator
from handlers.actions import Reopen
from storage import messages, polls, replies
from storage.messages import Recipient
from storage.replies import KeptReply
from storage.seal import seal_of
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()
T = TypeVar("T", Card, Form)

KEPT = timedelta(hours=24)


class Replies:
    """What keeps answers, and how they are drawn when they leave (`notice`)."""

    def __init__(self, router: Router[Context]) -> None:
        self._router = router
        self.notice = Notice(REPLY, self._draw, arrived=_delivered)

    def keep(
        self,
        tx: CircleTransaction,
        person: Person,
        event: Event,
        reply: Reply,
        t: Translator,
        now: datetime,
        *,
        not_before: datetime | None = None,
    ) -> bool:
        """Store an answer to that person, and request the message that brings it, from `not_before` on. False
        for no answer."""
        match reply:
            case None:
                return False
            case Say(ballot=poll_id) | Replace(ballot=poll_id) if poll_id:
                kept = KeptReply(new_id(), None, poll_id)
            case Say(card) | Home(card) | Replace(card):
                kept = _sealed(tx, card)
            case Ask():
                kept = _sealed(tx, self.put_off(tx, person, event, reply, t, now))
        self._add(tx, person, kept, now)
        reader = Recipient(person.workspace_id, event.sender.address, person.id)
        messages.request(tx, REPLY, kept.id, [reader], now, due_at=not_before, expires_at=now + KEPT)
        return True

    def put_off(
        self, tx: CircleTransaction, person: Person, event: Event, ask: Ask, t: Translator, now: datetime
    ) -> Card:
        """Store a form that cannot be opened now, with what is typed in it. Return the card that stands in
        its place: what is wrong with it, what was typed, and the button that opens it."""
        kept = _sealed(tx, ask.form)
        self._add(tx, person, kept, now)
        body: list[Element] = [text(sentence) for sentence in ask.errors.values()]
        if words := typed(event, chosen_in(ask.form)):
            body += [text(t("failure.kept")), *map(Quote, words)]
        body.append(buttons(FormButton(t("platform.open"), Reopen(kept.id))))
        return Card(ask.form.title, tuple(body))

    def reopen(self, ctx: Context, action: Reopen) -> Ask:
        """Return the form that was put off. Raises FormExpired for one that is over, or another person's."""
        kept = replies.load_for(ctx.tx, action.reply, ctx.person.id)
        form = self._opened(ctx.tx, kept, Form) if kept and kept.sealed else None
        if form is None:
            raise FormExpired
        return Ask(form)

    def _add(self, tx: CircleTransaction, person: Person, kept: KeptReply, now: datetime) -> None:
        replies.add(tx, person.account.id, kept, now, expires_at=now + KEPT)

    def _opened(self, tx: Transaction, kept: KeptReply, kind: type[T]) -> T | None:
        """None for what another secret sealed, or another version whose words are not understood."""
        opened = seal_of(tx).open(kept.sealed or b"", _about(kept.id))
        if opened is None:
            log.warning("reply.unreadable", reply=kept.id, reason="sealed under another key")
            return None
        try:
            whole = stored.load(opened.decode(), self._unpack)
        except ValueError as error:
            log.warning("reply.unreadable", reply=kept.id, reason=type(error).__name__)
            return None
        return whole if isinstance(whole, kind) else None

    def _unpack(self, packed: str) -> Action:
        """Raises BadAction."""
        return unpack(Reopen, packed) if verb_of(packed) in Reopen.verbs() else self._router.action(packed)

    def _draw(self, reading: Reading) -> Card | None:
        kept = replies.load(reading.tx, reading.message.subject_id)
        if kept is None:
            return None
        return _voted(reading, kept.poll_id) if kept.poll_id else self._opened(reading.tx, kept, Card)


def _sealed(tx: Transaction, whole: Card | Form) -> KeptReply:
    id = new_id()
    return KeptReply(id, seal_of(tx).close(stored.dump(whole).encode(), _about(id)), None)


def _about(id: str) -> str:
    """The id goes into the seal, so that no row can pass for another."""
    return f"reply {id}"


def _voted(reading: Reading, poll_id: str) -> Card | None:
    """That somebody voted, without what they chose."""
    poll = polls.load(reading.tx, poll_id)
    return Card(reading.t("reply.voted"), (Quote(poll.question),)) if poll else None


def _delivered(tx: Transaction, arrived: Sequence[Message], now: datetime) -> None:
    replies.remove(tx, [message.subject_id for message in arrived])
