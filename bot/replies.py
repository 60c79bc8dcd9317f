"""Answers that could not be shown at once. They are stored, encrypted, and sent to the person's own
conversation with the bot as soon as that is possible."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.chat import stored
from bot.chat.action import Action, unpack, verb_of
from bot.chat.card import Card, Element, FormButton, Quote, buttons, text
from bot.chat.event import Click, Command, Event, typed
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Notice, Reading
from bot.domain.circle import Person
from bot.domain.message import REPLY, Message
from bot.locales import Translator
from handlers.actions import Again
from storage import messages, polls, replies
from storage.messages import Recipient
from storage.replies import KeptReply
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

KEPT = timedelta(hours=24)
NONCE = 12
"""Bytes, of AES-GCM."""


class Replies:
    """What keeps answers, and how they are drawn when they leave (`notice`)."""

    def __init__(self, router: Router[Context], secret: str) -> None:
        """`secret` is CERCLE_SECRET_KEY."""
        key = HKDF(SHA256(), 32, salt=None, info=b"cercle reply").derive(secret.encode())
        self._cipher = AESGCM(key)
        self._router = router
        self.notice = Notice(REPLY, self._draw, arrived=_delivered)

    def keep(
        self, tx: CircleTransaction, person: Person, event: Event, reply: Reply, t: Translator, now: datetime
    ) -> bool:
        """Store an answer to that person, and request the message that brings it. False for no answer."""
        kept = self._kept(event, reply, t)
        if kept is None:
            return False
        expires_at = now + KEPT
        replies.add(tx, person.account.id, kept, now, expires_at=expires_at)
        reader = Recipient(person.workspace_id, event.sender.address, person.id)
        messages.request(tx, REPLY, kept.id, [reader], now, expires_at=expires_at)
        return True

    def _kept(self, event: Event, reply: Reply, t: Translator) -> KeptReply | None:
        match reply:
            case Say(ballot=poll_id) | Replace(ballot=poll_id) if poll_id:
                return KeptReply(new_id(), None, poll_id)
            case Say(card) | Home(card) | Replace(card):
                return self._sealed(card)
            case Ask():
                return self._sealed(self._door(event, reply, t))
            case None:
                return None

    def _door(self, event: Event, ask: Ask, t: Translator) -> Card:
        """A form cannot be sent. In its place: what is wrong with it, what was typed, and a button that opens
        it again."""
        body: list[Element] = [text(sentence) for sentence in ask.errors.values()]
        if words := typed(event):
            body += [text(t("failure.kept")), *map(Quote, words)]
        if (action := self._again(event)) is not None:
            body.append(buttons(FormButton(t("platform.open"), action)))
        return Card(ask.form.title, tuple(body))

    def _again(self, event: Event) -> Action | None:
        match event:
            case Command():
                return Again(event.text.strip().partition(" ")[0])
            case Click():
                return self._unpack(event.action)
            case _:
                return None

    def _unpack(self, packed: str) -> Action:
        """Raises BadAction."""
        return unpack(Again, packed) if verb_of(packed) in Again.verbs() else self._router.action(packed)

    def _sealed(self, card: Card) -> KeptReply:
        """The id goes into the seal, so that no row can pass for another."""
        id, nonce = new_id(), secrets.token_bytes(NONCE)
        sealed = self._cipher.encrypt(nonce, stored.dump(card).encode(), id.encode())
        return KeptReply(id, nonce + sealed, None)

    def _draw(self, reading: Reading) -> Card | None:
        kept = replies.load(reading.tx, reading.message.subject_id)
        if kept is None:
            return None
        if kept.sealed is None:
            return _voted(reading, kept.poll_id or "")
        try:
            opened = self._cipher.decrypt(kept.sealed[:NONCE], kept.sealed[NONCE:], kept.id.encode())
            return stored.load(opened.decode(), self._unpack)
        except (InvalidTag, ValueError) as error:
            log.warning("reply.unreadable", reply=kept.id, reason=type(error).__name__)
            return None


def _voted(reading: Reading, poll_id: str) -> Card | None:
    """That somebody voted, without what they chose."""
    poll = polls.load(reading.tx, poll_id)
    return Card(reading.t("reply.voted"), (Quote(poll.question),)) if poll else None


def _delivered(tx: Transaction, arrived: Sequence[Message], now: datetime) -> None:
    replies.remove(tx, [message.subject_id for message in arrived])
